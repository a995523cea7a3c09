"""The composition root: builds everything from the settings, starts it, stops it. Nothing clever.

The only module that knows both ends: intake gets the judge as a value, the outbox a mapping of notifiers.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Mapping
from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot import chronicle
from bot.accounts import Accounts
from bot.answering import Answering
from bot.briefing import BriefingState
from bot.credentials import Credentials
from bot.desk import Desk
from bot.drawing import draw
from bot.expenses import Expenses
from bot.gates import State, Unsilenced
from bot.http import HttpClient
from bot.intake import Intake
from bot.loops import feed_loops, listeners
from bot.metrics import Metrics
from bot.model import Cursor
from bot.noise import Noise
from bot.notices import Notices
from bot.outbox import Outbox
from bot.paging import Paging
from bot.ports import Clock, DecisionFeed, Lookup, Notifier, Source
from bot.proposing import Proposing
from bot.readiness import Readiness
from bot.records import LEASE_FOR, Entry, Leased
from bot.reload import Reading, Reload
from bot.replies import Replier
from bot.rostering import Rostering
from bot.rulebook import Beginning
from bot.ruling import Ruling
from bot.schedule import Schedule
from bot.settings.load import Settings
from bot.sharing import Sharing
from bot.shifts import Roster
from bot.sides import in_order, links, second_looks
from bot.staff import Card
from bot.store.sqlite import SqliteStore
from bot.texts.languages import texts_in
from bot.vault import Vault
from bot.watchlist import LiveWatch
from bot.web.page import Face, Parts, serve
from rules.engine import ENGINE_VERSION
from rules.ruleset import RuleSet
from rules.signals.measure import prepare

log = structlog.get_logger()

DRAIN_WITHIN = 3.0
BREATH = 0.001
"""Seconds for which a thread that compiles leaves the others alone, every now and then."""


@dataclass(kw_only=True)
class App:
    """The whole program, built and not yet started."""

    settings: Settings
    first: InitVar[Beginning]
    store: SqliteStore
    clock: Clock
    metrics: Metrics
    http: HttpClient
    sources: Mapping[str, Source]
    lookups: Mapping[str, Lookup]
    notifiers: Mapping[str, Notifier]
    feeds: Mapping[str, DecisionFeed]
    repliers: Mapping[str, Replier]
    watches: Mapping[str, LiveWatch]
    expenses: Expenses
    vault: Vault
    first_cursors: Mapping[str, Cursor]
    """Where each source begins when it was never read; kept at once, so that an early death loses nothing."""
    begin: datetime
    """The time that those begin at: what was observed begins there."""

    def __post_init__(self, first: Beginning) -> None:
        self.rules, self._held_back = first.rules, first.held_back
        self.texts = texts_in(self.settings.language)
        self.notices = self._notices()
        self.ruling = self._ruling()
        self.outbox = self._outbox()
        self.rostering = self._rostering()
        self.proposing = Proposing(self.settings, self.http, self.clock)
        self.answering = self._answering()
        self.intake = Intake(
            store=self.store,
            judge=self.rules,
            watches=self.watches,
            lookups=self.lookups,
            clock=self.clock,
            metrics=self.metrics,
            lookup_budget=self.settings.lookup_budget,
            fresh_for=self.settings.fresh_for,
            customers=self.settings.customers,
            deliver=self.outbox.push,
            wake=self.outbox.wake,
            silenced=self.ruling.silenced,
            meets=self.ruling.meets,
            tallying=self.ruling.tallying,
            acknowledging=self.answering.acknowledging,
        )
        self.sharing = self._sharing()
        self.desk = self._desk()
        watches, lookups = self.watches, self.lookups
        self.accounts = Accounts(watches=watches, lookups=lookups, store=self.store, clock=self.clock)
        self.feed_loops = feed_loops(self.feeds.values(), self.desk, self.notices.feed_failed)
        self.credentials = Credentials(notices=self.notices, vault=self.vault, clock=self.clock)
        self.listeners = listeners(self.sources.values(), self.intake, self.watches, self.credentials)
        self.schedule = Schedule()
        self.readiness = self._readiness()
        self.expenses.listen(self.metrics.show_bill)
        chronicle.listen(self.store, self.metrics)
        self.expenses.listen(self.notices.budget)
        self.show(Face())

    def show(self, face: Face) -> None:
        """Serve the page with this face; before the start."""
        parts = Parts(
            shelf=self.store,
            desk=self.desk,
            answers=self.answering,
            checks=self.readiness.checks,
            bills=self.readiness.bills,
            rules=self.ruling.in_force,
            lab=self.ruling.lab(),
            personas=self.ruling.personas,
            publishing=self.ruling.publishing,
            inquiries=self.ruling.inquiries(),
            clock=self.clock,
        )
        self.web = serve(self.settings, parts, self.metrics, face=face)

    # --- life ---

    async def run(self, stop: asyncio.Event, reading: Reading[RuleSet] | None = None) -> None:
        """Work until `stop` is set, then drain: nothing that was read is lost. `reading`: reload by it."""
        loops: list[asyncio.Task[None]] = []
        try:
            await self._start()
            loops += self._loops()
            if reading:
                reload = self.reload(reading)
                self.ruling.reload = reload.by_hand
                loops.append(asyncio.create_task(reload.run(), name="reload"))
            stopped = asyncio.create_task(stop.wait())
            done, _ = await asyncio.wait([stopped, *loops], return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            for task in done - {stopped}:
                task.result()  # a loop that ends is a bug: the program ends with it, to be started again
        finally:
            await self._stop(loops)

    def _loops(self) -> list[asyncio.Task[None]]:
        return [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("outbox", self.outbox.run()),
                ("accounts", self.accounts.run()),
                ("publishing", self.answering.publisher.run()),
                ("preparing", self.sharing.preparing.run(self.desk.one_of_many)),
                *((f"feed:{loop.feed.name}", loop.run()) for loop in self.feed_loops),
                *((f"source:{one.state().name}", one.run()) for one in self.listeners),
            )
        ]

    async def _start(self) -> None:
        now = self.clock.now()
        prepare()
        self.metrics.rules_loaded.info({"version": self.rules.version})
        self.metrics.watch_patterns.set(max((one.watchlist.size for one in self.watches.values()), default=0))
        await self.store.save_rules(self.rules.version, ENGINE_VERSION, self.rules.sources, now=now)
        await self.store.save_brands(self.settings.brands)
        await self.ruling.begin(self._held_back)
        keep = await self.ruling.prepare(self.rules)
        self._use_rules(self.rules)
        await keep()
        await self._use_noise(self.settings.noise)
        people = {person.key for person in self.settings.people}
        self.outbox.push(await self.store.release_claims(people, now=now, lease_for=LEASE_FOR))
        await self.store.plan_anew(now=now)
        for source, cursor in self.first_cursors.items():
            if await self.store.cursor(source) is None:
                entry = Entry(source=source, cursor=cursor, observed_to=self.begin)
                await self.store.record(entry, now=now, lease_for=timedelta())
        await self.readiness.gauge()
        self.schedule.every("gauges", timedelta(seconds=15), self.readiness.gauge)
        if self.settings.heartbeat_url:
            self.schedule.every("heartbeat", self.settings.heartbeat_every, self.readiness.heartbeat)
        self.schedule.every("silences", timedelta(seconds=15), self.ruling.silences_over)
        second_looks(self.intake, self.store, self.sources.values()).plan(self.schedule.every)
        self.schedule.start()
        url = await self.web.start()
        gc.freeze()  # what is here now stays: to look through it again and again would stop everything,
        gc.collect()  # and to count it as what is looked through would make the next time late and long
        log.info("daemon.started", page=url, health=f"{url}/readyz", rules=self.rules.version)

    async def _stop(self, loops: list[asyncio.Task[None]]) -> None:
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await asyncio.gather(
            self.outbox.drain(DRAIN_WITHIN), self.schedule.stop(deadline=DRAIN_WITHIN), self.web.stop()
        )
        await self.credentials.stop()
        await self.notices.stop()
        await self.answering.stop()
        await self.http.close()
        await self.store.close()
        log.info("daemon.stopped")

    # --- pieces ---

    def _notices(self) -> Notices:
        return Notices(
            store=self.store,
            clock=self.clock,
            texts=self.texts,
            channels=in_order(self.settings),
            failing=lambda: self.outbox.failing,
            wake=lambda: self.outbox.wake(),  # noqa: PLW0108 - it is made after this
        )

    def _outbox(self) -> Outbox:
        outbox = Outbox(
            store=self.store,
            notifiers=self.notifiers,
            render=self.render,
            route=self.rules.route,
            clock=self.clock,
            metrics=self.metrics,
            on_refused=self.notices.channel_refused,
            further=(Unsilenced(lambda: self.ruling.standing),),
        )
        outbox.paging = Paging(
            store=self.store,
            staff=self.settings.people,
            duty=self.ruling.covering.duty,
            clock=self.clock,
            deliver=outbox.push,
        )
        return outbox

    def _ruling(self) -> Ruling:
        return Ruling(
            settings=self.settings,
            rules=self.rules,
            store=self.store,
            clock=self.clock,
            metrics=self.metrics,
            tell=self.notices.tell,
            tell_once=partial(self.notices.tell, once=True),
            sources=tuple(self.sources),
            platforms=tuple(sorted(self.watches)),
            link=links(self.notifiers),
        )

    def _rostering(self) -> Rostering:
        covering = self.ruling.covering
        rostering = Rostering(
            settings=self.settings,
            notifiers=self.notifiers,
            link=self.ruling.link,
            on_call=lambda: covering.on_call,
            routes=lambda: self.rules.routes,
            use=self._use_roster,
        )
        covering.changed = rostering.refresh
        return rostering

    def _use_roster(self, roster: Roster) -> None:
        self.store.roster = roster
        self.outbox.wake()

    def _desk(self) -> Desk:
        return Desk(
            store=self.store,
            staff=self.settings.staff,
            clock=self.clock,
            metrics=self.metrics,
            texts=self.texts,
            zone=self.settings.timezone,
            promise=self.ruling.promise,
            personas=self.ruling.personas,
            deliver=self.outbox.after_decision,
            commands=self.ruling.commands(),
            answers=self.answering,
            incidents=self.sharing,
        )

    def _sharing(self) -> Sharing:
        def wake() -> None:
            self.outbox.wake()
            self.answering.wake()

        personal = self.proposing.personal
        return Sharing(store=self.store, clock=self.clock, personal=personal, wake=wake)

    def _answering(self) -> Answering:
        return Answering(
            repliers=self.repliers,
            store=self.store,
            clock=self.clock,
            metrics=self.metrics,
            drafts=self.proposing,
            deliver=self.outbox.push,
            on_unauthorized=self.notices.account_refused,
            is_paused=lambda: self.ruling.paused is not None,
            hold=self.settings.replies.hold,
            expires=self.settings.replies.expires,
            acknowledge=self.settings.acknowledge,
        )

    def _readiness(self) -> Readiness:
        return Readiness(
            settings=self.settings,
            store=self.store,
            outbox=self.outbox,
            accounts=self.accounts,
            listeners=self.listeners,
            feed_loops=self.feed_loops,
            expenses=self.expenses,
            rules_trouble=lambda: self.ruling.bulletin.trouble,
            publishing=self.ruling.publishing,
            model_trouble=lambda: self.proposing.trouble,
            clock=self.clock,
            metrics=self.metrics,
            http=self.http,
        )

    def reload(self, reading: Reading[RuleSet]) -> Reload[RuleSet]:
        """What changes while we run."""
        return Reload(
            reading=reading,
            settings=self.settings,
            rules=self.rules,
            engine=ENGINE_VERSION,
            watches=self.watches,
            store=self.store,
            clock=self.clock,
            metrics=self.metrics,
            bulletin=self.ruling.bulletin,
            prepare=self.ruling.prepare,
            use_rules=self._use_rules,
            use_customers=self.intake.use_customers,
            use_acknowledge=self.answering.acknowledging.use,
            use_on_call=self.ruling.covering.use,
            use_noise=self._use_noise,
            read_answers=self.proposing.reading,
            watching_others=self.accounts.wake,
            planned=self.outbox.wake,
            breathe=partial(time.sleep, BREATH),
        )

    async def _use_noise(self, noise: Noise) -> None:
        """What is held back by others than these is due. Raises: StoreError."""
        self.store.noise = noise
        await self.store.reconsider(now=self.clock.now())
        self.outbox.wake()

    def _use_rules(self, rules: RuleSet) -> None:
        self.rules = self.intake.judge = rules
        self.outbox.route = rules.route
        self.ruling.use(rules)
        self.rostering.refresh()
        self.metrics.rules_loaded.info({"version": rules.version})

    def render(self, leased: Leased, state: State) -> Card:
        """What an effect looks like just now."""
        zone, now = self.settings.timezone, self.clock.now()
        if isinstance(state, BriefingState):
            return self.rostering.draw(state, leased.effect.channel, now)
        shown = self.answering.shown(state)
        return draw(leased, shown, texts=self.texts, zone=zone, now=now, choices=self.ruling.choices())
