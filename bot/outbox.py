"""The stored wishes to act: lease, gates, deliver, settle.

Knows when something is tried, tried again, held back or given up. It knows no platform, no SQL and no rule
name; what a card looks like comes in as `render`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from bot.errors import BotError, Reason, Refused, StoreError, Unavailable, Unknown
from bot.metrics import Metrics
from bot.model import Alert, ConversationState, EffectKind
from bot.ports import Clock, Notifier, Store
from bot.records import (
    CardState,
    Dead,
    DigestState,
    Dropped,
    Held,
    Leased,
    Outcome,
    RetryAt,
    Sent,
    Settlement,
)
from bot.staff import Card, Receipt

log = structlog.get_logger()

CONSOLE = "console"
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)
FALL_BACK_AT_ATTEMPT = 5
LEASE_FOR = timedelta(seconds=30)
RECOVERY_POLL = timedelta(seconds=30)
SEND_WITHIN = timedelta(seconds=15)
BUSY_POLL = timedelta(seconds=1)
AT_ONCE, AT_ONCE_PER_CHANNEL = 64, 4

_NEVER = datetime.max.replace(tzinfo=UTC)

State = CardState | DigestState | None


# --- what next: pure ----------------------------------------------------------------------------


def next_step(
    error: BotError, *, attempt: int, first_at: datetime, now: datetime, fallback: str | None, jitter: float
) -> RetryAt | Dead:
    """What an error means for an alert. Alerts may repeat, so an unknown outcome is tried again.

    A channel that refuses is left at once for the fallback, else the console. One that is down is tried
    for a day; a route that names a fallback gets it from the fifth try on.
    """
    reason = error.reason.value
    last_resort = fallback or CONSOLE
    if isinstance(error, Refused):
        return Dead(reason=reason, fallback=last_resort)
    if isinstance(error, Unavailable | Unknown):
        if fallback and attempt >= FALL_BACK_AT_ATTEMPT:
            return Dead(reason=reason, fallback=fallback)
        if now - first_at < GIVE_UP_AFTER:
            return RetryAt(at=now + _wait(error, attempt, jitter), reason=reason)
    return Dead(reason=reason, fallback=last_resort)


def _wait(error: BotError, attempt: int, jitter: float) -> timedelta:
    doubled: timedelta = FIRST_WAIT * 2 ** min(attempt - 1, 10)
    backoff = min(LONGEST_WAIT, doubled) * (0.5 + jitter / 2)
    asked = error.retry_after if isinstance(error, Unavailable) else None
    return max(backoff, asked) if asked else backoff


# --- gates: one class with one method each --------------------------------------------------------


class Gate(Protocol):
    """A reason not to deliver, now or at all; None lets the effect pass. The reason is stored."""

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        """`state` is what the effect is about as it stands now."""
        ...


class StillWanted:
    """An alert about what is deleted, answered or dismissed by now rings nobody's phone."""

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        if leased.effect.kind is EffectKind.NOTICE:
            return None
        if isinstance(state, DigestState):
            return None if state.rows else Dropped(reason="nothing_left")
        if state is None:
            return Dropped(reason="mention_gone")
        return self._alert(state) if leased.effect.kind is EffectKind.ALERT else None

    def _alert(self, state: CardState) -> Dropped | None:
        if state.post_deleted:
            return Dropped(reason="post_deleted")
        if state.conversation.state in {ConversationState.ANSWERED, ConversationState.DISMISSED}:
            return Dropped(reason=f"already_{state.conversation.state.value}")
        return None


class Paced:
    """Keeps each channel within what its platform allows (`Notifier.limits`).

    Two lanes share a limit: a quarter is kept for pings and for updates of cards that somebody just pressed,
    so that a flood of ordinary alerts does not delay them. What must wait gets a slot of its own, so that a
    thousand held effects do not all come back at the same moment.
    """

    def __init__(self, limits: Mapping[str, tuple[tuple[int, timedelta], ...]]) -> None:
        self.limits = limits
        self._slots: dict[tuple[str, bool], deque[datetime]] = defaultdict(deque)
        self._granted: dict[int, datetime] = {}

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        limits = self.limits.get(leased.effect.channel.partition(":")[0], ())
        if not limits or self._granted.get(leased.id, _NEVER) <= now:
            self._granted.pop(leased.id, None)
            return None
        is_quick = leased.effect.kind is EffectKind.UPDATE or (
            isinstance(state, CardState) and state.verdict.alert is Alert.PING
        )
        shares = [(_share(count, is_quick=is_quick), period) for count, period in limits]
        slots = self._slots[leased.effect.channel, is_quick]
        slot = max([now, *(slots[-count] + period for count, period in shares if len(slots) >= count)])
        slots.append(slot)
        while len(slots) > max(count for count, _ in shares):
            slots.popleft()
        if slot <= now:
            return None
        self._granted[leased.id] = slot
        return Held(until=slot, reason="pace")


