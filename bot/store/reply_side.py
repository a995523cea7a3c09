"""The store's methods around answers: a part of `bot.store.sqlite`, apart from it only for its length.

It knows which function does what; it holds no SQL and no policy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.records import CardState, Leased
from bot.store import replying
from bot.store.reports import Reports
from bot.store.work import Work
from bot.tries import Taken, Tried

T = TypeVar("T")
_NO_LEASE = timedelta(0)


class _Whole(Protocol):
    """What these methods use of the store."""

    changes: int
    _reports: Reports

    def _work(self, conn: sqlite3.Connection, now: datetime, lease_for: timedelta = ...) -> Work: ...

    async def _write(self, unit: Callable[[sqlite3.Connection], T]) -> T: ...


class ReplySide:
    """See `bot.publishing.ReplyStore` and `bot.storing.Store` for what each method promises."""

    async def take_replies(
        self: _Whole, platforms: Collection[str], *, limit: int, now: datetime, lease_for: timedelta
    ) -> tuple[Taken, ...]:
        wanted = tuple(platforms)
        return await self._write(
            lambda conn: replying.take(self._work(conn, now, lease_for), wanted, limit=limit)
        )

    async def settle_reply(
        self: _Whole, tried: Tried, *, now: datetime, lease_for: timedelta
    ) -> tuple[Leased, ...] | None:
        leased = await self._write(lambda conn: replying.settle(self._work(conn, now, lease_for), tried))
        self.changes += 1
        return leased

    async def next_reply_at(self: _Whole, platforms: Collection[str]) -> datetime | None:
        return await self._reports.next_reply_at(tuple(platforms))

    async def card_of(self: _Whole, mention_id: str) -> CardState | None:
        """What the card of a mention shows now; None: it is not known."""
        return await self._reports.card_of(mention_id)

    async def redraw(
        self: _Whole, mention_id: str, *, now: datetime, lease_for: timedelta
    ) -> tuple[Leased, ...]:
        return await self._write(lambda conn: replying.redraw(self._work(conn, now, lease_for), mention_id))
