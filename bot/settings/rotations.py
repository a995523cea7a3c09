"""Who is on call by the section `on_call`; knows the people of the configuration by their keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.errors import ConfigError
from bot.hours import Hours
from bot.oncall import Layer, OnCall, Rotation
from bot.settings.oncall import LayerSection, RotationSection
from bot.settings.problems import Loc, locate
from bot.settings.sources import Given
from bot.settings.targets import NEVER_OPEN, week
from bot.yamlfile import closest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAYS = {"day": 1, "week": 7}


def rotations(
    sections: Mapping[str, RotationSection], people: Collection[str], zone: ZoneInfo, tree: Given
) -> OnCall:
    """`zone` counts where none is named. Raises: ConfigError."""
    _check_routes(sections, tree)
    made = {}
    for name, section in sections.items():
        own = section.timezone or zone
        below = [
            _layer(one, (name, "layers", index), people, own, tree)
            for index, one in enumerate(section.layers)
        ]
        layers = (_layer(section, (name,), people, own, tree), *below)
        made[name] = Rotation(name=name, layers=layers, routes=section.routes)
    strangers = {
        route: _wrong(tree, (name, "routes"), f"names the route {route!r}; there is no such one").problems[0]
        for name, section in sections.items()
        for route in section.routes
    }
    return OnCall(rotations=MappingProxyType(made), strangers=MappingProxyType(strangers))


def _check_routes(sections: Mapping[str, RotationSection], tree: Given) -> None:
    """A route has one rotation: else nobody could say who is on call for it."""
    taken: set[str] = set()
    everywhere = 0
    for name, section in sections.items():
        for route in section.routes:
            if route in taken:
                raise _wrong(tree, (name, "routes"), f"the route {route!r} has another rotation already")
            taken.add(route)
        everywhere += not section.routes
        if everywhere > 1:
            message = "another rotation is for every route already; name `routes` for this one"
            raise _wrong(tree, (name,), message)


def _layer(section: LayerSection, at: Loc, people: Collection[str], zone: ZoneInfo, tree: Given) -> Layer:
    for index, person in enumerate(section.people):
        if person not in people:
            message = f"nobody in `people` has the key {person!r}"
            raise _wrong(tree, (*at, "people", index), message, closest(person, people))
    hours = None
    if section.hours is not None:
        hours = Hours(zone=zone, week=week(section.hours))
        if not any(hours.week):
            raise _wrong(tree, (*at, "hours"), NEVER_OPEN)
    return Layer(
        people=section.people,
        zone=zone,
        starts=section.starts,
        at=section.at,
        days=_DAYS[section.every],
        hours=hours,
    )


def _wrong(tree: Given, path: Loc, message: str, near: str | None = None) -> ConfigError:
    place = locate(tree, ("on_call", *path))
    return ConfigError([place.problem(f"{place.subject()}: {message}", suggestion=near)])
