"""When an ask is due, also over changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.targets import due_at

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_promise_is_due_that_much_later() -> None:
    """The due time is the start plus the promise."""
    assert utc("2026-11-20T13:35") == due_at(utc("2026-11-20T13:20"), timedelta(minutes=15))


def test_no_promise_is_never_due() -> None:
    """Without `respond_in` there is no due time."""
    assert due_at(utc("2026-11-20T13:20"), None) is None


def test_a_promise_beyond_the_calendar_does_not_fail() -> None:
    """An absurd `respond_in` gives a far date, not a crash in the middle of a batch."""
    assert utc("9999-01-01T00:00") == due_at(utc("2026-11-20T13:20"), timedelta.max)


def test_due_times_are_elapsed_time_over_a_change_of_the_clocks() -> None:
    """A local start time before the clocks change is due the promised hours later, not the local ones."""
    before = datetime(2026, 3, 29, 1, 30, tzinfo=BERLIN)
    assert utc("2026-03-29T04:30") == due_at(before, timedelta(hours=4))


def test_a_naive_start_is_refused() -> None:
    """A time without a zone is a bug in the caller."""
    with pytest.raises(ValueError, match="started_at must be an aware datetime"):
        due_at(datetime(2026, 1, 1), timedelta(hours=1))  # noqa: DTZ001
