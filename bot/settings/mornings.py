"""`people.<key>.morning`: when the day of a person begins, each day alike or by weekdays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from bot.mornings import Morning
from bot.settings.hours import Days, TimeOfDay

if TYPE_CHECKING:
    from bot.settings.shape import File


def _every_day(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {"mon-sun": value}


Mornings = Annotated[dict[Days, TimeOfDay], Field(min_length=1), BeforeValidator(_every_day)]


def mornings(file: File) -> tuple[Morning, ...]:
    """By each person's own clocks, else those of the whole staff."""
    return tuple(
        Morning(person=key, zone=section.timezone or file.timezone, week=_week(section.morning))
        for key, section in file.people.items()
        if section.morning is not None
    )


def _week(given: Mapping[tuple[int, ...], time]) -> tuple[time | None, ...]:
    at = {day: clock for days, clock in given.items() for day in days}
    return tuple(at.get(day) for day in range(7))
