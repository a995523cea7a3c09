"""Who is asked next, and when: the plan over one ask, its shares of the promised time, its claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.escalation import (
    STEPS,
    Claimed,
    Coming,
    Duties,
    Escalation,
    Kind,
    Part,
    Plan,
    Step,
    Wait,
    coming,
    whom,
)
from bot.hours import NEVER, Hours, Shift
from bot.model import ConversationState, Urgency
from bot.oncall import Cover, Layer, Rotation

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
PLAN = Plan()
WAIT = Wait(started_at=NOON, due_at=NOON + timedelta(minutes=100), rang_at=NOON)
OPEN_AT_DAY = Hours(zone=ZoneInfo("UTC"), week=((Shift(time(9), time(17)),),) * 5 + ((), ()))


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def told(wait: Wait, now: float = 0, plan: Plan = PLAN, hours: Hours | None = None) -> tuple[str, float, int]:
    """What comes next: its kind, after how many minutes from noon, at which share."""
    found = coming(wait, plan, hours, at(now))
    assert found is not None
    return found.kind.value, (found.at - NOON) / timedelta(minutes=1), found.share


def taken(wait: Wait, step: tuple[str, float, int]) -> Wait:
    return replace(wait, share=step[2], asked_at=at(step[1]))


def test_steps_follow_each_other_and_then_repeat() -> None:
    """At half of the time, at four fifths, at its end; then each time as long again, until somebody takes it."""
    wait, seen = WAIT, []
    for _ in range(6):
        seen.append(told(wait, (wait.asked_at and (wait.asked_at - NOON) / timedelta(minutes=1)) or 0))
        wait = taken(wait, seen[-1])
    ask = [("ask", 50, 50), ("ask", 80, 80), ("ask", 100, 100)]
    assert [*ask, ("repeat", 200, 100), ("repeat", 300, 100), ("repeat", 400, 100)] == seen


def test_a_short_time_repeats_each_hour_at_most() -> None:
    """A quarter of an hour missed is no reason to ring each quarter of an hour."""
    short = replace(WAIT, due_at=at(15), share=100, asked_at=at(15))
    assert ("repeat", 75, 100) == told(short, 15)


def test_what_was_slept_through_is_one_step() -> None:
    """Of steps that are overdue together the last is taken; the next one has patience."""
    assert ("ask", 50, 80) == told(WAIT, 95)
    assert ("ask", 50, 100) == told(WAIT, 4000)
    assert ("ask", 105, 100) == told(taken(WAIT, ("ask", 95, 80)), 96)


def test_what_rings_late_gives_people_a_moment() -> None:
    """A tenth of the time, no more than a quarter of an hour, before somebody else is asked."""
    assert ("ask", 80, 80) == told(replace(WAIT, rang_at=at(70)), 70)
    long = Wait(started_at=at(-2000), due_at=at(-1000), rang_at=at(0))
    assert ("ask", 15, 100) == told(long, 0)


def test_a_claim_reminds_and_then_goes_back() -> None:
    """At four fifths of the time the owner, at its end the queue."""
    claimed = replace(WAIT, state=ConversationState.CLAIMED, claimed_at=at(10))
    assert ("remind", 80, 80) == told(claimed, 10)
    assert ("return", 100, 100) == told(replace(claimed, reminded_at=at(80)), 80)
    assert ("return", 100, 100) == told(claimed, 4000)


@pytest.mark.parametrize(
    ("claimed_at", "reminded", "back"), [(70, 85, 100), (90, 102.5, 115), (300, 312.5, 325)]
)
def test_a_late_claim_has_time_of_its_own(claimed_at: float, reminded: float, back: float) -> None:
    """A quarter of the promised time at least, and half of what is left before the reminder."""
    claimed = replace(WAIT, state=ConversationState.CLAIMED, claimed_at=at(claimed_at))
    assert ("remind", reminded) == told(claimed, claimed_at)[:2]
    assert ("return", back) == told(replace(claimed, reminded_at=at(reminded)), claimed_at)[:2]


def test_another_claim_is_reminded_anew() -> None:
    """A reminder of the one before does not count."""
    second = replace(WAIT, state=ConversationState.CLAIMED, claimed_at=at(85), reminded_at=at(80))
    assert ("remind", 97.5, 80) == told(second, 85)


def test_a_returned_claim_goes_on_behind_its_share() -> None:
    """Nobody is asked once more for shares that are past; then it repeats."""
    back = replace(WAIT, share=100, asked_at=at(100))
    assert ("repeat", 200, 100) == told(back, 100)
    more = Plan(steps=(*STEPS, Step(after=150, ask="li")))
    assert ("ask", 150, 150) == told(back, 100, more)


def test_claims_can_be_left_alone() -> None:
    """No reminder, or no return: then reminders go on."""
    claimed = replace(WAIT, state=ConversationState.CLAIMED, claimed_at=at(10))
    assert coming(claimed, Plan(claimed=Claimed(remind=None, returns=None)), None, NOON) is None
    assert ("return", 100, 100) == told(claimed, 10, Plan(claimed=Claimed(remind=None)))
    kept = Plan(claimed=Claimed(returns=None))
    assert ("remind", 80, 80) == told(claimed, 10, kept)
    assert ("remind", 180, 80) == told(replace(claimed, reminded_at=at(80)), 80, kept)


@pytest.mark.parametrize(
    "state", [ConversationState.SNOOZED, ConversationState.ANSWERED, ConversationState.DISMISSED]
)
def test_nothing_comes_of_what_nobody_need_do_now(state: ConversationState) -> None:
    """A snooze has its own clock, and an answer ends all."""
    assert coming(replace(WAIT, state=state), PLAN, None, NOON) is None


def test_no_steps_and_no_promise_that_is_ever_due() -> None:
    """An empty plan asks nobody; neither does a promise beyond the calendar."""
    assert coming(WAIT, Plan(steps=()), None, NOON) is None
    assert coming(replace(WAIT, due_at=NEVER), PLAN, None, NOON) is None


def test_at_once_means_with_the_alert() -> None:
    """Whoever is on call is asked by the alert itself; another channel hears at once, without patience."""
    plan = Plan(steps=(Step(after=0, ask="on_call"), Step(after=50, ask="next")))
    assert ("ask", 50, 50) == told(WAIT, 0, plan)
    loud = Plan(steps=(Step(after=0, ask="on_call", to="slack:leads"), Step(after=50, ask="next")))
    assert ("ask", 0, 0) == told(WAIT, 0, loud)


def test_shares_run_down_in_business_hours() -> None:
    """Asked at 16:00 and due at 10:00: half of two hours is 17:00, four fifths 09:36 on the next day."""
    wait = Wait(started_at=at(240), due_at=at(24 * 60 - 120), rang_at=at(240))
    assert ("ask", 300, 50) == told(wait, 240, hours=OPEN_AT_DAY)
    assert ("ask", 24 * 60 - 144, 80) == told(taken(wait, ("ask", 300, 50)), 301, hours=OPEN_AT_DAY)


def test_nobody_is_asked_at_night_for_what_was_slept_through() -> None:
    """The machine woke at 20:00: the step is made up for in the morning; a step on time is not."""
    wait = Wait(started_at=at(-120), due_at=at(240), rang_at=at(-120))
    found = coming(wait, PLAN, OPEN_AT_DAY, at(8 * 60))
    assert found == Coming(kind=Kind.ASK, at=at(21 * 60), share=100, step=STEPS[2])
    at_the_end = Wait(started_at=at(-120), due_at=at(300), rang_at=at(-120), share=80, asked_at=at(216))
    assert ("ask", 300, 100) == told(at_the_end, 300, hours=OPEN_AT_DAY)


def test_plans_of_personas_come_before_those_of_routes() -> None:
    """And what one leaves out, the next one says, the default at last."""
    press, desk, ours = (Step(after=share, ask="lead") for share in (10, 20, 30))
    made = Escalation(
        everywhere=Part(steps={Urgency.HIGH: (ours,), Urgency.LOW: ()}, claimed=Claimed(remind=None)),
        by_route={"desk": Part(steps={Urgency.HIGH: (desk,)})},
        by_persona={"press": Part(steps={Urgency.HIGH: (press,)}, claimed=Claimed(returns=None))},
    )

    def first(route: str, persona: str | None, urgency: Urgency = Urgency.HIGH) -> tuple[int, ...]:
        return tuple(one.after for one in made.plan(route=route, persona=persona, urgency=urgency).steps)

    assert (10,) == first("desk", "press")
    assert (20,) == first("desk", "fan")
    assert (30,) == first("care", None)
    assert () == first("care", None, Urgency.LOW)
    assert (50, 80, 100) == first("care", None, Urgency.CRITICAL)
    assert made.plan(route="desk", persona="press", urgency=Urgency.LOW).claimed == Claimed(returns=None)
    assert made.plan(route="desk", persona=None, urgency=Urgency.LOW).claimed == Claimed(remind=None)


# --- whom -----------------------------------------------------------------------------------------

ZONE = ZoneInfo("UTC")
DAY = Layer(people=("anna", "ben", "carl"), zone=ZONE, starts=date(2026, 11, 23), hours=OPEN_AT_DAY)
NIGHT = Layer(people=("li",), zone=ZONE, starts=date(2026, 11, 23))
CARE = Rotation(name="care", layers=(DAY, NIGHT))


def duties(
    rotation: Rotation | None = CARE, leads: tuple[str, ...] = ("li", "max"), covers: tuple[Cover, ...] = ()
) -> Duties:
    return Duties(rotation=rotation, covers=covers, leads=leads)


def asked(ask: str, *before: str, now: datetime = NOON, of: Duties | None = None) -> tuple[str, ...]:
    return whom(Step(after=50, ask=ask), of or duties(), now, before)


def test_the_next_one_is_somebody_who_was_not_asked() -> None:
    """Of the same layer in turn, then of the next one; when all were asked, the leads."""
    assert ("anna",) == asked("on_call", "anna")
    assert ("ben",) == asked("next", "anna")
    assert ("carl",) == asked("next", "anna", "ben")
    assert ("li",) == asked("next", "anna", "ben", "carl")
    assert ("max",) == asked("next", "anna", "ben", "carl", "li")
    assert ("li", "max") == asked("next", "anna", "ben", "carl", "li", "max")


def test_nobody_of_a_layer_that_is_not_there_is_asked() -> None:
    """At night the lead's layer; then who is on call in the morning."""
    night = at(9 * 60)
    assert ("li",) == asked("next", now=night)
    assert ("anna",) == asked("next", "li", now=night)


def test_who_covers_is_asked_first() -> None:
    """A hand-over in between asks whoever is on call now."""
    cover = Cover(rotation="care", person="zoe", since=at(-5), until=at(60), by="zoe", ordered_at=at(-9))
    assert ("zoe",) == asked("next", "anna", of=duties(covers=(cover,)))


def test_leads_and_people_by_name() -> None:
    """All leads, but those who were asked, as long as there are others; a person whatever was before."""
    assert ("li", "max") == asked("lead")
    assert ("max",) == asked("lead", "li")
    assert ("li", "max") == asked("lead", "li", "max")
    assert ("ben",) == asked("ben", "ben")


def test_without_rotation_and_leads_nobody_is_named() -> None:
    """The channel is asked then."""
    nobody = duties(None, ())
    assert ((), (), ()) == tuple(asked(ask, of=nobody) for ask in ("on_call", "next", "lead"))
    assert ("li", "max") == asked("on_call", of=duties(None))
