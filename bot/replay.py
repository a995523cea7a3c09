"""A recording through the real connector and the whole pipeline, as fast as it goes.

Uses a database of its own, asks no network, delivers nothing and moves no live cursor.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from bot.clock import SystemClock
from bot.intake import Intake
from bot.metrics import Metrics
from bot.ports import Source
from bot.reload import watches
from bot.settings.load import Settings
from bot.sides import second_looks
from bot.store.sqlite import SqliteStore
from rules.engine import ENGINE_VERSION
from rules.ruleset import RuleSet


@dataclass(kw_only=True)
class Summary:
    """What a replay found. `seconds` is the time it took."""

    events: int = 0
    posts: int = 0
    undecodable: int = 0
    mentions: int = 0
    duplicates: int = 0
    deletions: int = 0
    by_urgency: dict[str, int] = field(default_factory=dict)
    by_brand: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    database: str | None = None


async def replay(
    source: Source,
    settings: Settings,
    rules: RuleSet,
    store: SqliteStore,
) -> Summary:
    """Read the source to its end. Raises: Rejected (the file is damaged), StoreError."""
    clock = SystemClock()
    watching = await watches(settings, store, [source.platform], clock)
    intake = Intake(
        store=store,
        judge=rules,
        watches=watching,
        lookups={},
        clock=clock,
        metrics=Metrics(),
        customers=settings.customers,
        deliver=None,
    )
    looks = second_looks(intake, store, [source])
    await store.save_rules(rules.version, ENGINE_VERSION, rules.sources, now=clock.now())
    await store.save_brands(settings.brands)
    prepared = await intake.tallying.prepare(store, rules, clock.now())
    intake.tallying.use(prepared)
    await intake.tallying.keep(store, prepared, clock.now())
    summary = Summary()
    started = time.perf_counter()
    async for batch in source.read(None, watching[source.platform]):
        recorded = await intake.take(source.name, batch)
        if batch.posts:
            await looks.replayed(max(post.seen_at for post in batch.posts))
        summary.events += batch.seen
        summary.posts += batch.posts_seen
        summary.undecodable += batch.undecodable
        summary.deletions += len(batch.deleted)
        summary.duplicates += recorded.duplicates
    summary.seconds = round(time.perf_counter() - started, 3)
    await _count(summary, store)
    return summary


async def _count(summary: Summary, store: SqliteStore) -> None:
    urgencies, brands = Counter[str](), Counter[str]()
    for one in await store.tallies():
        urgencies[one.urgency.label] += one.mentions
        brands[one.brand] += one.mentions
    summary.mentions = urgencies.total()
    summary.by_urgency, summary.by_brand = dict(urgencies), dict(brands.most_common())
