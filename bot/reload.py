"""What is watched for, made at the start, and anew on `kill -HUP`: compiled in a thread, then swapped in.

A reload takes over words and accounts of brands, rivals, the list of customers and the contents of the rule
files; whatever else changed is named and waits for a restart. A mistake anywhere changes nothing.
Knows no platform, no rule and no file format: how to read comes in from outside.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog

from bot.errors import BotError, ConfigError
from bot.matcher.classes import go_on
from bot.matcher.fast import FastMatcher
from bot.metrics import Metrics
from bot.model import Brand
from bot.ports import Clock, Store
from bot.settings.customers import Customers
from bot.settings.load import Settings
from bot.texts.catalogue import Texts
from bot.watchlist import Ids, LiveWatch, Watchlist

log = structlog.get_logger()

HELD_FOR = timedelta(days=30)
"""Replies are watched for under posts stored within this time."""

TAKEN_OVER = frozenset({"brands", "customers", "staff"})
"""Fields of the settings that are not compared: two of them are reloaded, the staff follows the people."""


T = TypeVar("T")

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reload")
"""Always the same one: each thread in which much is allocated keeps some 25 MB for good (glibc's arenas)."""


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_thread, work)


@contextmanager
def _no_full_collection() -> Iterator[None]:
    """Among ten thousand half-read words, a full collection of garbage stops everything for 20 ms."""
    young, middle, full = gc.get_threshold()
    gc.set_threshold(young, middle, 1_000_000)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, full)


class RuleFiles(Protocol):
    """What a reload needs to know of a rule set."""

    @property
    def version(self) -> str: ...
    @property
    def sources(self) -> Mapping[str, str]: ...


R = TypeVar("R", bound=RuleFiles)


async def compile_watchlist(
    brands: Sequence[Brand], *, ids: Ids, cache: Path | None = None, breathe: Callable[[], None] = go_on
) -> Watchlist:
    """The watchlist of these brands, made in a thread. `cache`, `breathe`: see `FastMatcher`."""
    matcher = partial(FastMatcher, cache=cache, breathe=breathe)
    return await _in_thread(partial(Watchlist, brands, ids=ids, matcher=matcher))


async def watches(
    settings: Settings,
    store: Store,
    platforms: Iterable[str],
    clock: Clock,
    *,
    cache: Path | None = None,
) -> Mapping[str, LiveWatch]:
    """A watch per platform, with what the store remembers: resolved accounts, held posts."""
    ids = await store.account_ids()
    since = clock.now() - HELD_FOR
    watchlist = await compile_watchlist(settings.brands, ids=ids, cache=cache)
    return {
        platform: LiveWatch(watchlist, dict(await store.held(platform, since=since)), platform)
        for platform in platforms
    }


def cache_beside(database: Path) -> Path:
    """Where the compiled patterns of a database's daemon are kept."""
    return database.with_name(f"{database.name}.cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[R]):
    """How to read again, and when.

    `asked` is set by whoever wants it. `settings` and `rules` raise ConfigError with every problem; rules are
    read for the channels and brand of given settings.
    """

    asked: asyncio.Event
    settings: Callable[[], Settings]
    rules: Callable[[Settings], R]


@dataclass(kw_only=True)
class Reload(Generic[R]):
    """`settings`, `rules`: those in force. `use_…`, `watching_others`: called when others are.

    `prepare` is awaited before, with the new rules; what it gives, after.

    `tell` takes a key and a text for staff. `breathe` pauses the thread that compiles for a moment.
    """

    reading: Reading[R]
    settings: Settings
    rules: R
    engine: str
    watches: Mapping[str, LiveWatch]
    store: Store
    clock: Clock
    metrics: Metrics
    texts: Texts
    prepare: Callable[[R], Awaitable[Callable[[], Awaitable[None]]]]
    use_rules: Callable[[R], None]
    use_customers: Callable[[Customers | None], None]
    watching_others: Callable[[], None]
    tell: Callable[[str, str], None]
    breathe: Callable[[], None]
    waiting: tuple[str, ...] = field(default=(), init=False)
    """What changed since the start and waits for a restart."""

    async def run(self) -> None:
        """Reload whenever asked; asked again meanwhile, once more."""
        while True:
            await self.reading.asked.wait()
            self.reading.asked.clear()
            await self.once()

    async def once(self) -> None:
        """Take over what can be taken over, all of it or nothing."""
        began = self.clock.monotonic()
        try:
            gc.collect()  # little: what was there before is frozen. What is garbage by now must not be
            with _no_full_collection():
                await self._take_over()
                gc.freeze()  # as at the start; the set before has no cycles, and goes without the collector
        except BotError as error:
            self._failed(error)
            return
        seconds = round(self.clock.monotonic() - began, 3)
        patterns = next(iter(self.watches.values())).watchlist.size if self.watches else 0
        self.metrics.reloads.labels("ok").inc()
        self.metrics.watch_patterns.set(patterns)
        self.metrics.reload_seconds.set(seconds)
        log.info("reload.done", patterns=patterns, seconds=seconds, rules=self.rules.version)
        if self.waiting:
            log.warning("reload.needs_restart", keys=list(self.waiting))

    async def _take_over(self) -> None:
        """Raises: ConfigError, StoreError; nothing is in use of what was read."""
        wanted = await _in_thread(self.reading.settings)
        rules = await _in_thread(partial(self.reading.rules, self.settings))
        waiting = tuple(differing(self.settings, wanted))
        brands = self.settings.brands if "brand.name" in waiting else wanted.brands
        fresh = await compile_watchlist(
            brands,
            ids=await self.store.account_ids(),
            cache=cache_beside(self.settings.database),
            breathe=self.breathe,
        )
        await self.store.save_rules(rules.version, self.engine, rules.sources, now=self.clock.now())
        await self.store.save_brands(fresh.brands)
        taken_over = await self.prepare(rules)
        for watch in self.watches.values():
            watch.swap(fresh.with_ids(_known_ids(watch.watchlist.brands)))
        self.use_rules(rules)
        self.use_customers(wanted.customers)
        self.rules, self.waiting = rules, waiting
        self.settings = replace(self.settings, brands=brands, customers=wanted.customers)
        self.watching_others()
        await taken_over()

    def _failed(self, error: BotError) -> None:
        problems = [str(one) for one in error.problems] if isinstance(error, ConfigError) else [str(error)]
        self.metrics.reloads.labels("failed").inc()
        log.error("reload.failed", problems=problems)
        self.tell("reload", self.texts.reload_failed(problems))


def differing(old: Settings, new: Settings) -> Iterator[str]:
    """The settings that changed and cannot change in a running program, as the configuration calls them."""
    if old.brands[0].name != new.brands[0].name:
        yield "brand.name"
    for one in fields(Settings):
        before, after = getattr(old, one.name), getattr(new, one.name)
        if one.name in TAKEN_OVER or before == after:
            continue
        if isinstance(before, Mapping):
            changed = (key for key in {**before, **after} if before.get(key) != after.get(key))
            yield from (key if one.name == "accounts" else f"{one.name}.{key}" for key in changed)
        else:
            yield one.name


def _known_ids(brands: Iterable[Brand]) -> Ids:
    """What was resolved while others compiled."""
    accounts = (account for brand in brands for account in brand.accounts)
    return {(one.platform, one.handle): one.id for one in accounts if one.id is not None}
