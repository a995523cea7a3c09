"""How often one person is called by name: whom a card must not call any more, because a budget is spent.

Knows what counts as a call, and what is never left out; how many there were the store says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bot.gates import is_critical
from bot.model import Alert
from bot.noise import Call
from bot.overrides import ANEW, Anew
from bot.payload import SPENT
from bot.wishes import EffectKind

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from bot.gates import State
    from bot.noise import Noise
    from bot.records import Leased
    from bot.staff import Card

_BY_PEOPLE = frozenset({Anew.HANDED, Anew.RAISED})
"""Somebody wants them to be called just now."""


class Counted(Protocol):
    """The store, for calls."""

    noise: Noise

    async def call(self, call: Call, *, now: datetime) -> frozenset[str]:
        """Count it; whom of them it must not call. The same effect counts once. Raises: StoreError."""
        ...


async def spent(
    store: Counted, leased: Leased, state: State, people: Collection[str], now: datetime
) -> frozenset[str]:
    """Whom of these people it must not call. A page is part of the call of its card. Raises: StoreError."""
    effect = leased.effect
    budget = store.noise.budget(effect.channel)
    if budget is None or budget.calls is None or not people or not _counts(leased):
        return frozenset()
    call = Call(
        effect=leased.id, channel=effect.channel, people=tuple(people), is_critical=is_critical(state)
    )
    return await store.call(call, now=now)


def _counts(leased: Leased) -> bool:
    effect = leased.effect
    rings = effect.kind in {EffectKind.ALERT, EffectKind.DIGEST} and not leased.is_page
    return rings and effect.payload.get(ANEW) not in _BY_PEOPLE


def called(card: Card) -> tuple[str, ...]:
    """Whom it calls by name."""
    return card.people if card.alert is Alert.PING else ()


def without(leased: Leased, people: Collection[str]) -> Leased:
    """The same, for a card that says whom it does not call."""
    payload = {**leased.effect.payload, SPENT: sorted(people)}
    return replace(leased, effect=replace(leased.effect, payload=payload))
