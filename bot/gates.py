"""Reasons not to deliver an effect, now or at all: one class with one method each.

Pure policies over what an effect is about as it stands now; a new one is a new class here, never an `if` in
the outbox. They know no platform and no store.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from bot.model import Alert, ConversationState, EffectKind
from bot.records import CardState, DigestState, Dropped, Held, Leased

_NEVER = datetime.max.replace(tzinfo=UTC)

State: TypeAlias = CardState | DigestState | None
"""What an effect is about; None for a notice, or when the mention is gone."""


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
