"""Shifts: who takes over from whom, whose day begins when, and when somebody's last shift ended. Pure.

Knows rotations, covers and times of day; reads no clock, no configuration and no table. What was told is told
once: it comes in and goes out as a value. Changes that were slept through become the last of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.hours import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bot.mornings import Morning
    from bot.oncall import Cover, Rotation

LOOKS_BACK = timedelta(days=32)
"""A shift that ended before is not looked for, and a change before is not told any more."""
LOOKED_EVERY = timedelta(hours=1)
"""What a configuration of tomorrow says of yesterday is no news: what is known is never older than this."""
WORKING_DAY = timedelta(hours=8)
"""So late a morning's card still goes out, should the machine have slept."""
APART = timedelta(hours=4)
"""Two cards of one person lie so far apart, unless somebody hands over to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What staff was told of a rotation, up to `told_to`: who is on call, and who was so last.

    `last` is somebody also while nobody is; `since` is when their time began, with the nights in between.
    """

    person: str | None
    last: str | None
    since: datetime
    told_to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A turn that begins. `before`: who hands over, on call since `since`; None: nobody else was."""

    rotation: str
    person: str
    at: datetime
    since: datetime
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A rotation, the routes that it is for, and the channels that hear of its changes, each by its route."""

    rotation: Rotation
    routes: tuple[str, ...] = ()
    channels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Who is told what of shifts, and where: by rotation, and by the key of a person.

    `direct`: the channel that reaches one person alone. `lobby`: where the others are told.
    """

    postings: tuple[Posting, ...] = ()
    mornings: tuple[Morning, ...] = ()
    direct: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    lobby: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.postings or self.mornings)


# --- a rotation ---------------------------------------------------------------------------------


def met(rotation: Rotation, covers: Iterable[Cover], now: datetime) -> Known:
    """A rotation that is seen for the first time: nobody hands over."""
    person = rotation.person(now, covers)
    return Known(person=person, last=person, since=now, told_to=now)


def due_at(rotation: Rotation, covers: Iterable[Cover], known: Known) -> datetime:
    """When something is to be told next, or looked at again; at once, if another is on call than was told."""
    turns = rotation.turns(known.told_to, known.told_to + LOOKED_EVERY, covers)
    _, there = next(turns)
    if there != known.person:
        return known.told_to
    return next((at for at, _ in turns), known.told_to + LOOKED_EVERY)


def go_on(
    rotation: Rotation, covers: Iterable[Cover], known: Known, now: datetime
) -> tuple[Known, Begun | None]:
    """What is known by now, and whose turn began since; None: nobody's that still runs."""
    told, since = known, max(known.told_to, now - LOOKS_BACK)
    begun: Begun | None = None
    for at, there in rotation.turns(since, now, tuple(covers)):
        if there == known.person:
            continue
        moment = now if at == since else at  # no plan said so before: somebody has changed it just now
        known = replace(known, person=there)
        if there is None:
            continue
        before = known.last if known.last != there else None
        begun = Begun(
            rotation=rotation.name, person=there, at=min(moment, now), since=known.since, before=before
        )
        if before or known.last is None:
            known = replace(known, last=there, since=moment)
    still = begun if begun and begun.person == known.person else None
    if still is None:  # whoever came and went while nobody looked, staff was not told of
        known = replace(known, last=told.last, since=told.since)
    elif still.before is None and told.last not in {None, still.person}:
        still = replace(still, before=told.last, since=told.since)
    return replace(known, told_to=now), still


# --- a person -------------------------------------------------------------------------------------


def ended_at(
    rotations: Iterable[Rotation], covers: Iterable[Cover], person: str, now: datetime
) -> datetime | None:
    """When the last shift of this person ended, that of today left out while it runs; None: not known."""
    covers = tuple(covers)
    turns = sorted(
        stretch for one in rotations for stretch in _stretches(one, covers, person, now=now) if stretch
    )
    ends: list[datetime] = []
    for since, until in turns:
        if ends and since <= ends[-1]:
            ends[-1] = max(ends[-1], until)
        else:
            ends.append(until)
    return max((end for end in ends if end <= now), default=None)


def _stretches(
    rotation: Rotation, covers: tuple[Cover, ...], person: str, *, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When they were on call; what still runs has no end."""
    since: datetime | None = None
    for at, there in rotation.turns(now - LOOKS_BACK, now, covers):
        if there == person:
            since = since or at
        elif since is not None:
            yield since, at
            since = None
    if since is not None:
        yield since, NEVER
