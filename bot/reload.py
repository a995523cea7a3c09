"""What is watched for, made at the start, and anew when files change or somebody asks: compiled in a thread,
then swapped in.

A reload takes over words and accounts of brands, rivals, the list of customers, what is acknowledged and the
contents of the rule files; whatever else changed is named and waits for a restart. A mistake anywhere changes
nothing. Knows no platform, no rule and no file format: how to read comes in from outside.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import structlog

from bot.acknowledging import Acknowledge
from bot.answers import Answers
from bot.bulletin import Bulletin, Part, mistakes
from bot.errors import BotError, StoreError
from bot.filewatch import FileWatch
from bot.garbage import no_full_collection
from bot.matcher.classes import go_on
from bot.matcher.fast import FastMatcher
from bot.memory import give_back
from bot.metrics import Metrics
from bot.model import Brand
from bot.noise import Noise
from bot.oncall import OnCall
from bot.ports import Clock
from bot.settings.customers import Customers
from bot.settings.load import Settings
from bot.storing import Store
from bot.texts.catalogue import Texts
from bot.watchlist import Ids, LiveWatch, Watchlist

log = structlog.get_logger()

LOOK_EVERY = 2.0
"""Seconds between two looks at the files; what has changed is taken when it has stood still for one."""
AGAIN_AFTER = 30.0
"""Seconds after which a reload is tried again that only the database kept from happening."""

HELD_FOR = timedelta(days=30)
"""Replies are watched for under posts stored within this time."""

TAKEN_OVER = frozenset(
    {
        "brands",
        "customers",
        "answers",
        "acknowledge",
        "targets",
        "hours_of",
        "on_call",
        "noise",
        "escalation",
        "incidents",
        "staff",
    }
)
"""Fields of the settings that are not compared: all but one are reloaded, the staff follows the people."""


T = TypeVar("T")

_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reload")
"""Always the same one: what is read takes turns, and waits for no other work in threads."""


async def in_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_thread, work)


async def outcome(work: Awaitable[T]) -> tuple[T | None, Exception | None]:
    """What came of it, a bug included: whoever asks goes on with what it has, and tells."""
    [result] = await asyncio.gather(work, return_exceptions=True)
    if isinstance(result, Exception):
        if not isinstance(result, BotError):
            log.error("reload.crashed", exc_info=result)
        return None, result
    if isinstance(result, BaseException):
        raise result
    return result, None


class InPieces(Protocol):
    """What can be let go of a piece at a time."""

    def pieces(self) -> Iterable[object]: ...


class RuleFiles(InPieces, Protocol):
    """What a reload needs to know of a rule set."""

    @property
    def version(self) -> str: ...
    @property
    def sources(self) -> Mapping[str, str]: ...


P = TypeVar("P", bound=InPieces)
R = TypeVar("R", bound=RuleFiles)


async def compile_watchlist(
    brands: Sequence[Brand], *, ids: Ids, cache: Path | None = None, breathe: Callable[[], None] = go_on
) -> Watchlist:
    """The watchlist of these brands, made in a thread. `cache`, `breathe`: see `FastMatcher`."""
    matcher = partial(FastMatcher, cache=cache, breathe=breathe)
    return await in_thread(partial(Watchlist, brands, ids=ids, matcher=matcher))


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

    `asked` is set by whoever wants it; a change of one of the `files` is as good. `settings` and `rules`
    raise ConfigError with every problem; rules are read for the channels and brand of given settings.
    """

    asked: asyncio.Event
    settings: Callable[[], Settings]
    rules: Callable[[Settings], R]
    files: FileWatch
    below: tuple[Path, ...] = ()
    """The folders that staff need not be told with the place of a mistake."""


