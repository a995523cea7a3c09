"""`quiet_hours`, `digests` and `budgets`: the sections that say how much noise alerts may make."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bot.settings.fields import Duration, Section, Text, Zone, between
from bot.settings.hours import Days, Shifts, TimeOfDay

SHIFT = "shift"


def _one_or_many(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _shift_or_length(value: Any) -> Any:
    return SHIFT if isinstance(value, str) and value.strip().lower() == SHIFT else value


Times = Annotated[tuple[TimeOfDay, ...], BeforeValidator(_one_or_many), Field(min_length=1)]


class QuietSection(Section):
    """For which channels and routes; none: for all."""

    hours: dict[Days, Shifts]
    timezone: Zone | None = None
    channels: tuple[Text, ...] = ()
    routes: tuple[Text, ...] = ()


class DigestSection(Section):
    """Either `every` so often from midnight on, or `at` set times of some days (`days`: none: every day)."""

    every: Annotated[Duration, between("5m", "1d")] | None = None
    at: Times | None = None
    days: Days | None = None
    timezone: Zone | None = None
    channels: tuple[Text, ...] = ()
    routes: tuple[Text, ...] = ()


class BudgetSection(Section):
    """So many `alerts`, and of one person so many `calls`, per length of time from midnight on, or per shift
    (`shifts`: none: as in `hours`).
    """

    alerts: int = Field(ge=1)
    calls: int | None = Field(default=None, ge=1)
    per: Annotated[
        Literal["shift"] | Annotated[Duration, between("5m", "1d")], BeforeValidator(_shift_or_length)
    ] = timedelta(days=1)
    shifts: dict[Days, Shifts] | None = None
    timezone: Zone | None = None
    channels: tuple[Text, ...] = ()
