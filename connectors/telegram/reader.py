"""The one getUpdates sequence of a token, read by several who each commit on their own (decision 20).

Telegram is told that an update arrived when all of them have committed it, and not before: the offset is that
of whoever is furthest behind. Knows nothing of what is in an update.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import Reason, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.ports import Clock
    from connectors.telegram.api import Api
    from connectors.telegram.updates import Incoming

POLL = timedelta(seconds=50)
HELD_UP = 1.0
"""Seconds between two looks at whether something new came, while somebody has not committed what there is."""
_HURRIED = timedelta(seconds=1)
_MOST_HURRIED = 20


class Reader:
    """Whoever reads `join`s first, before anybody reads. Construction asks nothing."""

    def __init__(self, api: Api, clock: Clock, *, poll: timedelta = POLL) -> None:
        self.api = api
        self.poll = poll
        self._clock = clock
        self._kinds: set[str] = set()
        self._offsets: dict[str, int | None] = {}
        self._window: tuple[Incoming, ...] = ()
        self._offset: int | None = None
        self._polls = self._hurried = 0
        self._turn = asyncio.Lock()
        self._moved = asyncio.Event()

    def join(self, name: str, kinds: Iterable[str]) -> None:
        """Nothing is confirmed that `name` has not committed, be it that it never comes."""
        self._offsets[name] = None
        self._kinds.update(kinds)

    async def after(self, name: str, offset: int | None, *, soon: bool = False) -> tuple[Incoming, ...]:
        """The updates from `offset` on (None: the earliest that Telegram holds), as soon as there are any;
        none if a poll brought none (`soon`: one that does not wait). To ask says that what lies before is
        committed.

        Raises: Unavailable (reason conflict: another reader), Unauthorized.
        """
        self._offsets[name] = offset
        self._moved.set()
        polls = self._polls
        while not (found := behind(self._window, offset)) and self._polls == polls:
            async with self._turn:
                if self._polls == polls:  # nobody else asked while we waited for our turn
                    await self._ask(timedelta() if soon else self.poll)
        return found

    async def _ask(self, poll: timedelta) -> None:
        if self._is_held_up():
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HELD_UP):
                    await self._moved.wait()
                    return
            poll = timedelta()
        offset, asked_at = self._least(), self._clock.monotonic()
        self._window = await self.api.updates(offset, poll=poll, kinds=self._kinds)
        self._offset = offset
        self._polls += 1
        self._check_pace(poll, asked_at)

    def _is_held_up(self) -> bool:
        """Whether somebody has not committed all there is: a long poll would come back at once with it."""
        return any(behind(self._window, offset) for offset in self._offsets.values())

    def _least(self) -> int | None:
        """Where the one who is furthest behind goes on; after a start what is confirmed stays as it is."""
        if not self._window:
            return self._offset
        left = max(len(behind(self._window, offset)) for offset in self._offsets.values())
        return self._window[-left].update_id if left else self._window[-1].update_id + 1

    def _check_pace(self, poll: timedelta, asked_at: float) -> None:
        """A long poll that always comes back at once, with nothing, is no long poll."""
        waited = timedelta(seconds=self._clock.monotonic() - asked_at)
        is_hurried = not self._window and poll > 2 * _HURRIED and waited < _HURRIED
        self._hurried = self._hurried + 1 if is_hurried else 0
        if self._hurried >= _MOST_HURRIED:
            raise Unavailable("Telegram answers polls at once with nothing", reason=Reason.PROTOCOL)


def behind(window: tuple[Incoming, ...], offset: int | None) -> tuple[Incoming, ...]:
    """What of it lies at or behind a position. One that lies beyond all of it is of an older numbering: after
    a week without updates they begin at random again (https://core.telegram.org/bots/api#update).
    """
    if offset is None or (window and offset > window[-1].update_id + 1):
        return window
    return tuple(update for update in window if update.update_id >= offset)
