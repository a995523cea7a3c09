"""How much noise alerts may make, from the sections `quiet_hours`, `digests` and `budgets`.

Knows what they mean together with the business hours and the channels there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot import marks
from bot.errors import ConfigError, Problem
from bot.hours import Hours
from bot.marks import Marks
from bot.noise import AlertBudget, Digest, Noise
from bot.quiet import LONGEST, Quiet
from bot.settings.hours import DAYS, HoursSection
from bot.settings.noise import SHIFT, BudgetSection, DigestSection, QuietSection
from bot.settings.problems import Loc, locate
from bot.settings.shape import File
from bot.settings.sources import Given
from bot.settings.targets import week
from bot.wishes import CONSOLE
from bot.yamlfile import closest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_EVERY_DAY = tuple(range(len(DAYS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What the sections may refer to. `zone` counts where none is named."""

    zone: ZoneInfo
    channels: Collection[str]
    hours: Mapping[str, HoursSection]
    tree: Given


def noise(file: File, channels: Collection[str], tree: Given) -> Noise:
    """Raises: ConfigError."""
    around = _Around(zone=file.timezone, channels=(*channels, CONSOLE), hours=file.hours, tree=tree)
    quiet, digests, budgets = file.quiet_hours, file.digests, file.budgets
    named = {
        **{("quiet_hours", name): one.channels for name, one in quiet.items()},
        **{("digests", name): one.channels for name, one in digests.items()},
        **{("budgets", name): one.channels for name, one in budgets.items()},
    }
    for place, of in named.items():
        _check_channels(place, of, around)
    quiet_hours = tuple(_quiet(name, one, around) for name, one in quiet.items())
    _check_ends(quiet_hours, around)
    return Noise(
        quiet=quiet_hours,
        digests=tuple(_digest(name, one, around) for name, one in digests.items()),
        budgets=tuple(_budget(name, one, around) for name, one in _apart(budgets, around)),
        strangers=MappingProxyType(
            dict([*_strangers("quiet_hours", quiet, around), *_strangers("digests", digests, around)])
        ),
    )


def _quiet(name: str, section: QuietSection, around: _Around) -> Quiet:
    quiet_in = week(section.hours)
    place = ("quiet_hours", name, "hours")
    if not any(quiet_in):
        raise _wrong(around.tree, place, "it must be quiet at some time of the week")
    hours = Hours(section.timezone or around.zone, quiet_in)
    return Quiet(hours=hours, channels=frozenset(section.channels), routes=frozenset(section.routes))


def _check_ends(quiet: tuple[Quiet, ...], around: _Around) -> None:
    """Together they must leave a time at which everybody hears of what was held back."""
    named: set[str | None] = {route for one in quiet for route in one.routes}
    for channel, route in product(around.channels, (None, *sorted(filter(None, named)))):
        until = Noise(quiet=quiet).quiet_until(channel, route, _MONDAY)
        if until is not None and until - _MONDAY >= LONGEST:
            told = f"never end for {channel}: nobody would hear of anything there but what is critical"
            raise _wrong(around.tree, ("quiet_hours",), told)


def _digest(name: str, section: DigestSection, around: _Around) -> Digest:
    zone, place = section.timezone or around.zone, ("digests", name)
    if (section.every is None) == (section.at is None):
        raise _wrong(around.tree, place, "say either `every` or `at`")
    if section.every is not None:
        if section.days is not None:
            raise _wrong(around.tree, (*place, "days"), "goes with `at`, not with `every`")
        set_times = marks.each(section.every, zone)
    else:
        on_days = _EVERY_DAY if section.days is None else section.days
        times = tuple(sorted(set(section.at or ())))
        set_times = Marks(zone, tuple(times if day in on_days else () for day in _EVERY_DAY))
    return Digest(marks=set_times, channels=frozenset(section.channels), routes=frozenset(section.routes))


def _budget(name: str, section: BudgetSection, around: _Around) -> AlertBudget:
    zone, place = section.timezone or around.zone, ("budgets", name)
    if isinstance(section.per, str):
        periods = _shifts(section, place, around)
    elif section.shifts is not None:
        raise _wrong(around.tree, (*place, "shifts"), f"goes with `per: {SHIFT}`")
    else:
        periods = marks.each(section.per, zone)
    return AlertBudget(
        alerts=section.alerts, marks=periods, channels=frozenset(section.channels), calls=section.calls
    )


def _shifts(section: BudgetSection, place: Loc, around: _Around) -> Marks:
    """Its own, else those of the business hours that are for every route, else the only ones there are."""
    zone = section.timezone or around.zone
    if section.shifts is not None:
        if not any(week(section.shifts)):
            raise _wrong(around.tree, (*place, "shifts"), "must have a shift on some day")
        return marks.ends(section.shifts, zone)
    everywhere = [one for one in around.hours.values() if not one.routes] or list(around.hours.values())
    if len(everywhere) != 1:
        raise _wrong(
            around.tree, (*place, "per"), "name the `shifts`, like {mon-fri: [06:00-14:00, 14:00-22:00]}"
        )
    return marks.ends(everywhere[0].open, section.timezone or everywhere[0].timezone or around.zone)


def _apart(budgets: Mapping[str, BudgetSection], around: _Around) -> Iterable[tuple[str, BudgetSection]]:
    """A channel has one budget: else nobody could say which of them is spent."""
    taken: set[str | None] = set()
    for name, section in budgets.items():
        for channel in section.channels or (None,):
            if channel in taken:
                told = (
                    f"the channel {channel!r} has another budget already"
                    if channel
                    else ("another budget is for every channel already; name `channels` for this one")
                )
                raise _wrong(around.tree, ("budgets", name), told)
            taken.add(channel)
    return budgets.items()


def _check_channels(at: Loc, channels: Iterable[str], around: _Around) -> None:
    for index, channel in enumerate(channels):
        if channel not in around.channels:
            message = f"there is no channel {channel!r}"
            raise _wrong(around.tree, (*at, "channels", index), message, closest(channel, around.channels))


def _strangers(
    key: str, sections: Mapping[str, QuietSection] | Mapping[str, DigestSection], around: _Around
) -> Iterator[tuple[str, Problem]]:
    """What is to be said of each named route, if the rules know none of this name."""
    for name, section in sections.items():
        for route in section.routes:
            message = f"names the route {route!r}; there is no such one"
            yield route, _wrong(around.tree, (key, name, "routes"), message).problems[0]


def _wrong(tree: Given, path: Loc, message: str, near: str | None = None) -> ConfigError:
    place = locate(tree, path)
    return ConfigError([place.problem(f"{place.subject()}: {message}", suggestion=near)])
