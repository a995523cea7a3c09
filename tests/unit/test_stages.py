"""Medians with waits that are not over, stages and promises: against slow and obvious ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Urgency
from bot.stages import (
    STAGES,
    Course,
    Pace,
    Promise,
    Stage,
    Waits,
    by_urgency,
    measured,
    median,
    promise,
    summary,
)

MINUTE = 60_000_000
NEVER = (None,) * 5


class Wait(NamedTuple):
    """As `Waits`, one by one."""

    length: int
    over: bool


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


def together(given: Iterable[Wait]) -> Waits:
    waits = list(given)
    return Waits([one.length for one in waits if one.over], [one.length for one in waits if not one.over])


def wait_for(course: Course, stage: Stage) -> Wait:
    """From the question to the stage; or to whatever ended the wait for it."""
    return since(course, stage, course.started_at)


def step_to(course: Course, stage: Stage) -> Wait:
    """The same from the last thing before the stage."""
    before = [one for one in course.reached[: STAGES.index(stage)] if one is not None]
    return since(course, stage, max([course.started_at, *before]))


def since(course: Course, stage: Stage, start: int) -> Wait:
    place = STAGES.index(stage)
    at, later = course.reached[place], [one for one in course.reached[place + 1 :] if one is not None]
    end = min([course.watched_to, *later]) if at is None else at
    return Wait(max(0, end - start), over=at is not None)


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
    assert median(together(given)) == slow_median(given)


@given(st.lists(st.integers(0, 100), min_size=1))
def test_without_open_waits_it_is_the_plain_one(lengths: list[int]) -> None:
    """The lower of the two in the middle."""
    found = median(Waits(over=lengths))
    assert found == timedelta(microseconds=sorted(lengths)[(len(lengths) - 1) // 2])


@given(waits, st.integers(0, 12))
def test_one_more_who_waits_makes_nothing_look_better(given: list[Wait], length: int) -> None:
    """To leave out who still waits would flatter us."""
    before, after = median(together(given)), median(together([*given, Wait(length, over=False)]))
    assert after is None or (before is not None and after >= before)


def test_a_median_of_nothing_is_not_known() -> None:
    """Neither of none at all, nor where fewer than half were answered."""
    assert median(Waits()) is None
    assert median(Waits(over=[1], still=[5, 5])) is None
    assert median(Waits(over=[1], still=[1])) == timedelta(microseconds=1), (
        "who left at that very time had waited that long"
    )


def test_rounding_does_not_hide_a_half() -> None:
    """5/6 of 4/5 of 3/4 is a half, in binary too."""
    assert median(Waits(over=[1, 2, 3], still=[4, 5, 6])) == timedelta(microseconds=3)


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


def minutes(of: list[Waits]) -> list[tuple[int, bool]]:
    """Of one ask: how long each took, and whether it is over."""
    return [((one.over or one.still)[0] // MINUTE, bool(one.over)) for one in of]


def test_stages_of_an_ask_that_went_by_the_book() -> None:
    """From the question, and from the stage before."""
    waits, steps = measured([course(1, 2, 10, 40, 41, to=41)])
    assert minutes(waits) == [(1, True), (2, True), (10, True), (40, True), (41, True)]
    assert minutes(steps) == [(1, True), (1, True), (8, True), (30, True), (1, True)]


def test_an_answer_in_the_platforms_own_app_has_no_approval() -> None:
    """What it skipped it did not come to before the next thing; its last step begins where it last was."""
    waits, steps = measured([course(1, 2, None, None, 30, to=30)])
    assert minutes(waits) == [(1, True), (2, True), (30, False), (30, False), (30, True)]
    assert minutes(steps) == [(1, True), (1, True), (28, False), (28, False), (28, True)]


def test_one_who_still_waits() -> None:
    """They have waited so long, at least."""
    waits, steps = measured([course(1, 2, None, None, None, to=50, is_open=True)])
    assert minutes(waits)[2:] == [(50, False)] * 3
    assert minutes(steps)[2:] == [(48, False)] * 3


@given(courses())
def test_each_wait_is_that_of_the_definition(given: Course) -> None:
    """A step is never longer than the whole wait, and none is negative, whatever the clocks say."""
    for stage, whole, part in zip(STAGES, *measured([given]), strict=True):
        assert whole == together([wait_for(given, stage)])
        assert part == together([step_to(given, stage)])
        assert 0 <= (part.over or part.still)[0] <= (whole.over or whole.still)[0]


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
