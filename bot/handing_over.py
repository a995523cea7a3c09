"""What is to be told of shifts by now, and to whom: effects, and what is known afterwards. Pure.

Knows who takes over from whom (`bot.shifts`) and where people are reached; what a briefing says is read and
worded when it goes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import msgspec

from bot import shifts
from bot.briefing import BRIEFING, INSTEAD, Due
from bot.hours import NEVER
from bot.mornings import Morning
from bot.oncall import Cover
from bot.shifts import APART, WORKING_DAY, Begun, Known, Posting, Roster
from bot.wishes import Effect, EffectKind

_AT_ONCE = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told of mornings to a person: all up to `told_to`; the last card they got."""

    told_to: datetime
    carded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What was told so far: by the name of a rotation, by the key of a person."""

    rotations: Mapping[str, Known] = field(default_factory=dict)
    people: Mapping[str, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is known afterwards (the rows that changed alone), and what is to go out."""

    book: Book = Book()
    effects: tuple[Effect, ...] = ()


def due_at(roster: Roster, book: Book, covers: tuple[Cover, ...]) -> datetime | None:
    """When something is to be told next; None: never. What was never seen is due at once."""
    times: list[datetime] = []
    for posting in roster.postings:
        known = book.rotations.get(posting.rotation.name)
        times.append(shifts.due_at(posting.rotation, in_effect(covers), known) if known else _AT_ONCE)
    for morning in roster.mornings:
        told = book.people.get(morning.person)
        times.append(morning.following(told.told_to) if told else _AT_ONCE)
    return min((at for at in times if at < NEVER), default=None)


def step(roster: Roster, book: Book, covers: tuple[Cover, ...], now: datetime) -> Step:
    """Tell what is due, each change once. What is seen for the first time is only noted."""
    telling = _Telling(roster=roster, covers=covers, now=now, people=dict(book.people))
    rotations: dict[str, Known] = {}
    effects: list[Effect] = []
    for posting in roster.postings:
        known, begun = _turn(posting, book.rotations.get(posting.rotation.name), covers, now)
        if known is not None:
            rotations[posting.rotation.name] = known
        if begun is not None:
            effects += telling.begins(posting, begun)
    for morning in roster.mornings:
        effects += telling.morning(morning)
    changed = {key: one for key, one in telling.people.items() if book.people.get(key) != one}
    return Step(book=Book(rotations=rotations, people=changed), effects=tuple(effects))


def _turn(
    posting: Posting, known: Known | None, covers: tuple[Cover, ...], now: datetime
) -> tuple[Known | None, Begun | None]:
    """None: there is nothing to note."""
    if known is None:
        return shifts.met(posting.rotation, covers, now), None
    said = in_effect(covers)
    if max(known.told_to, shifts.due_at(posting.rotation, said, known)) > now:
        return None, None
    return shifts.go_on(posting.rotation, said, known, now)


def in_effect(covers: tuple[Cover, ...]) -> tuple[Cover, ...]:
    """Nobody covered before it was said: `/cover me 00:00-24:00` in the afternoon."""
    return tuple(replace(one, since=max(one.since, one.ordered_at)) for one in covers)


@dataclass(kw_only=True)
class _Telling:
    """`people` grows with what is told."""

    roster: Roster
    covers: tuple[Cover, ...]
    now: datetime
    people: dict[str, Told]

    def begins(self, posting: Posting, begun: Begun) -> Iterator[Effect]:
        """The summary for those who read the channels; and the card of whoever begins, which has it too."""
        due = Due(
            person=begun.person,
            since=begun.since,
            until=posting.rotation.duty(self.now, self.covers).until,
            rotation=begun.rotation,
            before=begun.before,
            routes=posting.routes,
            is_summary=begun.before is not None,
        )
        key = f"{begun.rotation}:{begun.at.isoformat()}:{begun.before or ''}>{begun.person}"
        if begun.before is not None:
            for channel, route in _by_channel(posting).items():
                yield _effect(f"hand-over:{key}", due, channel, route=route)
            if begun.person not in self.roster.direct:
                return  # the summary in the channel names them
        elif self._has_one(begun.person):
            return
        yield from self._card(due, f"shift:{key}")
        told = self.people.get(begun.person, Told(told_to=self.now))
        self.people[begun.person] = replace(told, carded_at=self.now)

    def morning(self, morning: Morning) -> Iterator[Effect]:
        told, now = self.people.get(morning.person), self.now
        if told is None:
            self.people[morning.person] = Told(told_to=now)
        if told is None or morning.following(told.told_to) > now:
            return
        at = morning.newest(now)
        is_wanted = now - at < WORKING_DAY and not self._has_one(morning.person)
        self.people[morning.person] = Told(told_to=now, carded_at=now if is_wanted else told.carded_at)
        if is_wanted:
            due = Due(person=morning.person, until=at + WORKING_DAY)
            yield from self._card(due, f"morning:{morning.person}:{at.astimezone(morning.zone).date()}")

    def _has_one(self, person: str) -> bool:
        """Whether they got a card just before."""
        told = self.people.get(person)
        return told is not None and told.carded_at is not None and self.now - told.carded_at < APART

    def _card(self, due: Due, key: str) -> Iterator[Effect]:
        """To the person alone; where that cannot be, in the channel of their rotation, else where all are."""
        rotations = [one.rotation for one in self.roster.postings]
        since = shifts.ended_at(rotations, in_effect(self.covers), due.person, self.now)
        due = replace(due, away_since=since, is_summary=False)
        shown_at = _channels(self.roster, due)
        channel = self.roster.direct.get(due.person)
        if channel is not None:
            yield _effect(key, due, channel, instead=next(iter(shown_at), None))
        elif shown_at:
            yield _effect(key, due, shown_at[0])


def _by_channel(posting: Posting) -> dict[str, str]:
    """Each channel once, with the first of its routes."""
    found: dict[str, str] = {}
    for route, channel in posting.channels.items():
        found.setdefault(channel, route)
    return found


# --- effects --------------------------------------------------------------------------------------


def _channels(roster: Roster, due: Due) -> list[str]:
    own = (one for one in roster.postings if one.rotation.name == due.rotation or due.person in _people(one))
    found = [channel for posting in own for channel in _by_channel(posting)]
    return [*found, *([roster.lobby] if roster.lobby else [])]


def _people(posting: Posting) -> Iterable[str]:
    return (person for layer in posting.rotation.layers for person in layer.people)


def _effect(
    key: str, due: Due, channel: str, *, route: str | None = None, instead: str | None = None
) -> Effect:
    payload: dict[str, object] = {BRIEFING: msgspec.to_builtins(due)}
    if instead is not None:
        payload[INSTEAD] = instead
    return Effect(
        key=f"{key}:{channel}", kind=EffectKind.NOTICE, channel=channel, route=route, payload=payload
    )


def due_of(payload: Mapping[str, object]) -> Due | None:
    """The briefing that an effect is; None: it is another notice."""
    found = payload.get(BRIEFING)
    return None if found is None else msgspec.convert(found, Due)
