"""How long asks take to get from stage to stage, and which promises were kept. Pure.

An ask that has not got there is not left out: it has waited at least so long (docs/architecture.md,
"Response time, defined once"). So medians are those of Kaplan and Meier, https://doi.org/10.2307/2281868.
Knows no table and no clock. Times are whole microseconds since 1970, as the store has them: one report is of
many asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from bot.model import Urgency

_HALF = 0.5 + 1e-9
"""The share of asks that a median leaves waiting, and what rounding may add to it."""


class Stage(StrEnum):
    """What an ask comes to, in this order; the first is that we read it, the last our first public answer."""

    SEEN = "seen"
    ALERTED = "alerted"
    CLAIMED = "claimed"
    APPROVED = "approved"
    ANSWERED = "answered"


STAGES = tuple(Stage)


class Promise(StrEnum):
    """What became of an answer that was due at some time; VOID: it ended in time without an answer."""

    KEPT = "kept"
    MISSED = "missed"
    OPEN = "open"
    VOID = "void"


class Wait(NamedTuple):
    """How long something took; or, if it is not `over`, how long it had not happened."""

    length: int
    over: bool


class Course(NamedTuple):
    """How an ask went. `reached`: when it came to each of `STAGES`, None: it did not.

    `watched_to`: until when it is known that it came to no other: it ended, or nobody looked any more.
    """

    urgency: Urgency
    started_at: int
    reached: tuple[int | None, ...]
    watched_to: int
    is_open: bool = False
    due_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How asks came to a stage. `reached` did, `waiting` are open and did not.

    `median`: from the question to it, `step`: from the stage before that each of them had; None: fewer than
    half came so far.
    """

    reached: int = 0
    waiting: int = 0
    median: timedelta | None = None
    step: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """So many asks, how they came to each stage, and what became of those that were promised an answer."""

    asks: int = 0
    paces: Mapping[Stage, Pace] = field(default_factory=dict)
    promises: Mapping[Promise, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """An ask came to a stage, so long after its question."""

    stage: Stage
    urgency: Urgency
    after: timedelta


def wait(course: Course, stage: Stage) -> Wait:
    """From the question to a stage."""
    return _since(course, STAGES.index(stage), course.started_at)


def step(course: Course, stage: Stage) -> Wait:
    """From the last thing that happened before a stage to it."""
    place = STAGES.index(stage)
    at = course.reached[place]
    before = (other for other in course.reached[:place] if other is not None and (at is None or other <= at))
    return _since(course, place, max((course.started_at, *before)))


def _since(course: Course, place: int, start: int) -> Wait:
    at = course.reached[place]
    if at is not None:
        return Wait(max(0, at - start), over=True)
    later = [other for other in course.reached[place + 1 :] if other is not None]
    return Wait(max(0, min((course.watched_to, *later)) - start), over=False)


def median(waits: Iterable[Wait]) -> timedelta | None:
    """The time after which half of them are over, as far as is known. None: that is not known.

    One that stopped being watched counts as waiting at the time of the others that are over just then.
    """
    ordered = sorted(waits)
    left, share = len(ordered), 1.0
    for length, group in groupby(ordered, key=lambda one: one.length):
        alike = list(group)
        share *= 1 - sum(one.over for one in alike) / left
        if share <= _HALF:
            return timedelta(microseconds=length)
        left -= len(alike)
    return None


def promise(course: Course, *, now: int) -> Promise | None:
    """None: nothing was promised. An answer at the very time that was promised is in time."""
    if course.due_at is None:
        return None
    answered_at = course.reached[-1]
    if answered_at is not None:
        return Promise.KEPT if answered_at <= course.due_at else Promise.MISSED
    if (now if course.is_open else course.watched_to) > course.due_at:
        return Promise.MISSED
    return Promise.OPEN if course.is_open else Promise.VOID


def summary(courses: Sequence[Course], *, now: int) -> Summary:
    found = [promise(course, now=now) for course in courses]
    return Summary(
        asks=len(courses),
        paces={stage: _pace(courses, stage) for stage in STAGES},
        promises={one: found.count(one) for one in Promise},
    )


def _pace(courses: Sequence[Course], stage: Stage) -> Pace:
    place = STAGES.index(stage)
    return Pace(
        reached=sum(course.reached[place] is not None for course in courses),
        waiting=sum(course.is_open and course.reached[place] is None for course in courses),
        median=_median_of(courses, stage, wait),
        step=_median_of(courses, stage, step),
    )


def _median_of(
    courses: Sequence[Course], stage: Stage, measure: Callable[[Course, Stage], Wait]
) -> timedelta | None:
    return median(measure(course, stage) for course in courses)


def by_urgency(courses: Sequence[Course], *, now: int) -> dict[Urgency, Summary]:
    """The most urgent first; those of which there are any."""
    return {
        level: summary(some, now=now)
        for level in sorted(Urgency, reverse=True)
        if (some := [course for course in courses if course.urgency is level])
    }
