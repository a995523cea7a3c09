"""A message about what was silenced after it was judged: which goes out all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.gates import Unsilenced
from bot.model import Alert, Urgency
from bot.orders import Silence
from bot.overrides import ANEW, Anew
from bot.payload import RINGS
from bot.records import DigestState, Dropped, Leased
from bot.silenced import Scope
from bot.silences import Standing
from bot.wishes import EffectKind
from tests.unit._values import NOW, card_state, leased, verdict
from tests.unit.test_digests import a_row

SILENCED = Dropped(reason="silenced")


def silence(*, criticals: bool = False) -> Silence:
    return Silence(
        scope=Scope.ROUTE,
        name="default",
        until=NOW + timedelta(hours=1),
        person="li",
        reason="known",
        begun_at=NOW,
        criticals=criticals,
    )


def gate(*silences: Silence) -> Unsilenced:
    standing = Standing(silences=silences, finder=lambda _: lambda _: False, people=str)
    return Unsilenced(lambda: standing)


def with_payload(kind: EffectKind = EffectKind.ALERT, *, key: str = "", value: object = "") -> Leased:
    one = leased(kind=kind)
    return replace(one, effect=replace(one.effect, route="default", payload={key: value} if key else {}))


@pytest.mark.parametrize(
    ("one", "passes"),
    [
        (with_payload(), False),
        (with_payload(key=RINGS, value=2), False),
        (with_payload(key=ANEW, value="escalated"), False),
        *((with_payload(key=ANEW, value=why.value), True) for why in (Anew.HANDED, Anew.RAISED, Anew.WOKEN)),
        (with_payload(EffectKind.UPDATE), True),
    ],
)
def test_what_nobody_wants_is_dropped(one: Leased, passes: bool) -> None:
    """Waiting, ringing again, escalated; but not a card that is there, nor one that a person asked for."""
    state = card_state(verdict=verdict(urgency=Urgency.HIGH))
    assert (None if passes else SILENCED) == gate(silence()).check(one, state, NOW)
    assert gate().check(one, state, NOW) is None
    assert gate(silence()).check(one, state, NOW + timedelta(hours=1)) is None


def test_what_is_critical_passes() -> None:
    """Unless the silence says that it holds that too."""
    state = card_state(verdict=verdict(urgency=Urgency.CRITICAL))
    assert gate(silence()).check(with_payload(), state, NOW) is None
    assert SILENCED == gate(silence(criticals=True)).check(with_payload(), state, NOW)


def test_a_card_of_several_is_told_once() -> None:
    """What it says was collected before; ringing again by a silenced route is not wanted, unless critical."""
    high = replace(a_row(1), urgency=Urgency.HIGH)
    several = DigestState(route="default", rows=(high,), group_alert=Alert.MESSAGE)
    first, again = with_payload(EffectKind.DIGEST), with_payload(EffectKind.DIGEST, key=RINGS, value=2)
    assert gate(silence()).check(first, several, NOW) is None
    assert SILENCED == gate(silence()).check(again, several, NOW)
    worse = replace(several, rows=(high, replace(high, urgency=Urgency.CRITICAL)))
    assert gate(silence()).check(again, worse, NOW) is None


def test_a_notice_is_about_nothing_that_could_be_silenced() -> None:
    """That a channel refuses must be heard."""
    assert gate(silence()).check(with_payload(EffectKind.NOTICE), None, NOW) is None
