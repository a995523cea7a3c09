"""What staff asks in chat: `/inbox`, `/mine`, `/who`, `/why`, `/stats`, `/catchup`, `/help`; and the answer.

Knows what belongs into an answer and in which order; the numbers come from the store, the words from the
catalogue. Changes nothing. Posts are hostile input: a conversation is one line, and its link the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import groupby
from statistics import median
from typing import Protocol
from zoneinfo import ZoneInfo

from bot import card_steps, withheld
from bot.briefing import Briefings
from bot.catchup import CatchUp
from bot.duration import whole_minutes
from bot.escalation import Asked as Step
from bot.oncall import NOBODY, OnCall
from bot.overview import REPORTED, Day, Overview, Row, Rows, StageTimes, chosen
from bot.staff import COMMANDS
from bot.stages import Promise, Stage
from bot.steering import Said
from bot.texts.catalogue import Texts
from bot.told_rows import Reader, line, plain

ROWS_SHOWN = 10
STEPS_SHOWN = 8
WHY_SHOWN = 5
MOST_HELD = 100
"""So many of what people have are sorted by who has it."""


class Asked(Overview, Briefings, Protocol):
    """The store, for all that staff asks."""


@dataclass(kw_only=True)
class Inquiries:
    """`people` names a person by their key; `link` tells where a message that we sent to a channel is opened;
    `on_call` gives the rotations in force.

    Raises: StoreError.
    """

    store: Asked
    zone: ZoneInfo
    people: Callable[[str], str]
    link: Callable[[str, str], str | None]
    on_call: Callable[[], OnCall] = lambda: NOBODY

    def __post_init__(self) -> None:
        self._answers: dict[str, Callable[[Said], Awaitable[str]]] = {
            "help": self._help,
            "inbox": self._inbox,
            "mine": self._mine,
            "who": self._who,
            "why": self._why,
            "stats": self._stats,
            "catchup": self._catchup,
        }

    async def answer(self, verb: str, said: Said) -> str | None:
        """None: this is no question."""
        answer = self._answers.get(verb)
        return await answer(said) if answer else None

    async def _help(self, said: Said) -> str:
        return "\n".join(f"/{one} – {said.texts.say(f'help.{one}')}" for one in COMMANDS)

    # --- conversations ---

    async def _inbox(self, said: Said) -> str:
        found = await self.store.queue(limit=ROWS_SHOWN)
        if not found.rows:
            return said.texts.say("inbox.none")
        return self._told(said, said.texts.say("inbox.headline", count=found.count), found)

    async def _mine(self, said: Said) -> str:
        found = await self.store.in_hand(person=said.person.key, limit=ROWS_SHOWN)
        if not found.rows:
            return said.texts.say("mine.none")
        return self._told(said, said.texts.say("mine.headline", count=found.count), found)

    async def _who(self, said: Said) -> str:
        found = await self.store.in_hand(limit=MOST_HELD)
        if not found.rows:
            return said.texts.say("who.none")
        by_person = sorted(found.rows, key=lambda row: self.people(row.listed.claimed_by or ""))
        return "\n".join(self._held(said, by_person, most=max(1, ROWS_SHOWN // len(_holders(found)))))

    def _held(self, said: Said, by_person: list[Row], *, most: int) -> Iterator[str]:
        for holder, group in groupby(by_person, key=lambda row: row.listed.claimed_by or ""):
            rows = tuple(group)
            head = said.texts.say("who.headline", name=self.people(holder), count=len(rows))
            shown = Rows(rows=tuple(_nobodys(row) for row in rows[:most]), count=len(rows))
            yield self._told(said, head, shown)

    def _told(self, said: Said, head: str, found: Rows) -> str:
        lines = [head, *(line for row in found.rows for line in self._row(said, row))]
        more = found.count - len(found.rows)
        return "\n".join([*lines, said.texts.say("rows.rest", count=more)] if more else lines)

    def _row(self, said: Said, row: Row) -> Iterator[str]:
        yield from plain([line(row, self._reader(said))])

    def _reader(self, said: Said) -> Reader:
        return Reader(
            texts=said.texts,
            zone=said.person.timezone or self.zone,
            now=said.now,
            people=self.people,
            link=self.link,
            channel=said.channel,
        )

    # --- numbers ---

    async def _stats(self, said: Said) -> str:
        local = said.now.astimezone(self.zone)
        midnight = datetime.combine(local.date(), time(), tzinfo=self.zone)
        day, texts = await self.store.day(midnight, now=said.now), said.texts
        lines = [
            texts.say("stats.mentions", count=day.mentions),
            texts.say("stats.alerts", count=day.alerts),
            *withheld.lines(day.noise, texts),
            _answered(day, texts),
        ]
        lines += _paced(await self.store.stage_times(said.now - REPORTED, now=said.now), texts)
        if day.longest is None or day.waits_since is None:
            return "\n".join([*lines, texts.say("stats.nobody")])
        longest = texts.say("stats.longest", duration=whole_minutes(said.now - day.waits_since))
        return "\n".join([*lines, longest, *self._row(said, day.longest)])

    async def _catchup(self, said: Said) -> str:
        return await self.catching_up.answer(said, self._reader(said))

    @property
    def catching_up(self) -> CatchUp:
        return CatchUp(store=self.store, on_call=self.on_call)

    # --- why ---

    async def _why(self, said: Said) -> str:
        kind, id_ = said.channel.partition(":")[0], "".join(said.words[:1])
        if not id_ and not said.receipt:
            return said.texts.say("whynow.usage")
        card = await self.store.carded(kind, said.receipt) if said.receipt and not id_ else None
        found = chosen(card, await self.store.verdict(id_) if id_ else None)
        if found is None:
            return await self._why_many(said, kind) if not id_ else said.texts.say("whynow.unknown")
        verdict, asked = found
        return "\n".join([said.texts.trace(verdict), *self._steps(said, asked)])

    async def _why_many(self, said: Said, kind: str) -> str:
        """A card of several: whose it is, and how to ask about each."""
        found = await self.store.collected(kind, said.receipt, limit=WHY_SHOWN)
        if not found.count:
            return said.texts.say("whynow.unknown")
        lines = [said.texts.say("whynow.many", count=found.count)]
        for row in found.rows:
            lines += [line(row, self._reader(said)).text, f"/why {row.listed.mention_id}"]
        more = found.count - len(found.rows)
        return "\n".join([*lines, said.texts.say("rows.rest", count=more)] if more else lines)

    def _steps(self, said: Said, asked: tuple[Step, ...]) -> Iterator[str]:
        """Who was asked when, as nobody answered; the last of many."""
        if asked:
            yield said.texts.say("steps.told_head")
        if before := len(asked[:-STEPS_SHOWN]):
            yield said.texts.say("steps.told_before", count=before)
        reader = self._reader(said)
        for one in asked[-STEPS_SHOWN:]:
            at = said.texts.time_in_zone(one.at, now=said.now, zone=reader.zone)
            what = card_steps.told(one, said.texts, name=self.people)
            yield said.texts.say("steps.told", at=at, what=what)


def _answered(day: Day, texts: Texts) -> str:
    number = len(day.waits)
    if not number:
        return texts.say("stats.none_answered")
    middle = timedelta(seconds=median(wait.total_seconds() for wait in day.waits))
    return texts.say("stats.answered", count=number, median=whole_minutes(middle), n=number)


def _paced(times: StageTimes, texts: Texts) -> Iterator[str]:
    """How answers were, and promises, over the last days; nothing where nobody asked."""
    whole = times.whole
    if not whole.asks:
        return
    pace, promises = whole.paces[Stage.ANSWERED], whole.promises
    if pace.median is None:
        yield texts.say("stats.week_unknown", count=pace.reached, n=whole.asks)
    else:
        middle = whole_minutes(pace.median)
        yield texts.say("stats.week", count=pace.reached, median=middle, n=whole.asks)
    counts = {one: promises[one] for one in (Promise.KEPT, Promise.MISSED, Promise.OPEN) if promises[one]}
    if counts:
        said = (texts.say(f"stats.promises.{one.value}", count=count) for one, count in counts.items())
        yield texts.say("stats.promises", counts=texts.listed(said))


def _holders(found: Rows) -> set[str]:
    return {row.listed.claimed_by or "" for row in found.rows}


def _nobodys(row: Row) -> Row:
    """The row without who has it: they stand above it."""
    return replace(row, listed=replace(row.listed, claimed_by=None))
