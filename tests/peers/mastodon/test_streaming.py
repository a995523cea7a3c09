"""A real server tells of mentions at once, over its streams; what it did not tell is found by reading."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.clock import SystemClock
from bot.errors import BotError
from bot.http import HttpClient
from bot.model import Cursor, Post
from bot.ports import Wiring
from bot.testing.source_contract import WatchAll
from bot.vault import MemoryVault
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.inbox import InboxSource
from tests.peers.line import Line
from tests.peers.mastodon.people import Person, join
from tests.peers.mastodon.server import Server
from tests.peers.mastodon.stand import settings_of

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif("stream" not in AccountSettings.model_fields, reason="nothing is streamed"),
]
STREAM = "/api/v1/streaming"
WITHIN = 20.0


@dataclass
class Live:
    """A brand's account that is read as the daemon does, and Ann."""

    line: Line
    brand: Person
    ann: Person
    source: InboxSource
    posts: list[Post] = field(default_factory=list)
    deleted: list[str | None] = field(default_factory=list)
    after: Cursor | None = None

    @property
    def ids(self) -> list[str]:
        return [post.id.partition("/")[2] for post in self.posts]

    async def run(self) -> None:
        while True:
            with suppress(BotError):
                async for batch in self.source.read(self.after, WatchAll()):
                    self.posts += batch.posts
                    self.deleted += [one.post_id for one in batch.deleted]
                    self.after = batch.cursor or self.after
            await asyncio.sleep(0.1)

    async def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + WITHIN
        while not condition():
            assert time.monotonic() < deadline, f"{what}; {self.line.asked}, {self.posts}"
            await asyncio.sleep(0.02)

    @property
    def streams(self) -> int:
        return sum(STREAM in one for one in self.line.asked)

    @property
    def readings(self) -> int:
        return sum(one.endswith("/notifications") for one in self.line.asked)


@asynccontextmanager
async def live(server: Server) -> AsyncIterator[Live]:
    """Streamed; its lists are read every minute, at most."""
    brand, ann = join(server, "acme"), join(server, "ann")
    http = HttpClient(SystemClock())
    async with Line(server.url) as line:
        settings = settings_of(brand, line.url).model_copy(update={"every": timedelta(minutes=1)})
        wiring = Wiring(http=http, clock=SystemClock(), vault=MemoryVault())
        here = Live(line, brand, ann, InboxSource(settings, wiring))
        task = asyncio.create_task(here.run())
        try:
            await here.until(lambda: "streamed" in here.source.place, "the stream stands")
            yield here
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await http.close()


async def test_a_mention_comes_at_once_and_once(server: Server) -> None:
    """Without its list being read; so does what the brand publishes itself."""
    async with live(server) as here:
        readings = here.readings
        asked = here.ann.post(f"@{here.brand.name} is it down?")
        await here.until(lambda: asked in here.ids, "it comes")
        answer = here.brand.post(f"@{here.ann.name} it is not", under=asked)
        await here.until(lambda: answer in here.ids, "and what we said")
        assert ([asked, answer], readings) == (here.ids, here.readings)


async def test_what_a_broken_stream_did_not_tell_is_found(server: Server) -> None:
    """Cut while people write: all of it comes, each once."""
    async with live(server) as here:
        asked = [here.ann.post(f"@{here.brand.name} {number}") for number in range(3)]
        await here.until(lambda: set(asked) <= set(here.ids), "they come")
        streams = here.streams
        here.line.cut()
        asked += [here.ann.post(f"@{here.brand.name} {number}") for number in range(3, 9)]
        await here.until(lambda: set(asked) <= set(here.ids), "they come all the same")
        assert asked == here.ids
        await here.until(lambda: here.streams > streams, "it is streamed again")
