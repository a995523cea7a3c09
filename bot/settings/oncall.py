"""`on_call`: the section that says who is on call when, and for which routes."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.settings.fields import Section, Text, Zone, lower
from bot.settings.hours import Date, Days, Shifts, TimeOfDay


class LayerSection(Section):
    """People who take turns. `hours`: none: day and night."""

    people: Annotated[tuple[Text, ...], Field(min_length=1)]
    every: Annotated[Literal["day", "week"], BeforeValidator(lower)] = "week"
    at: TimeOfDay = time(9)
    starts: Date
    hours: dict[Days, Shifts] | None = None


class RotationSection(LayerSection):
    """`layers`: who is asked when nobody of these people is there, in order."""

    layers: tuple[LayerSection, ...] = ()
    routes: tuple[Text, ...] = ()
    timezone: Zone | None = None
