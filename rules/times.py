"""The section `times`: named stretches of the week, in a time zone; and whether a moment lies in one.

A stretch that goes over midnight belongs to the day on which it begins. Knows the zone database; no clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from rules.reading import Reader
from rules.report import Code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.yamlfile import Node
    from rules.report import Report

KEYS = ("zone", "days", "hours")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([0-2][0-9]):([0-5][0-9])\s*-\s*([0-2][0-9]):([0-5][0-9])\Z")
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Hours of some days of the week; minutes of the day, the end not included."""

    zone: ZoneInfo = _UTC
    days: frozenset[int] = frozenset(range(7))
    hours: tuple[tuple[int, int], ...] = ((0, 24 * 60),)

    def holds(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        return any(self._lies(minute, day, start, end) for start, end in self.hours)

    def _lies(self, minute: int, day: int, start: int, end: int) -> bool:
        if start < end:
            return day in self.days and start <= minute < end
        return (day in self.days and minute >= start) or ((day - 1) % 7 in self.days and minute < end)


Times = dict[str, tuple[Stretch, ...]]


def read(nodes: Mapping[str, Node], report: Report) -> Times:
    """Each name: one stretch, or a list of them (any)."""
    return {name: tuple(_stretches(name, node, report)) for name, node in nodes.items()}


def _stretches(name: str, node: Node, report: Report) -> Iterator[Stretch]:
    reader = Reader(report, f'time "{name}"')
    for one in reader.items(node):
        values = reader.fields(one, KEYS)
        if not values:
            reader.wrong(one, "zone, days or hours", "a time")
        yield Stretch(
            zone=_zone(values["zone"], reader) if "zone" in values else _UTC,
            days=_days(values["days"], reader) if "days" in values else frozenset(range(7)),
            hours=tuple(_hours(values["hours"], reader)) if "hours" in values else ((0, 24 * 60),),
        )


def _zone(node: Node, reader: Reader) -> ZoneInfo:
    name = reader.text(node, "zone")
    if name is None:
        return _UTC
    if name not in _zones():
        reader.unknown(Code.NAME, "time zone", node.location, name=name, known=_near(name, _zones()))
        return _UTC
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    """Read once: it looks through folders."""
    return frozenset(available_timezones())


def _near(name: str, known: frozenset[str]) -> list[str]:
    """Those that a message can offer: the same city, else the same continent."""
    city = name.rpartition("/")[2].casefold()
    same = [zone for zone in known if zone.rpartition("/")[2].casefold() == city]
    return same or [zone for zone in known if zone.startswith(name.partition("/")[0] + "/")]


def _days(node: Node, reader: Reader) -> frozenset[int]:
    found: set[int] = set()
    for child in reader.items(node):
        first, dash, last = child.text.strip().lower().partition("-")
        ends = [DAYS.index(day.strip()[:3]) for day in (first, last or first) if day.strip()[:3] in DAYS]
        if len(ends) != 2 or (dash and not last) or not isinstance(child.value, str):
            reader.wrong(child, f"a day ({', '.join(DAYS)}) or a range like mon-fri", "days")
            continue
        start, end = ends
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)


def _hours(node: Node, reader: Reader) -> Iterator[tuple[int, int]]:
    for child in reader.items(node):
        found = _HOURS.match(child.text.strip())
        start, end = (_minutes(found[1], found[2]), _minutes(found[3], found[4])) if found else (-1, -1)
        if not 0 <= start < 24 * 60 or not 0 <= end <= 24 * 60 or start == end:
            reader.wrong(child, 'hours like "09:00-17:30" (or "22:00-06:00", over midnight)', "hours")
            continue
        yield start, end


def _minutes(hours: str, minutes: str) -> int:
    return int(hours) * 60 + int(minutes)


def holds(stretches: Sequence[Stretch], at: datetime) -> bool:
    return any(stretch.holds(at) for stretch in stretches)


_MONDAY = datetime(2026, 1, 5)  # noqa: DTZ001 - its zone is that of the times
_AT = re.compile(r"([A-Za-z]{3})[a-z]*\s+([0-2]?[0-9]):([0-5][0-9])\Z")


def moment(text: str, times: Times) -> datetime | None:
    """`Sat 02:10` of a week in January, in the zone of the set's times (UTC if they have several), or a full
    date and time with its offset; None if it is neither.
    """
    found = _AT.match(text.strip())
    if found is None:
        return _full(text)
    if found[1].lower() not in DAYS or int(found[2]) > 23:
        return None
    zones = {stretch.zone for stretches in times.values() for stretch in stretches}
    zone = zones.pop() if len(zones) == 1 else _UTC
    day = _MONDAY + timedelta(days=DAYS.index(found[1].lower()))
    return datetime.combine(day, time(int(found[2]), int(found[3])), zone)


def _full(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo else None
