"""Business hours: equal to counting the minutes one by one, on thousands of random calendars."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.hours import NEVER, Hours, Shift

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

CHANGES = (
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
    ("America/Santiago", "2026-04-05"),  # at midnight
    ("Africa/Cairo", "2026-04-24"),  # at midnight
    ("America/St_Johns", "2006-10-29"),  # at one minute past midnight, so that a date comes back
    ("Pacific/Apia", "2011-12-30"),  # a date that never was
    ("Africa/Casablanca", "2026-02-15"),
    ("Asia/Kathmandu", "2026-06-01"),  # never
    ("UTC", "2026-06-01"),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def shift(text: str) -> Shift:
    since, until = text.split("-")
    return Shift(time.fromisoformat(since), time.fromisoformat(until))


def office(*shifts: str, **more: object) -> Hours:
    """Monday to Friday, in Berlin."""
    day = tuple(shift(one) for one in shifts)
    return replace(Hours(zone=BERLIN, week=(day,) * 5 + ((), ())), **more)  # type: ignore[arg-type]


def plainly_open(hours: Hours, minute: datetime) -> bool:
    """Looked up on the wall, in words: is it within a shift of today, or of a night that began yesterday?"""
    wall = minute.astimezone(hours.zone)
    today, now = wall.date(), wall.time()
    yesterday = today - DAY
    for one in hours.week[today.weekday()]:
        if today not in hours.holidays and one.since <= now and (now < one.until or one.until <= one.since):
            return True
    for one in hours.week[yesterday.weekday()]:
        if yesterday not in hours.holidays and one.until <= one.since and now < one.until:
            return True
    return False


def plainly_due(hours: Hours, start: datetime, minutes: int, limit: int) -> datetime | None:
    """Minute by minute, until so many were open; None: not within the limit."""
    minute = start
    for _ in range(limit):
        minutes -= plainly_open(hours, minute)
        minute += MINUTE
        if minutes == 0:
            return minute
    return None


def random_time(dice: random.Random) -> time:
    return time(dice.randrange(24), dice.choice((0, 0, 30, dice.randrange(60))))


def random_calendar(dice: random.Random) -> tuple[Hours, datetime]:
    """A zone, shifts, holidays; and a minute near a change of its clocks."""
    zone, day = dice.choice(CHANGES)
    near = date.fromisoformat(day)
    week = tuple(
        tuple(Shift(random_time(dice), random_time(dice)) for _ in range(dice.choice((0, 1, 1, 2, 2, 3))))
        for _ in range(7)
    )
    holidays = frozenset(near + DAY * dice.randrange(-3, 4) for _ in range(dice.choice((0, 0, 1, 2))))
    start = datetime.combine(near, time(), UTC) + MINUTE * dice.randrange(-2 * 1440, 1440)
    return Hours(zone=ZoneInfo(zone), week=week, holidays=holidays), start


def test_ten_thousand_random_calendars_equal_counting_the_minutes() -> None:
    """Zones, split shifts, nights, holidays, the hour that never comes and the one that comes twice."""
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for _ in range(10_000):
        hours, start = random_calendar(dice)
        minutes = dice.choice((1, dice.randrange(1, 90), dice.randrange(1, 700)))
        limit = 1440
        due = plainly_due(hours, start, minutes, limit)
        found = hours.due_at(start, MINUTE * minutes)
        told = f"seed {seed}: {hours} from {start} {minutes} min"
        if due is None:
            assert found > start + MINUTE * limit, told
        else:
            assert found == due, told
            assert hours.open_time(start, due) == MINUTE * minutes, told
        assert hours.is_open(start) == plainly_open(hours, start), told


@pytest.mark.parametrize(
    ("start", "promise", "due"),
    [
        ("2026-11-20T10:00", 60, "2026-11-20T11:00"),  # within a shift
        ("2026-11-20T12:00", 60, "2026-11-20T14:00"),  # over the noon break
        ("2026-11-20T11:30", 60, "2026-11-20T12:30"),  # at the very end of a shift
        ("2026-11-20T17:30", 60, "2026-11-23T09:30"),  # over the weekend
        ("2026-11-21T03:00", 30, "2026-11-23T09:30"),  # asked while closed
        ("2026-12-23T17:30", 60, "2026-12-28T09:30"),  # over holidays
    ],
)
def test_a_promise_runs_down_while_somebody_is_there(start: str, promise: int, due: str) -> None:
    """Split shifts, weekends and holidays stop the clock."""
    holidays = frozenset({date(2026, 12, 24), date(2026, 12, 25)})
    hours = office("09:00-12:30", "13:30-18:00", holidays=holidays)
    assert hours.due_at(at(start), MINUTE * promise) == at(due)


def test_a_night_goes_on_into_the_next_day_and_into_a_holiday() -> None:
    """A night belongs to the day on which it begins."""
    hours = office("22:00-06:00", holidays=frozenset({date(2026, 11, 19)}))
    assert hours.is_open(at("2026-11-19T05:59"))
    assert not hours.is_open(at("2026-11-19T23:00"))
    assert not hours.is_open(at("2026-11-20T03:00"))
    assert hours.is_open(at("2026-11-21T03:00"))


def test_hours_that_never_open_are_never_due() -> None:
    """No loop without end: what is closed for two years is taken for closed."""
    closed = Hours(zone=BERLIN, week=((),) * 7)
    start = at("2026-11-20T10:00")
    assert closed.due_at(start, MINUTE) == NEVER
    assert closed.opens_at(start) == NEVER
    assert closed.closes_at(start) == start
    assert closed.open_time(start, start + 900 * DAY) == timedelta(0)


def test_hours_that_never_close() -> None:
    """Round the clock is like elapsed time, over any change of the clocks."""
    always = Hours(zone=BERLIN, week=((shift("00:00-00:00"),),) * 7)
    start = at("2026-10-24T10:00")
    assert always.due_at(start, 40 * DAY) == start + 40 * DAY
    assert always.closes_at(start) == NEVER


def test_when_it_opens_and_closes() -> None:
    """What a card may say about a promise that stands still."""
    hours = office("09:00-12:30", "12:30-18:00")
    assert hours.opens_at(at("2026-11-20T20:00")) == at("2026-11-23T09:00")
    assert hours.opens_at(at("2026-11-20T10:00")) == at("2026-11-20T10:00")
    assert hours.closes_at(at("2026-11-20T10:00")) == at("2026-11-20T18:00")


def test_bad_calendars_and_naive_times_are_refused() -> None:
    """A mistake of the program, not of a person: it fails at once."""
    with pytest.raises(ValueError, match="seven"):
        Hours(zone=BERLIN, week=())
    with pytest.raises(ValueError, match="aware"):
        office("09:00-18:00").due_at(datetime(2026, 1, 1), MINUTE)  # noqa: DTZ001
