"""The store's methods that only tell: a part of `bot.store.sqlite`, apart from it only for its length.

It knows which report answers what; it holds no SQL and no policy.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.briefing import Briefing, BriefingState, Due
from bot.incidents import Incident
from bot.listing import Listing, Tallies, Wanted, Whole
from bot.overview import Day, Rows, StageTimes
from bot.records import CardState, InboxRow, Tally
from bot.reports import RuleCount, StoredVerdict
from bot.status import Status
from bot.store import by_rule, inbox, schema
from bot.store.reports import Reports


class _Whole(Protocol):
    """What these methods use of the store."""

    _reports: Reports


class ReportSide:
    """See `bot.overview.Overview` and `bot.reports.Reports` for what each method promises."""

    # --- what staff asks for ---------------------------------------------------------------------

    async def in_hand(self: _Whole, *, person: str | None = None, limit: int) -> Rows:
        return await self._reports.in_hand(person, limit)

    async def queue(self: _Whole, *, limit: int) -> Rows:
        return await self._reports.queue(limit)

    async def day(self: _Whole, since: datetime, *, now: datetime) -> Day:
        return await self._reports.day(since, now=now)

    async def stage_times(self: _Whole, since: datetime, *, now: datetime) -> StageTimes:
        return await self._reports.stage_times(since, now=now)

    async def brief(self: _Whole, person: str, since: datetime, *, now: datetime) -> Briefing:
        return await self._reports.brief(person, since, now=now)

    async def briefing(self: _Whole, due: Due, *, now: datetime) -> BriefingState:
        return await self._reports.briefing(due, now=now)

    async def last_act(self: _Whole, person: str) -> datetime | None:
        return await self._reports.last_act(person)

    async def carded(self: _Whole, kind: str, receipt: str) -> CardState | None:
        return await self._reports.carded(kind, receipt)

    async def collected(self: _Whole, kind: str, receipt: str, *, limit: int) -> Rows:
        return await self._reports.collected(kind, receipt, limit=limit)

    async def running_incidents(self: _Whole) -> tuple[Incident, ...]:
        return await self._reports.incidents()

    # --- reporting ------------------------------------------------------------------------------

    async def status(self: _Whole, *, now: datetime) -> Status:
        return await self._reports.status(schema=schema.head(), now=now)

    async def inbox(
        self: _Whole,
        *,
        limit: int,
        brand: str | None = None,
        include_closed: bool = False,
        rule: str | None = None,
        since: datetime | None = None,
    ) -> tuple[InboxRow, ...]:
        return await self._reports.inbox(
            inbox.Wanted(limit=limit, brand=brand, include_closed=include_closed, rule=rule, since=since)
        )

    async def rule_counts(
        self: _Whole,
        *,
        now: datetime,
        brand: str | None = None,
        rule: str | None = None,
        since: datetime | None = None,
    ) -> tuple[RuleCount, ...]:
        return await self._reports.rule_counts(by_rule.Asked(brand=brand, rule=rule, since=since), now)

    async def listing(self: _Whole, wanted: Wanted, *, now: datetime) -> Listing:
        return await self._reports.listing(wanted, now=now)

    async def listing_tallies(self: _Whole, brand: str, person: str | None, *, now: datetime) -> Tallies:
        return await self._reports.listing_tallies(brand, person, now=now)

    async def whole(self: _Whole, conversation: int) -> Whole | None:
        return await self._reports.whole(conversation)

    async def tallies(self: _Whole) -> tuple[Tally, ...]:
        return await self._reports.tallies()

    async def recent_texts(self: _Whole, *, since: datetime, limit: int) -> tuple[str, ...]:
        return await self._reports.recent_texts(since=since, limit=limit)

    async def verdict(self: _Whole, mention_id: str) -> StoredVerdict | None:
        return await self._reports.verdict(mention_id)
