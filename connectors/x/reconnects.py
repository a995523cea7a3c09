"""How soon a stream of X may be opened again: https://docs.x.com/x-api/fundamentals/handling-disconnections.

Broken connections wait longer by a quarter of a second each, refusals twice as long each, and what X counts
as too much begins with a minute. Besides, X grants 50 connections in a quarter of an hour: a few fewer are
made, however politely each of them ended. Knows no stream; whoever opens one adds the jitter.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.backoff import doubled
from bot.errors import BotError, Reason, Unavailable

if TYPE_CHECKING:
    from bot.ports import Clock

GRANTED, WINDOW = 45, timedelta(minutes=15)
HEALTHY = timedelta(seconds=60)
"""A connection that lasted so long ends what was counted before it."""
STEP, LONGEST_STEP = timedelta(milliseconds=250), timedelta(seconds=16)


class Fault(StrEnum):
    """What X tells apart."""

    NETWORK = "network"
    HTTP = "http"
    LIMIT = "limit"


_FIRST = {Fault.HTTP: timedelta(seconds=5), Fault.LIMIT: timedelta(minutes=1)}
_LONGEST = {Fault.HTTP: timedelta(seconds=320), Fault.LIMIT: WINDOW}
_KINDS = {Reason.RATE_LIMITED: Fault.LIMIT, Reason.SERVER: Fault.HTTP, Reason.PROTOCOL: Fault.HTTP}


class Reconnects:
    """Of one stream."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: deque[float] = deque()
        self._failed: dict[Fault, int] = {}

    def open(self, host: str) -> None:
        """A connection is made now. Raises: Unavailable (it would be one too many)."""
        now, window = self._clock.monotonic(), WINDOW.total_seconds()
        while self._made and self._made[0] <= now - window:
            self._made.popleft()
        if len(self._made) >= GRANTED:
            wait = timedelta(seconds=self._made[0] + window - now)
            message = f"{host}: the stream was opened {GRANTED} times in {WINDOW.seconds // 60} minutes"
            raise Unavailable(message, reason=Reason.RATE_LIMITED, retry_after=wait, unsent=True)
        self._made.append(now)

    def closed(self) -> None:
        """The connection that was made last is over."""
        if self._made and self._clock.monotonic() - self._made[-1] >= HEALTHY.total_seconds():
            self._failed.clear()

    def failure(self, error: BotError) -> BotError:
        """The same, with how long to wait; a wait that was named in a header stays as it is."""
        if not isinstance(error, Unavailable) or (error.unsent and error.retry_after):
            return error
        kind = _KINDS.get(error.reason, Fault.NETWORK)
        failures = self._failed.get(kind, 0)
        self._failed[kind] = failures + 1
        if error.retry_after is None:
            error.retry_after = step(kind, failures)
        return error


def step(kind: Fault, failures: int) -> timedelta:
    """How long to wait after a failure of this kind, and so many before it. Pure."""
    if kind is Fault.NETWORK:
        return min(STEP * failures, LONGEST_STEP)
    return doubled(_FIRST[kind], _LONGEST[kind], failures)
