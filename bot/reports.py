"""What the store tells of itself: the other half of `bot.ports.Store`, for whoever only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from bot.records import InboxRow, RuleCount, Status, StoredVerdict, Tally


class Reports(Protocol):
    """What the database holds, at any time and beside a running daemon."""

    async def status(self, *, now: datetime) -> Status: ...

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

    async def tallies(self) -> tuple[Tally, ...]:
        """How many mentions there are, rivals' and ignored ones too, most urgent first."""
        ...

    async def recent_texts(self, *, since: datetime, limit: int) -> tuple[str, ...]:
        """What the newest posts that concern somebody say, deleted ones left out."""
        ...

    async def verdict(self, mention_id: str) -> StoredVerdict | None:
        """The newest verdict of a mention (its id, or the post's URL or platform id)."""
        ...
