"""The store's methods around one answer for all: a part of `bot.store.sqlite`, apart from it for its length.

It knows which function does what; it holds no SQL and no policy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from bot.changes import Shared
from bot.incidents import Incident
from bot.model import Cursor
from bot.preparing import Job
from bot.records import DigestState
from bot.store import sharing
from bot.store.reports import Reports
from bot.store.work import Work

T = TypeVar("T")


class _Whole(Protocol):
    """What these methods use of the store."""

    _reports: Reports

    def _work(self, conn: sqlite3.Connection, now: datetime, lease_for: timedelta = ...) -> Work: ...

    async def _write(self, unit: Callable[[sqlite3.Connection], T]) -> T: ...


class SharingSide:
    """See `bot.sharing.SharingStore` and `bot.preparing.PreparingStore` for what each method promises."""

    async def incident(self: _Whole, uid: str) -> tuple[int, Incident] | None:
        return await self._reports.incident(uid)

    async def incident_state(self: _Whole, uid: str) -> DigestState | None:
        """What its card shows, with what would come of the answer for all; None: there is no such one."""
        return await self._reports.incident_state(uid)

    async def incident_of_message(self: _Whole, kind: str, receipt: str) -> str | None:
        return await self._reports.ask(lambda fetch: sharing.of_receipt(fetch, kind, receipt))

    async def being_prepared(self: _Whole) -> tuple[Job, ...]:
        return await self._reports.ask(sharing.being_prepared)

    async def recipients(self: _Whole, job: Job, *, limit: int) -> tuple[str, ...]:
        return await self._reports.ask(lambda fetch: sharing.recipients(fetch, job, limit))

    async def end_preparing(self: _Whole, answer: int, *, began: int | None, now: datetime) -> None:
        await self._write(lambda conn: sharing.end_preparing(self._work(conn, now), answer, began))

    async def look_again(self: _Whole, incident: int, *, now: datetime) -> None:
        await self._write(lambda conn: sharing.look_again(self._work(conn, now), incident))

    async def shared_drafts(self: _Whole, incident: int, answer: int) -> tuple[tuple[str, int], ...]:
        return await self._reports.ask(lambda fetch: sharing.drafts(fetch, incident, answer))

    async def shared_held(self: _Whole, incident: int, answer: int) -> tuple[tuple[str, int], ...]:
        return await self._reports.ask(lambda fetch: sharing.held(fetch, incident, answer))

    async def keep_shared(self: _Whole, shared: Shared, *, cursor: Cursor | None, now: datetime) -> None:
        await self._write(lambda conn: sharing.keep(self._work(conn, now), shared, cursor=cursor))
