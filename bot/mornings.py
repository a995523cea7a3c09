"""When somebody's day begins, by the clocks of their zone. Pure; reads no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.hours import reached

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Morning:
    """`week`: the time of each weekday, Monday first; None: no morning on that day. At least one has some."""

    person: str
    zone: ZoneInfo
    week: tuple[time | None, ...]

    def __post_init__(self) -> None:
        if len(self.week) != _WEEK or not any(at is not None for at in self.week):
            raise ValueError("a week has seven days, and one of them at least a morning")

    def following(self, after: datetime) -> datetime:
        """The next. Once a day, also when the clocks change: the first instant that shows its time, or a
        later one where it never comes.
        """
        return next(at for at in self._since(after) if at > after)

    def newest(self, now: datetime) -> datetime:
        """The last that is not to come."""
        found = now
        for at in self._since(now - (_WEEK + 1) * _DAY):
            if at > now:
                break
            found = at
        return found

    def _since(self, at: datetime) -> Iterator[datetime]:
        """Those of that local date and the one before, and all after."""
        day = at.astimezone(self.zone).date() - _DAY
        while True:
            if (clock := self.week[day.weekday()]) is not None:
                yield reached(self.zone, datetime.combine(day, clock))
            day += _DAY