@dataclass(kw_only=True)
class Reload(Generic[R]):
    """`settings`, `rules`: those in force. `use_…`, `watching_others`: called when others are.
    `read_answers` indexes the prepared answers, in a thread; what it gives puts them into use.

    `prepare` is awaited before, with the new rules; what it gives, after. `bulletin` keeps and tells how it
    ended. `breathe` pauses the thread that compiles for a moment.
    """

    reading: Reading[R]
    settings: Settings
    rules: R
    engine: str
    watches: Mapping[str, LiveWatch]
    store: Store
    clock: Clock
    metrics: Metrics
    bulletin: Bulletin
    prepare: Callable[[R], Awaitable[Callable[[], Awaitable[None]]]]
    use_rules: Callable[[R], None]
    use_customers: Callable[[Customers | None], None]
    use_acknowledge: Callable[[Acknowledge], None]
    use_on_call: Callable[[OnCall], None]
    use_noise: Callable[[Noise], Awaitable[None]]
    read_answers: Callable[[Answers | None], Callable[[], None]]
    watching_others: Callable[[], None]
    breathe: Callable[[], None]
    planned: Callable[[], None] = lambda: None
    """Called when others may have to be asked now."""
    waiting: tuple[str, ...] = field(default=(), init=False)
    """What changed since the start and waits for a restart."""
    _part: Part = field(default=Part.SETTINGS, init=False)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def run(self) -> None:
        """Reload whenever asked, or when files have changed; asked again meanwhile, once more."""
        while True:
            await self._wanted()
            self.reading.asked.clear()
            await self.once()

    async def _wanted(self) -> None:
        while not self.reading.asked.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self.reading.asked.wait()
            if await in_thread(self.reading.files.look):
                return

    async def once(self) -> None:
        """Take over what can be taken over, all of it or nothing. What goes wrong is told, also a bug."""
        async with self._one_at_a_time:
            began = self.clock.monotonic()
            await in_thread(self.reading.files.take)
            gc.collect()  # little: what was there before is frozen. What is garbage by now must not be
            with no_full_collection():
                _, error = await outcome(self._take_over())
                if error is None:
                    gc.freeze()  # as at the start; the set before has no cycles, and goes without it
            await in_thread(give_back)
            if error is None:
                await self._done(round(self.clock.monotonic() - began, 3))
            else:
                await self._failed(error)

    async def by_hand(self, texts: Texts) -> str:
        """The same for somebody who waits for it: what came of it, in their words."""
        await self.once()
        said = [self.bulletin.told(texts)]
        if self.waiting:
            said.append(texts.say("command.needs_restart", keys=texts.listed(self.waiting)))
        return "\n".join(said)

    async def _done(self, seconds: float) -> None:
        patterns = next(iter(self.watches.values())).watchlist.size if self.watches else 0
        self.metrics.reloads.labels("ok").inc()
        self.metrics.watch_patterns.set(patterns)
        self.metrics.reload_seconds.set(seconds)
        log.info("reload.done", patterns=patterns, seconds=seconds, rules=self.rules.version)
        if self.waiting:
            log.warning("reload.needs_restart", keys=list(self.waiting))
        await self.bulletin.runs(self.rules.version)

    async def _take_over(self) -> None:
        """Raises: ConfigError, StoreError; nothing is in use of what was read."""
        self._part = Part.SETTINGS
        wanted = await in_thread(self.reading.settings)
        self._part = Part.RULES
        judging = self._judging(wanted)
        rules = await in_thread(partial(self.reading.rules, judging))
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
        use_answers = await in_thread(partial(self.read_answers, wanted.answers))
        before: list[InPieces] = [self.rules, *(watch.watchlist for watch in self.watches.values())]
        for watch in self.watches.values():
            watch.swap(fresh.with_ids(_known_ids(watch.watchlist.brands)))
        self.use_rules(rules)
        self.use_customers(wanted.customers)
        self.use_acknowledge(wanted.acknowledge)
        self.use_on_call(wanted.on_call)
        has_other_plans = self._use_plans(wanted)
        self.store.incidents = wanted.incidents
        use_answers()
        self.rules, self.waiting = rules, waiting
        await in_thread(partial(let_go, before))
        self.settings = replace(judging, brands=brands, customers=wanted.customers, answers=wanted.answers)
        self.watching_others()
        await taken_over()
        await self._plan_anew(is_wanted=has_other_plans)
        await self.use_noise(wanted.noise)

    def _judging(self, wanted: Settings) -> Settings:
        """What names rules and routes is read together with them."""
        return replace(
            self.settings,
            acknowledge=wanted.acknowledge,
            targets=wanted.targets,
            hours_of=wanted.hours_of,
            on_call=wanted.on_call,
            noise=wanted.noise,
            escalation=wanted.escalation,
            incidents=wanted.incidents,
        )

    def _use_plans(self, wanted: Settings) -> bool:
        """Whether somebody may be asked at another time than before."""
        before = self.store.targets, self.store.escalation
        self.store.targets, self.store.escalation = wanted.targets, wanted.escalation
        return before != (wanted.targets, wanted.escalation)

    async def _plan_anew(self, *, is_wanted: bool) -> None:
        try:
            if is_wanted:
                await self.store.plan_anew(now=self.clock.now())
                self.planned()
        except StoreError as error:  # each is planned when its old time comes
            log.warning("steps.not_planned", error=str(error))

    async def _failed(self, error: Exception) -> None:
        self.metrics.reloads.labels("failed").inc()
        log.error("reload.failed", problems=mistakes(error))
        problems = mistakes(error, below=self.reading.below)
        state = await in_thread(self.reading.files.state)
        await self.bulletin.held_back(self.rules.version, self._part, problems, state=state)
        if isinstance(error, StoreError):
            asyncio.get_running_loop().call_later(AGAIN_AFTER, self.reading.asked.set)


def let_go(before: list[P]) -> None:
    """Free sets piece by piece: 10,000 rules at once take 50 ms, in which no other thread runs."""
    while before:
        pieces = [*before.pop().pieces()]
        while pieces:
            pieces.pop()


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
