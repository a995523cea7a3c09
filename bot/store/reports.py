"""Everything that is read, on read-only connections: it can't disturb the writer.

It turns rows into the values of `bot.records`; no row leaves it. Each report is one trip to a reader thread
and back (decision 9): a trip per statement costs more than the statements.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

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
    schema,
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
from bot.store.writer import store_error
from bot.waits import Found, Wanted

KEPT_AT_ONCE = 10_000
T = TypeVar("T")

_READERS = 2
_NEXT = (
    "SELECT min(at) FROM (SELECT min(e.leased_until) AS at FROM effects e WHERE e.state = 'leased'"
    " UNION ALL SELECT * FROM (SELECT e.due_at FROM effects e"
    f" WHERE e.state = 'pending' AND {READY} ORDER BY e.due_at LIMIT 1)"
    f" UNION ALL {snoozing.NEXT} UNION ALL {next_steps.NEXT} UNION ALL {incidents.NEXT})"
)
_HELD = (
    "SELECT p.post_id, m.brand FROM posts p JOIN mentions m ON m.post = p.id"
    " WHERE p.platform = :platform AND p.stored_at >= :since"
    " UNION SELECT p.post_id, a.brand FROM posts p JOIN answers a ON a.post = p.id"
    " WHERE p.platform = :platform AND p.stored_at >= :since ORDER BY 1, 2"
)
_KEPT = (
    "SELECT post_id, author_id FROM posts WHERE platform = ? AND post_id > ? AND deleted_at IS NULL"
    " ORDER BY post_id LIMIT ?"
)
_WAITS_SINCE = (
    "SELECT min(a.started_at) FROM asks a JOIN conversations c ON c.id = a.conversation"
    " JOIN brands b ON b.name = a.brand"
    " WHERE a.outcome IS NULL AND c.platform = ? AND NOT b.is_rival"
)
_RECENT_TEXTS = (
    "SELECT p.text, p.title FROM posts p WHERE p.stored_at >= ? AND p.deleted_at IS NULL"
    " AND EXISTS (SELECT 1 FROM mentions m WHERE m.post = p.id) ORDER BY p.stored_at DESC LIMIT ?"
)
_VERDICT = (
    "SELECT v.verdict, v.facts, r.source, m.id FROM mentions m JOIN posts p ON p.id = m.post"
    f" JOIN brands b ON b.name = m.brand JOIN verdicts v ON {inbox.NEWEST_VERDICT}"
    " LEFT JOIN rule_sets r ON r.version = v.rules_version"
    " WHERE m.uid = :id OR p.url = :id OR p.post_id = :id ORDER BY b.is_rival, m.id LIMIT 1"
)


class Reports:
    """A few read-only connections, made when they are first needed."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self._path, self._busy_seconds = path, busy_seconds
        self._own = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="outcare-reader")

    async def close(self) -> None:
        await asyncio.to_thread(self._readers.shutdown)
        for conn in self._open:
            conn.close()

    async def _read(self, ask: Callable[[Fetch], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._ask, ask)

    def _ask(self, ask: Callable[[Fetch], T]) -> T:
        """One connection of the thread's own, and one state of the database for all that is read."""
        conn = self._connection()
        try:
            conn.execute("BEGIN")
            try:
                return ask(card.fetcher(conn))
            finally:
                conn.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._drop(conn)
            raise store_error(error, at=self._path) from error

    def _connection(self) -> sqlite3.Connection:
        """Raises: StoreError."""
        found: sqlite3.Connection | None = getattr(self._own, "conn", None)
        if found is None:
            found = schema.connect(self._path, read_only=True, busy_seconds=self._busy_seconds)
            # A list of 100,000 conversations is read whole now and then: 4 MB of it stay in memory.
            self._open.append(found)
            found.execute("PRAGMA cache_size=-4000")
            self._own.conn = found
        return found

    def _drop(self, conn: sqlite3.Connection) -> None:
        """After trouble the next report begins with a connection of its own."""
        self._own.conn = None
        self._open.remove(conn)
        conn.close()

    # --- listening ------------------------------------------------------------------------------

    async def cursor(self, name: str) -> Cursor | None:
        found = await self._read(lambda fetch: fetch("SELECT cursor FROM cursors WHERE name = ?", (name,)))
        return Cursor(found[0][0]) if found else None

    async def held(self, platform: str, since: datetime) -> Mapping[str, tuple[str, ...]]:
        values = {"platform": platform, "since": rows.micros(since)}
        brands: dict[str, tuple[str, ...]] = {}
        for post_id, brand in await self._read(lambda fetch: fetch(_HELD, values)):
            brands[post_id] = (*brands.get(post_id, ()), brand)
        return brands

    async def kept(self, platform: str, after: str) -> tuple[PostRef, ...]:
        found = await self._read(lambda fetch: fetch(_KEPT, (platform, after, KEPT_AT_ONCE)))
        return tuple(PostRef(id=post_id, author_id=author_id) for post_id, author_id in found)

    async def counters(self) -> Mapping[str, datetime]:
        return await self._read(counts.counters)

    async def counted(self, counter: str, since: datetime) -> tuple[Event, ...]:
        return await self._read(lambda fetch: counts.counted(fetch, counter, since))

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
        known = "SELECT platform, handle, account_id FROM accounts WHERE account_id IS NOT NULL"
        found = await self._read(lambda fetch: fetch(known, ()))
        return {(platform, handle): id_ for platform, handle, id_ in found if id_}

    async def recall(self, wanted: Recall) -> Recalled:
        return await self._read(lambda fetch: history.read(fetch, wanted))

    async def waiting(self, wanted: Wanted) -> Found:
        return await self._read(lambda fetch: second_looks.waiting(fetch, wanted))

    async def waits_since(self, platform: str) -> datetime | None:
        [(at,)] = await self._read(lambda fetch: fetch(_WAITS_SINCE, (platform,)))
        return rows.moment_or_none(at)

    async def rules_state(self) -> RulesState | None:
        return await self._read(status.rules_state)

    async def rules_source(self, version: str) -> Mapping[str, str] | None:
        source = "SELECT source FROM rule_sets WHERE version = ?"
        found = await self._read(lambda fetch: fetch(source, (version,)))
        return rows.sources(found[0][0]) if found else None

    # --- delivering -----------------------------------------------------------------------------

    async def next_due_at(self, roster: Roster) -> datetime | None:
        def ask(fetch: Fetch) -> datetime | None:
            [(at,)] = fetch(_NEXT, ())
            shift = telling_shifts.next_at(fetch, roster)
            soonest = (rows.moment_or_none(at), shift)
            return min((one for one in soonest if one is not None), default=None)

        return await self._read(ask)

    async def card(self, leased: Leased) -> CardState | None:
        return await self._read(lambda fetch: card.of_effect(fetch, leased.id))

    async def digest(self, leased: Leased) -> DigestState:
        return await self._read(lambda fetch: of_many.read(fetch, leased))

    # --- publishing -----------------------------------------------------------------------------

    async def next_reply_at(self, platforms: Collection[str]) -> datetime | None:
        at = await self._read(lambda fetch: replying.next_due(fetch, platforms))
        return rows.moment_or_none(at)

    async def card_of(self, mention_id: str) -> CardState | None:
        return await self._read(lambda fetch: card.of_mention(fetch, mention_id))

    # --- deciding -------------------------------------------------------------------------------

    async def silences_over(self, since: datetime, now: datetime) -> tuple[Over, ...]:
        return await self._read(lambda fetch: silencing.over(fetch, since, now))

    async def silences(self, now: datetime) -> tuple[Silence, ...]:
        return await self._read(lambda fetch: silencing.standing(fetch, now))

    async def covers(self, now: datetime) -> tuple[Cover, ...]:
        return await self._read(lambda fetch: covering.standing(fetch, now))

    # --- what staff asks for ---------------------------------------------------------------------

    async def in_hand(self, person: str | None, limit: int) -> Rows:
        return await self._read(lambda fetch: overview.in_hand(fetch, person=person, limit=limit))

    async def queue(self, limit: int) -> Rows:
        return await self._read(lambda fetch: overview.queue(fetch, limit=limit))

    async def day(self, since: datetime, *, now: datetime) -> Day:
        return await self._read(lambda fetch: overview.day(fetch, since, now=now))

    async def stage_times(self, since: datetime, *, now: datetime) -> StageTimes:
        return await self._read(lambda fetch: stages.read(fetch, since, now=now))

    async def brief(self, person: str, since: datetime, *, now: datetime) -> Briefing:
        return await self._read(lambda fetch: briefing.brief(fetch, person, since, now))

    async def briefing(self, due: Due, *, now: datetime) -> BriefingState:
        return await self._read(lambda fetch: briefing.state(fetch, due, now))

    async def last_act(self, person: str) -> datetime | None:
        return await self._read(lambda fetch: overview.last_act(fetch, person))

    async def carded(self, kind: str, receipt: str) -> CardState | None:
        return await self._read(lambda fetch: overview.carded(fetch, kind, receipt))

    async def collected(self, kind: str, receipt: str, *, limit: int) -> Rows:
        return await self._read(lambda fetch: overview.collected(fetch, kind, receipt, limit=limit))

    async def publishing_paused(self) -> Paused | None:
        return await self._read(pausing.paused)

    async def author(self, platform: str, name: str) -> Account | None:
        return await self._read(lambda fetch: linking.find(fetch, platform, name))

    async def ask(self, question: Callable[[Fetch], T]) -> T:
        return await self._read(question)

    async def incident(self, uid: str) -> tuple[int, Incident] | None:
        return await self._read(lambda fetch: incident_numbers.called(fetch, uid))

    async def incident_state(self, uid: str) -> DigestState | None:
        return await self._read(lambda fetch: of_many.called(fetch, uid))

    async def incidents(self) -> tuple[Incident, ...]:
        return await self._read(incident_numbers.running)

    # --- reporting ------------------------------------------------------------------------------

    async def status(self, *, schema: str, now: datetime) -> Status:
        return await self._read(
            lambda fetch: replace(
                status.read(fetch, schema=schema, now=now),
                paused=pausing.paused(fetch),
                noise=holding.told(fetch, now - A_DAY),
                steps=escalated.count(fetch, now),
                incidents=incident_numbers.running(fetch),
            )
        )

    async def rule_counts(self, asked: by_rule.Asked, now: datetime) -> tuple[RuleCount, ...]:
        return await self._read(lambda fetch: by_rule.read(fetch, asked, silencing.standing(fetch, now)))

    async def inbox(self, wanted: inbox.Wanted) -> tuple[InboxRow, ...]:
        return await self._read(lambda fetch: inbox.read(fetch, wanted))

    async def listing(self, wanted: WantedListing, *, now: datetime) -> Listing:
        return await self._read(lambda fetch: listing.read(fetch, wanted, now=now))

    async def listing_tallies(self, brand: str, person: str | None, *, now: datetime) -> Tallies:
        return await self._read(lambda fetch: listing.tallies(fetch, brand, person, now=now))

    async def whole(self, conversation: int) -> Whole | None:
        return await self._read(lambda fetch: whole.read(fetch, conversation))

    async def tallies(self) -> tuple[Tally, ...]:
        return await self._read(inbox.tallies)

    async def recent_texts(self, *, since: datetime, limit: int) -> tuple[str, ...]:
        found = await self._read(lambda fetch: fetch(_RECENT_TEXTS, (rows.micros(since), limit)))
        return tuple(searchable(text, title=title) for text, title in found)

    async def verdict(self, mention_id: str) -> StoredVerdict | None:
        def ask(fetch: Fetch) -> StoredVerdict | None:
            found = fetch(_VERDICT, {"id": mention_id})
            if not found:
                return None
            verdict, facts, source, mention = found[0]
            return StoredVerdict(
                verdict=rows.verdict(verdict),
                facts=rows.facts(facts),
                rules_source=rows.sources(source or "{}"),
                asked=escalated.of_mention(fetch, mention),
            )

        return await self._read(ask)
