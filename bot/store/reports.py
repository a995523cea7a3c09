"""Everything that is read, on read-only connections through SQLModel's tables: it can't disturb the writer.

It turns rows into the values of `bot.records`; no row leaves it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, or_, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import col

from bot.model import Cursor
from bot.records import CardState, DigestState, InboxRow, Leased, RuleCount, Status, StoredVerdict, Tally
from bot.store import card, inbox, rows, status
from bot.store.effects import READY
from bot.store.tables import (
    AccountRow,
    AnswerRow,
    BrandRow,
    CursorRow,
    MentionRow,
    PostRow,
    RuleSetRow,
    VerdictRow,
)
from bot.store.writer import store_error

_NEXT = text(
    "SELECT min(at) FROM (SELECT min(e.leased_until) AS at FROM effects e WHERE e.state = 'leased'"
    f" UNION ALL SELECT min(e.due_at) FROM effects e WHERE e.state = 'pending' AND {READY})"
)


class Reports:
    """A few read-only connections, made when they are first needed."""

    def __init__(self, path: Path, *, busy_seconds: float) -> None:
        self._path = path
        url = URL.create(
            "sqlite+aiosqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"}
        )
        self._engine = create_async_engine(
            url, pool_size=2, max_overflow=2, connect_args={"timeout": busy_seconds}
        )

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        """One connection, and one state of the database for all that is read in the block."""
        try:
            async with self._engine.connect() as conn:
                await conn.exec_driver_sql("BEGIN")
                yield conn
        except SQLAlchemyError as error:  # also a pool that had no connection free in time
            cause = error.orig if isinstance(error, DBAPIError) else None
            raise store_error(cause or error, at=self._path) from error

    # --- listening ------------------------------------------------------------------------------

    async def cursor(self, name: str) -> Cursor | None:
        async with self._reading() as conn:
            query = select(col(CursorRow.cursor)).where(col(CursorRow.name) == name)
            found = (await conn.execute(query)).scalar()
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
        async with self._reading() as conn:
            query = mentioned.where(is_recent).union(answered.where(is_recent)).order_by("post_id", "brand")
            for post_id, brand in await conn.execute(query):
                brands[post_id] = (*brands.get(post_id, ()), brand)
        return brands

    async def account_ids(self) -> Mapping[tuple[str, str], str]:
        query = select(col(AccountRow.platform), col(AccountRow.handle), col(AccountRow.account_id))
        async with self._reading() as conn:
            found = await conn.execute(query.where(col(AccountRow.account_id).is_not(None)))
            return {(platform, handle): id_ for platform, handle, id_ in found if id_}

    # --- delivering -----------------------------------------------------------------------------

    async def next_due_at(self) -> datetime | None:
        async with self._reading() as conn:
            at = (await conn.execute(_NEXT)).scalar()
        return rows.moment_or_none(at)

    async def card(self, leased: Leased) -> CardState | None:
        async with self._reading() as conn:
            return await conn.run_sync(lambda sync: card.of_effect(_fetcher(sync), leased.id))

    async def digest(self, leased: Leased) -> DigestState:
        async with self._reading() as conn:
            found = await inbox.collected(conn, leased.id)
        return DigestState(route=leased.effect.route or "", rows=found)

    # --- reporting ------------------------------------------------------------------------------

    async def status(self, *, schema: str, now: datetime) -> Status:
        async with self._reading() as conn:
            return await status.read(conn, schema=schema, now=now)

    async def rule_counts(self, wanted: inbox.Wanted) -> tuple[RuleCount, ...]:
        async with self._reading() as conn:
            return await inbox.rule_counts(conn, wanted)

    async def inbox(self, wanted: inbox.Wanted) -> tuple[InboxRow, ...]:
        async with self._reading() as conn:
            return await inbox.read(conn, wanted)

    async def tallies(self) -> tuple[Tally, ...]:
        async with self._reading() as conn:
            return await inbox.tallies(conn)

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
        async with self._reading() as conn:
            found = (await conn.execute(query)).first()
        if found is None:
            return None
        return StoredVerdict(
            verdict=rows.verdict(found[0]),
            facts=rows.facts(found[1]),
            rules_source=rows.sources(found[2] or "{}"),
        )


def _fetcher(conn: Connection) -> card.Fetch:
    def fetch(sql: str, values: tuple[Any, ...]) -> list[rows.Row]:
        return list(conn.exec_driver_sql(sql, values).all())

    return fetch
