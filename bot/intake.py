"""From a batch of posts to one transaction: sort, know who, judge, commit.

Knows the order of the steps (docs/architecture.md). It knows no platform, no SQL and no rule: the watchlist,
the lookups, the judge and the store come in from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot import asks
from bot.acknowledging import Acknowledging
from bot.history import Memory, Recalled, to_recall
from bot.ids import ulid
from bot.knowing import Knowing, Known
from bot.links import count_links
from bot.measured import AuthorFacts, Signal
from bot.metrics import Metrics
from bot.model import Author, Batch, Facts, Measured, Mention, Post, Urgency, Verdict
from bot.ports import Clock, Judge, Lookup
from bot.records import LEASE_FOR, Answer, Entry, Judged, Leased, Recorded
from bot.settings.customers import Customers
from bot.silenced import Scope, Silenced, key, scope_of
from bot.storing import Store
from bot.tallying import Tallying
from bot.targets import UNPROMISED
from bot.turns import Turns
from bot.waits import Waiting
from bot.watchlist import LiveWatch
from bot.wishes import Route

log = structlog.get_logger(__name__)

NEVER_ALERT_AFTER = timedelta(hours=24)
"""A mention older than this at receipt is stored and counted, but rings nobody's phone."""
CAUGHT_UP = timedelta(minutes=1)
"""A source whose newest event is no older has caught up."""


