"""`people.<key>.morning`: when the day of a person begins, each day alike or by weekdays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from bot.mornings import Morning
from bot.settings.fields import complaint
from bot.settings.hours import days, time_of_day

if TYPE_CHECKING:
    from bot.settings.shape import File

_EVERY_DAY = "mon-sun"
_WRONG = 'must be a time of day like "08:30", or days with one, like {mon-fri: "08:30"}'


def _week(value: Any) -> Any:
    """The time of each weekday, Monday first."""
    given = value if isinstance(value, Mapping) else {_EVERY_DAY: value}
    at: dict[int, time] = {}
    for names, clock in given.items():
        if not isinstance(names, str):
            raise complaint(_WRONG)
        at |= dict.fromkeys(days(names), time_of_day(clock))
    if not at:
        raise complaint(_WRONG)
    return tuple(at.get(day) for day in range(7))


Mornings = Annotated[Any, BeforeValidator(_week)]


def mornings(file: File) -> tuple[Morning, ...]:
    """By each person's own clocks, else those of the whole staff."""
    return tuple(
        Morning(person=key, zone=section.timezone or file.timezone, week=section.morning)
        for key, section in file.people.items()
        if section.morning is not None
    )
