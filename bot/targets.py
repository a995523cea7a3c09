"""When an ask is due: the promise, by the hours in which somebody is there.

Knows durations, times and business hours; reads no clock and knows no rule and no table. How a due time is
said to people is in `bot.texts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.hours import NEVER, Hours
from bot.model import Urgency, Verdict, check_aware


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When an answer is due, in UTC; None: nothing was promised.

    `by_calendar`: when it would be if somebody were always there. The same where no hours count.
    """

    at: datetime | None = None
    by_calendar: datetime | None = None


UNPROMISED = Due()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffed:
    """The hours in which promises run down, but for urgencies that are answered round the clock."""

    hours: Hours
    round_the_clock: frozenset[Urgency] = frozenset({Urgency.CRITICAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Which hours count for which route. `everywhere`: for those that are not named; None: all hours."""

    by_route: Mapping[str, Staffed] = field(default_factory=lambda: MappingProxyType({}))
    everywhere: Staffed | None = None

    def of(self, verdict: Verdict, started_at: datetime) -> Due:
        """When an ask that began then is due by what the rules say."""
        return self.due(started_at, verdict.respond_in, route=verdict.route, urgency=verdict.urgency)

    def due(self, started_at: datetime, respond_in: timedelta | None, *, route: str, urgency: Urgency) -> Due:
        """When an ask that began then is due."""
        by_calendar, hours = due_at(started_at, respond_in), self.hours(route, urgency)
        if hours is None or respond_in is None:
            return Due(at=by_calendar, by_calendar=by_calendar)
        return Due(at=hours.due_at(started_at, respond_in), by_calendar=by_calendar)

    def hours(self, route: str, urgency: Urgency) -> Hours | None:
        """The hours in which a promise runs down; None: always."""
        staffed = self.by_route.get(route, self.everywhere)
        return None if staffed is None or urgency in staffed.round_the_clock else staffed.hours


ROUND_THE_CLOCK = Targets()


def due_at(started_at: datetime, respond_in: timedelta | None) -> datetime | None:
    """When an ask that began then is due by the calendar, in UTC; None: nothing was promised.

    Elapsed time, so a change of the clocks in between does not move it.
    """
    check_aware(started_at=started_at)
    if respond_in is None:
        return None
    try:
        return started_at.astimezone(UTC) + respond_in
    except OverflowError:  # a promise beyond the calendar is one nobody will miss
        return NEVER
