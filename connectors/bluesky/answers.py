"""Answers remembered for a while, and one question at a time for each of them.

Knows nothing of what is asked. A refusal is remembered too (shorter); a failure never is.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from bot.errors import Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any

    from bot.ports import Clock

T = TypeVar("T")

_AT_ONCE = 8
"""So many are let go for each that comes: no pause, and there are never more than came."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A `Rejected` without its traceback, which would keep alive all that the call had at hand."""

    message: str
    reason: Reason


@dataclass(slots=True)
class _Call(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class Answers(Generic[T]):
    """At most `size` answers, each for `keep` seconds (`keep_refusal`, not longer, for a Rejected).

    They are let go when they are no longer good: a thread may be twenty posts, and is asked for but once.
    """

    def __init__(self, clock: Clock, *, size: int, keep: float, keep_refusal: float) -> None:
        self._clock = clock
        self._size = size
        self._keep = keep
        self._keep_refusal = keep_refusal
        self._kept: OrderedDict[str, tuple[float, T | _Refusal]] = OrderedDict()
        self._calls: dict[str, _Call[T]] = {}

    async def get(self, key: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The remembered answer, or that of `ask`; who asks the same meanwhile waits for the same call."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock.monotonic():
            return _said(kept[1])
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(asyncio.create_task(self._asked(key, ask())))
        call.waiting += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiting -= 1
            if not call.waiting:
                call.task.cancel()  # nobody waits any more: a call must not outlive its callers
                if self._calls.get(key) is call:
                    del self._calls[key]
            del call  # its task holds the error, and the error's traceback this frame: a circle

    async def _asked(self, key: str, answer: Awaitable[T]) -> T:
        try:
            value = await answer
        except Rejected as error:
            self._remember(key, _Refusal(str(error), error.reason), self._keep_refusal)
            raise
        self._remember(key, value, self._keep)
        return value

    def _remember(self, key: str, value: T | _Refusal, seconds: float) -> None:
        """The oldest come first, and are the first that are no longer good."""
        now = self._clock.monotonic()
        self._kept[key] = (now + seconds, value)
        self._kept.move_to_end(key)
        for oldest, (good_until, _) in list(islice(self._kept.items(), _AT_ONCE)):
            if len(self._kept) <= self._size and good_until > now:
                break
            del self._kept[oldest]


def _said(answer: T | _Refusal) -> T:
    if isinstance(answer, _Refusal):
        raise Rejected(answer.message, reason=answer.reason)
    return answer
