"""The source loop: when it asks again, what it commits, what it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import CursorLost, Reason, Rejected, StoreError, Unauthorized, Unavailable
from bot.listener import Listener, Pace, back_off, merged
from bot.model import Batch, Cursor, Gap, Post
from bot.ports import Watch
from bot.testing.clock import ManualClock
from bot.testing.source_contract import WatchAll

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


def post(number: int) -> Post:
    return Post(platform="script", id=f"p{number}", author_id="eve", text="hello", posted_at=NOW, seen_at=NOW)


def found(number: int) -> Batch:
    return Batch(posts=(post(number),), cursor=Cursor(str(number)), seen=1, posts_seen=1)


def moved(number: int, seen: int = 1) -> Batch:
    return Batch(cursor=Cursor(str(number)), seen=seen)


class Script:
    """A source that plays one list per reading: batches, seconds to wait, errors to raise."""

    name = "script"
    platform = "script"

    def __init__(self, clock: ManualClock, *readings: list[Any], is_stream: bool = True) -> None:
        self.is_stream = is_stream
        self.after: list[Cursor | None] = []
        self.open = 0
        self._clock = clock
        self._readings = list(readings)

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        del watch
        self.after.append(after)
        self.open += 1
        try:
            for step in self._readings.pop(0) if self._readings else [3600.0]:
                if isinstance(step, Batch):
                    yield step
                elif isinstance(step, Exception):
                    raise step
                else:
                    await self._clock.sleep(step)
        finally:
            self.open -= 1


class Shelf:
    """A store of cursors, and the intake in front of it."""

    def __init__(self, cursor: str | None = None) -> None:
        self.committed: Cursor | None = Cursor(cursor) if cursor else None
        self.batches: list[Batch] = []
        self.trouble: list[Exception] = []

    async def cursor(self, name: str) -> Cursor | None:
        assert name == "script"
        return self.committed

    async def take(self, name: str, batch: Batch) -> None:
        assert name == "script"
        if self.trouble:
            raise self.trouble.pop(0)
        self.batches.append(batch)
        self.committed = batch.cursor or self.committed

    @property
    def ids(self) -> list[str]:
        return [post.id for batch in self.batches for post in batch.posts]


@asynccontextmanager
async def listening(source: Script, shelf: Shelf, **pace: Any) -> AsyncIterator[Listener]:
    pace = {"clock": source._clock, "random": lambda: 1.0, **pace}
    listener = Listener(source=source, take=shelf.take, watch=WatchAll(), store=shelf, pace=Pace(**pace))
    task = asyncio.create_task(listener.run())
    await source._clock.advance(0)
    try:
        yield listener
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_it_resumes_after_what_is_committed() -> None:
    """Every reading begins where the store says."""
    clock, shelf = ManualClock(), Shelf("7")
    source = Script(clock, [found(8), Unavailable("gone")], [found(9), 3600.0])
    async with listening(source, shelf):
        await clock.advance(1)
    assert source.after == ["7", "8"]
    assert shelf.ids == ["p8", "p9"]


async def test_a_batch_is_committed_before_the_next_is_taken() -> None:
    """What intake could not store is read again from the committed cursor, and nothing is lost."""
    clock, shelf = ManualClock(), Shelf()
    shelf.trouble = [StoreError("locked")]
    source = Script(clock, [found(1), found(2), 3600.0], [found(1), found(2), 3600.0])
    async with listening(source, shelf) as listener:
        assert (listener.state().reason, shelf.ids) == (Reason.STORAGE, [])
        await clock.advance(1)
        assert shelf.ids == ["p1", "p2"]
    assert source.after == [None, None]


async def test_batches_that_only_move_the_cursor_are_committed_every_five_seconds() -> None:
    """A busy stream without mentions costs one small commit in five seconds, and no count is lost."""
    clock, shelf = ManualClock(), Shelf("0")
    source = Script(clock, [step for number in range(1, 13) for step in (moved(number), 1.0)] + [3600.0])
    async with listening(source, shelf) as listener:
        await clock.advance(11.5)
        assert [batch.cursor for batch in shelf.batches] == ["6", "11"]
        assert [batch.seen for batch in shelf.batches] == [6, 5]
        assert listener.state().seen == 12


async def test_a_found_post_takes_what_was_held_along() -> None:
    """The counts of held batches travel with the next real one."""
    clock, shelf = ManualClock(), Shelf()
    source = Script(clock, [found(1), moved(2, seen=40), found(3), 3600.0])
    async with listening(source, shelf):
        assert [(batch.cursor, batch.seen) for batch in shelf.batches] == [("1", 1), ("3", 41)]


async def test_what_is_held_is_committed_when_the_stream_dies() -> None:
    """The next connection does not read again what led to nothing."""
    clock, shelf = ManualClock(), Shelf()
    source = Script(clock, [found(1), moved(5), Unavailable("cut")])
    async with listening(source, shelf):
        assert shelf.committed == "5"


async def test_an_empty_batch_is_not_committed() -> None:
    """Being connected again is no news for the store: what is observed shows with the first event."""
    clock, shelf = ManualClock(), Shelf("7")
    await clock.advance(60)
    async with listening(Script(clock, [Batch(), 3600.0]), shelf) as listener:
        assert listener.state().is_connected
        assert shelf.batches == []


async def test_waiting_grows_and_is_capped() -> None:
    """Each failure in a row doubles the wait, up to a minute."""
    clock = ManualClock()
    source = Script(clock, *[[Unavailable("down")] for _ in range(9)])
    waits = []
    async with listening(source, Shelf()):
        for _ in range(9):
            waits.append(clock.sleeping[0])
            await clock.advance(clock.sleeping[0])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_a_connection_that_dies_at_once_does_not_begin_anew() -> None:
    """A server that accepts and drops us is not asked every second."""
    clock = ManualClock()
    source = Script(clock, *[[Batch(), found(n), Unavailable("dropped")] for n in range(6)])
    waits = []
    async with listening(source, Shelf()):
        for _ in range(6):
            waits.append(clock.sleeping[0])
            await clock.advance(clock.sleeping[0])
    assert waits == [1, 2, 4, 8, 16, 32]


async def test_a_minute_of_health_forgets_failures() -> None:
    """A stream that held for a minute starts with a short wait again when it dies."""
    clock = ManualClock()
    failing = [[Unavailable("down")] for _ in range(4)]
    source = Script(clock, *failing, [found(1), 61.0, Unavailable("down")])
    async with listening(source, Shelf()):
        await clock.advance(1 + 2 + 4 + 8)
        await clock.advance(61)
        assert clock.sleeping[0] == 1


async def test_a_stream_that_ends_is_waited_for() -> None:
    """A polite end is no reason to hammer the server: 1,538 reconnects in a second have been seen elsewhere."""
    clock = ManualClock()
    source = Script(clock, *[[Batch()] for _ in range(5)])
    async with listening(source, Shelf()) as listener:
        await clock.advance(10)
        assert len(source.after) == 4
        assert listener.state().reason == Reason.CONNECTION


async def test_a_poll_that_caught_up_rests() -> None:
    """A polling source is asked again after its rest, without a word."""
    clock = ManualClock()
    source = Script(clock, [found(1)], [], [], is_stream=False)
    with capture_logs() as logs:
        async with listening(source, Shelf(), poll_every=timedelta(seconds=30)):
            await clock.advance(60)
    assert source.after == [None, "1", "1"]
    assert logs == []


async def test_retry_after_is_kept() -> None:
    """Nobody is asked before the time they named."""
    clock = ManualClock()
    limited = Unavailable("slow down", reason=Reason.RATE_LIMITED, retry_after=timedelta(seconds=90))
    source = Script(clock, [limited])
    async with listening(source, Shelf(), random=lambda: 0.5) as listener:
        await clock.advance(90)
        assert len(source.after) == 1
        assert listener.state().retry_at == NOW + timedelta(seconds=90.5)
        await clock.advance(0.5)
        assert len(source.after) == 2


async def test_a_lost_cursor_is_a_gap_and_a_new_beginning() -> None:
    """The gap is stored, and reading goes on from now although the old cursor is still there."""
    clock, shelf = ManualClock(), Shelf("old")
    gap = Gap(source="script", started_at=NOW, ended_at=NOW, reason="cursor_lost")
    source = Script(
        clock, [CursorLost("too old", gap)], [Batch(), Unavailable("cut")], [found(5), Unavailable("cut")]
    )
    async with listening(source, shelf):
        await clock.advance(7)
    assert source.after == ["old", None, None, "5"]
    again = Gap(source="script", started_at=NOW, ended_at=NOW + timedelta(seconds=1), reason="cursor_lost")
    assert shelf.batches[0] == Batch(gap=again, observed_to=again.ended_at)


async def test_a_gap_that_cannot_be_stored_is_found_again() -> None:
    """A gap is never skipped over because the database was busy: it lasts until it is stored."""
    clock, shelf = ManualClock(), Shelf("old")
    shelf.trouble = [StoreError("locked")]
    gap = Gap(source="script", started_at=NOW, ended_at=NOW, reason="cursor_lost")
    source = Script(clock, [CursorLost("too old", gap)], [Batch(), 9.0], [Batch(), 3600.0])
    async with listening(source, shelf):
        await clock.advance(30)
    assert source.after == ["old", None, None]
    (stored,) = [batch.gap for batch in shelf.batches if batch.gap]
    assert (stored.started_at, stored.reason) == (NOW, "cursor_lost")
    assert stored.ended_at > NOW + timedelta(seconds=1)


async def test_a_wrong_credential_waits_for_a_person() -> None:
    """Unauthorized is told once and tried again after a quarter of an hour."""
    clock = ManualClock()
    source = Script(clock, *[[Unauthorized("no")] for _ in range(3)])
    with capture_logs() as logs:
        async with listening(source, Shelf()):
            await clock.advance(31 * 60)
    assert len(source.after) == 3
    assert [log["event"] for log in logs] == ["source.failed"]


async def test_a_bug_ends_nothing() -> None:
    """Whatever a connector does wrong is told as a bug, and the loop lives on."""
    clock, shelf = ManualClock(), Shelf()
    source = Script(clock, [ZeroDivisionError("in the connector")], [found(1), 3600.0])
    with capture_logs() as logs:
        async with listening(source, shelf) as listener:
            assert listener.state().reason == Reason.BUG
            await clock.advance(1)
    assert shelf.ids == ["p1"]
    (log,) = logs
    assert (log["event"], log["log_level"], log["message"]) == ("source.failed", "error", "ZeroDivisionError")
    assert isinstance(log["exc_info"], ZeroDivisionError)


async def test_failures_are_told_once_per_reason_and_so_is_recovery() -> None:
    """One line when it fails, one when the reason changes, one when it is well again for a minute."""
    clock = ManualClock()
    down, limited = Unavailable("down"), Unavailable("limit", reason=Reason.RATE_LIMITED)
    well = [step for n in range(70) for step in (moved(n), 1.0)]
    source = Script(clock, [down], [down], [limited], [limited], [*well, 3600.0])
    with capture_logs() as logs:
        async with listening(source, Shelf()) as listener:
            await clock.advance(1 + 2 + 4 + 8 + 59)
            assert listener.state().reason is None
            assert len(logs) == 2
            await clock.advance(10)
    assert [(log["event"], log.get("reason")) for log in logs] == [
        ("source.failed", "connection"),
        ("source.failed", "rate_limited"),
        ("source.recovered", None),
    ]
    assert logs[0]["retry_at"] == "2026-01-05T09:00:01+00:00"


async def test_the_state() -> None:
    """What /readyz asks: connected, last heard, counts; when failing: why, and when it tries again."""
    clock = ManualClock()
    batch = Batch(posts=(post(1),), cursor=Cursor("1"), seen=9, posts_seen=5, undecodable=2)
    source = Script(clock, [batch, 10.0, Unavailable("cut")])
    async with listening(source, Shelf()) as listener:
        state = listener.state()
        assert (state.is_connected, state.last_event_at, state.reason) == (True, NOW, None)
        assert (state.seen, state.posts_seen, state.undecodable) == (9, 5, 2)
        await clock.advance(10)
        state = listener.state()
        assert (state.is_connected, state.reason, state.message) == (False, Reason.CONNECTION, "cut")
        assert state.retry_at == NOW + timedelta(seconds=11)


@pytest.mark.parametrize(
    "readings",
    [[[found(1), 3600.0]], [[Unavailable("down")]], [[3600.0]]],
    ids=["reading", "waiting", "quiet"],
)
async def test_cancellation_leaves_nothing_open(readings: list[list[Any]]) -> None:
    """Whatever it is doing, a listener that is cancelled closes its source and ends."""
    source = Script(ManualClock(), *readings)
    async with listening(source, Shelf()):
        pass
    assert source.open == 0


async def test_a_source_that_is_no_generator() -> None:
    """An iterator without `aclose` is driven like any other."""

    class Once:
        name = platform = "script"
        is_stream = False
        _clock = ManualClock()
        after: list[Cursor | None]

        def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
            del watch
            self._left = [] if after else [found(1)]
            return self

        def __aiter__(self) -> AsyncIterator[Batch]:
            return self

        async def __anext__(self) -> Batch:
            if not self._left:
                raise StopAsyncIteration
            return self._left.pop()

    shelf = Shelf()
    async with listening(Once(), shelf):  # type: ignore[arg-type]
        assert shelf.ids == ["p1"]


@pytest.mark.parametrize(
    ("error", "failures", "chance", "seconds"),
    [
        (Unavailable("x"), 0, 0.5, 0.5),
        (Unavailable("x"), 3, 0.25, 2),
        (Unavailable("x"), 5000, 1.0, 60),
        (Unavailable("x", retry_after=timedelta(seconds=5)), 0, 0.0, 5),
        (Unavailable("x", retry_after=timedelta(seconds=5)), 6, 1.0, 60),
        (Rejected("x"), 1, 1.0, 2),
        (Unauthorized("x"), 0, 0.1, 900),
        (KeyError("x"), 2, 1.0, 4),
        (StoreError("x"), 50, 1.0, 5),
    ],
)
def test_back_off(error: Exception, failures: int, chance: float, seconds: float) -> None:
    """Full jitter below the doubling, never less than what was asked for."""
    assert back_off(error, failures, chance) == timedelta(seconds=seconds)


def test_merging_keeps_the_newest_cursor() -> None:
    """A batch without a cursor leaves it where it was."""
    assert merged(moved(3), Batch(seen=2)).cursor == "3"
    assert merged(None, moved(4)) == moved(4)
