"""The counters of the rules in force: taken from the store at the start, counted in memory, kept as rows.

A counter that the store does not have yet is counted from what it has: every mention is met once more by the
condition. Knows the store and a rule set by their ports; no SQL and no rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.counting import Counts, Event
from bot.model import Facts, Mention
from bot.ports import Judge
from bot.records import Met

LATE = timedelta(days=1)
"""Kept this much longer than it is looked at: posts come late."""


class Shelf(Protocol):
    """The store, as far as counters go."""

    async def counters(self) -> Mapping[str, datetime]: ...
    async def counted(self, counter: str, *, since: datetime) -> tuple[Event, ...]: ...
    async def observed_since(self) -> datetime | None: ...
    def met(self, *, since: datetime) -> AsyncIterator[tuple[Met, ...]]: ...
    async def keep_counts(
        self, events: Sequence[Event], since: Mapping[str, datetime], *, kept: Mapping[str, datetime]
    ) -> None:
        """In pieces, so that other writes need not wait; what crashed midway is counted anew, not wrong."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The counters of a set that is about to judge. `rebuilt`: those that the store did not have."""

    rules: Judge
    events: list[Event]
    since: Mapping[str, datetime]
    rebuilt: Mapping[str, datetime]


class Tallying:
    """One per program: intake counts by it, a reload prepares the counters of the next set."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._met: list[Met] | None = None
        """What is met while the next set is prepared: its counters have to meet it too."""

    def take(self, mention: Mention, facts: Facts, rules: Judge) -> tuple[Facts, tuple[Event, ...]]:
        """The facts with what the counters stand at, this mention included; and where it counts."""
        post = mention.post
        if self._met is not None:
            met = Met(platform=post.platform, post_id=post.id, posted_at=post.posted_at, facts=facts)
            self._met.append(met)
        tallies = rules.tallies(facts)
        if not tallies:
            return facts, ()
        key = f"{post.platform} {post.id}"
        counters, events = self.counts.take(mention.brand, key, post.posted_at, tallies)
        return replace(facts, counters=counters), events

    async def prepare(self, shelf: Shelf, rules: Judge, now: datetime) -> Prepared:
        """Raises: StoreError. What is met from now on until `use` is met by these rules too."""
        self._met = []
        try:
            return await self._prepared(shelf, rules, now)
        except BaseException:
            self._met = None
            raise

    async def _prepared(self, shelf: Shelf, rules: Judge, now: datetime) -> Prepared:
        stored = await shelf.counters()
        events: list[Event] = []
        since: dict[str, datetime] = {}
        rebuilt: dict[str, timedelta] = {}
        for counter, reach in rules.counters.items():
            if counter in self.counts.since:
                continue
            if counter in stored:
                events += await shelf.counted(counter, since=now - reach - LATE)
                since[counter] = stored[counter]
            else:
                rebuilt[counter] = reach
        begins = await self._rebuilt(shelf, rules, rebuilt, now, events) if rebuilt else {}
        return Prepared(rules=rules, events=events, since={**since, **begins}, rebuilt=begins)

    async def _rebuilt(
        self,
        shelf: Shelf,
        rules: Judge,
        counters: Mapping[str, timedelta],
        now: datetime,
        events: list[Event],
    ) -> dict[str, datetime]:
        """Meet what is stored, a piece at a time in a thread; and from when on each counter is complete."""
        furthest = now - max(counters.values()) - LATE
        observed = await shelf.observed_since() or now
        async for met in shelf.met(since=max(furthest, observed)):
            events += await asyncio.to_thread(_events, rules, met, counters)
        return {counter: max(now - reach - LATE, observed) for counter, reach in counters.items()}

    def use(self, prepared: Prepared) -> None:
        """From now on these rules judge."""
        met, self._met = self._met or [], None
        prepared.events.extend(_events(prepared.rules, met, prepared.since))
        self.counts.keep(prepared.rules.counters)
        self.counts.fill(prepared.events, prepared.since)

    async def keep(self, shelf: Shelf, prepared: Prepared, now: datetime) -> None:
        """Write what was rebuilt, and let go of what no rule looks at any more. Raises: StoreError."""
        kept = {counter: now - reach - LATE for counter, reach in prepared.rules.counters.items()}
        rebuilt = (event for event in prepared.events if event.counter in prepared.rebuilt)
        events = [event for event in rebuilt if event.at >= kept[event.counter]]
        await shelf.keep_counts(events, prepared.rebuilt, kept=kept)


def _events(rules: Judge, met: Sequence[Met], counters: Collection[str]) -> list[Event]:
    """Where those mentions count."""
    return [
        Event(
            counter=tally.counter,
            brand=one.facts.brand,
            group=tally.group,
            value=tally.value,
            at=one.posted_at,
            key=f"{one.platform} {one.post_id}",
        )
        for one in met
        for tally in rules.tallies(one.facts)
        if tally.counts and tally.counter in counters
    ]
