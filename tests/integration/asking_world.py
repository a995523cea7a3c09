"""Intake with real rules and a real database, a clock that stands still, and second looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.intake import Intake
from bot.matcher.plain import PlainMatcher
from bot.measured import Engagement
from bot.metrics import Metrics
from bot.model import (
    Account,
    Author,
    AuthorFacts,
    Batch,
    Brand,
    Cursor,
    Measured,
    Post,
    PostRef,
    Signal,
    Urgency,
)
from bot.ports import Lookup
from bot.records import Leased, Recorded
from bot.second_looks import SecondLooks
from bot.store import rows
from bot.store.sqlite import SqliteStore
from bot.testing.clock import ManualClock
from bot.watchlist import LiveWatch, Watchlist
from rules.ruleset import RuleSet, parse_rules
from tests.integration import store_samples as s

BRANDS = (
    Brand(
        name="acme",
        words=("acme",),
        accounts=(Account(brand="acme", platform="bluesky", handle="acme.test", id="did:acme"),),
    ),
    Brand(name="globex", words=("globex",), is_rival=True),
)


def rule_set(text: str) -> RuleSet:
    return parse_rules({"rules.yaml": text}, channels=("console",), measure=asks_when_it_asks)


def asks_when_it_asks(text: str, langs: tuple[str, ...], author: AuthorFacts | None = None) -> Measured:
    is_asking = Signal(value=0.9 if "?" in text else 0.1)
    return "en", {"question": is_asking, "complaint": Signal(value=0.1)}


def post(name: str, at: float, text: str = "acme leaks, what now?", **parts: Any) -> Post:
    """By Ann, `at` minutes after noon; read at once."""
    base: dict[str, Any] = {
        "platform": "bluesky",
        "id": name,
        "author_id": "did:ann",
        "text": text,
        "posted_at": s.at(at),
        "seen_at": s.at(at),
    }
    return Post(**{**base, **parts})


def answer(name: str, at: float, to: str, *, author: str = "did:ann", root: str | None = None) -> Post:
    """By the brand, to a post."""
    parent, above = PostRef(id=to, author_id=author), PostRef(id=root or to)
    return post(name, at, "we are on it", author_id="did:acme", parent=parent, root=above)


@dataclass(kw_only=True)
class Reactions:
    """A lookup that knows how many reacted, and nobody's name; `told` by post."""

    platform: str = "bluesky"
    told: dict[str, Engagement | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def author(self, author_id: str) -> Author:
        return Author(platform="bluesky", id=author_id)

    async def resolve(self, handle: str) -> str:
        return handle

    async def thread(self, post_id: str) -> tuple[Post, ...]:
        return ()

    async def engagement(self, post_id: str) -> Engagement:
        self.asked.append(post_id)
        told = self.told.get(post_id, Engagement())
        if isinstance(told, Exception):
            raise told
        return told


@dataclass(kw_only=True)
class Asking:
    path: Path
    store: SqliteStore
    intake: Intake
    looks: SecondLooks
    clock: ManualClock
    leased: list[Leased]
    behind: dict[str, bool | None]

    async def take(self, *posts: Post, observed_to: datetime | None = None) -> Recorded:
        """One batch, as a source's loop hands it over."""
        watch = self.intake.watches["bluesky"]
        wanted = tuple(one for one in posts if watch.wants(one.searchable, one.author_id, one.refs))
        batch = Batch(posts=wanted, cursor=Cursor("c"), observed_to=observed_to)
        return await self.intake.take("bluesky", batch)

    async def at(self, minute: float) -> None:
        """Look again, so many minutes after noon."""
        await self.clock.advance((s.at(minute) - self.clock.now()).total_seconds())
        await self.looks.waited()
        await self.looks.reacted()

    def use(self, rules: str) -> None:
        self.intake.judge = rule_set(rules)

    def verdicts(self) -> list[tuple[str, float | None]]:
        """(urgency, waited for so many minutes) of every verdict, in the order stored."""
        found = s.rows(self.path, "SELECT urgency, facts FROM verdicts ORDER BY id")
        return [(Urgency(urgency).label, _minutes(rows.facts(facts).waiting)) for urgency, facts in found]

    def alerts(self) -> list[str]:
        """How urgent what staff was alerted of is."""
        found = s.rows(self.path, "SELECT urgency FROM effects WHERE kind = 'alert' ORDER BY id")
        return [Urgency(urgency).label for (urgency,) in found]


def _minutes(time: timedelta | None) -> float | None:
    return None if time is None else round(time / timedelta(minutes=1), 2)


@asynccontextmanager
async def asking(
    path: Path, rules: str, *, lookup: Lookup | None = None, delivers: bool = True
) -> AsyncIterator[Asking]:
    leased: list[Leased] = []
    clock = ManualClock(s.at(0))
    watch = LiveWatch(Watchlist(BRANDS, ids={}, matcher=PlainMatcher), {}, "bluesky")
    lookups = {"bluesky": lookup} if lookup else {}
    behind: dict[str, bool | None] = {"bluesky": False}
    async with s.opened(path) as store:
        await store.save_brands(BRANDS)
        intake = Intake(
            store=store,
            judge=rule_set(rules),
            watches={"bluesky": watch},
            lookups=lookups,
            clock=clock,
            metrics=Metrics(),
            deliver=leased.extend if delivers else None,
        )
        looks = SecondLooks(
            store=store,
            rules=lambda: intake.judge,
            judge=intake.judge_again,
            sources={"bluesky": ["bluesky"]},
            is_behind=behind.__getitem__,
            lookups=lookups,
            clock=clock,
            changes=lambda: store.changes,
            deliver=leased.extend,
        )
        yield Asking(
            path=path, store=store, intake=intake, looks=looks, clock=clock, leased=leased, behind=behind
        )
