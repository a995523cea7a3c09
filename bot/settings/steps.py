"""`escalation`: the section that says who is asked when nobody answers, and after what share of the time."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from bot.settings.fields import Section, Text, complaint

LONGEST = 300
_PERCENT = re.compile(r"(\d{1,4})\s*%")


def _percent(value: Any) -> Any:
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise complaint("must be a share of the time like 50%")
    share = int(found[1])
    if share > LONGEST:
        raise complaint(f"must be between 0% and {LONGEST}%")
    return share


def _percent_or_off(value: Any) -> Any:
    # YAML 1.1 reads `off` as false
    return None if value is False or value == "off" else _percent(value)


Percent = Annotated[int, BeforeValidator(_percent)]
PercentOrOff = Annotated[int | None, BeforeValidator(_percent_or_off)]


class StepSection(Section):
    """`ask`: on_call, next, lead, or a person's key. `to`: a channel; none: where the ask's cards are."""

    after: Percent
    ask: Text
    to: Text | None = None


class ClaimedSection(Section):
    """When whoever has it is reminded, and when it goes back to the queue; `off`: never."""

    remind: PercentOrOff = 80
    return_: Annotated[PercentOrOff, Field(alias="return")] = 100


class StepsSection(Section):
    """An empty list: nobody is asked. What is left out stands elsewhere, or is the default."""

    low: tuple[StepSection, ...] | None = None
    normal: tuple[StepSection, ...] | None = None
    high: tuple[StepSection, ...] | None = None
    critical: tuple[StepSection, ...] | None = None
    claimed: ClaimedSection | None = None


class EscalationSection(StepsSection):
    """`personas` come before `routes`, and these before what holds for all."""

    routes: dict[Text, StepsSection] = Field(default_factory=dict)
    personas: dict[Text, StepsSection] = Field(default_factory=dict)
