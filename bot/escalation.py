"""Who is asked next, and when, as long as nobody answers: steps after shares of the promised time.

A share is of the time between the question and when the answer is due, in the hours in which that runs down:
at night nobody is asked for what is due in the morning. Pure: knows plans, rotations and times; no clock, no
table, no chat.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.hours import NEVER, Hours
from bot.model import Alert, ConversationState, Urgency
from bot.oncall import NOBODY, Cover, OnCall, Rotation

if TYPE_CHECKING:
    from bot.errors import Problem

ON_CALL, NEXT, LEAD = "on_call", "next", "lead"
WORDS = (ON_CALL, NEXT, LEAD)
"""Whom a step may ask, besides a person by their key."""

WHOLE = 100
"""The share at which the answer is due."""
_HOUR = timedelta(hours=1)
_PATIENCE = 10
"""One part of the time in so many passes between two steps at least, so that nobody is asked after somebody
who had no time to look."""
_LONGEST_PATIENCE = timedelta(minutes=15)
_LEEWAY = 4
"""Who claims late has one part of the time in so many for themselves, before it goes back to the queue."""
_LATE = timedelta(minutes=5)
"""A step that is overdue for longer waits until somebody is there again."""


class Kind(StrEnum):
    """Somebody is asked; the owner is reminded; it goes back to the queue; the last are asked again."""

    ASK = "ask"
    REMIND = "remind"
    RETURN = "return"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """After so many percent of the time `ask` is asked: one of `WORDS`, or a person's key. `to`: in which
    channel; None: where its cards are.
    """

    after: int
    ask: str
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """When whoever has it is reminded, and when it goes back to the queue; None: never."""

    remind: int | None = 80
    returns: int | None = WHOLE


STEPS = (Step(after=50, ask=NEXT), Step(after=80, ask=LEAD), Step(after=WHOLE, ask=LEAD))
"""What holds where nobody configured anything."""
READ_STEPS = (Step(after=WHOLE, ask=ON_CALL),)
"""The same for what staff was told of by a digest only: nobody is called before the promise is missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Steps in order, and what becomes of a claim. No steps: nobody is asked."""

    steps: tuple[Step, ...] = STEPS
    claimed: Claimed = Claimed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one place of the configuration says; what it leaves out another one does."""

    steps: Mapping[Urgency, tuple[Step, ...]] = field(default_factory=lambda: MappingProxyType({}))
    claimed: Claimed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """The plans, and who there is to be asked. A persona's plan comes before a route's.

    `leads`: keys of people. `strangers`: what is to be said of each named route or persona, if the rules know
    none such.
    """

    everywhere: Part = Part()
    by_route: Mapping[str, Part] = field(default_factory=lambda: MappingProxyType({}))
    by_persona: Mapping[str, Part] = field(default_factory=lambda: MappingProxyType({}))
    leads: tuple[str, ...] = ()
    on_call: OnCall = NOBODY
    strangers: Mapping[tuple[str, str], Problem] = field(
        default_factory=lambda: MappingProxyType({}), compare=False
    )

    def plan(
        self, *, route: str, persona: str | None, urgency: Urgency, alert: Alert = Alert.MESSAGE
    ) -> Plan:
        """`alert`: how staff hears of it. What is configured holds for digests as well."""
        parts = (self.by_persona.get(persona or ""), self.by_route.get(route), self.everywhere)
        found = [part for part in parts if part is not None]
        default = READ_STEPS if alert is Alert.DIGEST else STEPS
        steps = next((part.steps[urgency] for part in found if urgency in part.steps), default)
        claimed = next((part.claimed for part in found if part.claimed is not None), Claimed())
        return Plan(steps=steps, claimed=claimed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A step that was taken: the `number`-th of its ask. `whom`: keys of people, none: nobody was there to be
    named. `owner`: who had it, where it was claimed. `share` is that of the step.
    """

    number: int
    kind: Kind
    step: str
    share: int
    whom: tuple[str, ...]
    owner: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """So many open asks of which others were asked, and so many steps that were taken in 24 hours."""

    asks: int = 0
    of_day: int = 0


# --- when -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """An ask that nobody answered yet. `rang_at`: when staff last heard of it, apart from steps.

    `share`: up to which steps were taken (less than 0: none), `asked_at` the last of them; `reminded_at`:
    when its owner last was.
    """

    started_at: datetime
    due_at: datetime
    rang_at: datetime
    state: ConversationState = ConversationState.OPEN
    claimed_at: datetime | None = None
    share: int = -1
    asked_at: datetime | None = None
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """What is to be done at that time, if nothing happens before."""

    kind: Kind
    at: datetime
    share: int
    step: Step


def coming(wait: Wait, plan: Plan, hours: Hours | None, now: datetime) -> Coming | None:
    """The next step; of several that are due by now the last. None: there is none, or another clock runs
    (a snooze). `hours`: in which the time runs down; None: always.
    """
    if wait.due_at >= NEVER:
        return None
    time = _Time(wait, hours)
    match wait.state:
        case ConversationState.OPEN:
            found = _unclaimed(wait, plan.steps, time, now)
        case ConversationState.CLAIMED:
            found = _claimed(wait, plan.claimed, time, now)
        case _:
            return None
    if found is None or found.at >= NEVER:
        return None
    return _not_at_night(found, hours, now)


class _Time:
    """The time that runs down for an ask."""

    def __init__(self, wait: Wait, hours: Hours | None) -> None:
        self.began, self.hours = wait.started_at, hours
        passed = hours.open_time(wait.started_at, wait.due_at) if hours else wait.due_at - wait.started_at
        self.whole = passed if passed > timedelta() else max(wait.due_at - wait.started_at, timedelta())
        self.whole = self.whole or _HOUR

    def at(self, share: int) -> datetime:
        return self.after(self.began, self.whole * share / WHOLE)

    def after(self, since: datetime, length: timedelta) -> datetime:
        try:
            return self.hours.due_at(since, length) if self.hours else min(since + length, NEVER)
        except OverflowError:
            return NEVER

    def middle(self, since: datetime, until: datetime) -> datetime:
        length = self.hours.open_time(since, until) if self.hours else until - since
        return self.after(since, max(length, timedelta()) / 2)

    @property
    def patience(self) -> timedelta:
        return min(self.whole / _PATIENCE, _LONGEST_PATIENCE)


def _unclaimed(wait: Wait, steps: tuple[Step, ...], time: _Time, now: datetime) -> Coming | None:
    if not steps:
        return None
    heard_at = max(filter(None, (wait.rang_at, wait.asked_at, wait.reminded_at)))
    left = [step for step in steps if step.after > wait.share and not _is_the_alert(step)]
    if not left:
        again_at = time.after(heard_at, max(time.whole, _HOUR))
        return Coming(kind=Kind.REPEAT, at=again_at, share=max(wait.share, steps[-1].after), step=steps[-1])
    times = [time.at(step.after) for step in left]
    is_at_once = left[0].after == 0 and wait.asked_at is None
    soonest = heard_at if is_at_once else time.after(heard_at, time.patience)
    at = max(times[0], soonest)
    step = [one for one, due_at in zip(left, times, strict=True) if due_at <= max(at, now)][-1]
    return Coming(kind=Kind.ASK, at=at, share=step.after, step=step)


def _is_the_alert(step: Step) -> bool:
    """Who is on call is asked by the alert itself."""
    return step.after == 0 and step.ask == ON_CALL and step.to is None


def _claimed(wait: Wait, claimed: Claimed, time: _Time, now: datetime) -> Coming | None:
    """Who has it is reminded after half of what is left, and no sooner than the plan says."""
    took_at = max(wait.claimed_at or wait.rang_at, wait.rang_at)
    leeway = time.after(took_at, time.whole / _LEEWAY)
    returns = None
    if claimed.returns is not None:
        back_at = max(time.at(claimed.returns), leeway)
        returns = Coming(
            kind=Kind.RETURN, at=back_at, share=claimed.returns, step=Step(after=claimed.returns, ask=NEXT)
        )
    if claimed.remind is None or (returns and returns.at <= now):
        return returns
    step = Step(after=claimed.remind, ask=ON_CALL)
    if wait.reminded_at is None or wait.reminded_at < took_at:
        half = time.middle(took_at, returns.at) if returns else leeway
        at = max(time.at(claimed.remind), half)
        reminds = Coming(kind=Kind.REMIND, at=at, share=claimed.remind, step=step)
        return min(reminds, returns or reminds, key=lambda one: one.at)
    if returns:
        return returns
    again_at = time.after(wait.reminded_at, max(time.whole, _HOUR))
    return Coming(kind=Kind.REMIND, at=again_at, share=claimed.remind, step=step)


def _not_at_night(found: Coming, hours: Hours | None, now: datetime) -> Coming | None:
    """What was slept through is made up for when somebody is there again, not in between."""
    if hours is None or now - found.at < _LATE or hours.is_open(now):
        return found
    opens_at = hours.opens_at(now)
    if opens_at >= NEVER:
        return None
    return Coming(kind=found.kind, at=opens_at, share=found.share, step=found.step)


# --- whom -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """Who could be asked for a route just now. `rotation` None: it has none."""

    rotation: Rotation | None
    covers: tuple[Cover, ...]
    leads: tuple[str, ...]

    def person(self, at: datetime) -> str | None:
        return self.rotation.person(at, self.covers) if self.rotation else None


def whom(step: Step, duties: Duties, at: datetime, before: Collection[str]) -> tuple[str, ...]:
    """Keys of those whom a step asks then; `before`: who was asked already, or had it and did not answer.

    Nobody on call, and nobody after them: the leads.
    """
    if step.ask not in WORDS:
        return (step.ask,)
    if step.ask == ON_CALL and (person := duties.person(at)):
        return (person,)
    if step.ask == NEXT:
        for person in _in_turn(duties, at):
            if person not in before:
                return (person,)
    fresh = tuple(lead for lead in duties.leads if lead not in before)
    return fresh or duties.leads


def _in_turn(duties: Duties, at: datetime) -> Iterator[str]:
    """Who is on call, then the others of their layer, then those of the layers below that are there just now;
    then whoever has the next turn.
    """
    if duties.rotation is None:
        return
    yield from filter(None, (duties.person(at),))
    for layer in duties.rotation.layers:
        if layer.person(at) is not None:
            turn = layer.turn(at) % len(layer.people)
            yield from (*layer.people[turn:], *layer.people[:turn])
    yield from filter(None, (duties.rotation.duty(at, duties.covers).then,))


def last_asked(taken: Iterable[Asked]) -> Asked | None:
    """The last step that asked somebody who does not have it."""
    return next((one for one in reversed(tuple(taken)) if one.kind is not Kind.REMIND), None)
