"""How much noise alerts may make: quiet hours, when digests go out, budgets; and what came of them. Pure.

Knows channels and routes by their names. What is critical is no business of any of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.marks import Marks
from bot.quiet import Quiet, until

if TYPE_CHECKING:
    from bot.errors import Problem

ONE_CALL = timedelta(hours=1)
"""An author calls staff once in this time by one conversation, unless it becomes more urgent."""


class Why(StrEnum):
    """What an alert is held back for."""

    QUIET_HOURS = "quiet_hours"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """When digests go out: for what goes to these channels by these routes; none named: all."""

    marks: Marks
    channels: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def is_for(self, channel: str, route: str | None) -> bool:
        return (not self.channels or channel in self.channels) and (not self.routes or route in self.routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBudget:
    """So many alerts ring by themselves on a channel between two marks; the rest is told on one card.

    `calls`: so often one person is called by name in these channels together; None: as often as need be.
    """

    alerts: int
    marks: Marks
    channels: frozenset[str] = frozenset()
    calls: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """All of it; where several are for a channel or a route, the first of the digests and budgets counts, and
    all quiet hours. `strangers`: by route that is named, what to say if there is no such route.
    """

    quiet: tuple[Quiet, ...] = ()
    digests: tuple[Digest, ...] = ()
    budgets: tuple[AlertBudget, ...] = ()
    strangers: Mapping[str, Problem] = field(default_factory=lambda: MappingProxyType({}))

    def quiet_until(self, channel: str, route: str | None, at: datetime) -> datetime | None:
        """When quiet hours end that hold then; None: it is not quiet."""
        return until((one for one in self.quiet if one.is_for(channel, route)), at)

    def digest(self, channel: str, route: str | None) -> Digest | None:
        """None: hourly."""
        return next((one for one in self.digests if one.is_for(channel, route)), None)

    def budget(self, channel: str) -> AlertBudget | None:
        fitting = (one for one in self.budgets if not one.channels or channel in one.channels)
        return min(fitting, key=lambda one: not one.channels, default=None)


NO_LIMITS = Noise()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The card of an effect is about to call these people in that channel."""

    effect: int
    channel: str
    people: tuple[str, ...]
    is_critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Why a card tells of what was held back. `budget`: how many alerts rang by themselves before."""

    why: Why
    budget: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelNoise:
    """What a channel was told: `alone` counts alerts that came by themselves, `held` those that were held
    back, by reason, `left_out` calls that cards did not make any more. `criticals` of all of these were
    critical: none, unless we made a mistake.
    """

    channel: str
    alone: int = 0
    held: Mapping[Why, int] = field(default_factory=dict)
    criticals: int = 0
    left_out: int = 0
