"""`hours`: the section that says when somebody is there, and for which routes."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.hours import Shift
from bot.model import Urgency
from bot.settings.fields import Section, Text, Zone, complaint
from bot.yamlfile import closest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_URGENCIES = {urgency.label: urgency for urgency in Urgency}
_SHIFT = re.compile(r"(\d\d?:\d\d)\s*[-–]\s*(\d\d?:\d\d)")


def days(value: Any) -> Any:
    """`sat`, `mon-fri` as numbers, Monday 0."""
    if not isinstance(value, str):
        return value
    names = [part.strip().lower()[:3] for part in value.split("-")]
    for name in names:
        if name not in DAYS:
            raise complaint("must have days in it, like sat or mon-fri", closest(name, DAYS))
    first, last = DAYS.index(names[0]), DAYS.index(names[-1])
    if len(names) > 2 or first > last:
        raise complaint("must go from an earlier day to a later one, like mon-fri")
    return tuple(range(first, last + 1))


def _shift(value: Any) -> Any:
    found = _SHIFT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise complaint("must be times like 09:00-17:30")
    since, until = (_time(text) for text in found.groups())
    return Shift(since, until)


def _time(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    if (hour, minute) == (24, 0):
        return time()
    if hour > 23 or minute > 59:
        raise complaint("must be times of day from 00:00 to 24:00, like 09:00-17:30")
    return time(hour, minute)


def time_of_day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d\d?:\d\d", value.strip()):
        return _time(value.strip())
    if isinstance(value, time):
        return value
    raise complaint('must be a time of day like "09:00"')


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _day(value: Any) -> Any:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise complaint("must be a date like 2026-12-24") from None


def _urgency(value: Any) -> Any:
    if isinstance(value, str):
        if value not in _URGENCIES:
            raise complaint(f"must be one of {', '.join(_URGENCIES)}", closest(value, _URGENCIES))
        return _URGENCIES[value]
    return value


TimeOfDay = Annotated[time, BeforeValidator(time_of_day)]
Date = Annotated[date, BeforeValidator(_day)]
Days = Annotated[tuple[int, ...], BeforeValidator(days)]
OneShift = Annotated[Any, BeforeValidator(_shift)]
Shifts = Annotated[tuple[OneShift, ...], BeforeValidator(_one_or_many)]


class HoursSection(Section):
    """`routes`: for which these hours count; none: for all that no other hours name."""

    open: dict[Days, Shifts]
    closed: tuple[Date, ...] = ()
    holidays: Text | None = None
    timezone: Zone | None = None
    routes: tuple[Text, ...] = ()
    round_the_clock: tuple[Annotated[Urgency, BeforeValidator(_urgency)], ...] = (Urgency.CRITICAL,)
