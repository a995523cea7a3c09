"""Medians with waits that are not over, stages and promises: against slow and obvious ones."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Urgency
from bot.stages import STAGES, Course, Pace, Promise, Stage, Wait, by_urgency, median, promise, summary
from bot.stages import step as step_to
from bot.stages import wait as wait_for

MINUTE = 60_000_000
NEVER = (None,) * 5
waits = st.lists(st.builds(Wait, st.integers(0, 12), st.booleans()), max_size=40)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Any order of things, also one that clocks which disagree may tell of."""
    start = draw(st.integers(0, 50))
    reached = tuple(draw(st.none() | st.integers(start - 3, start + 40)) for _ in STAGES)
    end, is_open = reached[-1], reached[-1] is None and draw(st.booleans())
    return Course(
        urgency=draw(st.sampled_from(Urgency)),
        started_at=start,
        reached=reached,
        watched_to=draw(st.integers(start, start + 60)) if end is None else end,
        is_open=is_open,
        due_at=draw(st.none() | st.integers(start, start + 50)),
    )


def slow_median(given: list[Wait]) -> timedelta | None:
    """The definition: the product of the shares that stay, over each time at which any is over."""
    for time in sorted({one.length for one in given if one.over}):
        stays = Fraction(1)
        for each in sorted({one.length for one in given if one.over and one.length <= time}):
            at_risk = [one for one in given if one.length >= each]
            ended = [one for one in given if one.over and one.length == each]
            stays *= 1 - Fraction(len(ended), len(at_risk))
        if stays <= Fraction(1, 2):
            return timedelta(microseconds=time)
    return None


@given(waits)
def test_a_median_is_that_of_kaplan_and_meier(given: list[Wait]) -> None:
    """As the definition has it, with any number of waits that are not over."""
    assert median(given) == slow_median(given)


@given(st.lists(st.integers(0, 100), min_size=1))
def test_without_open_waits_it_is_the_plain_one(lengths: list[int]) -> None:
    """The lower of the two in the middle."""
    found = median(Wait(length, over=True) for length in lengths)
    assert found == timedelta(microseconds=sorted(lengths)[(len(lengths) - 1) // 2])


@given(waits, st.integers(0, 12))
def test_one_more_who_waits_makes_nothing_look_better(given: list[Wait], length: int) -> None:
    """To leave out who still waits would flatter us."""
    before, after = median(given), median([*given, Wait(length, over=False)])
    assert after is None or (before is not None and after >= before)


def test_a_median_of_nothing_is_not_known() -> None:
    """Neither of none at all, nor where fewer than half were answered."""
    assert median([]) is None
    assert median([Wait(1, over=True), Wait(5, over=False), Wait(5, over=False)]) is None
    half = [Wait(1, over=True), Wait(1, over=False)]
    assert median(half) == timedelta(microseconds=1), "who left at that very time had waited that long"


def test_rounding_does_not_hide_a_half() -> None:
    """5/6 of 4/5 of 3/4 is a half, in binary too."""
    six = [Wait(length, over=length <= 3) for length in range(1, 7)]
    assert median(six) == timedelta(microseconds=3)


def course(*minutes: int | None, to: int = 90, due: int | None = None, is_open: bool = False) -> Course:
    """Asked at minute 0."""
    reached = tuple(None if one is None else one * MINUTE for one in minutes)
    return Course(
        urgency=Urgency.HIGH,
        started_at=0,
        reached=reached,
        watched_to=to * MINUTE,
        is_open=is_open,
        due_at=None if due is None else due * MINUTE,
    )


def test_stages_of_an_ask_that_went_by_the_book() -> None:
    """From the question, and from the stage before."""
    one = course(1, 2, 10, 40, 41, to=41)
    assert [wait_for(one, stage).length // MINUTE for stage in STAGES] == [1, 2, 10, 40, 41]
    assert [step_to(one, stage).length // MINUTE for stage in STAGES] == [1, 1, 8, 30, 1]
    assert all(wait_for(one, stage).over and step_to(one, stage).over for stage in STAGES)


def test_an_answer_in_the_platforms_own_app_has_no_approval() -> None:
    """What it skipped it did not come to before the next thing; its last step begins where it last was."""
    one = course(1, 2, None, None, 30, to=30)
    assert wait_for(one, Stage.CLAIMED) == wait_for(one, Stage.APPROVED) == Wait(30 * MINUTE, over=False)
    assert step_to(one, Stage.ANSWERED) == Wait(28 * MINUTE, over=True)


def test_one_who_still_waits() -> None:
    """They have waited so long, at least."""
    one = course(1, 2, None, None, None, to=50, is_open=True)
    assert wait_for(one, Stage.ANSWERED) == Wait(50 * MINUTE, over=False)
    assert step_to(one, Stage.ANSWERED) == Wait(48 * MINUTE, over=False)


@given(courses(), st.sampled_from(STAGES))
def test_a_step_is_never_longer_than_the_whole_wait(given: Course, stage: Stage) -> None:
    """And none is negative, whatever the clocks say."""
    whole, part = wait_for(given, stage), step_to(given, stage)
    assert 0 <= part.length <= whole.length
    assert part.over == whole.over == (given.reached[STAGES.index(stage)] is not None)


@pytest.mark.parametrize(
    ("given", "becomes"),
    [
        (course(*NEVER), None),
        (course(1, None, None, None, 30, due=30, to=30), Promise.KEPT),
        (course(1, None, None, None, 31, due=30, to=31), Promise.MISSED),
        (course(*NEVER, due=61, is_open=True), Promise.OPEN),
        (course(*NEVER, due=59, is_open=True), Promise.MISSED),
        (course(*NEVER, due=59, is_open=True, to=20), Promise.MISSED),
        (course(*NEVER, due=59, to=50), Promise.VOID),
        (course(*NEVER, due=40, to=50), Promise.MISSED),
    ],
)
def test_promises(given: Course, becomes: Promise | None) -> None:
    """By the hour of the answer; of who waits, by the hour that it is; one dismissed in time is void."""
    assert promise(given, now=60 * MINUTE) is becomes


@given(st.lists(courses(), max_size=15))
def test_a_summary_leaves_nobody_out(given: list[Course]) -> None:
    """Each ask with a promise is in one place, each ask in one urgency; who reached and who waits add up."""
    whole, parts = summary(given, now=60), by_urgency(given, now=60)
    assert sum(whole.promises.values()) == sum(one.due_at is not None for one in given)
    assert whole.asks == len(given) == sum(one.asks for one in parts.values())
    assert list(parts) == sorted(parts, reverse=True)
    for stage in STAGES:
        assert whole.paces[stage].reached == sum(one.paces[stage].reached for one in parts.values())
        assert whole.paces[stage].waiting == sum(one.paces[stage].waiting for one in parts.values())
        assert whole.paces[stage].median == slow_median([wait_for(one, stage) for one in given])
        assert whole.paces[stage].step == slow_median([step_to(one, stage) for one in given])


def test_an_empty_summary() -> None:
    """Nothing was asked: nothing is known."""
    assert summary([], now=0).paces[Stage.ANSWERED] == Pace()
    assert by_urgency([], now=0) == {}
