"""Lists that are read, and streamed while the server does so: a stream tells at once, reading finds the rest.

What a stream tells is taken as if it had been read, so that reading later does not tell it again; while the
stream stands, the list is read ever so rarely. Reading goes back over all that a stream told since the
last one: what it left out is found. A list in which reading found what the stream had not told is
read as often as without a stream, until the stream tells of it again. So no server must be believed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bot.model import Batch
from connectors.mastodon.entities import Short, piece
from connectors.mastodon.events import ERROR
from connectors.mastodon.paging import Row
from connectors.mastodon.position import KEPT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
    from datetime import datetime, timedelta

    from bot.ports import Clock
    from connectors.mastodon.events import Channel, Event
    from connectors.mastodon.position import Position, Window
    from connectors.mastodon.streaming import Stream

    Reading = AsyncGenerator[tuple[Batch, Position], None]

RARELY = 8
"""So many times as long a list rests while it is streamed."""
MOST_TOLD = KEPT - 10
"""After so many a list is read: reading goes back over the newest 40 at least."""
MOST_WAITING = 1_000
"""So many events wait at most; what comes beside them is found by reading."""
TICK = 30.0
"""How often it is said that the lists are followed."""


@dataclass(eq=False, kw_only=True)
class Followed:
    """A list, and the stream that tells of it (None: it has none). `kind`: the events that may tell of a row
    of it, `row`: which row, `also`: after which other events it is read; `read`: its reading, `tell`: as
    batch what a stream told (None: it is known).
    """

    name: str
    stream: Stream | None
    channel: Channel
    kind: str
    row: Callable[[bytes], Row | str | None]
    read: Callable[[Position], Reading]
    tell: Callable[[list[Row], Position], Awaitable[tuple[Batch, Position] | None]]
    also: frozenset[str] = frozenset()
    read_at: float = 0.0
    observed_to: datetime | None = None
    told: int = 0
    is_due: bool = False
    is_trusted: bool = True
    is_whole: bool = False
    """Whether the stream has stood since the list was last read."""

    @property
    def is_streamed(self) -> bool:
        return self.is_told_of and self.is_trusted and self.is_whole

    @property
    def is_told_of(self) -> bool:
        return self.stream is not None and self.channel in self.stream.carried

    def hear(self, event: Event | None, window: Window) -> Row | None:
        """The row that an event tells of; or it is noted that there is something to read."""
        if event is None or event.kind in self.also:
            self.is_due = True
        elif event.kind == ERROR:
            self.is_trusted = False
        elif event.kind == self.kind:
            return self._hear_row(self.row(event.payload))
        elif self._concerns(event, window):
            self.is_due = True
        return None

    def _hear_row(self, row: Row | str | None) -> Row | None:
        self.is_due = self.is_due or (row is not None and (isinstance(row, str) or self.told >= MOST_TOLD))
        if not isinstance(row, Row):
            return None
        self.is_trusted = True
        if self.is_due:
            return None
        self.told += 1
        return row

    def _concerns(self, event: Event, window: Window) -> bool:
        """Whether something is said of a row that was read: it was edited, or is gone."""
        if event.kind == "delete":
            status = event.payload.decode("utf-8", "replace")
        elif event.kind == "status.update":
            short = piece(msgspec.Raw(event.payload), Short)
            status = short.id if short else ""
        else:
            return False
        return any(mark.status == status for mark in window.marks)


class Following:
    """The lists of one source for as long as one stream stands. `every`: how often a list is read without."""

    def __init__(self, lists: Sequence[Followed], clock: Clock, every: timedelta) -> None:
        self._lists = lists
        self._streams = tuple(dict.fromkeys(one.stream for one in lists if one.stream is not None))
        self._clock, self._every = clock, every.total_seconds()
        self._waiting: deque[tuple[Stream, Channel, Event | None]] = deque()
        self._arrived = asyncio.Event()
        self._running: dict[Stream, asyncio.Task[None]] = {}
        self._told_at = clock.monotonic()
        for one in lists:
            one.is_trusted = True
            self._reads(one)
            one.is_whole = False

    async def batches(self, position: Position) -> Reading:
        """What the streams tell and reading finds. Ends when none stands, and none comes to stand."""
        try:
            self._begin()
            while self._running:
                await self._pause()
                self._end()
                heard = self._heard(position)
                for one, rows in heard.items():
                    if (told := await one.tell(rows, position)) is not None:
                        position = told[1]
                        yield told
                for one in self._lists:
                    if self._due_at(one) <= self._clock.monotonic():
                        async with aclosing(self._read(one, position)) as batches:
                            async for batch, behind in batches:
                                position = behind
                                yield batch, behind
                if self._clock.monotonic() - self._told_at >= TICK:
                    yield self._observed(), position
                self._begin()
        finally:
            await self._stop()

    async def _read(self, one: Followed, position: Position) -> Reading:
        was_streamed = one.is_streamed and not one.is_due and one.told < MOST_TOLD
        self._reads(one)
        found = 0
        async with aclosing(one.read(position)) as batches:
            async for batch, behind in batches:
                found += batch.posts_seen
                yield batch, behind
        if was_streamed and found:
            one.is_trusted = False

    def _reads(self, one: Followed) -> None:
        one.read_at, one.observed_to = self._clock.monotonic(), self._clock.now()
        one.told, one.is_due, one.is_whole = 0, False, one.is_told_of

    def _heard(self, position: Position) -> dict[Followed, list[Row]]:
        heard: dict[Followed, list[Row]] = {}
        while self._waiting:
            stream, channel, event = self._waiting.popleft()
            for one in self._lists:
                if one.stream is stream and one.channel == channel:
                    row = one.hear(event, position.windows[one.name])
                    if row is not None:
                        heard.setdefault(one, []).append(row)
        return heard

    # --- when ---

    def _observed(self) -> Batch:
        """How far all lists were read; of one that is streamed nothing is left to read."""
        self._told_at, now = self._clock.monotonic(), self._clock.now()
        read = [one.observed_to for one in self._lists if not one.is_streamed or one.is_due]
        return Batch(observed_to=min((at for at in read if at is not None), default=now))

    def _due_at(self, one: Followed) -> float:
        if one.is_told_of and not one.is_whole:
            return 0.0  # what came before it stood
        rests = self._every * (RARELY if one.is_streamed and not one.is_due else 1)
        return one.read_at + rests

    async def _pause(self) -> None:
        """Until something is heard, or due."""
        now = self._clock.monotonic()
        idle = [stream.not_before for stream in self._streams if stream not in self._running]
        until = min([*map(self._due_at, self._lists), *idle, self._told_at + TICK])
        alarm = asyncio.create_task(self._ring(until - now))
        try:
            await self._arrived.wait()
        finally:
            alarm.cancel()
            await asyncio.wait([alarm])
        self._arrived.clear()

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(max(0.0, seconds))
        self._arrived.set()

    # --- the streams ---

    def _begin(self) -> None:
        now = self._clock.monotonic()
        for stream in self._streams:
            if stream not in self._running and stream.not_before <= now:
                self._running[stream] = asyncio.create_task(self._run(stream), name="mastodon.stream")

    async def _run(self, stream: Stream) -> None:
        try:
            await stream.run(lambda channel, event: self._take(stream, channel, event), self._arrived.set)
        finally:
            self._arrived.set()

    def _take(self, stream: Stream, channel: Channel, event: Event | None) -> None:
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((stream, channel, event))
        else:
            for one in self._lists:
                one.is_due = one.is_due or one.stream is stream
        self._arrived.set()

    def _end(self) -> None:
        """Those that ended: what came meanwhile is found when the list is read next."""
        for stream, task in list(self._running.items()):
            if task.done():
                del self._running[stream]
                task.result()
                for one in self._lists:
                    one.is_whole = one.is_whole and one.stream is not stream

    async def _stop(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