def _share(count: int, *, is_quick: bool) -> int:
    quick = max(1, count // 4)
    return quick if is_quick else max(1, count - quick)


# --- the outbox -----------------------------------------------------------------------------------


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
    fallback: Callable[[str], str | None]
    clock: Clock
    metrics: Metrics
    on_refused: Callable[[str, BotError], None] | None = None
    rng: random.Random = field(default_factory=random.Random)
    failing: dict[str, ChannelState] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        limits = {kind: notifier.limits for kind, notifier in self.notifiers.items()}
        self.gates: tuple[Gate, ...] = (StillWanted(), Paced(limits))
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE_PER_CHANNEL)
        )

    def push(self, leased: tuple[Leased, ...]) -> None:
        for one in leased:
            task = asyncio.create_task(self._deliver(one))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Lease and deliver for ever; the slow poll is only for what nobody woke us for."""
        while True:
            self._wake.clear()
            try:
                pause = await self._lease()
            except StoreError as error:
                log.warning("outbox.failed", reason=str(error))
                pause = RECOVERY_POLL.total_seconds()
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
        longest = RECOVERY_POLL.total_seconds()
        free = AT_ONCE - len(self._tasks)
        if free <= 0:
            return longest
        now = self.clock.now()
        due_at = await self.store.next_due_at()
        if due_at is None or due_at > now:
            return longest if due_at is None else min(longest, (due_at - now).total_seconds())
        leased = await self.store.lease(limit=free, now=now, lease_for=LEASE_FOR)
        self.push(leased)
        return 0 if len(leased) == free else BUSY_POLL.total_seconds()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.wake()

    async def _deliver(self, leased: Leased) -> None:
        started_at = self.clock.now()
        async with self._turns[leased.effect.channel]:
            if self.clock.now() - started_at > LEASE_FOR - SEND_WITHIN:
                return  # it waited so long for its turn that the lease may run out: leave it to the next one
            outcome = await self._try(leased)
        settlement = Settlement(
            leased=leased, outcome=outcome, started_at=started_at, ended_at=self.clock.now()
        )
        try:
            await self.store.settle(settlement)
        except StoreError as error:  # the lease runs out and it is tried again: an alert may repeat
            log.warning("delivery.unsettled", effect=leased.id, reason=str(error))
        self._report(settlement)

    async def _try(self, leased: Leased) -> Outcome:
        try:
            state = await self._state(leased)
            now = self.clock.now()
            for gate in self.gates:
                held_back = gate.check(leased, state, now)
                if held_back is not None:
                    return held_back
            receipt = await self._send(leased, self.render(leased, state))
            self._time(leased, state)
            return Sent(receipt=receipt)
        except BotError as error:
            return self._failed(leased, error)
        except Exception as error:  # one of the two places: a bug in a channel must not stop the others
            log.exception("delivery.crashed", effect=leased.id, channel=leased.effect.channel)
            return self._failed(leased, BotError(type(error).__name__))

    def _time(self, leased: Leased, state: State) -> None:
        if leased.effect.kind is EffectKind.ALERT and isinstance(state, CardState):
            delay = self.clock.now() - state.mention.post.seen_at
            self.metrics.alert_delay_seconds.observe(max(0.0, delay.total_seconds()))

    async def _state(self, leased: Leased) -> State:
        if leased.effect.kind is EffectKind.DIGEST:
            return await self.store.digest(leased)
        if leased.effect.kind is EffectKind.NOTICE:
            return None
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
        self._tell(effect.channel, error, now)
        if effect.kind is EffectKind.UPDATE and isinstance(error, Refused):
            return Dead(reason=error.reason.value)
        step = next_step(
            error,
            attempt=leased.attempt,
            first_at=effect.due_at or now,
            now=now,
            fallback=self.fallback(effect.route) if effect.route else None,
            jitter=self.rng.random(),
        )
        if isinstance(step, Dead) and step.fallback == effect.channel:
            last_resort = None if effect.channel == CONSOLE else CONSOLE
            return Dead(reason=step.reason, fallback=last_resort)
        return step

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
