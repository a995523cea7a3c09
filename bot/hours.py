"""Business hours: when somebody is there, and how much of a promise has run down by then.

Open is every instant whose local wall-clock time lies in one of the day's shifts. So the hour that comes
twice in autumn counts twice, and the one that never comes in spring does not count. Knows zones and dates;
reads no clock and no configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from bot.model import check_aware

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

NEVER = datetime(9999, 1, 1, tzinfo=UTC)

Piece: TypeAlias = tuple[datetime, datetime]
"""Open from the first instant to before the second; both in UTC."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_FARTHEST = timedelta(days=800)
"""How far an open hour is looked for: holidays for two years are a mistake in the calendar."""
_STEP = timedelta(hours=6)
"""No zone changes its offset twice within it."""


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """From one time of day to another; one that ends no later than it begins goes on past midnight.

    A night belongs to the day on which it begins: a holiday takes away the nights that begin on it, and none
    that began before.
    """

    since: time
    until: time

    @property
    def overnight(self) -> bool:
        return self.until <= self.since


@dataclass(frozen=True)
class Hours:
    """The shifts of each weekday (Monday first), but for `holidays`, by the clocks of a zone."""

    zone: ZoneInfo
    week: tuple[tuple[Shift, ...], ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")

    def shifts(self, day: date) -> tuple[Shift, ...]:
        """Those that begin on that local date."""
        return () if day in self.holidays else self.week[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        check_aware(at=at)
        start = at.astimezone(UTC)
        return any(since <= start < until for since, until in _open_on(self, start.date()))

    def due_at(self, started_at: datetime, promise: timedelta) -> datetime:
        """When so much open time has passed; at the very end of a shift rather than at the start of the next.

        `NEVER`: it does not come, since nothing is open for two years.
        """
        left = promise
        for since, until in self._open_from(started_at):
            if left <= until - since:
                return since + left
            left -= until - since
        return NEVER

    def open_time(self, since: datetime, until: datetime) -> timedelta:
        """How much of the time between these two was open; none where the second comes first."""
        check_aware(until=until)
        total = timedelta(0)
        for began, ended in self._open_from(since):
            if began >= until:
                break
            total += min(ended, until.astimezone(UTC)) - began
        return total

    def opens_at(self, at: datetime) -> datetime:
        """This instant, where it is open, else the next that is. `NEVER`: none within two years."""
        return next((since for since, _ in self._open_from(at)), NEVER)

    def closes_at(self, at: datetime) -> datetime:
        """When what is open then closes; itself, where it is closed. `NEVER`: not in two years."""
        check_aware(at=at)
        reached = at.astimezone(UTC)
        for since, until in self._open_from(at):
            if since > reached:
                return reached
            if until - at > _FARTHEST:
                return NEVER
            reached = until
        return reached

    def _open_from(self, start: datetime) -> Iterator[Piece]:
        """What is open from then on, in order, until there is nothing for a very long time."""
        check_aware(start=start)
        start = start.astimezone(UTC)
        day, last = start.date(), start
        while day < NEVER.date() and datetime.combine(day, time(), UTC) - last < _FARTHEST:
            for since, until in _open_on(self, day):
                if until > start:
                    last = until
                    yield max(since, start), until
            day += _DAY


@lru_cache(maxsize=4096)
def _open_on(hours: Hours, day: date) -> tuple[Piece, ...]:
    """What is open on that date of UTC. While the offset stays, local times are those of UTC, moved."""
    pieces: list[Piece] = []
    for since, until, offset in _steady(hours.zone, day):
        for opens, closes in _on_the_wall(hours, (since + offset).date() - _DAY, (until + offset).date()):
            begin, end = max(opens - offset, since), min(closes - offset, until)
            if begin < end:
                pieces.append((begin, end))
    return tuple(_joined(sorted(pieces)))


def _on_the_wall(hours: Hours, first: date, last: date) -> Iterator[Piece]:
    """The shifts that begin on these local dates, with local times as though they were of UTC."""
    days = (last - first).days + 1
    for day in (first + _DAY * n for n in range(days)):
        for shift in hours.shifts(day):
            end = day + _DAY if shift.overnight else day
            yield datetime.combine(day, shift.since, UTC), datetime.combine(end, shift.until, UTC)


def _steady(zone: ZoneInfo, day: date) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """That date of UTC, cut where the zone's offset from it changes; with the offset of each part."""
    start = datetime.combine(day, time(), UTC)
    since = start
    for low, high in pairwise([start + _STEP * n for n in range(5)]):
        if _offset(zone, low) != _offset(zone, high):
            change = _change(zone, low, high)
            if since < change:
                yield since, change, _offset(zone, low)
            since = change
    if since < start + _DAY:
        yield since, start + _DAY, _offset(zone, since)


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second with the offset of `high`."""
    before = _offset(zone, low)
    while high - low > _SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def reached(zone: ZoneInfo, wall: datetime) -> datetime:
    """The first instant, in UTC, at which the clocks of a zone show that time or a later one.

    One that comes twice: the first time. One that never comes: when the clocks jump over it. `wall` is naive.
    """
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    return _change(zone, early, late) if early < late else late


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _joined(pieces: list[Piece]) -> Iterator[Piece]:
    """Pieces in order, where two that touch or overlap are one."""
    held: Piece | None = None
    for since, until in pieces:
        if held is not None and since <= held[1]:
            held = held[0], max(held[1], until)
        else:
            if held is not None:
                yield held
            held = since, until
    if held is not None:
        yield held
