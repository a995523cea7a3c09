"""A few numbers about the whole database, as `outcare status` and the page tell them. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.escalation import Taken
from bot.incidents import Incident
from bot.model import Cursor, Gap
from bot.noise import ChannelNoise
from bot.pausing import Paused
from bot.ruleslog import RulesState


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """`observed_from`, `observed_to`: the ends of its coverage (None: nothing observed yet).

    `missed` is the time in gaps within the last 24 hours.
    """

    name: str
    cursor: Cursor | None
    updated_at: datetime | None
    observed_from: datetime | None = None
    observed_to: datetime | None = None
    missed: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A few numbers about the whole database. `gaps`: the newest of the last days, oldest first; `more_gaps`
    of those days are not among them. `incidents`: those that run.
    """

    schema_version: str
    posts: int
    mentions: int
    conversations: Mapping[str, int]
    open_asks: int
    overdue_asks: int
    effects: Mapping[str, int]
    sources: tuple[SourceStatus, ...]
    gaps: tuple[Gap, ...]
    more_gaps: int = 0
    oldest_pending_at: datetime | None = None
    rules_version: str | None = None
    rules: RulesState | None = None
    last_mention_at: datetime | None = None
    failures: Mapping[str, str] = field(default_factory=dict)
    paused: Paused | None = None
    noise: tuple[ChannelNoise, ...] = ()
    steps: Taken = field(default_factory=Taken)
    incidents: tuple[Incident, ...] = ()
