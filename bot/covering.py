"""Who is on call just now, and commands about it: `/oncall`, `/cover ANNA 18:00-22:00 care`, `/cover off`.

Understands the words and knows who may; what is to be carried out comes back as `Ordered`. Knows no chat, no
SQL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from bot import duties
from bot.hours import NEVER, reached
from bot.oncall import NOBODY, Cover, Duty, OnCall
from bot.orders import Ordered
from bot.staff import MAY_STEER, Person
from bot.yamlfile import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from bot.orders import OrderBook
    from bot.steering import Said
    from bot.texts.catalogue import Texts

_SHIFT = re.compile(r"(\d\d?):(\d\d)[-–](\d\d?):(\d\d)")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
FARTHEST = timedelta(days=366)
"""So far ahead somebody may say that they cover: a date beyond is a slip."""


class _UnclearError(ValueError):
    """Why a command is not carried out, in the words of whoever said it."""


def _nothing() -> None:
    pass


@dataclass(kw_only=True)
class Covering:
    """`zone`: that of those who have none of their own. `on_call`, `covers`: in force just now; `changed` is
    called when others are.
    """

    store: OrderBook
    zone: ZoneInfo
    staff: Sequence[Person]
    on_call: OnCall = NOBODY
    covers: tuple[Cover, ...] = field(default=(), init=False)
    changed: Callable[[], None] = field(default_factory=lambda: _nothing, init=False)
    _known: dict[str, tuple[datetime, Duty]] = field(default_factory=dict, init=False)
    """By rotation, since when it is known: each card asks."""

    async def refresh(self, now: datetime) -> None:
        """Know who covers. Raises: StoreError."""
        self.covers = await self.store.covers(now=now)
        self._known.clear()
        self.changed()

    def use(self, on_call: OnCall) -> None:
        self.on_call = on_call
        self._known.clear()
        self.changed()

    def duty(self, route: str, now: datetime) -> Duty | None:
        """Who is on call for a route; None: it has no rotation."""
        rotation = self.on_call.rotation(route)
        if rotation is None:
            return None
        since, duty = self._known.get(rotation.name, (NEVER, None))
        if duty is None or not since <= now < duty.until:
            duty = rotation.duty(now, self.covers)
            self._known[rotation.name] = now, duty
        return duty

    async def understood(self, verb: str, said: Said) -> Ordered | None:
        """What the command orders; None: it is none of these. Raises: StoreError."""
        if verb == "oncall":
            return Ordered(outcome="told", reply="\n".join(self._told(said)), is_kept=False)
        if verb != "cover":
            return None
        try:
            return self._cover(said)
        except _UnclearError as error:
            return Ordered(outcome="not_understood", reply=str(error))

    def news(self, ordered: Ordered, by: str, texts: Texts, now: datetime) -> str:
        """What the rest of the staff must know; empty: nothing of this."""
        if ordered.covers:
            line = self._line(ordered.covers, texts, now, self.zone)
            return texts.say("oncall.news", line=line, name=self._called(by))
        if ordered.uncovers:
            return texts.say("oncall.covers_no_more", name=self._called(ordered.uncovers))
        return ""

    # --- /oncall ---

    def _told(self, said: Said) -> list[str]:
        zone = said.person.timezone or self.zone
        lines = duties.lines(
            self.on_call, self.covers, texts=said.texts, people=self._called, now=said.now, zone=zone
        )
        covers = [
            self._line(one, said.texts, said.now, zone)
            for one in sorted(self.covers, key=lambda one: one.since)
            if one.rotation in self.on_call.rotations and one.until > said.now
        ]
        return [*lines, *covers] or [said.texts.say("oncall.none")]

    def _line(self, cover: Cover, texts: Texts, now: datetime, zone: ZoneInfo) -> str:
        return texts.say(
            "oncall.covers",
            rotation=cover.rotation,
            name=self._called(cover.person),
            since=texts.time_of_day(cover.since, now=now, zone=zone),
            until=texts.time_in_zone(cover.until, now=now, zone=zone),
        )

    def _called(self, key: str) -> str:
        return next((one.name for one in self.staff if one.key == key), key)

    # --- /cover ANNA tomorrow 18:00-22:00 care ---

    def _cover(self, said: Said) -> Ordered:
        """Raises: _UnclearError."""
        words, texts = list(said.words), said.texts
        if words == ["off"]:
            words = ["me", "off"]
        if len(words) < 2:
            raise _UnclearError(texts.say("oncall.usage"))
        person = self._person(words.pop(0), said)
        if person.key != said.person.key and said.person.role not in MAY_STEER:
            return Ordered(outcome="refused", reply=texts.say("oncall.refused"))
        if words == ["off"]:
            return self._ended(person, said)
        since, until = self._when(words, said)
        cover = Cover(
            rotation=self._rotation(words, said),
            person=person.key,
            since=since,
            until=until,
            by=said.person.key,
            ordered_at=said.now,
        )
        line = self._line(cover, texts, said.now, said.person.timezone or self.zone)
        return Ordered(outcome="covered", reply=line, covers=cover)

    def _ended(self, person: Person, said: Said) -> Ordered:
        if not any(one.person == person.key and one.until > said.now for one in self.covers):
            return Ordered(
                outcome="not_covered", reply=said.texts.say("oncall.not_covered", name=person.name)
            )
        reply = said.texts.say("oncall.covers_no_more", name=person.name)
        return Ordered(outcome="uncovered", reply=reply, uncovers=person.key)

    def _person(self, word: str, said: Said) -> Person:
        wanted = word.removeprefix("@").casefold()
        if wanted == "me":
            return said.person
        for one in self.staff:
            if wanted in {one.key.casefold(), one.name.casefold()}:
                return one
        near = closest(wanted, [one.key for one in self.staff])
        if near:
            raise _UnclearError(said.texts.say("oncall.nobody_called_but", word=word, near=near))
        raise _UnclearError(said.texts.say("oncall.nobody_called", word=word))

    def _rotation(self, words: list[str], said: Said) -> str:
        """The one that is named, or the only one."""
        names = tuple(self.on_call.rotations)
        if not names:
            raise _UnclearError(said.texts.say("oncall.none"))
        named = " ".join(words) or (names[0] if len(names) == 1 else "")
        if named not in names:
            raise _UnclearError(said.texts.say("oncall.which", names=said.texts.listed(names)))
        return named

    def _when(self, words: list[str], said: Said) -> tuple[datetime, datetime]:
        """From when to when, by the clocks of whoever says it; takes them away. Raises: _UnclearError."""
        zone = said.person.timezone or self.zone
        today = said.now.astimezone(zone).date()
        named = _day(words[0], today)
        if named is not None:
            words.pop(0)
        hours = _hours(words.pop(0)) if words else None
        if hours is None:
            raise _UnclearError(said.texts.say("oncall.usage"))
        for day in [named] if named else [today - _DAY, today, today + _DAY]:
            end = day + _DAY if hours[1] <= hours[0] else day
            since = reached(zone, datetime.combine(day, hours[0]))
            until = reached(zone, datetime.combine(end, hours[1]))
            if said.now < until < said.now + FARTHEST and since < until:
                return since, until
        raise _UnclearError(said.texts.say("oncall.no_such_time"))


def _day(word: str, today: date) -> date | None:
    """`today`, `tomorrow`, the next such weekday (today is one), or a date."""
    word = word.casefold()
    if word in {"today", "tomorrow"}:
        return today + _DAY * (word == "tomorrow")
    if word[:3] in _WEEKDAYS and word.isalpha():
        return today + _DAY * ((_WEEKDAYS.index(word[:3]) - today.weekday()) % 7)
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _hours(word: str) -> tuple[time, time] | None:
    found = _SHIFT.fullmatch(word)
    if found is None:
        return None
    one, two, three, four = (int(part) for part in found.groups())
    try:
        return time(one, two), time(0) if (three, four) == (24, 0) else time(three, four)
    except ValueError:
        return None
