"""The source loop and the Bluesky source together, against a Jetstream that keeps failing."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.errors import StoreError
from bot.http import HttpClient
from bot.listener import Listener, Pace
from bot.model import Batch, Cursor
from bot.ports import Wiring
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.loopback import Refuse
from bot.testing.source_contract import WatchAll
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.position import cursor_at

POSTS = 200
TROUBLES: list[Stumble | Refuse] = [
    Stumble(how="reset", after=3),
    Refuse(status=503),
    Stumble(how="garbage", after=2, frames=("{", b"\xff")),
    Stumble(how="close", after=0),
    Stumble(how="reset", after=40),
    Refuse(status=200, body="<html>", content_type="text/html"),
    Stumble(how="silence", after=5),
    Stumble(how="close", after=17),
]


class Desk:
    """A store that is locked now and then: what it refuses is not committed."""

    def __init__(self, start: Cursor) -> None:
        self.committed = start
        self.ids: list[str] = []
        self.calls = 0
        self.all_there = asyncio.Event()

    async def cursor(self, name: str) -> Cursor:
        del name
        return self.committed

    async def take(self, name: str, batch: Batch) -> None:
        del name
        self.calls += 1
        await asyncio.sleep(0)
        if self.calls % 5 == 2:
            raise StoreError("the database is locked")
        self.ids += [post.id for post in batch.posts]
        self.committed = batch.cursor or self.committed
        if len(self.ids) >= POSTS:
            self.all_there.set()


@pytest.mark.parametrize("seed", range(3))
async def test_every_post_arrives_once(seed: int) -> None:
    """Resets, refusals, garbage, silence and a locked store: each post is committed exactly once, in order."""
    http = HttpClient(SystemClock())
    async with JetstreamServer() as server:
        server.faults.extend(TROUBLES[seed:] + TROUBLES[:seed])
        desk = Desk(cursor_at(datetime.now(UTC)))
        settings = Settings(jetstream=server.url, silence=0.2)
        source = JetstreamSource(settings, Wiring(http=http, clock=SystemClock()))
        pace = Pace(clock=SystemClock(), random=lambda: 0.001)
        listener = Listener(source=source, take=desk.take, watch=WatchAll(), store=desk, pace=pace)
        with capture_logs():
            listening = asyncio.create_task(listener.run())
            ids = []
            for number in range(POSTS):
                ids.append(await server.post("did:plc:ann", f"post {number}"))
                await asyncio.sleep(0.002)
            async with asyncio.timeout(10):
                await desk.all_there.wait()
            listening.cancel()
            await asyncio.wait([listening])
    await http.close()
    assert list(server.faults) == [], "not every trouble was met"
    assert [post for post, times in Counter(desk.ids).items() if times > 1] == []
    assert desk.ids == ids
