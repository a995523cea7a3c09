"""Who is asked when nobody answers, by the section `escalation`; knows people and channels by their names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.errors import ConfigError, Problem
from bot.escalation import WORDS, Claimed, Escalation, Part, Step
from bot.model import Urgency
from bot.oncall import OnCall
from bot.settings.problems import Loc, locate
from bot.settings.sources import Given
from bot.settings.steps import EscalationSection, StepSection, StepsSection
from bot.staff import Person, Role
from bot.yamlfile import closest

_TOP = "escalation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What steps may name."""

    people: Collection[str]
    channels: Collection[str]


def escalation(section: EscalationSection, named: Named, on_call: OnCall, tree: Given) -> Escalation:
    """Raises: ConfigError."""
    routes, personas = section.routes, section.personas
    everywhere = _part(section, (), named, tree)
    return Escalation(
        everywhere=replace(everywhere, claimed=everywhere.claimed or Claimed()),
        by_route=_parts(routes, "routes", named, tree),
        by_persona=_parts(personas, "personas", named, tree),
        on_call=on_call,
        strangers=MappingProxyType(
            {
                (kind, name): _problem(tree, (kind, name), f"there is no {kind[:-1]} {name!r} in the rules")
                for kind, parts in (("routes", routes), ("personas", personas))
                for name in parts
            }
        ),
    )


def with_people(made: Escalation, people: Collection[Person]) -> Escalation:
    """And who of the staff leads."""
    return replace(made, leads=tuple(one.key for one in people if one.role is Role.LEAD))


def _parts(sections: Mapping[str, StepsSection], kind: str, named: Named, tree: Given) -> Mapping[str, Part]:
    return MappingProxyType(
        {name: _part(section, (kind, name), named, tree) for name, section in sections.items()}
    )


def _part(section: StepsSection, at: Loc, named: Named, tree: Given) -> Part:
    steps = {}
    for urgency in Urgency:
        wanted: tuple[StepSection, ...] | None = getattr(section, urgency.label)
        if wanted is not None:
            steps[urgency] = tuple(_steps(wanted, (*at, urgency.label), named, tree))
    claimed = None
    if section.claimed is not None:
        remind, returns = section.claimed.remind, section.claimed.return_
        if remind is not None and returns is not None and remind >= returns:
            raise _wrong(tree, (*at, "claimed"), "somebody is reminded before it goes back: `remind` is less")
        claimed = Claimed(remind=remind, returns=returns)
    return Part(steps=MappingProxyType(steps), claimed=claimed)


def _steps(wanted: tuple[StepSection, ...], at: Loc, named: Named, tree: Given) -> Iterator[Step]:
    before = -1
    for index, one in enumerate(wanted):
        place = (*at, index)
        if one.after <= before:
            raise _wrong(tree, (*place, "after"), "must come after the step before it")
        if one.ask not in {*WORDS, *named.people}:
            message = f"must be {', '.join(WORDS)}, or somebody's key in `people`"
            raise _wrong(tree, (*place, "ask"), message, closest(one.ask, [*WORDS, *named.people]))
        if one.to is not None and one.to not in named.channels:
            message = f"names the channel {one.to!r}; there is no such one in `channels`"
            raise _wrong(tree, (*place, "to"), message, closest(one.to, named.channels))
        before = one.after
        yield Step(after=one.after, ask=one.ask, to=one.to)


def _problem(tree: Given, path: Loc, message: str, near: str | None = None) -> Problem:
    place = locate(tree, (_TOP, *path))
    return place.problem(f"{place.subject()}: {message}", suggestion=near)


def _wrong(tree: Given, path: Loc, message: str, near: str | None = None) -> ConfigError:
    return ConfigError([_problem(tree, path, message, near)])
