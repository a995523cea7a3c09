"""The stored wishes to act: lease, gates, deliver, settle.

Knows when something is tried, tried again, held back or given up. It knows no platform, no SQL and no rule
name; what a card looks like comes in as `render`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot import calls
from bot.briefing import INSTEAD
from bot.errors import BotError, Reason, Refused, Rejected, StoreError, Unavailable
from bot.gates import (
    Gate,
    Insistent,
    Paced,
    QuietHours,
    State,
    StillAlone,
    StillAsked,
    StillCalled,
    StillOnShift,
    StillWanted,
    is_ping,
)
from bot.handing_over import due_of
from bot.metrics import Metrics
from bot.model import Alert
from bot.overrides import ANEW
from bot.paging import Paging
from bot.payload import ASKED, HUSHED
from bot.ports import Clock, Notifier
from bot.records import (
    LEASE_FOR,
    CardState,
    Dead,
    DigestState,
    Dropped,
    Held,
    Leased,
    Outcome,
    Sent,
    Settlement,
)
from bot.retrying import FIRST_WAIT, next_step
from bot.staff import Card, Receipt
from bot.storing import Store
from bot.wishes import CONSOLE, Effect, EffectKind, Route

log = structlog.get_logger(__name__)

RECOVERY_POLL = timedelta(seconds=30)
TURN_WITHIN, SEND_WITHIN = timedelta(seconds=15), timedelta(seconds=15)
BUSY_POLL = timedelta(seconds=1)
STORE_AGAIN = timedelta(seconds=1)
AT_ONCE_PER_CHANNEL = 16
LEASED_AT_ONCE, LEASED_PER_CHANNEL = 64, 16
"""So many are taken together, and no more for a channel that is that far behind: it must not hold up the
others, and least of all the fallback of its own alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """What `/readyz` says of a channel."""

    channel: str
    reason: str
    since: datetime


