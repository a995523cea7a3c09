"""Times of day on days of the week, by the clocks of a zone: when a digest goes out, where a shift ends.

A time that comes twice counts the first time; one that never comes, when the clocks jump over it. So each
date and time is one instant, whatever the clocks do. Knows zones; reads no clock and no configuration.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from bot.hours import Shift, reached
from bot.model import check_aware

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_WEEK = 7


@dataclass(frozen=True)
class Marks:
    """The times of each weekday, Monday first; at least one in the week."""

    zone: ZoneInfo
    week: tuple[tuple[time, ...], ...]

    def __post_init__(self) -> None:
        if len(self.week) != _WEEK or not any(self.week):
            raise ValueError("a week has seven days, and a time on one of them")

    def after(self, at: datetime) -> datetime:
        """The next, never this instant itself."""
        check_aware(at=at)
        day = at.astimezone(self.zone).date()
        found = (_instants(self, day + _DAY * n) for n in range(_WEEK + 1))
        return next(one for on_day in found for one in on_day[bisect_right(on_day, at) :])

    def before(self, at: datetime) -> datetime:
        """The last, or this instant itself."""
        check_aware(at=at)
        day = at.astimezone(self.zone).date()
        found = (_instants(self, day - _DAY * n) for n in range(_WEEK + 1))
        return next(one for on_day in found for one in reversed(on_day[: bisect_right(on_day, at)]))


@lru_cache(maxsize=256)
def _instants(marks: Marks, day: date) -> tuple[datetime, ...]:
    """Those of a local date, in order, each once."""
    walls = sorted(marks.week[day.weekday()])
    return tuple(dict.fromkeys(reached(marks.zone, datetime.combine(day, wall)) for wall in walls))


def each(length: timedelta, zone: ZoneInfo) -> Marks:
    """From midnight on, every so often; what is left of the day is shorter."""
    number, midnight = -(-_DAY // length), datetime(2000, 1, 1, tzinfo=UTC)
    times = tuple((midnight + length * n).time() for n in range(number))
    return Marks(zone, (times,) * _WEEK)


def ends(shifts: Mapping[tuple[int, ...], tuple[Shift, ...]], zone: ZoneInfo) -> Marks:
    """Where shifts begin and end."""
    week: list[set[time]] = [set() for _ in range(_WEEK)]
    for day, shift in ((day, shift) for days, some in shifts.items() for day in days for shift in some):
        week[day].add(shift.since)
        week[(day + shift.overnight) % _WEEK].add(shift.until)
    return Marks(zone, tuple(tuple(sorted(times)) for times in week))