@dataclass(kw_only=True)
class Intake:
    """One per program; `take` is called by every source's loop, one batch after the other per source."""

    store: Store
    judge: Judge
    watches: Mapping[str, LiveWatch]
    lookups: Mapping[str, Lookup]
    clock: Clock
    metrics: Metrics
    lookup_budget: timedelta = timedelta(seconds=1.5)
    fresh_for: timedelta = timedelta(minutes=30)
    customers: Customers | None = None
    deliver: Callable[[tuple[Leased, ...]], None] | None = None
    """None: nothing is delivered, so no alert is even stored (replay)."""
    wake: Callable[[], None] | None = None
    """Says that something was stored that falls due later."""
    silenced: Callable[[datetime], Mapping[str, datetime]] = lambda _: {}
    """Rules that count for nothing at a time, and until when."""
    meets: Callable[[Facts, str, datetime], tuple[Silenced, ...]] = lambda _, __, ___: ()
    """What else is silenced at a time and may hold a mention that comes from this source."""
    tallying: Tallying = field(default_factory=Tallying)
    acknowledging: Acknowledging | None = None

    def __post_init__(self) -> None:
        self._live: set[str] = set()
        """The sources that have caught up: none at first, so that what a crash left waiting goes out."""
        self._near: dict[str, bool] = {}
        self._knowing = Knowing(lookups=self.lookups, within=self.lookup_budget)

    async def take(self, source: str, batch: Batch) -> Recorded:
        """Store a batch with its cursor; only when this returns may the next one be read.

        Raises: StoreError (nothing was written; read the batch again from the committed cursor).
        """
        sorted_posts = [(post, self._sort(post)) for post in batch.posts]
        mentions = [found for _, found in sorted_posts if isinstance(found, tuple)]
        known, memory = await self._find_out([mention for found in mentions for mention in found])
        is_near = self._is_near(batch)
        is_live = bool(is_near) and source in self._live
        items: list[Answer | Judged] = []
        turns = Turns(self.clock.monotonic)
        for _, found in sorted_posts:
            await turns.next()
            if isinstance(found, Answer):
                items.append(found)
                memory.answered(found)
            else:
                items.extend(self._judge_post(found, known, memory, source=source, is_live=is_live))
        entry = Entry(
            source=source,
            items=tuple(await self._knowing.name(items)),
            deleted=batch.deleted,
            cursor=batch.cursor,
            gap=batch.gap,
            observed_to=batch.observed_to,
            caught_up=bool(is_near) and not is_live,
        )
        with self.metrics.record_seconds.time():
            recorded = await self.store.record(entry, now=self.clock.now(), lease_for=LEASE_FOR)
        self._follow(entry, is_near=is_near)
        if self.acknowledging and recorded.acknowledged:
            self.acknowledging.wished(recorded.acknowledged)
        if self.wake and recorded.waits:
            self.wake()
        try:
            if self.deliver and recorded.leased:
                self.deliver(recorded.leased)
                await asyncio.sleep(0)  # alerts go out before anything is said about them
        finally:
            self._count(source, batch, recorded)
            await self._report(entry, recorded, turns)
        return recorded

    def _is_near(self, batch: Batch) -> bool | None:
        """Whether the newest that was read has just been published; None: this batch does not tell."""
        if batch.observed_to is None:
            return None
        return self.clock.now() - batch.observed_to <= CAUGHT_UP

    def _follow(self, entry: Entry, *, is_near: bool | None) -> None:
        """Remember, once it is committed, whether the source lives in the present or catches up."""
        if is_near is not None:
            self._near[entry.source] = is_near
        if is_near:
            self._live.add(entry.source)
        elif is_near is False or any(isinstance(item, Judged) and item.is_late for item in entry.items):
            self._live.discard(entry.source)

    def use_customers(self, customers: Customers | None) -> None:
        """From the next mention on."""
        self.customers = customers

    def is_behind(self, source: str) -> bool | None:
        """Whether it catches up: an answer may be there and not read yet. None: it did not tell."""
        near = self._near.get(source)
        return None if near is None else not near

    def _sort(self, post: Post) -> Answer | tuple[Mention, ...]:
        watch = self.watches[post.platform]
        owner = watch.watchlist.owner(post.platform, post.author_id)
        if owner is not None:
            return Answer(post=post, brand=owner)
        return watch.watchlist.concerns(post, watch.brands_of)

    async def _find_out(self, mentions: list[Mention]) -> tuple[Mapping[str, Known], Memory]:
        """What the platforms and the store know, as far as the rules ask for it."""
        looks_at = self.judge.looks_at
        wanted = to_recall(mentions, pasts=looks_at("history"), threads=looks_at("thread"))
        if not wanted:
            return await self._knowing.of(mentions), Memory(wanted, Recalled(), self._owner)
        known, recalled = await asyncio.gather(self._knowing.of(mentions), self.store.recall(wanted))
        return known, Memory(wanted, recalled, self._owner)

    def _owner(self, platform: str, account_id: str) -> str | None:
        return self.watches[platform].watchlist.owner(platform, account_id)

    def _judge_post(
        self,
        mentions: tuple[Mention, ...],
        known: Mapping[str, Known],
        memory: Memory,
        *,
        source: str,
        is_live: bool,
    ) -> list[Judged]:
        """One post, once per brand that it concerns; its text is measured once for all of them."""
        if not mentions:
            return []
        post = mentions[0].post
        own = any(not self._is_rival(mention) for mention in mentions)
        told = known.get(post.id, Known())
        measured = self.judge.measure(post.searchable, post.langs, author_facts(post, told.author))
        around = _Around(source=source, known=told, memory=memory, measured=measured, own_too=own)
        judged = [self._judge(mention, around) for mention in mentions]
        for one in judged:
            memory.heard(one)
        return [replace(one, is_late=self._is_late(one, is_live=is_live)) for one in judged]

    def _is_late(self, judged: Judged, *, is_live: bool) -> bool:
        """Whether it waits for the catch-up card. A critical one does so only as long as the answer to it
        may be further on in what is caught up. An edit is as old as its text, not as the post.
        """
        age = self.clock.now() - _written_at(judged.mention.post)
        return age > self.fresh_for and not (is_live and judged.verdict.urgency is Urgency.CRITICAL)

    def _judge(self, mention: Mention, around: _Around) -> Judged:
        now, known, memory = self.clock.now(), around.known, around.memory
        mention_id, said = ulid(now), self.acknowledging
        is_ours = not self._is_rival(mention)
        facts = make_facts(mention_id, mention, known, measured=around.measured, is_ours=is_ours)
        facts = replace(
            facts,
            history=memory.history(mention),
            we_spoke=memory.we_spoke(mention),
            silenced=self.silenced(now),
            silences=self.meets(facts, around.source, now),
            **of_customer(facts, self.customers),
        )
        facts, counted = self.tallying.take(mention, facts, self.judge)
        verdict = self.judge.judge(facts)
        is_asking = asks.asks(facts, verdict)
        routes = self._routes(mention, verdict, own_too=around.own_too, now=now)
        return Judged(
            mention_id=mention_id,
            mention=mention,
            author=known.author,
            facts=facts,
            verdict=verdict,
            asks=is_asking,
            due=self.store.targets.of(verdict, mention.post.posted_at) if is_asking else UNPROMISED,
            routes=routes,
            parent=known.parent,
            counted=counted,
            acknowledge=said.wish(mention, facts, verdict, routes) if said else None,
            held_by=self._held_by(mention, verdict, own_too=around.own_too, now=now),
        )

    def judge_again(self, waiting: Waiting, facts: Facts) -> Judged:
        """An ask that has waited, by what is known of it now. It rings as loud as if it had come in so,
        unless it was too old then, or this look at it comes too late.
        """
        mention, now = waiting.mention, self.clock.now()
        facts = replace(facts, silenced=self.silenced(now), silences=self.meets(facts, "", now))
        verdict = self.judge.judge(facts)
        is_stale = now - waiting.looked_at > NEVER_ALERT_AFTER
        routes = self._routes(mention, verdict, own_too=waiting.own_too, now=mention.post.seen_at)
        return Judged(
            mention_id=facts.mention_id,
            mention=mention,
            author=None,
            facts=facts,
            verdict=verdict,
            asks=True,
            due=self.store.targets.of(verdict, waiting.looked_at),
            routes=() if is_stale else routes,
        )

    def _routes(
        self, mention: Mention, verdict: Verdict, *, own_too: bool, now: datetime
    ) -> tuple[Route, ...]:
        """Who hears of it. A rival's mention rings only where a fired rule names a route (decision 4)."""
        if self.deliver is None or verdict.ignored or now - mention.post.posted_at > NEVER_ALERT_AFTER:
            return ()
        is_rival = self._is_rival(mention)
        if is_rival and own_too:
            return ()
        named = verdict.cc if is_rival and not verdict.is_routed else (verdict.route, *verdict.cc)
        by_channel: dict[str, Route] = {}
        for route in map(self.judge.route, named):
            if key(Scope.ROUTE, route.name) not in verdict.held_by:
                by_channel.setdefault(route.to, route)
        return tuple(by_channel.values())

    def _held_by(
        self, mention: Mention, verdict: Verdict, *, own_too: bool, now: datetime
    ) -> tuple[str, ...]:
        """What would not have rung anyway, no silence has held; a silenced rule counts all the same."""
        if not verdict.held_by:
            return ()
        unheld = replace(verdict, held_by=())
        if self._routes(mention, unheld, own_too=own_too, now=now):
            return verdict.held_by
        return tuple(one for one in verdict.held_by if scope_of(one) is Scope.RULE)

    def _is_rival(self, mention: Mention) -> bool:
        return self.watches[mention.post.platform].watchlist.is_rival(mention.brand)

    def _count(self, source: str, batch: Batch, recorded: Recorded) -> None:
        """Counted once committed: a batch that is read again counts once."""
        self.metrics.events_seen.labels(source).inc(batch.seen)
        self.metrics.posts_seen.labels(source).inc(batch.posts_seen)
        self.metrics.undecodable.labels(source).inc(batch.undecodable)
        self.metrics.duplicates.labels(source).inc(recorded.duplicates)
        for gap in recorded.gaps:
            self.metrics.gaps.labels(source, gap.reason).inc()
            length = (gap.ended_at - gap.started_at).total_seconds()
            self.metrics.gap_seconds.labels(source, gap.reason).inc(length)

    async def _report(self, entry: Entry, recorded: Recorded, turns: Turns) -> None:
        new = set(recorded.stored)
        for item in entry.items:
            if isinstance(item, Answer) or item.mention_id not in new:
                continue
            await turns.next()
            brand, platform = item.mention.brand, item.mention.post.platform
            self.metrics.mentions_stored.labels(brand, platform, item.verdict.urgency.label).inc()
            for one in item.held_by:
                self.metrics.silenced.labels(scope_of(one).value).inc()
            log.info(
                "mention.stored",
                mention=item.mention_id,
                brand=brand,
                platform=platform,
                kind=item.mention.kind.value,
                urgency=item.verdict.urgency.label,
                score=item.verdict.score,
                rules=[fired.rule for fired in item.verdict.fired],
                source=entry.source,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What is known beside a mention; `own_too`: the post concerns our own brand as well."""

    source: str
    known: Known
    memory: Memory
    measured: Measured
    own_too: bool


def _written_at(post: Post) -> datetime:
    """When the text that we read was written."""
    return (post.revised_at or post.seen_at) if post.is_edit else post.posted_at


def author_facts(post: Post, author: Author | None) -> AuthorFacts:
    """What is known of who wrote a post when they did."""
    if author is None:
        return AuthorFacts(handle=post.author_handle)
    return AuthorFacts(
        handle=author.handle or post.author_handle,
        name=author.name,
        bio=author.bio,
        followers=author.followers,
        following=author.following,
        age=post.posted_at - author.created_at if author.created_at else None,
        verified=author.verified,
    )


def make_facts(
    mention_id: str,
    mention: Mention,
    known: Known,
    *,
    measured: Measured,
    is_ours: bool,
) -> Facts:
    """Freeze everything that a rule may read."""
    post, author = mention.post, author_facts(mention.post, known.author)
    lang, signals = measured
    return Facts(
        mention_id=mention_id,
        brand=mention.brand,
        platform=post.platform,
        kind=mention.kind,
        text=post.searchable,
        speaks_to_us=is_ours and _is_at_the_brand(mention),
        lang=lang,
        handle=author.handle,
        parent_text=known.parent.text if known.parent else None,
        age=author.age,
        signals=_asked_of_us(mention, signals),
        author_id=post.author_id,
        at=post.posted_at,
        links=count_links(post.text, post.links),
        media=post.media,
        rating=post.rating,
        is_reply=post.parent is not None,
        name=author.name,
        bio=author.bio,
        followers=author.followers,
        following=author.following,
        verified=author.verified,
    )


def of_customer(facts: Facts, customers: Customers | None) -> Mapping[str, Any]:
    """The fields that the list of customers tells of the author: by handle, else by id. Without a handle, who
    is not found may be somebody whom we know: that stays unknown.
    """
    names = [name for name in (facts.handle, facts.author_id) if name]
    if customers is None or not names:
        return {}
    found = (customers.find(facts.platform, name) for name in names)
    customer = next(filter(None, found), None)
    if customer is None:
        return {} if facts.handle is None else {"known": False, "staff": False}
    return {"known": True, "staff": customer.is_staff, "tier": customer.tier, "spoken": customer.language}


def _asked_of_us(mention: Mention, signals: Mapping[str, Signal]) -> Mapping[str, Signal]:
    """A question counts only when it asks the brand: named in the text, answered, quoted or addressed."""
    question = signals.get("question")
    if question is None or question.value is None or _is_at_the_brand(mention):
        return signals
    return {**signals, "question": Signal(value=0.0, evidence=(("not asked of the brand", 0.0),))}


def _is_at_the_brand(mention: Mention) -> bool:
    return mention.is_addressed or bool(mention.spans)
