"""What the outbox does after an error, and what its gates hold back. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.briefing import BriefingState, Due
from bot.errors import BotError, Reason, Refused, Rejected, Unauthorized, Unavailable, Unknown
from bot.gates import Paced, StillAlone, StillOnShift, StillWanted
from bot.model import Alert, ConversationState, Urgency
from bot.payload import RINGS
from bot.records import Dead, DigestState, Dropped, Held, Leased, RetryAt
from bot.retrying import GIVE_UP_AFTER, next_step
from bot.wishes import CONSOLE, EffectKind
from tests.unit._values import NOW, card_state, leased, verdict
from tests.unit.test_digests import a_row

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def step(
    error: BotError, *, attempt: int = 1, fallback: str | None = None, age: timedelta = SECOND
) -> object:
    return next_step(error, attempt=attempt, written_at=NOW - age, now=NOW, fallback=fallback, jitter=1.0)


@pytest.mark.parametrize("error", [Refused("no"), Rejected("no"), Unauthorized("no")])
def test_a_refusal_goes_to_the_fallback_at_once(error: BotError) -> None:
    """The same call would fail again; without a fallback the console gets it."""
    assert Dead(reason=error.reason.value, fallback="webhook:x") == step(error, fallback="webhook:x")
    assert Dead(reason=error.reason.value, fallback=CONSOLE) == step(error)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (9, 300), (99, 300)])
def test_what_is_down_is_tried_again_later_and_later(attempt: int, seconds: int) -> None:
    """Doubling from two seconds, never more than five minutes."""
    expected = RetryAt(at=NOW + timedelta(seconds=seconds), reason="connection")
    assert expected == step(Unavailable("down"), attempt=attempt)


def test_retry_after_is_obeyed() -> None:
    """The platform's own word counts when it is longer than ours."""
    error = Unavailable("slow down", reason=Reason.RATE_LIMITED, retry_after=timedelta(seconds=33))
    assert RetryAt(at=NOW + timedelta(seconds=33), reason="rate_limited") == step(error)


def test_a_channel_that_stays_down_yields_to_a_named_fallback() -> None:
    """From the fifth try on; without one it is tried for a day, then the console gets it."""
    down = Unavailable("down")
    assert isinstance(step(down, attempt=4, fallback="webhook:x"), RetryAt)
    assert Dead(reason="connection", fallback="webhook:x") == step(down, attempt=5, fallback="webhook:x")
    assert isinstance(step(down, attempt=50), RetryAt)
    assert Dead(reason="connection", fallback=CONSOLE) == step(down, attempt=50, age=GIVE_UP_AFTER)


def test_an_alert_of_unknown_outcome_is_repeated() -> None:
    """Staff may hear twice; they must not hear never."""
    assert isinstance(step(Unknown("sent or not?")), RetryAt)


def test_a_bug_is_not_tried_again() -> None:
    """An error of our own making ends at the console."""
    assert Dead(reason="bug", fallback=CONSOLE) == step(BotError("KeyError"))


# --- gates ---

WANTED = StillWanted()


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (card_state(state="answered"), "already_answered"),
        (card_state(state="dismissed"), "already_dismissed"),
        (card_state(post_deleted=True), "post_deleted"),
        (None, "mention_gone"),
    ],
)
def test_alerts_about_what_is_over_are_dropped(state: object, reason: str) -> None:
    """Answered, dismissed, deleted: nobody's phone rings."""
    assert Dropped(reason=reason) == WANTED.check(leased(), state, NOW)  # type: ignore[arg-type]


def test_updates_and_open_alerts_pass() -> None:
    """A card must show that it is answered; an open ask must ring."""
    assert WANTED.check(leased(), card_state(), NOW) is None
    assert WANTED.check(leased(kind=EffectKind.UPDATE), card_state(state="answered"), NOW) is None
    assert WANTED.check(leased(kind=EffectKind.NOTICE), None, NOW) is None


def test_an_empty_digest_is_dropped() -> None:
    """An hour in which everything was answered needs no card."""
    empty = DigestState(route="default", rows=())
    assert Dropped(reason="nothing_left") == WANTED.check(leased(kind=EffectKind.DIGEST), empty, NOW)


def again(*, kind: EffectKind = EffectKind.ALERT) -> Leased:
    one = leased(kind=kind)
    return replace(one, effect=replace(one.effect, payload={RINGS: 2}))


@pytest.mark.parametrize(
    ("state", "passes"), [("open", True), ("claimed", False), ("snoozed", False)], ids=str
)
def test_it_rings_again_only_for_what_nobody_took(state: str, passes: bool) -> None:
    """The first ring is not this gate's business; one that the rules don't want any more is dropped."""
    gate, taken = StillAlone(lambda _leased, _state: MINUTE), Dropped(reason="taken")
    assert gate.check(again(), card_state(state=state), NOW) == (None if passes else taken)
    assert gate.check(leased(), card_state(state=state), NOW) is None
    unwanted = StillAlone(lambda _leased, _state: None)
    assert Dropped(reason="not_repeated") == unwanted.check(again(), card_state(state=state), NOW)


