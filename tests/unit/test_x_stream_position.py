"""Where a stream of X stands, and how soon it is opened again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import Reason, Unauthorized, Unavailable
from bot.model import Cursor
from bot.testing.clock import ManualClock
from connectors.x.ids import cursor, first_id, last_of
from connectors.x.reconnects import Fault, Reconnects, step
from connectors.x.stream_position import NAMED_AT_MOST, Position
from tests.unit.x_stand import NOW

BASE = first_id(NOW)


def test_a_position_survives_as_text() -> None:
    """The search can go on from it, and it from the search's."""
    position = Position(since=5).telling([7, 6, 5])
    assert position.text == "v1:5:6,7,"
    assert Position.of(position.text) == position
    assert last_of(position.text) == 5
    assert Position.of(cursor(9)) == Position(since=9)
    with pytest.raises(ValueError, match=r".+"):
        Position.of(Cursor("v1:5:x"))


def test_a_position_goes_back_by_a_margin() -> None:
    """What may still come is not passed, and what is passed is not remembered."""
    late, newest = first_id(NOW + timedelta(seconds=31)), first_id(NOW + timedelta(minutes=1))
    position = Position(since=BASE).telling([BASE + 1, late, newest]).settled()
    assert position.since == first_id(NOW + timedelta(seconds=30)) - 1
    assert position.told == {late, newest}
    assert position.filled(BASE) == position
    assert Position(since=3).settled() == Position(since=3)


def test_a_position_is_no_longer_than_it_may_be() -> None:
    """The newest are remembered: the store knows the others again."""
    many = Position(since=0).telling(range(1, NAMED_AT_MOST * 2))
    kept = Position.of(many.text)
    assert len(kept.told) == NAMED_AT_MOST
    assert max(kept.told) == NAMED_AT_MOST * 2 - 1


def test_the_steps_are_those_of_the_documentation() -> None:
    """Linear, doubled, and doubled from a minute on; each with an end."""
    network = [step(Fault.NETWORK, one).total_seconds() for one in (0, 1, 2, 1000)]
    assert network == [0, 0.25, 0.5, 16]
    assert [step(Fault.HTTP, one).total_seconds() for one in (0, 1, 2, 9)] == [5, 10, 20, 320]
    assert [step(Fault.LIMIT, one).total_seconds() for one in (0, 1, 2, 9)] == [60, 120, 240, 900]


async def test_a_sound_connection_begins_the_steps_anew() -> None:
    """One that died at once does not; what a header names, or no waiting helps, stays as it is."""
    clock = ManualClock(NOW)
    reconnects = Reconnects(clock)

    def failed() -> float:
        error = reconnects.failure(Unavailable("x", reason=Reason.SERVER))
        assert isinstance(error, Unavailable)
        assert error.retry_after is not None
        return error.retry_after.total_seconds()

    waits = []
    for lasts in (1, 1, 61, 1):
        reconnects.open("x")
        await clock.advance(lasts)
        reconnects.closed()
        waits.append(failed())
    assert waits == [5, 10, 5, 10]
    named = Unavailable("x", reason=Reason.RATE_LIMITED, retry_after=timedelta(seconds=7))
    assert reconnects.failure(named) is named
    assert named.retry_after == timedelta(seconds=7)
    wrong = Unauthorized("x")
    assert reconnects.failure(wrong) is wrong
