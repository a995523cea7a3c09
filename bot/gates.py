"""Reasons not to deliver an effect, now or at all: one class with one method each.

Pure policies over what an effect is about as it stands now; a new one is a new class here, never an `if` in
the outbox. They know no platform and no store.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import takewhile
from typing import Protocol, TypeAlias, runtime_checkable

from bot.briefing import BriefingState
from bot.model import Alert, ConversationState, Urgency
from bot.noise import Why
from bot.overrides import ANEW, Anew
from bot.payload import ASKED, PAGER
from bot.ports import Notifier
from bot.records import CLOSED, TAKEN, CardState, DigestState, Dropped, Held, Leased
from bot.silences import Standing
from bot.wishes import EffectKind

UNUSED_FOR = timedelta(hours=1)
"""So long past, a slot was meant for an alert that is not wanted any more."""

_WANTED = frozenset({Anew.WOKEN, Anew.HANDED, Anew.RAISED})
"""Why a card comes once more that somebody of the staff asked for."""
PACE = "pace"
"""Why something waits that its channel does not take yet."""
MOST_WAITING = 10
"""More alerts of a channel than these do not wait for slots of their own: they go out as one card
(`bot.store.merging`)."""

_NEVER = datetime.max.replace(tzinfo=UTC)

State: TypeAlias = CardState | DigestState | BriefingState | None
"""What an effect is about; None for a plain notice, or when the mention is gone."""


class Gate(Protocol):
    """A reason not to deliver, now or at all; None lets the effect pass. The reason is stored."""

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        """`state` is what the effect is about as it stands now."""
        ...


class StillWanted:
    """An alert about what is deleted, answered or dismissed by now rings nobody's phone."""

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        if leased.effect.kind is EffectKind.NOTICE or isinstance(state, BriefingState):
            return None
        if isinstance(state, DigestState):
            has_news = state.rows or state.incident or leased.effect.kind is EffectKind.UPDATE
            return None if has_news else Dropped(reason="nothing_left")
        if state is None:
            return Dropped(reason="mention_gone")
        return self._alert(state) if leased.effect.kind is EffectKind.ALERT else None

    def _alert(self, state: CardState) -> Dropped | None:
        if state.post_deleted:
            return Dropped(reason="post_deleted")
        if state.conversation.state in CLOSED:
            return Dropped(reason=f"already_{state.conversation.state.value}")
        return None


class StillOnShift:
    """What is to be read as a shift begins is of no use after it."""

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        is_over = isinstance(state, BriefingState) and state.due.until <= now
        return Dropped(reason="shift_over") if is_over else None


class StillAlone:
    """A message rings again only while nobody has taken what it is about, and the rules still want it to.

    `every` tells how often it rings, None: it does not.
    """

    def __init__(self, every: Callable[[Leased, State], timedelta | None]) -> None:
        self.every = every

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        if leased.rings == 1:
            return None
        if self.every(leased, state) is None:
            return Dropped(reason="not_repeated")
        if isinstance(state, CardState) and state.ask and state.ask.outcome is not None:
            return Dropped(reason=f"ask_{state.ask.outcome}")  # and what is open now is another one
        return None if ConversationState.OPEN in _stands(state) else Dropped(reason=TAKEN)


class StillCalled:
    """A page is not sent once somebody else has what it is about."""

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        if not leased.is_page or leased.effect.kind is EffectKind.UPDATE:
            return None
        is_theirs = (
            isinstance(state, CardState)
            and ANEW in leased.effect.payload
            and state.conversation.claimed_by == leased.effect.payload[PAGER]
        )
        return None if is_theirs or ConversationState.OPEN in _stands(state) else Dropped(reason=TAKEN)


class Unsilenced:
    """What people silenced after it was judged rings nobody's phone: not the first time, if it has not gone
    out yet, and not again. A card of several comes, unless it rings again by a silenced route; what a person
    wants to be shown comes in any case.
    """

    def __init__(self, silences: Callable[[], Standing]) -> None:
        self.silences = silences

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        effect, standing = leased.effect, self.silences()
        if not standing.silences or effect.payload.get(ANEW) in _WANTED:
            return None
        if isinstance(state, CardState) and effect.kind is EffectKind.ALERT:
            is_silenced = standing.covers(state.facts, effect.route, state.urgency, now)
        elif isinstance(state, DigestState) and leased.rings > 1:
            has_critical = any(row.urgency is Urgency.CRITICAL for row in state.rows)
            is_silenced = standing.covers_route(effect.route, now, has_critical=has_critical)
        else:
            return None
        return Dropped(reason="silenced") if is_silenced else None


class StillAsked:
    """Nobody is asked for what somebody took or answered, and nobody reminded of what they have no more."""

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        if ASKED not in leased.effect.payload or not isinstance(state, CardState):
            return None
        if state.ask is None or state.ask.outcome is not None:
            return Dropped(reason=f"ask_{state.ask.outcome if state.ask else 'gone'}")
        is_reminder = leased.effect.payload.get(ANEW) == Anew.REMINDED
        wanted = ConversationState.CLAIMED if is_reminder else ConversationState.OPEN
        return None if state.conversation.state is wanted else Dropped(reason=TAKEN)


def _stands(state: State) -> set[ConversationState]:
    """How the conversations stand that a message is about, as far as what it says is not answered."""
    if isinstance(state, DigestState):
        return {row.state for row in state.rows if row.answered_at is None}
    return {state.conversation.state} if isinstance(state, CardState) else set()


