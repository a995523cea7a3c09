"""Who is on call: rotations by the clocks of a zone, layers under them, and people who cover for others.

Knows zones, dates and keys of people; reads no clock, no configuration and no table. Nobody is on call
before a layer starts, nor outside of its hours; the next layer is asked then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.hours import NEVER, Hours, reached
from bot.model import check_aware

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.errors import Problem
    from bot.mornings import Morning

_MOST_CHANGES = 400
"""So many changes are looked at for the next person; who is on call for longer than that is so for good."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """People who take turns of so many days, handed over at a time of day. `hours` None: day and night."""

    people: tuple[str, ...]
    zone: ZoneInfo
    starts: date
    at: time = time(9)
    days: int = 7
    hours: Hours | None = None

    def begins(self, turn: int) -> datetime:
        """When the n-th turn begins, counted from 0: the first instant that shows its time of day."""
        return reached(self.zone, datetime.combine(self.starts + timedelta(days=turn * self.days), self.at))

    def turn(self, at: datetime) -> int:
        """Which turn runs; less than 0: before the first."""
        turn = (at.astimezone(self.zone).date() - self.starts).days // self.days + 1
        while self.begins(turn) > at:
            turn -= 1
        return turn

    def person(self, at: datetime) -> str | None:
        turn = self.turn(at)
        if turn < 0 or (self.hours and not self.hours.is_open(at)):
            return None
        return self.people[turn % len(self.people)]

    def changes_at(self, at: datetime) -> datetime:
        """The next instant at which somebody else may be on call; `NEVER`: none."""
        turn = self.turn(at)
        if turn < 0:
            return self.begins(0)
        change = self.begins(turn + 1) if len(set(self.people)) > 1 else NEVER
        if self.hours is None:
            return change
        closes = self.hours.closes_at(at)
        return min(change, closes if closes > at else self.hours.opens_at(at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Somebody who is on call from then to before then, whatever the rotation says. `by` ordered it."""

    rotation: str
    person: str
    since: datetime
    until: datetime
    by: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Who is on call until when, and who is after that. `person` None: nobody; `NEVER`: for good.

    `then` may be the same person again, where nobody is on call in between.
    """

    person: str | None
    until: datetime
    then: str | None = None
    then_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """`layers`: the first that has somebody counts. `routes`: for which it is; none: for all others."""

    name: str
    layers: tuple[Layer, ...]
    routes: tuple[str, ...] = ()

    def person(self, at: datetime, covers: Iterable[Cover] = ()) -> str | None:
        """Of people who cover, the one counts who was named last."""
        check_aware(at=at)
        standing = [one for one in self._own(covers) if one.since <= at < one.until]
        if standing:
            return max(standing, key=lambda one: one.ordered_at).person
        return next((person for layer in self.layers if (person := layer.person(at))), None)

    def duty(self, at: datetime, covers: Iterable[Cover] = ()) -> Duty:
        covers = tuple(self._own(covers))
        person, until = self.person(at, covers), NEVER
        for change in self._changes(at, covers):
            there = self.person(change, covers)
            if until == NEVER and there != person:
                until = change
            if until != NEVER and there is not None:
                return Duty(person=person, until=until, then=there, then_at=change)
        return Duty(person=person, until=until)

    def turns(
        self, since: datetime, until: datetime, covers: Iterable[Cover] = ()
    ) -> Iterator[tuple[datetime, str | None]]:
        """Who is on call at `since`, and from each later time on at which somebody else is, up to `until`."""
        covers = tuple(self._own(covers))
        there = self.person(since, covers)
        yield since, there
        for change in self._changes(since, covers):
            if change > until:
                return
            if self.person(change, covers) != there:
                there = self.person(change, covers)
                yield change, there

    def _changes(self, at: datetime, covers: tuple[Cover, ...]) -> Iterator[datetime]:
        for _ in range(_MOST_CHANGES):
            edges = (edge for one in covers for edge in (one.since, one.until) if edge > at)
            at = min([*(layer.changes_at(at) for layer in self.layers), *edges])
            if at >= NEVER:
                return
            yield at

    def _own(self, covers: Iterable[Cover]) -> Iterator[Cover]:
        return (one for one in covers if one.rotation == self.name)


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """The rotations by name, and whose mornings begin when. `strangers`: what is to be said of a named route
    if the rules know none such.
    """

    rotations: Mapping[str, Rotation] = field(default_factory=lambda: MappingProxyType({}))
    strangers: Mapping[str, Problem] = field(default_factory=lambda: MappingProxyType({}))
    mornings: tuple[Morning, ...] = ()

    def rotation(self, route: str) -> Rotation | None:
        """The one that is for a route; None: nobody is ever on call for it."""
        everywhere = None
        for one in self.rotations.values():
            if route in one.routes:
                return one
            everywhere = everywhere if one.routes else one
        return everywhere


NOBODY = OnCall()
