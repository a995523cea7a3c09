"""Looks again at asks that still wait: when they have waited long enough, and when more people have reacted.

Knows when to look, and asks the platforms for reactions; what an ask is judged by and what comes of it are
others'. How far each ask has been looked at stands in its row: a restart forgets nothing and repeats nothing,
and of what fell into a pause only the last look is made up for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from bot.errors import BotError
from bot.measured import HOUR, Engagement
from bot.model import Facts
from bot.ports import Clock, Judge, Lookup
from bot.records import LEASE_FOR, Judged, Leased
from bot.turns import Turns
from bot.waits import Again, Because, Engaging, Looks, Waiting, Wanted

log = structlog.get_logger(__name__)

LOOK_EVERY = timedelta(seconds=1)
REACTED_AFTER = (timedelta(minutes=10), timedelta(minutes=30), timedelta(minutes=120))
"""When an open ask is asked again how many reacted to it."""
REACTIONS_EVERY = timedelta(seconds=15)
_REACTIONS_FOR = timedelta(hours=24)
_REACTIONS_AT_ONCE = 4
_REACTIONS = 24
"""So many a time: less than two a second, whatever happens."""
_ANSWER_WITHIN = 5.0
CATCHES_UP_WITHIN = timedelta(minutes=10)
"""So long a platform that catches up is waited for: the answer may be among what is not read yet."""
_TELLS_WITHIN = timedelta(minutes=1)


@dataclass(kw_only=True)
class SecondLooks:
    """`rules`: those in force. `judge` makes a verdict of an ask and of what is known of it now.

    `sources`: the names of those on each platform; `is_behind`: whether one catches up (None: it did not
    tell). `changes` grows with whatever may begin or end a wait.
    """

    store: Looks
    rules: Callable[[], Judge]
    judge: Callable[[Waiting, Facts], Judged]
    sources: Mapping[str, Sequence[str]]
    is_behind: Callable[[str], bool | None]
    lookups: Mapping[str, Lookup]
    clock: Clock
    changes: Callable[[], int]
    deliver: Callable[[tuple[Leased, ...]], None]
    _behind_since: dict[str, datetime] = field(default_factory=dict, init=False)
    _seen: object = field(default=None, init=False)
    _next_at: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._engaging = {name: one for name, one in self.lookups.items() if isinstance(one, Engaging)}

    def plan(self, every: Callable[[str, timedelta, Callable[[], Awaitable[None]]], None]) -> None:
        """Say what is to be done again and again, and how often."""
        every("waits", LOOK_EVERY, self.waited)
        every("reactions", REACTIONS_EVERY, self.reacted)

    async def waited(self) -> None:
        """Judge again whoever has waited long enough by now. Raises: StoreError."""
        moments, now = tuple(self.rules().waits), self.clock.now()
        platforms = self._caught_up(now)
        if not moments or not platforms or self._is_as_before(moments, platforms, now):
            return
        is_more = True
        while is_more:
            self._seen = (self.changes(), moments, platforms)
            wanted = Wanted(because=Because.WAITING, moments=moments, until=now, platforms=platforms)
            found = await self.store.waiting(wanted)
            self._next_at = found.next_at
            await self._write(await self._all_waited(found.asks))
            is_more = len(found.asks) == wanted.limit

    async def reacted(self) -> None:
        """Ask how many reacted to what waits for an answer, and judge it by that. Raises: StoreError."""
        now = self.clock.now()
        platforms = self._caught_up(now) & self._engaging.keys()
        if not platforms or not self.rules().looks_at("engagement"):
            return
        wanted = Wanted(
            because=Because.ENGAGEMENT,
            moments=REACTED_AFTER,
            until=now,
            platforms=platforms,
            since=now - _REACTIONS_FOR,
            limit=_REACTIONS,
        )
        found = (await self.store.waiting(wanted)).asks
        for start in range(0, len(found), _REACTIONS_AT_ONCE):
            some = found[start : start + _REACTIONS_AT_ONCE]
            told = await asyncio.gather(*map(self._engagement, some))
            await self._write([self._reacted(one, told) for one, told in zip(some, told, strict=True)])

    async def replayed(self, until: datetime) -> None:
        """The same in event time, each moment by itself: as if nobody was away. Raises: StoreError."""
        moments = tuple(self.rules().waits)
        is_more = bool(moments)
        while is_more:
            wanted = Wanted(
                because=Because.WAITING,
                moments=moments,
                until=until,
                platforms=frozenset(self.sources),
                each=True,
                limit=1_000,
            )
            found = await self.store.waiting(wanted)
            await self._write(await self._all_waited(found.asks))
            is_more = bool(found.asks)

    async def _all_waited(self, asks: Sequence[Waiting]) -> list[Again]:
        again, turns = [], Turns(self.clock.monotonic)
        for one in asks:
            await turns.next()
            again.append(self._waited(one))
        return again

    # --- one ask ---

    def _waited(self, waiting: Waiting) -> Again:
        facts = replace(waiting.facts, waiting=waiting.moment)
        return Again(because=Because.WAITING, waiting=waiting, judged=self.judge(waiting, facts))

    def _reacted(self, waiting: Waiting, told: Engagement | None) -> Again:
        """What cannot be told is unknown, and that look is past."""
        facts = replace(waiting.facts, engagement=told)
        judged = None if told is None else self.judge(waiting, facts)
        return Again(because=Because.ENGAGEMENT, waiting=waiting, judged=judged)

    async def _engagement(self, waiting: Waiting) -> Engagement | None:
        post = waiting.mention.post
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                told = await self._engaging[post.platform].engagement(post.id)
        except (BotError, TimeoutError):
            return None
        return with_rate(told, self.clock.now() - post.posted_at)

    async def _write(self, again: Sequence[Again]) -> None:
        if not again:
            return
        leased = await self.store.judge_again(again, now=self.clock.now(), lease_for=LEASE_FOR)
        if leased:
            self.deliver(leased)
            await asyncio.sleep(0)  # alerts go out before anything is said about them
        turns = Turns(self.clock.monotonic)
        for one in again:
            if one.judged and one.judged.verdict.urgency > one.waiting.verdict.urgency:
                await turns.next()
                log.info(
                    "mention.judged_again",
                    mention=one.judged.mention_id,
                    because=one.because.value,
                    urgency=one.judged.verdict.urgency.label,
                    rules=[fired.rule for fired in one.judged.verdict.fired],
                )

    # --- when ---

    def _is_as_before(self, moments: object, platforms: object, now: datetime) -> bool:
        """Whether nothing began or ended to wait, and no moment has come: then nothing is read."""
        is_time = self._next_at is not None and now >= self._next_at
        return self._seen == (self.changes(), moments, platforms) and not is_time

    def _caught_up(self, now: datetime) -> frozenset[str]:
        """The platforms whose answers are read, or that have been behind for too long to wait for them."""
        return frozenset(name for name in self.sources if not self._is_waited_for(name, now))

    def _is_waited_for(self, platform: str, now: datetime) -> bool:
        behind = [self.is_behind(source) for source in self.sources[platform]]
        if all(one is False for one in behind):
            self._behind_since.pop(platform, None)
            return False
        since = self._behind_since.setdefault(platform, now)
        return now - since < (CATCHES_UP_WITHIN if True in behind else _TELLS_WITHIN)


def with_rate(told: Engagement, age: timedelta) -> Engagement:
    """With how many answers came in an hour; of a post that is less than a minute old nobody can say."""
    if told.replies is None or age < timedelta(minutes=1):
        return told
    return replace(told, replies_per_hour=round(told.replies / (age / HOUR), 1))
