"""The source loop: what a source has observed, by whose time, and what was missed before it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import Unavailable
from bot.listener import merged
from bot.model import Batch, Gap
from bot.testing.clock import ManualClock
from tests.unit.test_listener import NOW, Script, Shelf, found, listening, moved


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def gaps(shelf: Shelf) -> list[tuple[float, float, str]]:
    """(start, end, reason) of every gap that was handed over, in seconds."""
    told = [batch.gap for batch in shelf.batches if batch.gap]
    return [
        ((g.started_at - NOW).total_seconds(), (g.ended_at - NOW).total_seconds(), g.reason) for g in told
    ]


def observed(shelf: Shelf) -> list[float | None]:
    tos = [batch.observed_to for batch in shelf.batches]
    return [None if to is None else (to - NOW).total_seconds() for to in tos]


async def test_the_platforms_time_is_kept() -> None:
    """A replay observes the past: our time of receipt has no say, and there is no gap after an outage."""
    clock, shelf = ManualClock(), Shelf("0")
    old = replace(found(1), observed_to=at(-7200))
    source = Script(clock, [Batch(), old, Unavailable("cut")], [Batch(), found(2), 3600.0])
    async with listening(source, shelf) as listener:
        assert listener.state().observed_to == at(-7200)
        await clock.advance(100)
    assert observed(shelf) == [-7200, 1]
    assert gaps(shelf) == []


async def test_a_stream_without_positions_misses_what_lies_between_two_connections() -> None:
    """The first begins with the program; the second says since when and why nobody listened."""
    clock, shelf = ManualClock(), Shelf()
    connected = [Batch(), 10.0, Batch(), Unavailable("cut")]
    source = Script(clock, connected, [Unavailable("down")], [Batch(), 3600.0])
    async with listening(source, shelf):
        await clock.advance(60)
    assert gaps(shelf) == [(0, 0, "down"), (13, 13, "connection")]
    assert observed(shelf) == [0, 10, 13]


async def test_a_stream_without_positions_is_observed_while_it_is_heard() -> None:
    """Also what was quiet: an empty batch says that nothing was published, at most every five seconds."""
    clock, shelf = ManualClock(), Shelf()
    source = Script(clock, [step for _ in range(12) for step in (Batch(), 1.0)] + [3600.0])
    async with listening(source, shelf):
        await clock.advance(11.5)
    assert observed(shelf) == [0, 5, 10]


async def test_a_poll_is_observed_up_to_when_it_began() -> None:
    """What was published while it was asked belongs to the next one; a poll that failed observed nothing."""
    clock, shelf = ManualClock(), Shelf("0")
    source = Script(
        clock, [2.0, found(1), 3.0], [Unavailable("down")], [Unavailable("down")], [], is_stream=False
    )
    async with listening(source, shelf, poll_every=timedelta(seconds=30)) as listener:
        await clock.advance(5)
        assert (observed(shelf), listener.state().is_connected) == ([None, 0], True)
        await clock.advance(30.5)
        assert (observed(shelf), listener.state().is_connected) == ([None, 0], False)
        await clock.advance(3)
        assert (observed(shelf), listener.state().is_connected) == ([None, 0, 38], True)
    assert gaps(shelf) == []


async def test_a_poll_without_a_position_says_so() -> None:
    """A source that gives no cursor starts from now each time: what lies between was not read."""
    clock, shelf = ManualClock(), Shelf()
    source = Script(clock, [1.0], [], is_stream=False)
    async with listening(source, shelf, poll_every=timedelta(seconds=30)):
        await clock.advance(40)
    assert gaps(shelf) == [(0, 0, "down"), (31, 31, "no_cursor")]


async def test_a_sources_own_gap_is_passed_on() -> None:
    """It knows better what is missing than the loop does."""
    clock, shelf = ManualClock(), Shelf()
    own = Gap(source="script", started_at=at(-60), ended_at=at(-30), reason="overflow")
    async with listening(Script(clock, [replace(moved(1), gap=own), 3600.0]), shelf):
        assert gaps(shelf) == [(-60, -30, "overflow")]


def test_merging_keeps_how_far_was_observed() -> None:
    """A held batch that moved on is not forgotten by one that says nothing."""
    held = replace(moved(1), observed_to=at(1))
    assert merged(held, found(2)).observed_to == at(1)
    assert merged(held, replace(found(2), observed_to=at(2))).observed_to == at(2)