def test_a_group_rings_again_while_one_of_it_is_open() -> None:
    """What is gone needs nobody."""
    gate, taken = StillAlone(lambda _leased, _state: MINUTE), Dropped(reason="taken")
    claimed = replace(a_row(1), state=ConversationState.CLAIMED)
    both = DigestState(route="default", rows=(claimed, a_row(2)), group_alert=Alert.MESSAGE)
    group = again(kind=EffectKind.DIGEST)
    assert gate.check(group, both, NOW) is None
    assert taken == gate.check(group, replace(both, rows=(claimed,)), NOW)
    assert taken == gate.check(group, None, NOW)
    answered = replace(a_row(2), answered_at=NOW)  # and its author asks something new, which rings by itself
    assert taken == gate.check(group, replace(both, rows=(claimed, answered)), NOW)


def paced() -> Paced:
    return Paced({"telegram": ((20, MINUTE),)})


def test_a_channel_without_limits_is_never_held() -> None:
    """The console and webhooks take what comes."""
    gate = paced()
    assert [None] * 50 == [gate.check(leased(n, channel="console"), card_state(), NOW) for n in range(50)]


def test_a_flood_gets_slots_one_after_another() -> None:
    """Ten at once (the rest of twenty is kept for pings and updates), the eleventh a minute later."""
    gate = paced()
    answers = [gate.check(leased(n), card_state(), NOW) for n in range(21)]
    assert [None] * 10 == answers[:10]
    assert [Held(until=NOW + MINUTE, reason="pace")] * 10 == answers[10:20]
    assert Held(until=NOW + 2 * MINUTE, reason="pace") == answers[20]


def test_a_flood_of_pings_uses_what_ordinary_alerts_leave() -> None:
    """Fifteen a minute, and an update of a card that was pressed does not wait behind them."""
    gate = paced()
    ping = replace(card_state(), verdict=verdict(alert=Alert.PING, urgency=Urgency.CRITICAL))
    answers = [gate.check(leased(n), ping, NOW) for n in range(40)]
    assert ([None] * 15, 25) == (answers[:15], sum(answer is not None for answer in answers))
    assert Held(until=NOW + 2 * MINUTE, reason="pace") == answers[-1]
    assert gate.check(leased(99, kind=EffectKind.UPDATE), card_state(), NOW) is None


def test_alerts_that_will_be_merged_take_no_slots() -> None:
    """Ten wait each for their own; those behind them go out as one card, and the next minute is not full."""
    gate = paced()
    answers = [gate.check(leased(number), card_state(), NOW) for number in range(500)]
    assert [Held(until=NOW + 2 * MINUTE, reason="pace")] * 480 == answers[20:]
    critical = replace(card_state(), verdict=verdict(urgency=Urgency.CRITICAL))
    assert gate.check(leased(500), critical, NOW) is None


def test_no_mix_exceeds_what_the_platform_allows() -> None:
    """Whatever comes in whatever order: never more than twenty in any minute."""
    gate, ping = paced(), replace(card_state(), verdict=verdict(alert=Alert.PING, urgency=Urgency.CRITICAL))
    plain = replace(card_state(), verdict=verdict(urgency=Urgency.CRITICAL))
    kinds = [(EffectKind.ALERT, plain), (EffectKind.ALERT, ping), (EffectKind.UPDATE, plain)]
    at = []
    for number in range(300):
        kind, state = kinds[number * 7 % 3]
        now = NOW + timedelta(seconds=number // 10)
        held = gate.check(leased(number, kind=kind), state, now)
        at.append(held.until if isinstance(held, Held) else now)
    at.sort()
    assert all(later - earlier >= MINUTE for earlier, later in zip(at, at[20:], strict=False))


def test_a_granted_slot_is_honoured() -> None:
    """Who was told to come back then passes then, and not before."""
    gate = paced()
    for number in range(11):
        gate.check(leased(number), card_state(), NOW)
    assert gate.check(leased(10), card_state(), NOW + MINUTE) is None


def test_slots_that_nobody_came_for_are_forgotten() -> None:
    """Alerts that were answered or dismissed while they waited take no memory for ever."""
    gate = paced()
    for day in range(10):
        for number in range(20):
            gate.check(leased(day * 100 + number), card_state(), NOW + timedelta(days=day))
    assert len(gate._granted) == 10


def test_channels_do_not_hold_each_other() -> None:
    """A flood in one chat delays no other."""
    gate = paced()
    for number in range(40):
        gate.check(leased(number), card_state(), NOW)
    assert gate.check(leased(99, channel="telegram:press"), card_state(), NOW) is None


def test_pings_and_updates_overtake_a_flood() -> None:
    """What is critical, or was just pressed, does not wait behind ordinary alerts."""
    gate = paced()
    for number in range(40):
        gate.check(leased(number), card_state(), NOW)
    ping = replace(card_state(), verdict=verdict(alert=Alert.PING))
    assert gate.check(leased(98), ping, NOW) is None
    assert gate.check(leased(99, kind=EffectKind.UPDATE), card_state(), NOW) is None


def test_what_is_for_the_beginning_of_a_shift_is_dropped_after_it() -> None:
    """A chat that was down for a day gets no good morning of yesterday."""
    effect = replace(leased().effect, kind=EffectKind.NOTICE)
    notice = replace(leased(), effect=effect)
    state = BriefingState(due=Due(person="anna", until=NOW))
    assert StillOnShift().check(notice, state, NOW - SECOND) is None
    assert Dropped(reason="shift_over") == StillOnShift().check(notice, state, NOW)
    assert StillWanted().check(notice, state, NOW) is None
    assert StillOnShift().check(notice, None, NOW) is None
