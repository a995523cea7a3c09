"""How times are said to people: across midnight, years, zones and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.targets import due_at
from bot.texts import answer_by, answered_after, ordinal, time_in_zone

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_promise_beyond_the_calendar_can_be_said() -> None:
    """An absurd `respond_in` gives a far date on the card, not a crash."""
    now = utc("2026-11-20T13:20")
    due = due_at(now, timedelta.max)
    assert due is not None
    assert "answer by Fri 1 Jan 9999 01:00 CET" == answer_by(due, now=now, zone=BERLIN)


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        ("2026-11-20T13:35", "2026-11-20T13:20", "answer by 14:35 CET"),
        ("2026-11-20T13:35:59", "2026-11-20T13:20", "answer by 14:35 CET"),
        ("2026-11-20T13:35", "2026-11-20T13:35", "answer by 14:35 CET"),
        ("2026-11-20T13:35", "2026-11-20T13:35:01", "overdue since 14:35 CET"),
        ("2026-07-20T12:35", "2026-07-20T12:20", "answer by 14:35 CEST"),
        ("2026-11-20T23:05", "2026-11-20T22:50", "answer by Sat 00:05 CET"),
        ("2026-11-20T23:05", "2026-11-20T23:01", "answer by 00:05 CET"),
        ("2026-11-19T22:05", "2026-11-20T12:00", "overdue since Thu 23:05 CET"),
        ("2026-11-26T08:00", "2026-11-20T12:00", "answer by Thu 09:00 CET"),
        ("2026-11-27T08:00", "2026-11-20T12:00", "answer by Fri 27 Nov 09:00 CET"),
        ("2026-11-10T08:00", "2026-11-20T12:00", "overdue since Tue 10 Nov 09:00 CET"),
        ("2027-01-05T08:00", "2026-12-20T12:00", "answer by Tue 5 Jan 2027 09:00 CET"),
        ("2027-01-01T08:00", "2026-12-31T12:00", "answer by Fri 09:00 CET"),
    ],
)
def test_a_due_time_is_said_in_the_teams_zone(due: str, now: str, expected: str) -> None:
    """Only the time today, the weekday within a week, the date beyond, the year when it is another."""
    assert expected == answer_by(utc(due), now=utc(now), zone=BERLIN)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        ("2026-03-29T00:59", "answer by 01:59 CET"),
        ("2026-03-29T01:00", "answer by 03:00 CEST"),
        ("2026-10-25T00:30", "answer by 02:30 CEST"),
        ("2026-10-25T01:30", "answer by 02:30 CET"),
    ],
)
def test_the_hour_that_is_missing_or_comes_twice_is_unambiguous(due: str, expected: str) -> None:
    """The zone's letters tell 02:30 summer time from 02:30 winter time; 02:xx in spring does not exist."""
    at = utc(due)
    assert expected == answer_by(at, now=at, zone=BERLIN)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "13:35 UTC"),
        ("Asia/Kolkata", "19:05 IST"),
        ("America/Sao_Paulo", "10:35 UTC-03"),
        ("Asia/Kathmandu", "19:20 UTC+0545"),
    ],
)
def test_zones_without_letters_say_their_offset(zone: str, expected: str) -> None:
    """`-03` alone reads like a range of hours."""
    at = utc("2026-11-20T13:35")
    assert expected == time_in_zone(at, now=at, zone=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (timedelta(minutes=12), "Answered after 12m"),
        (timedelta(hours=2, minutes=5, seconds=9), "Answered after 2h 5m"),
        (timedelta(0), "Answered after 0s"),
        (timedelta(seconds=-3), "Answered after 0s"),
    ],
)
def test_a_response_time_is_said_in_two_units(waited: timedelta, expected: str) -> None:
    """Never negative, even when platforms' clocks disagree."""
    start = utc("2026-11-20T13:20")
    assert expected == answered_after(start, start + waited)


def test_a_response_time_over_the_clock_change_is_elapsed_time() -> None:
    """Local times of one zone object must not be subtracted by their wall clocks."""
    start = datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN)
    end = datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)
    assert "Answered after 3h" == answered_after(start, end)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (21, "21st")],
)
def test_ordinals(number: int, expected: str) -> None:
    """As they are said."""
    assert expected == ordinal(number)
