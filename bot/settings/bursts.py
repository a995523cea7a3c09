"""When many alerts are one incident, by the section `incidents`; routes are known where rules are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from bot.errors import Problem
from bot.incidents import Incidents
from bot.settings.incidents import IncidentsSection
from bot.settings.problems import locate
from bot.settings.sources import Given


def incidents(section: IncidentsSection) -> Incidents:
    """One that ended before it could begin again would end at once."""
    return Incidents(
        at_least=section.at_least,
        within=section.within,
        authors=section.authors,
        ends_after=max(section.ends_after, section.within + timedelta(minutes=1)),
        routes=section.routes,
        is_off=section.off,
    )


def strangers(section: IncidentsSection, tree: Given) -> Mapping[str, Problem]:
    """What is to be said of each named route, if the rules know none of this name."""
    place = locate(tree, ("incidents", "routes"))
    told = "names the route {!r}; there is no such one"
    return MappingProxyType(
        {route: place.problem(f"{place.subject()}: {told.format(route)}") for route in section.routes}
    )
