"""The source loop and X's filtered stream together, against an X that hangs up, refuses and breaks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from bot.errors import StoreError
from bot.listener import Listener, Pace
from bot.model import Batch, Cursor, Gap
from bot.testing.x_streams import disconnect
from connectors.x.ids import cursor_at
from connectors.x.reconnects import GRANTED
from tests.unit.x_stand import NOW
from tests.unit.x_streaming import Streamed, Words, streamed, until

POSTS = 80


class Desk:
    """A store that is locked now and then: what it refuses is not committed."""

    def __init__(self) -> None:
        self.committed = cursor_at(NOW - timedelta(minutes=5))
        self.ids: list[str] = []
        self.gaps: list[Gap] = []
        self.calls = 0

    async def cursor(self, name: str) -> Cursor:
        del name
        return self.committed

    async def take(self, name: str, batch: Batch) -> None:
        del name
        self.calls += bool(batch.posts)
        if batch.posts and self.calls % 17 == 5:
            raise StoreError("the database is locked")
        self.ids += [post.id for post in batch.posts]
        self.gaps += [batch.gap] if batch.gap else []
        self.committed = batch.cursor or self.committed


def troubles(x: Streamed) -> list[Callable[[], object]]:
    """In turn."""
    pushed = x.server.streams.pushed
    return [
        x.server.cut,
        lambda: pushed.append(disconnect()),
        partial(_break, x, 503, times=2),
        lambda: pushed.append(b'{"data": {"id"'),
        lambda: vars(x.server.streams.manner).update(ends_after=0.02),
        lambda: vars(x.server.streams.manner).update(ends_after=0.0, piece=5),
        lambda: x.server.refuse(429, path="recent", headers={"Retry-After": "90"}),
        partial(_break, x, 429),
    ]


def _break(x: Streamed, status: int, times: int = 1) -> None:
    x.server.cut()
    x.server.refuse(status, times=times, path="search/stream")


async def test_everything_arrives_once() -> None:
    """Whatever goes wrong: each post once, no gap, and no more connections than X grants."""
    async with streamed(budget={"month": "1000"}) as x:
        desk, watch = Desk(), Words()
        pace = Pace(clock=x.stood.clock, random=lambda: 0.5)
        listener = Listener(source=x.reader.source, take=desk.take, watch=watch, store=desk, pace=pace)
        running = asyncio.create_task(listener.run())
        try:
            await until(lambda: x.server.streams.open)
            said = await _said(x, troubles(x))
            for _ in range(60):
                await x.passes(15)
                if len(set(desk.ids)) == len(said):
                    break
        finally:
            running.cancel()
            await asyncio.wait([running])
        assert dict.fromkeys(said, 1) == Counter(desk.ids)
        assert desk.gaps == []
        assert _most_in_a_window(x) <= GRANTED


async def _said(x: Streamed, harm: list[Callable[[], object]]) -> list[str]:
    """A post every quarter of a minute, and a trouble with every tenth."""
    said = []
    for number in range(POSTS):
        said.append(x.say(f"acme is down {number}"))
        await x.passes(15)
        if number % 10 == 5:
            harm[number // 10 % len(harm)]()
    vars(x.server.streams.manner).update(ends_after=0.0)
    return said


def _most_in_a_window(x: Streamed) -> int:
    at = x.server.streams.connects
    return max(sum(one <= other < one + 900 for other in at) for one in at)
