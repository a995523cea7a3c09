"""Everything that is read, on read-only connections through SQLModel's tables: it can't disturb the writer.

It turns rows into the values of `bot.records`; no row leaves it. Each report is one trip to a reader thread
and back (decision 9): a trip per statement costs more than the statements.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, create_engine, event, func, or_, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import col

from bot.briefing import Briefing, BriefingState, Due
from bot.counting import Event
from bot.history import Recall, Recalled
from bot.incidents import Incident
from bot.listing import Listing, Tallies, Whole
from bot.listing import Wanted as WantedListing
from bot.model import Cursor, PostRef, searchable
from bot.oncall import Cover
from bot.orders import Account, Over, Silence
from bot.overview import Day, Rows, StageTimes
from bot.pausing import Paused
from bot.records import (
    CardState,
    DigestState,
    InboxRow,
    Leased,
    Met,
    Tally,
)
from bot.reports import RuleCount, StoredVerdict
from bot.ruleslog import RulesState
from bot.shifts import Roster
from bot.status import Status
from bot.store import (
    briefing,
    by_rule,
    card,
    counts,
    covering,
    escalated,
    history,
    holding,
    inbox,
    incident_numbers,
    incidents,
    linking,
    listing,
    next_steps,
    of_many,
    overview,
    pausing,
    replying,
    rows,
    second_looks,
    silencing,
    snoozing,
    stages,
    status,
    telling_shifts,
    whole,
)
from bot.store.card import Fetch
from bot.store.effects import READY
from bot.store.status import A_DAY
from bot.store.tables import (
    AccountRow,
    AnswerRow,
    AskRow,
    BrandRow,
    ConversationRow,
    CursorRow,
    MentionRow,
    PostRow,
    RuleSetRow,
    VerdictRow,
)
from bot.store.writer import store_error
from bot.waits import Found, Wanted

KEPT_AT_ONCE = 10_000
T = TypeVar("T")

_READERS = 2
_NEXT = text(
    "SELECT min(at) FROM (SELECT min(e.leased_until) AS at FROM effects e WHERE e.state = 'leased'"
    " UNION ALL SELECT * FROM (SELECT e.due_at FROM effects e"
    f" WHERE e.state = 'pending' AND {READY} ORDER BY e.due_at LIMIT 1)"
    f" UNION ALL {snoozing.NEXT} UNION ALL {next_steps.NEXT} UNION ALL {incidents.NEXT})"
)


class Reports:
    """A few read-only connections, made when they are first needed."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self._path = path
        url = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
        self._engine = create_engine(url, pool_size=_READERS, connect_args={"timeout": busy_seconds})
        event.listen(self._engine, "connect", _widen)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="outcare-reader")

    async def close(self) -> None:
        await asyncio.to_thread(self._readers.shutdown)
        self._engine.dispose()

    async def _read(self, ask: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._ask, ask)

    def _ask(self, ask: Callable[[Connection], T]) -> T:
        """One connection, and one state of the database for all that is read."""
        try:
            with self._engine.connect() as conn:
                conn.exec_driver_sql("BEGIN")
                return ask(conn)
        except SQLAlchemyError as error:  # also a pool that had no connection free in time
            cause = error.orig if isinstance(error, DBAPIError) else None
            raise store_error(cause or error, at=self._path) from error

    # --- listening ------------------------------------------------------------------------------

    async def cursor(self, name: str) -> Cursor | None:
        query = select(col(CursorRow.cursor)).where(col(CursorRow.name) == name)
        found = await self._read(lambda conn: conn.execute(query).scalar())
        return None if found is None else Cursor(found)

    async def held(self, platform: str, since: datetime) -> Mapping[str, tuple[str, ...]]:
        mentioned = select(col(PostRow.post_id), col(MentionRow.brand)).join(
            MentionRow, col(MentionRow.post) == col(PostRow.id)
        )
        answered = select(col(PostRow.post_id), col(AnswerRow.brand)).join(
            AnswerRow, col(AnswerRow.post) == col(PostRow.id)
        )
        is_recent = (col(PostRow.platform) == platform) & (col(PostRow.stored_at) >= since)
        brands: dict[str, tuple[str, ...]] = {}
        query = mentioned.where(is_recent).union(answered.where(is_recent)).order_by("post_id", "brand")
        for post_id, brand in await self._read(lambda conn: conn.execute(query).all()):
            brands[post_id] = (*brands.get(post_id, ()), brand)
        return brands

    async def kept(self, platform: str, after: str) -> tuple[PostRef, ...]:
        query = (
            select(col(PostRow.post_id), col(PostRow.author_id))
            .where(col(PostRow.platform) == platform, col(PostRow.post_id) > after)
            .where(col(PostRow.deleted_at).is_(None))
            .order_by(col(PostRow.post_id))
            .limit(KEPT_AT_ONCE)
        )
        found = await self._read(lambda conn: conn.execute(query).all())
        return tuple(PostRef(id=post_id, author_id=author_id) for post_id, author_id in found)

    async def counters(self) -> Mapping[str, datetime]:
        return await self._read(counts.counters)

    async def counted(self, counter: str, since: datetime) -> tuple[Event, ...]:
        return await self._read(lambda conn: counts.counted(conn, counter, since))

    async def observed_since(self) -> datetime | None:
        return await self._read(counts.observed_since)

    async def met(self, since: datetime) -> AsyncIterator[tuple[Met, ...]]:
        after = 0
        while True:
            after, some = await self._read(partial(counts.met, after=after, since=since))
            if not some:
                return
            yield some

    async def account_ids(self) -> Mapping[tuple[str, str], str]:
        query = select(col(AccountRow.platform), col(AccountRow.handle), col(AccountRow.account_id))
        known = query.where(col(AccountRow.account_id).is_not(None))
        found = await self._read(lambda conn: conn.execute(known).all())
        return {(platform, handle): id_ for platform, handle, id_ in found if id_}

    async def recall(self, wanted: Recall) -> Recalled:
        return await self._read(lambda conn: history.read(_fetcher(conn), wanted))

    async def waiting(self, wanted: Wanted) -> Found:
        return await self._read(lambda conn: second_looks.waiting(_fetcher(conn), wanted))

    async def waits_since(self, platform: str) -> datetime | None:
        query = (
            select(func.min(AskRow.started_at))
            .join(ConversationRow, col(ConversationRow.id) == col(AskRow.conversation))
            .join(BrandRow, col(BrandRow.name) == col(AskRow.brand))
            .where(col(AskRow.outcome).is_(None), col(ConversationRow.platform) == platform)
            .where(col(BrandRow.is_rival).is_(False))
        )
        at: datetime | None = await self._read(lambda conn: conn.execute(query).scalar())
        return at

    async def rules_state(self) -> RulesState | None:
        return await self._read(status.rules_state)

    async def rules_source(self, version: str) -> Mapping[str, str] | None:
        query = select(col(RuleSetRow.source)).where(col(RuleSetRow.version) == version)
        found = await self._read(lambda conn: conn.execute(query).scalar())
        return None if found is None else rows.sources(found)

    # --- delivering -----------------------------------------------------------------------------

    async def next_due_at(self, roster: Roster) -> datetime | None:
        def ask(conn: Connection) -> datetime | None:
            at = rows.moment_or_none(conn.execute(_NEXT).scalar())
            shift = telling_shifts.next_at(_fetcher(conn), roster)
            return min((one for one in (at, shift) if one is not None), default=None)

        return await self._read(ask)

    async def card(self, leased: Leased) -> CardState | None:
        return await self._read(lambda conn: card.of_effect(_fetcher(conn), leased.id))

    async def digest(self, leased: Leased) -> DigestState:
        return await self._read(lambda conn: of_many.read(conn, _fetcher(conn), leased))

    # --- publishing -----------------------------------------------------------------------------

    async def next_reply_at(self, platforms: Collection[str]) -> datetime | None:
        at = await self._read(lambda conn: replying.next_due(_fetcher(conn), platforms))
        return rows.moment_or_none(at)

    async def card_of(self, mention_id: str) -> CardState | None:
        return await self._read(lambda conn: card.of_mention(_fetcher(conn), mention_id))

    # --- deciding -------------------------------------------------------------------------------

    async def silences_over(self, since: datetime, now: datetime) -> tuple[Over, ...]:
        return await self._read(lambda conn: silencing.over(_fetcher(conn), since, now))

    async def silences(self, now: datetime) -> tuple[Silence, ...]:
        return await self._read(lambda conn: silencing.standing(_fetcher(conn), now))

    async def covers(self, now: datetime) -> tuple[Cover, ...]:
        return await self._read(lambda conn: covering.standing(_fetcher(conn), now))

    # --- what staff asks for ---------------------------------------------------------------------

    async def in_hand(self, person: str | None, limit: int) -> Rows:
        return await self._read(lambda conn: overview.in_hand(_fetcher(conn), person=person, limit=limit))

    async def queue(self, limit: int) -> Rows:
        return await self._read(lambda conn: overview.queue(_fetcher(conn), limit=limit))

    async def day(self, since: datetime, *, now: datetime) -> Day:
        return await self._read(lambda conn: overview.day(_fetcher(conn), since, now=now))

    async def stage_times(self, since: datetime, *, now: datetime) -> StageTimes:
        return await self._read(lambda conn: stages.read(_fetcher(conn), since, now=now))

    async def brief(self, person: str, since: datetime, *, now: datetime) -> Briefing:
        return await self._read(lambda conn: briefing.brief(_fetcher(conn), person, since, now))

    async def briefing(self, due: Due, *, now: datetime) -> BriefingState:
        return await self._read(lambda conn: briefing.state(_fetcher(conn), due, now))

    async def last_act(self, person: str) -> datetime | None:
        return await self._read(lambda conn: overview.last_act(_fetcher(conn), person))

    async def carded(self, kind: str, receipt: str) -> CardState | None:
        return await self._read(lambda conn: overview.carded(_fetcher(conn), kind, receipt))

    async def publishing_paused(self) -> Paused | None:
        return await self._read(lambda conn: pausing.paused(_fetcher(conn)))

    async def author(self, platform: str, name: str) -> Account | None:
        return await self._read(lambda conn: linking.find(_fetcher(conn), platform, name))

    async def ask(self, question: Callable[[Fetch], T]) -> T:
        return await self._read(lambda conn: question(_fetcher(conn)))

    async def incident(self, uid: str) -> tuple[int, Incident] | None:
        return await self.ask(lambda fetch: incident_numbers.called(fetch, uid))

    async def incident_state(self, uid: str) -> DigestState | None:
        return await self._read(lambda conn: of_many.called(conn, _fetcher(conn), uid))

    async def incidents(self) -> tuple[Incident, ...]:
        return await self._read(lambda conn: incident_numbers.running(_fetcher(conn)))

    # --- reporting ------------------------------------------------------------------------------

    async def status(self, *, schema: str, now: datetime) -> Status:
        return await self._read(
            lambda conn: replace(
                status.read(conn, schema=schema, now=now),
                paused=pausing.paused(_fetcher(conn)),
                noise=holding.told(_fetcher(conn), now - A_DAY),
                steps=escalated.count(_fetcher(conn), now),
                incidents=incident_numbers.running(_fetcher(conn)),
            )
        )

    async def rule_counts(self, asked: by_rule.Asked, now: datetime) -> tuple[RuleCount, ...]:
        return await self._read(
            lambda conn: by_rule.read(conn, asked, silencing.standing(_fetcher(conn), now))
        )

    async def inbox(self, wanted: inbox.Wanted) -> tuple[InboxRow, ...]:
        return await self._read(lambda conn: inbox.read(conn, wanted))

    async def listing(self, wanted: WantedListing, *, now: datetime) -> Listing:
        return await self._read(lambda conn: listing.read(_fetcher(conn), wanted, now=now))

    async def listing_tallies(self, brand: str, person: str | None, *, now: datetime) -> Tallies:
        return await self._read(lambda conn: listing.tallies(_fetcher(conn), brand, person, now=now))

    async def whole(self, conversation: int) -> Whole | None:
        return await self._read(lambda conn: whole.read(_fetcher(conn), conversation))

    async def tallies(self) -> tuple[Tally, ...]:
        return await self._read(inbox.tallies)

    async def recent_texts(self, *, since: datetime, limit: int) -> tuple[str, ...]:
        concerns = select(col(MentionRow.post)).where(col(MentionRow.post) == col(PostRow.id)).exists()
        query = (
            select(col(PostRow.text), col(PostRow.title))
            .where(concerns, col(PostRow.stored_at) >= since, col(PostRow.deleted_at).is_(None))
            .order_by(col(PostRow.stored_at).desc())
            .limit(limit)
        )
        found = await self._read(lambda conn: conn.execute(query).all())
        return tuple(searchable(text, title=title) for text, title in found)

    async def verdict(self, mention_id: str) -> StoredVerdict | None:
        query = (
            select(col(VerdictRow.verdict), col(VerdictRow.facts), col(RuleSetRow.source))
            .join_from(MentionRow, PostRow, col(PostRow.id) == col(MentionRow.post))
            .join(BrandRow, col(BrandRow.name) == col(MentionRow.brand))
            .join(VerdictRow, inbox.newest_verdict())
            .outerjoin(RuleSetRow, col(RuleSetRow.version) == col(VerdictRow.rules_version))
            .where(
                or_(
                    col(MentionRow.uid) == mention_id,
                    col(PostRow.url) == mention_id,
                    col(PostRow.post_id) == mention_id,
                )
            )
            .order_by(col(BrandRow.is_rival), col(MentionRow.id))
            .limit(1)
        )
        found = await self._read(lambda conn: conn.execute(query).first())
        if found is None:
            return None
        return StoredVerdict(
            verdict=rows.verdict(found[0]),
            facts=rows.facts(found[1]),
            rules_source=rows.sources(found[2] or "{}"),
        )


def _widen(connection: Any, _record: object) -> None:
    """A list of a hundred thousand conversations is read whole now and then: 16 MB of it stay in memory."""
    connection.execute("PRAGMA cache_size=-4000")


def _fetcher(conn: Connection) -> card.Fetch:
    def fetch(sql: str, values: tuple[Any, ...] | Mapping[str, Any]) -> list[rows.Row]:
        given = values if isinstance(values, tuple) else dict(values)
        return list(conn.exec_driver_sql(sql, given).all())

    return fetch
