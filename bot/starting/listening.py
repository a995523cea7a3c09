"""A bounded listen: what a source yields within so many seconds, and how much of the platform that was.

Drives any `bot.ports.Source` without the daemon: no store, nothing is kept. A stream begins in the past where
the platform replays, which shows far more in the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.errors import BotError, CursorLost, Unavailable
from bot.watchlist import Matcher

if TYPE_CHECKING:
    from bot.model import Batch, Cursor
    from bot.ports import Clock, Source, Watch

TRIES = 4
"""So many hosts are asked, one after the other, before it counts as unreachable."""
QUIET = 7.0
"""Seconds without anything, after something came: a small network has no more to say. A source tells of posts
that nobody wants every five."""
LIVE = timedelta(seconds=3)
"""A stream that is no further behind when the time is over has caught up."""


@dataclass(kw_only=True)
class Listen:
    """One listen of one source, and how it went. `begin`: the platform's time to begin at."""

    source: Source
    clock: Clock
    begin: datetime
    cursor: Cursor | None
    seconds: float
    posts: int = 0
    observed_to: datetime | None = None
    trouble: BotError | None = None
    is_cut_short: bool = False
    """The time ended before everything up to now was read."""
    is_quiet: bool = False
    """Nothing more came, so the present was reached, whatever the newest event's time is."""

    @classmethod
    def back(
        cls,
        since: timedelta,
        source: Source,
        cursor_at: Callable[[datetime], Cursor] | None,
        *,
        clock: Clock,
        seconds: float,
    ) -> Listen:
        """From so long ago, where the source can go back; else from now on."""
        begin = clock.now() - (since if cursor_at else timedelta())
        cursor = cursor_at(begin) if cursor_at else None
        return cls(source=source, clock=clock, begin=begin, cursor=cursor, seconds=seconds)

    @property
    def span(self) -> timedelta:
        """How much of the platform's time was read."""
        return max(timedelta(), (self.observed_to or self.begin) - self.begin)

    async def read(self, watch: Watch) -> AsyncIterator[Batch]:
        """Batches until the time is over or the present is reached. Failures end up in `trouble`."""
        until, started_at = self.clock.monotonic() + self.seconds, self.clock.now()
        for _ in range(TRIES):
            try:
                async for batch in self._once(watch, until, started_at):
                    yield batch
            except TimeoutError:
                break
            except CursorLost as error:
                self.begin, self.cursor = error.gap.ended_at, None
            except Unavailable as error:
                self.trouble = error
            except BotError as error:
                self.trouble = error
                break
            else:
                self._ended(started_at)
                break
        self._close(started_at)

    async def _once(self, watch: Watch, until: float, started_at: datetime) -> AsyncIterator[Batch]:
        """One reading. Raises: TimeoutError, and what the source raises."""
        batches = self.source.read(self.cursor, watch)
        async with aclosing(batches):  # type: ignore[type-var]
            while not self._has_reached(started_at):
                batch = await self._next(batches, until)
                if batch is None:
                    break
                self._note(batch)
                yield batch

    async def _next(self, batches: AsyncIterator[Batch], until: float) -> Batch | None:
        """None: the source ended, or says nothing more. Raises also: TimeoutError when the time is over."""
        left = until - self.clock.monotonic()
        try:
            # Around the next batch only: a time-out around a yield would end whoever takes the batch.
            async with asyncio.timeout(min(left, QUIET) if self.posts else left):
                return await anext(batches, None)
        except TimeoutError:
            if left <= QUIET or not self.posts:
                raise
            self.is_quiet = True
            return None

    def _note(self, batch: Batch) -> None:
        self.trouble = None
        self.posts += batch.posts_seen
        self.cursor = batch.cursor or self.cursor
        if batch.gap is not None:
            self.begin = max(self.begin, batch.gap.ended_at)
        self.observed_to = batch.observed_to or self.observed_to

    def _close(self, started_at: datetime) -> None:
        """Who has caught up has heard the silence after the newest event too."""
        self.is_cut_short = not self._has_reached(started_at - LIVE)
        if not self.is_cut_short:
            self.observed_to = max(self.observed_to or started_at, started_at)

    def _has_reached(self, moment: datetime) -> bool:
        return self.observed_to is not None and self.observed_to >= moment

    def _ended(self, started_at: datetime) -> None:
        """A poll that ended by itself has read all up to its beginning; a quiet stream likewise."""
        if self.is_quiet or not self.source.is_stream:
            self.observed_to = max(self.observed_to or started_at, started_at)


@dataclass
class Counting:
    """A watch that wants nothing, and counts in how many posts each word stands."""

    words: tuple[str, ...]
    matcher: Matcher
    posts: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, words: Iterable[str], matcher: Callable[[tuple[str, ...]], Matcher]) -> Counting:
        listed = tuple(dict.fromkeys(words))
        return cls(listed, matcher(listed), seen=dict.fromkeys(listed, 0))

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        self.posts += 1
        for number in self.matcher.found(text):
            self.seen[self.words[number]] += 1
        return False
