"""How long asks take to get from stage to stage, and which promises were kept. Pure.

An ask that has not got there is not left out: it has waited at least so long (docs/architecture.md,
"Response time, defined once"). So medians are those of Kaplan and Meier, https://doi.org/10.2307/2281868.
Knows no table and no clock. Times are whole microseconds since 1970, as the store has them: one report is of
many asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
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


@dataclass(frozen=True, slots=True)
class Waits:
    """How long something took where it is over, and for how long it had not happened where it is not."""

    over: list[int] = field(default_factory=list)
    still: list[int] = field(default_factory=list)


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
    """An ask came to a stage, so long after its question. `kept`: whether an answer came when it was due;
    None: it is no answer, or none was promised.
    """

    stage: Stage
    urgency: Urgency
    after: timedelta
    kept: bool | None = None


def measured(courses: Iterable[Course]) -> tuple[list[Waits], list[Waits]]:
    """From the question to each stage; and from the last thing that happened before it."""
    waits, steps = [Waits() for _ in STAGES], [Waits() for _ in STAGES]
    for course in courses:
        last = course.started_at
        for at, end, wait, step in zip(course.reached, _ends(course), waits, steps, strict=True):
            if at is None:
                wait.still.append(max(0, end - course.started_at))
                step.still.append(max(0, end - last))
                continue
            wait.over.append(max(0, at - course.started_at))
            step.over.append(max(0, at - last))
            last = max(last, at)
    return waits, steps


def _ends(course: Course) -> list[int]:
    """Until when an ask could still come to each stage: until the next that it came to, or its own end."""
    ends, end = [], course.watched_to
    for at in reversed(course.reached):
        ends.append(end)
        if at is not None and at < end:
            end = at
    return ends[::-1]


def median(waits: Waits) -> timedelta | None:
    """The time after which half of them are over, as far as is known. None: that is not known.

    One that stopped being watched counts as waiting at the time of the others that are over just then.
    """
    still, left, share = sorted(waits.still), len(waits.over) + len(waits.still), 1.0
    gone = 0
    for place, length in enumerate(sorted(waits.over)):
        while gone < len(still) and still[gone] < length:
            gone += 1
        share *= 1 - 1 / (left - gone - place)
        if share <= _HALF:
            return timedelta(microseconds=length)
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
    found = Counter(promise(course, now=now) for course in courses)
    waits, steps = measured(courses)
    still = [one for one in courses if one.is_open]
    return Summary(
        asks=len(courses),
        paces={
            stage: Pace(
                reached=len(waits[place].over),
                waiting=sum(one.reached[place] is None for one in still),
                median=median(waits[place]),
                step=median(steps[place]),
            )
            for place, stage in enumerate(STAGES)
        },
        promises={one: found[one] for one in Promise},
    )


def by_urgency(courses: Sequence[Course], *, now: int) -> dict[Urgency, Summary]:
    """The most urgent first; those of which there are any."""
    return {
        level: summary(some, now=now)
        for level in sorted(Urgency, reverse=True)
        if (some := [course for course in courses if course.urgency is level])
    }
