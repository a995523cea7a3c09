"""When an ask is due, and how that is said to people.

Knows durations, times and zones; reads no clock and knows no rule and no table. The day and month names are
ours, not the locale's: a card looks the same on every machine. Times are compared and subtracted in UTC:
Python takes wall clocks for two times of one zone, an hour off when the clocks change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot import duration
from bot.model import check_aware

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def due_at(started_at: datetime, respond_in: timedelta | None) -> datetime | None:
    """When an ask that began then is due, in UTC; None: nothing was promised.

    Elapsed time, so a change of the clocks in between does not move it.
    """
    check_aware(started_at=started_at)
    if respond_in is None:
        return None
    try:
        return started_at.astimezone(UTC) + respond_in
    except OverflowError:  # a promise beyond the calendar is one nobody will miss
        return _NEVER


def answer_by(due_at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """`answer by 14:35 CET`, `answer by Mon 14:35 CET`, `overdue since 14:35 CET`, in the team's zone.

    Minutes are cut off, never rounded up: the promise shown is not later than the promise made.
    """
    check_aware(due_at=due_at, now=now)
    words = "overdue since" if now.astimezone(UTC) > due_at.astimezone(UTC) else "answer by"
    return f"{words} {local_time(due_at, now=now, zone=zone)}"


def answered_after(started_at: datetime, answered_at: datetime) -> str:
    """`answered after 12m`. An answer older than its question took no time."""
    check_aware(started_at=started_at, answered_at=answered_at)
    return f"answered after {duration.show(answered_at.astimezone(UTC) - started_at.astimezone(UTC))}"


def local_time(at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """`14:35 CET`; with the weekday when not today, with the date from a week off, the year if another."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    return f"{_day(local, today)}{local:%H:%M} {_zone_name(local)}"


def _day(local: datetime, today: datetime) -> str:
    days = abs((local.date() - today.date()).days)
    if days == 0:
        return ""
    weekday = _DAYS[local.weekday()]
    if days < 7:
        return f"{weekday} "
    year = "" if local.year == today.year else f" {local.year}"
    return f"{weekday} {local.day} {_MONTHS[local.month - 1]}{year} "


def _zone_name(local: datetime) -> str:
    """Zones without letters of their own are called `+03` by the IANA data: `UTC+03` says what it is."""
    name = local.tzname() or ""
    return f"UTC{name}" if name[:1] in {"+", "-"} else name
