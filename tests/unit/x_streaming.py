"""A stream of X that is read in the background, for the tests of what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr

from bot.errors import BotError
from bot.model import Batch, Cursor
from bot.ports import Source
from bot.testing.source_contract import WatchAll
from bot.testing.x_streams import BEARER, XStreams
from connectors.x.ids import cursor_at, first_id
from connectors.x.own import own_account
from connectors.x.search import Settings
from connectors.x.streamed import StreamedSearch
from tests.unit.x_stand import NOW, Stand, stand_at

PATIENCE = 5.0


class Words(WatchAll):
    def __init__(self) -> None:
        super().__init__()
        self.words: tuple[str, ...] = ("acme", "acme support")


async def until(there: Callable[[], object], *, within: float = PATIENCE) -> None:
    """Raises: TimeoutError."""
    async with asyncio.timeout(within):
        while not there():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)


@dataclass
class Reader:
    """Reads for ever, as often as asked to; remembers what came and how it ended."""

    source: Source
    after: Cursor | None = field(default_factory=lambda: cursor_at(NOW - timedelta(hours=1)))
    watch: Words = field(default_factory=Words)
    ids: list[str] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    error: BotError | None = None

    async def read(self) -> None:
        self.error = None
        try:
            async for batch in self.source.read(self.after, self.watch):
                self.batches.append(batch)
                self.ids += [post.id for post in batch.posts]
                self.after = batch.cursor or self.after
        except BotError as error:
            self.error = error

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[asyncio.Task[None]]:
        """In the background, once it has begun."""
        told = len(self.batches)
        task = asyncio.create_task(self.read())
        await until(lambda: len(self.batches) > told or task.done())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.wait([task])


@dataclass
class Streamed:
    stood: Stand
    server: XStreams
    reader: Reader

    def say(self, text: str, author: str = "ann") -> str:
        """A post of now."""
        world = self.server.world
        world.next_id = max(world.next_id, first_id(self.stood.clock.now()))
        return world.post(author, text, at=self.stood.clock.now())

    async def passes(self, seconds: int) -> None:
        """Time, slowly enough for those who ask somebody now and then."""
        for _ in range(seconds // 5):
            await self.stood.clock.advance(5)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def streamed(**more: object) -> AsyncIterator[Streamed]:
    """With an account and its app's token, unless `more` says otherwise."""
    given = {"bearer_token": SecretStr(BEARER), **more}
    async with stand_at(XStreams, **given) as (stood, server):
        server.world.next_id = first_id(NOW - timedelta(minutes=30))
        own_account(stood.settings, stood.wiring)
        yield Streamed(stood, server, Reader(StreamedSearch(Settings(stream=True), stood.wiring)))
