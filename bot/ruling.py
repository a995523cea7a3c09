"""The rules in force and what staff does about them: silences, and what a command tells of them.

It holds what changes while the daemon runs and is asked for by others: intake, commands, the page. It reads
no file and knows no chat.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.bulletin import Bulletin, HeldBack
from bot.buttons import Choices
from bot.commands import Commands
from bot.covering import Covering
from bot.errors import StoreError
from bot.inquiries import Asked, Inquiries
from bot.metrics import Metrics
from bot.model import Facts, Urgency
from bot.orders import OVER, OrderBook, RulesInUse, Silence
from bot.overrides import Promise
from bot.pausing import Paused
from bot.ports import Clock
from bot.ruleslog import RulesLog
from bot.settings.load import Settings
from bot.silenced import Silenced
from bot.silences import Standing
from bot.silencing import Silencing, over
from bot.steering import Steering
from bot.tallying import Prepared, Shelf, Tallying
from bot.texts.catalogue import Texts
from bot.texts.languages import texts_in
from bot.wishes import CONSOLE
from rules.lab import RuleLab
from rules.ruleset import RuleSet
from rules.wording import canonical, finder

log = structlog.get_logger()

TELL_WITHIN = timedelta(days=1)
"""Nobody is told of what was over so long before."""


class RulesStore(OrderBook, RulesLog, Shelf, Asked, Protocol):
    """The store, for what staff does about the rules, and asks."""


@dataclass(kw_only=True)
class Ruling:
    """`tell` takes a key and a text for staff; `link` tells where a message to a channel is opened."""

    settings: Settings
    rules: RuleSet
    store: RulesStore
    clock: Clock
    metrics: Metrics
    tell: Callable[[str, str], None]
    link: Callable[[str, str], str | None]
    tell_once: Callable[[str, str], None]
    """As `tell`, but one key is never told twice."""
    sources: tuple[str, ...] = ()
    """The names of what is read, and of the platforms that it is read from."""
    platforms: tuple[str, ...] = ()
    paused: Paused | None = None
    """Why nothing is published just now."""
    reload: Callable[[Texts], Awaitable[str]] | None = None
    """Reads the files now, and says what came of it; None until the daemon runs."""
    tallying: Tallying = field(default_factory=Tallying, init=False)
    covering: Covering = field(init=False)
    standing: Standing = field(init=False)
    """What is silenced."""
    bulletin: Bulletin = field(init=False)
    _prepared: Prepared = field(init=False)

    def __post_init__(self) -> None:
        self.identities = {person.key: person.identities for person in self.settings.people}
        self.names = {person.key: person.name for person in self.settings.people}
        self.steering = Steering(store=self.store, zone=self.settings.timezone, people=self.called)
        self.use_silences(())
        self.covering = Covering(
            store=self.store,
            zone=self.settings.timezone,
            staff=self.settings.people,
            on_call=self.settings.on_call,
        )
        self.bulletin = Bulletin(
            store=self.store,
            clock=self.clock,
            metrics=self.metrics,
            texts=texts_in(self.settings.language),
            zone=self.settings.timezone,
            tell=self.tell,
        )

    def called(self, key: str) -> str:
        return self.names.get(key, key)

    async def begin(self, held_back: HeldBack | None) -> None:
        """Know what was before the start, and say which rules run now. Raises: StoreError."""
        self.use_silences(await self.store.silences(now=self.clock.now()))
        await self.covering.refresh(self.clock.now())
        self.paused = await self.store.publishing_paused()
        await self.bulletin.begin(self.rules.version, held_back, below=(self.settings.rules,))

    async def prepare(self, rules: RuleSet) -> Callable[[], Awaitable[None]]:
        """Fetch what the counters of a set stand at. What it gives is to be called when the set is in use."""
        now = self.clock.now()
        self._prepared = prepared = await self.tallying.prepare(self.store, rules, now)

        async def keep() -> None:
            try:
                await self.tallying.keep(self.store, prepared, now)
            except StoreError as error:  # the next start counts anew what is not there
                log.warning("counters.not_kept", error=str(error))

        return keep

    def use(self, rules: RuleSet) -> None:
        """These, which are prepared, judge from now on."""
        self.tallying.use(self._prepared)
        self.rules = rules

    def use_silences(self, silences: tuple[Silence, ...]) -> None:
        self.standing = Standing(silences=silences, finder=finder, people=self.called)

    def use_pause(self, paused: Paused | None) -> None:
        self.paused = paused

    def publishing(self, texts: Texts | None = None) -> str:
        """That nothing is published, and why; empty if what is approved goes out."""
        if self.paused is None:
            return ""
        told = texts or texts_in(self.settings.language)
        return self.steering.told(self.paused, told, self.clock.now())

    def silenced(self, now: datetime) -> Mapping[str, datetime]:
        return self.standing.rules(now)

    def meets(self, facts: Facts, source: str, now: datetime) -> tuple[Silenced, ...]:
        return self.standing.met_by(facts, source, now)

    async def silences_over(self) -> None:
        """Tell what silences held that ran out by themselves, each once."""
        now = self.clock.now()
        texts = texts_in(self.settings.language)
        try:
            found = await self.store.silences_over(since=now - TELL_WITHIN, now=now)
        except StoreError as error:  # the next look finds them
            log.warning("silences.unread", reason=str(error))
            return
        for one in found:
            self.tell_once(f"{OVER}:{one.id}", over(texts, one.silence))

    def in_force(self) -> RulesInUse:
        names = tuple(rule.name for rule in self.rules.every if rule.counts)
        return RulesInUse(
            version=self.rules.version,
            names=names,
            since=self.bulletin.since or self.clock.now(),
            problem=self.bulletin.trouble,
            routes=tuple(self.rules.routes),
        )

    def promise(self, urgency: Urgency) -> Promise:
        """What an urgency means by the rules in use."""
        level = self.rules.program.levels[urgency]
        return Promise(respond_in=level.respond_in, alert=level.alert)

    def personas(self) -> tuple[str, ...]:
        return tuple(persona.name for persona in self.rules.program.personas)

    async def _reload(self, texts: Texts) -> str:
        return await self.reload(texts) if self.reload else texts.say("command.unknown")

    def lab(self) -> RuleLab:
        return RuleLab(
            rules=lambda: self.rules,
            folder=self.settings.rules,
            channels=frozenset(self.settings.channels) | {CONSOLE},
            brand=self.settings.brands[0].name,
        )

    def choices(self) -> Choices:
        """What menus under a card offer, and whom it calls."""
        return Choices(
            people=self.names,
            personas=self.personas(),
            identities=self.identities,
            duty=self.covering.duty,
            page=self.settings.web.url or "",
        )

    def inquiries(self) -> Inquiries:
        return Inquiries(
            store=self.store,
            zone=self.settings.timezone,
            people=lambda key: self.names.get(key, key),
            link=self.link,
            on_call=lambda: self.covering.on_call,
        )

    def commands(self) -> Commands:
        return Commands(
            store=self.store,
            clock=self.clock,
            metrics=self.metrics,
            texts=texts_in(self.settings.language),
            zone=self.settings.timezone,
            people=self.called,
            rules=self.in_force,
            reload=self._reload,
            use_silences=self.use_silences,
            tell=self.tell,
            inquiries=self.inquiries(),
            use_pause=self.use_pause,
            covering=self.covering,
            silencing=self._silencing(),
        )

    def _silencing(self) -> Silencing:
        return Silencing(
            store=self.store,
            zone=self.settings.timezone,
            people=self.called,
            rules=self.in_force,
            sources=self.sources,
            platforms=self.platforms,
            canonical=canonical,
        )
