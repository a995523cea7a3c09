"""What the store tells of itself: the other half of `bot.storing.Store`, for whoever only reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.briefing import Briefing
    from bot.escalation import Asked
    from bot.model import Facts, Verdict
    from bot.oncall import Cover
    from bot.orders import Silence
    from bot.overview import StageTimes
    from bot.records import InboxRow, Tally
    from bot.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """For how many mentions a rule fired (None: those for which no rule did), and what became of them.

    `alerts` of them rang, of `claims` somebody took on the wait; `feedback` counts what people say of their
    verdicts. `silenced_until`: the rule counts for nothing just now.
    """

    rule: str | None
    mentions: int
    alerts: int = 0
    claims: int = 0
    feedback: Mapping[str, int] = field(default_factory=dict)
    silenced_until: datetime | None = None

    @property
    def judged(self) -> int:
        """How many said anything of them."""
        return sum(self.feedback.values())

    @property
    def right(self) -> float | None:
        """The share of `right` in what people said."""
        return self.feedback.get("right", 0) / self.judged if self.judged else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerdict:
    """A verdict with the facts it was made from, and the source of the rules that made it. `asked`: who was
    asked for an answer meanwhile, oldest first.
    """

    verdict: Verdict
    facts: Facts
    rules_source: Mapping[str, str]
    asked: tuple[Asked, ...] = ()


class Reports(Protocol):
    """What the database holds, at any time and beside a running daemon."""

    async def status(self, *, now: datetime) -> Status: ...

    async def silences(self, *, now: datetime) -> tuple[Silence, ...]:
        """Those that neither ran out nor were ended."""
        ...

    async def covers(self, *, now: datetime) -> tuple[Cover, ...]:
        """Who covers, or will, for whoever is on call."""
        ...

    async def brief(self, person: str, since: datetime, *, now: datetime) -> Briefing:
        """What happened since, for somebody who comes back."""
        ...

    async def last_act(self, person: str) -> datetime | None:
        """When this person last decided anything; None: never."""
        ...

    async def inbox(
        self,
        *,
        limit: int,
        brand: str | None = None,
        include_closed: bool = False,
        rule: str | None = None,
        since: datetime | None = None,
    ) -> tuple[InboxRow, ...]:
        """Mentions, most urgent and longest waiting first; `since`: stored from then on."""
        ...

    async def rule_counts(
        self,
        *,
        now: datetime,
        brand: str | None = None,
        rule: str | None = None,
        since: datetime | None = None,
    ) -> tuple[RuleCount, ...]:
        """For how many mentions each rule fired, closed and ignored ones too, and what became of them.

        Most first; and the rules that are silenced `now`.
        """
        ...

    async def stage_times(self, since: datetime, *, now: datetime) -> StageTimes:
        """How the asks went that began since then, and who waits now; rivals' left out."""
        ...

    async def tallies(self) -> tuple[Tally, ...]:
        """How many mentions there are, rivals' and ignored ones too, most urgent first."""
        ...

    async def recent_texts(self, *, since: datetime, limit: int) -> tuple[str, ...]:
        """What the newest posts that concern somebody say, deleted ones left out."""
        ...

    async def verdict(self, mention_id: str) -> StoredVerdict | None:
        """The newest verdict of a mention (its id, or the post's URL or platform id)."""
        ...
