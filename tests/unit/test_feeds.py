"""The loop that drives a decision feed: told once, never ended, resumed from what is committed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

from structlog.testing import capture_logs

from bot.errors import BotError, Reason, StoreError, Unauthorized, Unavailable
from bot.feeds import FIRST_WAIT, HEALTHY_AFTER, UNAUTHORIZED_WAIT, FeedLoop
from bot.model import Cursor
from bot.ports import DecisionFeed
from bot.staff import Press, Presses
from bot.storing import Store
from bot.testing.clock import ManualClock


class Script:
    """A feed that gives one part of its script a reading: presses, then an error or silence."""

    name = "chat"

    def __init__(self, *readings: list[Any]) -> None:
        self.readings = list(readings)
        self.after: list[Cursor | None] = []

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        self.after.append(after)
        for step in self.readings.pop(0) if self.readings else [asyncio.Event()]:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, asyncio.Event):
                await step.wait()
            else:
                yield step

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        raise AssertionError


class Shelf:
    """The store of one cursor, and what takes presses."""

    def __init__(self) -> None:
        self.committed: Cursor | None = None
        self.told: list[Reason] = []
        self.refuses: list[Cursor | None] = []

    async def cursor(self, name: str) -> Cursor | None:
        assert name == "chat"
        return self.committed

    async def take(self, feed: DecisionFeed, presses: Presses) -> None:
        if presses.cursor in self.refuses:
            self.refuses.remove(presses.cursor)
            raise StoreError("locked")
        self.committed = presses.cursor

    def failed(self, name: str, error: BotError) -> None:
        self.told.append(error.reason)


@asynccontextmanager
async def driven(script: Script, shelf: Shelf, clock: ManualClock) -> AsyncIterator[FeedLoop]:
    loop = FeedLoop(
        feed=script,
        store=cast("Store", shelf),
        take=shelf.take,
        clock=clock,
        on_failure=shelf.failed,
        rng=random.Random(1),
    )
    task = asyncio.create_task(loop.run())
    await clock.advance(0)
    try:
        yield loop
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def at(position: str) -> Presses:
    return Presses(presses=(), cursor=Cursor(position))


async def test_it_resumes_after_what_is_committed() -> None:
    """A press whose transaction failed is read again: the position did not move."""
    script, shelf, clock = Script([at("1"), at("2")], [at("2")]), Shelf(), ManualClock()
    shelf.refuses = [Cursor("2")]
    async with driven(script, shelf, clock):
        await clock.advance(10)
    assert [None, Cursor("1"), Cursor("2")] == script.after


async def test_a_failure_is_told_once_and_the_recovery_once() -> None:
    """Three refusals for one reason are one line; then one line that it works."""
    conflict = Unavailable("somebody else reads", reason=Reason.CONFLICT)
    script, shelf, clock = (
        Script([conflict], [conflict], [conflict], [at("1"), asyncio.Event()]),
        Shelf(),
        ManualClock(),
    )
    with capture_logs() as lines:
        async with driven(script, shelf, clock) as loop:
            assert loop.failing == "conflict"
            for _ in range(10):
                await clock.advance(5)
            assert [None] == [one.failing for one in (loop,)]
    assert ["feed.failed", "feed.recovered"] == [line["event"] for line in lines]
    assert [Reason.CONFLICT] == shelf.told


async def test_it_waits_as_long_as_it_is_asked_to() -> None:
    """Retry-After counts; a wrong credential is left alone for minutes."""
    slow = Unavailable("slow down", reason=Reason.RATE_LIMITED, retry_after=timedelta(seconds=40))
    script, shelf, clock = Script([slow], [Unauthorized("revoked")]), Shelf(), ManualClock()
    async with driven(script, shelf, clock):
        await clock.advance(39)
        assert len(script.after) == 1
        await clock.advance(2)
        assert len(script.after) == 2
        await clock.advance(UNAUTHORIZED_WAIT - 5)
        assert len(script.after) == 2
        await clock.advance(10)
        assert len(script.after) == 3


async def test_a_bug_does_not_end_it() -> None:
    """Whatever a press provokes, the loop says so and goes on."""
    script, shelf, clock = Script([KeyError("x")], [at("1"), asyncio.Event()]), Shelf(), ManualClock()
    with capture_logs() as lines:
        async with driven(script, shelf, clock):
            await clock.advance(5)
    assert ["feed.failed", "feed.recovered"] == [line["event"] for line in lines]
    assert isinstance(lines[0]["exc_info"], KeyError)
    assert Cursor("1") == shelf.committed


async def test_presses_that_cannot_be_stored_are_one_line() -> None:
    """The chat works and the database does not: said once, not at every try, and once when it is over."""
    script, shelf, clock = Script(*[[at("1")]] * 5, [at("1"), asyncio.Event()]), Shelf(), ManualClock()
    shelf.refuses = [Cursor("1")] * 5
    with capture_logs() as lines:
        async with driven(script, shelf, clock):
            for _ in range(10):
                await clock.advance(20)
    assert ["feed.failed", "feed.recovered"] == [line["event"] for line in lines]
    assert [Reason.STORAGE] == shelf.told


async def test_silence_is_health() -> None:
    """After a failure nobody presses for a while: a reading that goes on says that the feed works again."""
    script, shelf, clock = Script([Unavailable("down")]), Shelf(), ManualClock()
    async with driven(script, shelf, clock) as loop:
        await clock.advance(2)
        assert "connection" == loop.failing
        await clock.advance(HEALTHY_AFTER)
        assert loop.failing is None


async def test_failures_far_apart_do_not_add_up() -> None:
    """What worked in between makes the next failure the first one."""
    readings = [[at(str(number)), Unavailable("down")] for number in range(20)]
    script, shelf, clock = Script(*readings), Shelf(), ManualClock()
    async with driven(script, shelf, clock):
        for _ in range(20):
            await clock.advance(FIRST_WAIT.total_seconds())
    assert 21 == len(script.after)


async def test_a_feed_that_ends_is_not_asked_in_a_busy_loop() -> None:
    """A plug-in whose reading ends at once is waited for like one that fails."""
    script, shelf, clock = Script(*[[]] * 50), Shelf(), ManualClock()
    async with driven(script, shelf, clock):
        await clock.advance(3)
    assert 2 <= len(script.after) <= 4
