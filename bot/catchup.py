"""`/catchup`, `/catchup 8h`, `/catchup yesterday`: since when somebody is told what happened, and the answer.

Without a word it is the end of their last shift, where they have any; else when they last decided something.
What belongs into the answer is `bot.briefing_cards`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot import briefing_cards, duration, shifts
from bot.handing_over import in_effect
from bot.hours import reached
from bot.shifts import LOOKS_BACK
from bot.told_rows import Reader, plain

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.briefing import Briefing, Briefings
    from bot.oncall import OnCall
    from bot.steering import Said

FIRST_LOOK = timedelta(hours=24)
"""How far back somebody catches up who never did anything."""
FARTHEST = timedelta(days=31)
_DAY = timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Why(StrEnum):
    """Why it is told from then on."""

    SHIFT = "shift"
    ACT = "act"
    FIRST = "first"
    ASKED = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    at: datetime
    why: Why


class UnclearError(ValueError):
    """The words say no time, or one that is to come or too long ago."""


def asked(words: list[str], *, now: datetime, zone: ZoneInfo) -> datetime:
    """`8h`, `today`, `yesterday`, a weekday (the last such), a date. Raises: UnclearError."""
    if len(words) != 1:
        raise UnclearError
    day = _day(words[0].casefold(), now.astimezone(zone).date())
    try:
        at = reached(zone, datetime.combine(day, time())) if day else now - duration.parse(words[0])
    except (ValueError, OverflowError):
        raise UnclearError from None
    if not now - FARTHEST <= at < now:
        raise UnclearError
    return at


def _day(word: str, today: date) -> date | None:
    if word in {"today", "yesterday"}:
        return today - _DAY * (word == "yesterday")
    if word[:3] in _WEEKDAYS and word.isalpha():
        return today - _DAY * ((today.weekday() - _WEEKDAYS.index(word[:3]) - 1) % 7 + 1)
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """`on_call`: the rotations in force. Raises: StoreError."""

    store: Briefings
    on_call: Callable[[], OnCall]

    async def since(self, person: str, now: datetime) -> Since:
        """Nothing was said: since their last shift, or else their last decision."""
        covers = in_effect(await self.store.covers(now=now - LOOKS_BACK))
        ended_at = shifts.ended_at(self.on_call().rotations.values(), covers, person, now)
        if ended_at is not None:
            return Since(at=max(ended_at, now - FARTHEST), why=Why.SHIFT)
        acted_at = await self.store.last_act(person)
        if acted_at is None:
            return Since(at=now - FIRST_LOOK, why=Why.FIRST)
        return Since(at=max(acted_at, now - FARTHEST), why=Why.ACT)

    async def told(self, person: str, since: Since, now: datetime) -> Briefing:
        return await self.store.brief(person, since.at, now=now)

    async def answer(self, said: Said, reader: Reader) -> str:
        """To a command."""
        try:
            since = await self._since(said, reader)
        except UnclearError:
            return said.texts.say("catchup.usage")
        briefing = await self.told(said.person.key, since, said.now)
        return "\n".join(text(briefing, since, reader))

    async def _since(self, said: Said, reader: Reader) -> Since:
        if not said.words:
            return await self.since(said.person.key, said.now)
        return Since(at=asked(said.words, now=said.now, zone=reader.zone), why=Why.ASKED)


def text(briefing: Briefing, since: Since, reader: Reader) -> list[str]:
    """As lines of plain text, links below what they belong to."""
    return [head(since, reader), *plain(briefing_cards.lines(briefing, reader))]


def head(since: Since, reader: Reader) -> str:
    """From when on it is told, and why from then."""
    at = reader.texts.time_in_zone(since.at, now=reader.now, zone=reader.zone)
    return reader.texts.say(f"catchup.since_{since.why.value}", at=at)
