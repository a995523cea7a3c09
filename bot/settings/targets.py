"""The targets that asks are measured by, from the section `hours`.

Knows, by the package `holidays` if it is installed, which days are free in a country.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.errors import ConfigError, Problem
from bot.hours import Hours, Shift
from bot.settings.hours import DAYS, HoursSection
from bot.settings.problems import locate
from bot.settings.sources import Given
from bot.targets import Staffed, Targets
from bot.yamlfile import closest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


NEVER_OPEN = "somebody must be there at some time of the week"


def targets(sections: Mapping[str, HoursSection], zone: ZoneInfo, tree: Given, *, today: date) -> Targets:
    """`zone` counts where none is named. Raises: ConfigError."""
    by_route: dict[str, Staffed] = {}
    everywhere: Staffed | None = None
    for name, section in sections.items():
        staffed = Staffed(
            hours=_hours(name, section, section.timezone or zone, tree, today),
            round_the_clock=frozenset(section.round_the_clock),
        )
        for route in section.routes:
            if route in by_route:
                raise _wrong(tree, (name, "routes"), f"the route {route!r} has other hours already")
            by_route[route] = staffed
        if not section.routes:
            if everywhere is not None:
                raise _wrong(tree, (name,), "others count for every route already; name `routes` for these")
            everywhere = staffed
    return Targets(by_route=MappingProxyType(by_route), everywhere=everywhere)


def _hours(name: str, section: HoursSection, zone: ZoneInfo, tree: Given, today: date) -> Hours:
    open_in = week(section.open)
    if not any(open_in):
        raise _wrong(tree, (name, "open"), NEVER_OPEN)
    free = _free(section.holidays, name, tree, today) if section.holidays else frozenset()
    return Hours(zone=zone, week=open_in, holidays=free.union(section.closed))


def week(shifts_on: Mapping[tuple[int, ...], Collection[Shift]]) -> tuple[tuple[Shift, ...], ...]:
    """The shifts of each day, Monday first."""
    found: list[list[Shift]] = [[] for _ in DAYS]
    for days, shifts in shifts_on.items():
        for day in days:
            found[day].extend(shifts)
    return tuple(tuple(sorted(one)) for one in found)


def _free(region: str, name: str, tree: Given, today: date) -> frozenset[date]:
    """The public holidays of a country, or of a part of it (`DE`, `DE-BY`), of last year and five to come."""
    place = (name, "holidays")
    try:
        import holidays  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        told = "needs the package `holidays` (pip install holidays); or list the days in `closed`"
        raise _wrong(tree, place, told) from None
    country, _, part = region.partition("-")
    known: Mapping[str, Collection[str]] = holidays.list_supported_countries()
    if country not in known:
        raise _wrong(tree, place, "must be a country's code like DE, or DE-BY", closest(country, known))
    if part and part not in known[country]:
        near = closest(part, known[country])
        raise _wrong(tree, place, f"{country} has no such part", near and f"{country}-{near}")
    years = range(today.year - 1, today.year + 6)
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=years))


def strangers(sections: Mapping[str, HoursSection], tree: Given) -> Mapping[str, Problem]:
    """What is to be said of each named route, if the rules know none of this name."""
    return MappingProxyType(
        {
            route: _wrong(
                tree, (name, "routes"), f"names the route {route!r}; there is no such one"
            ).problems[0]
            for name, section in sections.items()
            for route in section.routes
        }
    )


def _wrong(tree: Given, path: tuple[str, ...], message: str, near: str | None = None) -> ConfigError:
    place = locate(tree, ("hours", *path))
    return ConfigError([place.problem(f"{place.subject()}: {message}", suggestion=near)])