class QuietHours:
    """In quiet hours nothing comes that is not critical, but for what people have just sent on. Changes of
    cards come all the same, in silence; so does what the daemon says of itself.
    """

    def __init__(self, until: Callable[[str, str | None, datetime], datetime | None]) -> None:
        self.until = until

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        effect = leased.effect
        if effect.kind in {EffectKind.UPDATE, EffectKind.NOTICE} or is_critical(state):
            return None
        if effect.payload.get(ANEW) in {Anew.HANDED, Anew.RAISED}:
            return None
        until = self.until(effect.channel, effect.route, now)
        return Held(until=until, reason=Why.QUIET_HOURS.value) if until else None


def is_critical(state: State) -> bool:
    """What is critical on a catch-up card rings by itself as well."""
    if isinstance(state, DigestState):
        return state.caught_up is None and any(row.urgency is Urgency.CRITICAL for row in state.rows)
    return isinstance(state, CardState) and state.urgency is Urgency.CRITICAL


@runtime_checkable
class Insistent(Notifier, Protocol):
    """A notifier that lets pings ring again as long as nobody takes them, where their route says nothing."""

    def rings_again(self, channel: str) -> timedelta | None:
        """How often; None: once. Pure."""
        ...


def is_ping(state: State) -> bool:
    """Whether a message is as loud as can be."""
    if isinstance(state, DigestState):
        return state.group_alert is Alert.PING or state.incident is not None
    return isinstance(state, CardState) and state.verdict.alert is Alert.PING


class _Lane(Enum):
    ORDINARY = "ordinary"
    PING = "ping"
    UPDATE = "update"


class Paced:
    """Keeps each channel within what its platform allows (`Notifier.limits`).

    Lanes share a limit: a quarter is kept for pings, and one for updates of cards (somebody just pressed, or
    it was answered), so that a flood of ordinary alerts does not delay them; when theirs is full they use the
    ordinary lane too. What must wait gets a slot of its own, so that a thousand held effects do not all come
    back at the same moment; of alerts that may be merged, only the first few.
    """

    def __init__(self, limits: Mapping[str, tuple[tuple[int, timedelta], ...]]) -> None:
        self.limits = limits
        self._slots: dict[tuple[str, _Lane], deque[datetime]] = defaultdict(deque)
        self._granted: dict[int, datetime] = {}
        self._queued: dict[str, deque[datetime]] = defaultdict(deque)

    def check(self, leased: Leased, state: State, now: datetime) -> Held | Dropped | None:
        channel = leased.effect.channel
        limits = self.limits.get(channel.partition(":")[0], ())
        if not limits or self._granted.get(leased.id, _NEVER) <= now:
            self._granted.pop(leased.id, None)
            return None
        lanes = dict.fromkeys((_lane(leased, state), _Lane.ORDINARY))
        free = {lane: self._free_at(channel, lane, now) for lane in lanes}
        lane = min(free, key=lambda lane: free[lane])
        slot = free[lane]
        if slot > now and _may_be_merged(leased, state) and not self._queues(channel, slot, now):
            return Held(until=slot, reason=PACE)
        self._take(channel, lane, slot)
        if slot <= now:
            return None
        for old in list(takewhile(lambda one: self._granted[one] < now - UNUSED_FOR, self._granted)):
            del self._granted[old]
        self._granted[leased.id] = slot
        return Held(until=slot, reason=PACE)

    def _queues(self, channel: str, slot: datetime, now: datetime) -> bool:
        """Whether it is one of the few that wait by themselves."""
        queued = self._queued[channel]
        while queued and queued[0] <= now:
            queued.popleft()
        if len(queued) >= MOST_WAITING:
            return False
        queued.append(slot)
        return True

    def _shares(self, channel: str, lane: _Lane) -> list[tuple[int, timedelta]]:
        return [(_share(count, lane), period) for count, period in self.limits[channel.partition(":")[0]]]

    def _free_at(self, channel: str, lane: _Lane, now: datetime) -> datetime:
        slots = self._slots[channel, lane]
        shares = self._shares(channel, lane)
        return max([now, *(slots[-count] + period for count, period in shares if len(slots) >= count)])

    def _take(self, channel: str, lane: _Lane, slot: datetime) -> None:
        slots = self._slots[channel, lane]
        slots.append(slot)
        while len(slots) > max(count for count, _ in self._shares(channel, lane)):
            slots.popleft()


def _lane(leased: Leased, state: State) -> _Lane:
    if leased.effect.kind is EffectKind.UPDATE:
        return _Lane.UPDATE
    if isinstance(state, CardState):
        is_loud = state.alert is Alert.PING or state.urgency is Urgency.CRITICAL
    else:
        is_loud = isinstance(state, DigestState) and state.incident is not None
    return _Lane.PING if is_loud else _Lane.ORDINARY


def _may_be_merged(leased: Leased, state: State) -> bool:
    """An alert that rings for the first time and is not critical."""
    if leased.effect.kind is not EffectKind.ALERT or not isinstance(state, CardState):
        return False
    is_first = leased.rings == 1 and ANEW not in leased.effect.payload
    return is_first and state.urgency < Urgency.CRITICAL


def _share(count: int, lane: _Lane) -> int:
    quarter = max(1, count // 4)
    return max(1, count - 2 * quarter) if lane is _Lane.ORDINARY else quarter
