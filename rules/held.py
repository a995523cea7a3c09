"""What silences hold back of a verdict, and what the trace says of it. Pure.

It knows which silences the facts say were in force; a silenced rule is the engine's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bot.model import Alert, Urgency
from bot.silenced import Scope, Silenced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Held(NamedTuple):
    """How loud staff hears of it after all, by which silences, and what is to be noted."""

    alert: Alert
    by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def held(silences: Sequence[Silenced], *, alert: Alert, urgency: Urgency, routes: Iterable[str]) -> Held:
    """An alert is held by a silence of its author, its words or its source; else by those of all its routes.

    What is critical rings all the same, unless a silence says that it holds that too.
    """
    if not silences or alert is Alert.NONE:
        return Held(alert)
    named = set(routes)
    met = [one for one in silences if one.scope is not Scope.ROUTE or one.name in named]
    holding = [one for one in met if holds(one, urgency)]
    notes = [note(one) if one in holding else f"{note(one)}; critical rings all the same" for one in met]
    is_whole = any(one.scope is not Scope.ROUTE for one in holding) or named <= {one.name for one in holding}
    return Held(
        alert=Alert.NONE if is_whole and holding else alert,
        by=tuple(sorted(one.key for one in holding)),
        notes=tuple(notes),
    )


def holds(silence: Silenced, urgency: Urgency) -> bool:
    return silence.criticals or urgency is not Urgency.CRITICAL


def note(silence: Silenced) -> str:
    """`silenced until 2026-11-22 18:00 UTC by Anna (words known outage): the provider is down`."""
    about = f"{silence.scope.value} {silence.called}"
    return f"silenced until {silence.until:%Y-%m-%d %H:%M} UTC by {silence.by} ({about}): {silence.reason}"