@dataclass(kw_only=True)
class Outbox:
    """Delivers effects; `push` takes those that a transaction leased to us, `wake` looks for more."""

    store: Store
    notifiers: Mapping[str, Notifier]
    render: Callable[[Leased, State], Card]
    route: Callable[[str], Route]
    clock: Clock
    metrics: Metrics
    on_refused: Callable[[str, BotError], None] | None = None
    paging: Paging | None = None
    further: tuple[Gate, ...] = ()
    """Gates that look at more than the effect and what it is about."""
    rng: random.Random = field(default_factory=random.Random)
    failing: dict[str, ChannelState] = field(default_factory=dict, init=False)
    store_trouble: str | None = field(default=None, init=False)
    """Why the database cannot be used just now."""

    def __post_init__(self) -> None:
        limits = {kind: notifier.limits for kind, notifier in self.notifiers.items()}
        self._wanted: tuple[Gate, ...] = (
            StillWanted(),
            StillOnShift(),
            StillAlone(self._repeats),
            StillAsked(),
            StillCalled(),
            *self.further,
            QuietHours(self._quiet_until),
        )
        self.gates: tuple[Gate, ...] = (*self._wanted, Paced(limits))
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._is_behind = False
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE_PER_CHANNEL)
        )

    def push(self, leased: tuple[Leased, ...]) -> None:
        for one in leased:
            task = asyncio.create_task(self._deliver(one))
            self._tasks.add(task)
            self._in_flight[one.effect.channel] += 1
            task.add_done_callback(partial(self._done, one.effect.channel))

    def after_decision(self, leased: tuple[Leased, ...]) -> None:
        """What somebody's press leased; it may also have made a step due that nobody is called for yet."""
        self.push(leased)
        self.wake()

    @property
    def in_flight(self) -> int:
        """How many effects are being delivered, or wait for their turn."""
        return len(self._tasks)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Lease and deliver for ever; the slow poll is only for what nobody woke us for."""
        while True:
            self._wake.clear()
            try:
                pause = await self._lease()
            except StoreError as error:
                self._store_fails(error)
                await self.clock.sleep(STORE_AGAIN.total_seconds())
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def drain(self, seconds: float) -> None:
        """Let deliveries under way finish; what does not is tried again by the next life."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _lease(self) -> float:
        """Take what is due; return the seconds until there is something again. Reads before it writes."""
        now = self.clock.now()
        due_at = await self.store.next_due_at()
        self._is_behind = due_at is not None and due_at <= now
        if due_at is None or due_at > now:
            longest = RECOVERY_POLL.total_seconds()
            return longest if due_at is None else min(longest, (due_at - now).total_seconds())
        behind = {channel for channel, count in self._in_flight.items() if count >= LEASED_PER_CHANNEL}
        leased = await self.store.lease(
            limit=LEASED_AT_ONCE, each=LEASED_PER_CHANNEL, now=now, lease_for=LEASE_FOR, without=behind
        )
        if leased:
            self._store_works()
        self.push(leased)
        return BUSY_POLL.total_seconds()

    def _done(self, channel: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._in_flight[channel] -= 1
        if self._is_behind:  # there is room for more of what waits
            self.wake()

    async def _deliver(self, leased: Leased) -> None:
        started_at = self.clock.now()
        outcome = await self._try(leased, started_at)
        await self._settle(
            Settlement(leased=leased, outcome=outcome, started_at=started_at, ended_at=self.clock.now())
        )

    async def _settle(self, settlement: Settlement) -> None:
        """Write how it ended; while the database is in trouble, as long as the lease is ours.

        What was delivered and could not be written is delivered again, and counted then: an alert may repeat.
        """
        while True:
            try:
                if await self.store.settle(settlement):
                    self.wake()
                self._store_works()
                break
            except StoreError as error:
                self._store_fails(error)
                if self.clock.now() - settlement.started_at >= LEASE_FOR:
                    log.warning("delivery.unsettled", effect=settlement.leased.id, reason=str(error))
                    self.wake()
                    return
            await self.clock.sleep(STORE_AGAIN.total_seconds())
        self._report(settlement)

    def _store_fails(self, error: StoreError) -> None:
        """Said once; the words that it fails with may change."""
        if self.store_trouble is None:
            log.warning("outbox.failed", reason=str(error))
        self.store_trouble = str(error)

    def _store_works(self) -> None:
        """Something was written: that a full disk can be read says nothing."""
        if self.store_trouble is not None:
            log.info("outbox.recovered")
        self.store_trouble = None

    async def _try(self, leased: Leased, started_at: datetime) -> Outcome:
        try:
            await self._page(leased)
            async with self._turns[leased.effect.channel]:
                now = self.clock.now()
                if now - started_at > TURN_WITHIN:  # the lease may run out while it is sent: it queues anew
                    return Held(until=now, reason="turn")
                return await self._in_turn(leased)
        except StoreError as error:  # not the channel's fault, and no try
            self._store_fails(error)
            return Held(until=self.clock.now() + FIRST_WAIT, reason=error.reason.value)
        except BotError as error:
            return self._failed(leased, error)
        except Exception as error:  # a bug in a channel must not stop the others
            log.exception("delivery.crashed", effect=leased.id, channel=leased.effect.channel)
            return self._failed(leased, BotError(type(error).__name__))

    async def _in_turn(self, leased: Leased) -> Outcome:
        state = await self._state(leased)
        if (held_back := self._held_back(self.gates, leased, state)) is not None:
            return held_back
        card = await self._drawn(leased, state)
        await asyncio.sleep(0)  # drawn and sent in one go, it would hold the event loop longer than all else
        receipt = await self._send(leased, card)
        self._time(leased, state)
        every = self._repeats(leased, state)
        return Sent(receipt=receipt, again_at=self.clock.now() + every if every else None)

    def _held_back(self, gates: tuple[Gate, ...], leased: Leased, state: State) -> Held | Dropped | None:
        now = self.clock.now()
        return next((found for gate in gates if (found := gate.check(leased, state, now)) is not None), None)

    async def _page(self, leased: Leased) -> None:
        """Whom it calls is called by pager too, and before it waits for its turn: a pager is another channel,
        there also for when this one is slow or dead.
        """
        if self.paging is None or not self.paging.may_call(leased):
            return
        state = await self._state(leased)
        if self._held_back(self._wanted, leased, state) is None:
            card, now = await self._drawn(leased, state), self.clock.now()
            people = self.paging.called(leased, card, now)
            if not card.people:  # the card of a group names nobody; a pager calls somebody all the same
                spent = await calls.spent(self.store, leased, state, people, now)
                people = tuple(one for one in people if one not in spent)
            await self.paging.call(leased, people)

    async def _drawn(self, leased: Leased, state: State) -> Card:
        """As it goes out: whom it calls is counted, and whoever was called often enough is not called."""
        card = self.render(leased, state)
        spent = await calls.spent(self.store, leased, state, calls.called(card), self.clock.now())
        return self.render(calls.without(leased, spent), state) if spent else card

    def _repeats(self, leased: Leased, state: State) -> timedelta | None:
        """How often it rings as long as nobody takes it: by the rules of now; a ping by its channel."""
        effect = leased.effect
        is_group = leased.is_group and ASKED not in effect.payload  # else the plan of each rings again
        is_ring = effect.kind is EffectKind.ALERT or (effect.kind is EffectKind.DIGEST and is_group)
        is_calm = isinstance(state, DigestState) and state.group_alert is Alert.DIGEST
        is_calm |= ASKED in effect.payload and isinstance(state, CardState) and state.alert is Alert.DIGEST
        if not (is_ring and effect.route) or is_calm or leased.is_page:
            return None
        every = self.route(effect.route).repeat_every
        return every if every or HUSHED in effect.payload else self._insists(effect.channel, state)

    def _quiet_until(self, channel: str, route: str | None, now: datetime) -> datetime | None:
        return self.store.noise.quiet_until(channel, route, now)

    def _insists(self, channel: str, state: State) -> timedelta | None:
        kind, _, name = channel.partition(":")
        notifier = self.notifiers.get(kind)
        return notifier.rings_again(name) if isinstance(notifier, Insistent) and is_ping(state) else None

    def _time(self, leased: Leased, state: State) -> None:
        is_first = leased.effect.kind is EffectKind.ALERT and leased.rings == 1
        is_first &= ANEW not in leased.effect.payload and not leased.is_page
        if is_first and isinstance(state, CardState):
            delay = self.clock.now() - state.mention.post.seen_at
            self.metrics.alert_delay_seconds.observe(max(0.0, delay.total_seconds()))

    async def _state(self, leased: Leased) -> State:
        if leased.effect.kind is EffectKind.DIGEST or leased.is_of_many:
            return await self.store.digest(leased)
        if leased.effect.kind is EffectKind.NOTICE:
            due = due_of(leased.effect.payload)
            return await self.store.briefing(due, now=self.clock.now()) if due else None
        return await self.store.card(leased)

    async def _send(self, leased: Leased, card: Card) -> Receipt:
        kind, _, name = leased.effect.channel.partition(":")
        notifier = self.notifiers.get(kind)
        if notifier is None:
            raise Refused(f"no channel kind {kind!r} is configured")
        try:
            async with asyncio.timeout(SEND_WITHIN.total_seconds()):
                if leased.effect.kind is EffectKind.UPDATE and leased.receipt is not None:
                    return await notifier.update(name, leased.receipt, card, key=leased.effect.key)
                return await notifier.notify(name, card, key=leased.effect.key)
        except TimeoutError as error:
            raise Unavailable("no answer in time", reason=Reason.TIMEOUT) from error

    def _failed(self, leased: Leased, error: BotError) -> Outcome:
        now = self.clock.now()
        effect = leased.effect
        if effect.kind is EffectKind.UPDATE and isinstance(error, Rejected):
            return Dead(reason=error.reason.value)  # that message cannot be edited; the channel may be well
        self._tell(effect.channel, error, now)
        if effect.kind is EffectKind.UPDATE and isinstance(error, Refused):
            return Dead(reason=error.reason.value)
        step = next_step(
            error,
            attempt=leased.attempt,
            written_at=leased.written_at,
            now=now,
            fallback=self._fallback(effect),
            jitter=self.rng.random(),
        )
        if isinstance(step, Dead) and leased.is_page:  # the card that it is a copy of has a fallback
            return Dead(reason=step.reason)
        if isinstance(step, Dead) and step.fallback == effect.channel:
            last_resort = None if effect.channel == CONSOLE else CONSOLE
            return Dead(reason=step.reason, fallback=last_resort)
        return step

    def _fallback(self, effect: Effect) -> str | None:
        if INSTEAD in effect.payload:
            return str(effect.payload[INSTEAD])
        return self.route(effect.route).fallback if effect.route else None

    def _tell(self, channel: str, error: BotError, now: datetime) -> None:
        """Once per change of reason: in the log, and to staff when a person must act."""
        known = self.failing.get(channel)
        if known is not None and known.reason == error.reason.value:
            return
        self.failing[channel] = ChannelState(channel=channel, reason=error.reason.value, since=now)
        log.warning("channel.failed", channel=channel, reason=error.reason.value, detail=str(error))
        if isinstance(error, Refused) and self.on_refused:
            self.on_refused(channel, error)

    def _report(self, settlement: Settlement) -> None:
        leased, outcome = settlement.leased, settlement.outcome
        channel = leased.effect.channel
        reason = getattr(outcome, "reason", "")
        name = type(outcome).__name__.lower()
        self.metrics.deliveries.labels(channel.partition(":")[0], name, reason).inc()
        if isinstance(outcome, Sent) and channel in self.failing:
            del self.failing[channel]
            log.info("channel.recovered", channel=channel)
        if isinstance(outcome, Held):
            return
        took = (settlement.ended_at - settlement.started_at).total_seconds()
        log.info(
            "delivery.settled",
            outcome=name,
            effect=leased.id,
            kind=leased.effect.kind.value,
            conversation=leased.effect.conversation_id,
            channel=channel,
            attempt=leased.attempt,
            reason=reason or None,
            seconds=round(took, 3),
        )
