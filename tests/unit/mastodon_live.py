"""A source that follows streams, read in the background as the daemon reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.errors import BotError
from bot.model import Batch, Cursor, Deletion, Post
from bot.ports import Source
from bot.testing.source_contract import WatchAll
from connectors.mastodon.position import cursor_at
from tests.unit.mastodon_stand import Stand

PATIENCE = 5.0


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for what comes over the loopback; the clock of the test stands still meanwhile."""
    for _ in range(int(PATIENCE / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"{what}: that did not come about")


@dataclass
class Live:
    """What came of one reading after the other."""

    it: Stand
    source: Source
    after: Cursor | None
    posts: list[Post] = field(default_factory=list)
    deleted: list[Deletion] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    failures: list[BotError] = field(default_factory=list)
    readings: int = 0

    @property
    def ids(self) -> list[str]:
        return [post.id for post in self.posts]

    @property
    def tried(self) -> int:
        return len(self.it.server.streams.tried)

    @property
    def polls(self) -> int:
        """How often lists were read."""
        asked = self.it.server.asked
        return sum(one.endswith(("/notifications", "/statuses")) or "/timelines/" in one for one in asked)

    async def run(self, every: float) -> None:
        while True:
            try:
                async for batch in self.source.read(self.after, WatchAll()):
                    self.batches.append(batch)
                    self.posts.extend(batch.posts)
                    self.deleted.extend(batch.deleted)
                    self.after = batch.cursor or self.after
            except BotError as error:
                self.failures.append(error)
            self.readings += 1
            await self.it.clock.sleep(every)

    async def stands(self, connections: int = 1) -> None:
        """The streams stand, and what came before they did was read."""
        streams = self.it.server.streams
        await until(lambda: len(streams.connections) >= connections, "a stream stands")
        await self.settled()

    async def settled(self) -> None:
        """Nothing is being asked any more."""
        before = -1
        while before != self.it.server.requests:
            before = self.it.server.requests
            await asyncio.sleep(0.03)

    async def came(self, *statuses: str) -> None:
        wanted = {self.it.id(one) for one in statuses}
        await until(
            lambda: wanted <= set(self.ids), f"{len(wanted)} posts come, of which {len(self.ids)} came"
        )


@asynccontextmanager
async def live(it: Stand, source: Source, every: float = 15) -> AsyncIterator[Live]:
    reading = Live(it, source, cursor_at(it.clock.now()))
    task = asyncio.create_task(reading.run(every))
    try:
        yield reading
    finally:
        task.cancel()
        await asyncio.wait([task])
