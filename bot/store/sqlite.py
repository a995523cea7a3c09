"""`bot.storing.Store` on SQLite: a writer thread for what is written, read-only connections for what is read.

It knows which function of this package does what; it holds no SQL and no policy of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from bot.changes import Change, Decided, Decision
from bot.counting import Event
from bot.errors import StoreError
from bot.escalation import Escalation
from bot.history import Recall, Recalled
from bot.incidents import NONE, Incidents, Turn
from bot.model import Brand, Cursor, PostRef
from bot.noise import NO_LIMITS, Call, Noise
from bot.oncall import Cover
from bot.orders import Account, Order, Ordered, Over, Silence
from bot.paging import Page
from bot.pausing import Paused
from bot.records import (
    CardState,
    DigestState,
    Entry,
    Leased,
    Met,
    Recorded,
    Settlement,
)
from bot.ruleslog import RulesState
from bot.shifts import Roster
from bot.staff import Press
from bot.stages import Reached
from bot.store import (
    counting_calls,
    counts,
    deciding,
    effects,
    escalating,
    holding,
    incidents,
    ingest,
    known,
    logins,
    next_steps,
    paging,
    schema,
    second_looks,
    settling,
    silencing,
    snoozing,
    telling_shifts,
)
from bot.store.escalating import Escalated
from bot.store.lock import Lock
from bot.store.reply_side import ReplySide
from bot.store.report_side import ReportSide
from bot.store.reports import Reports
from bot.store.sharing_side import SharingSide
from bot.store.work import Standing, Work, save_cursor
from bot.store.writer import Writer
from bot.targets import ROUND_THE_CLOCK, Targets
from bot.waits import Again, Found
from bot.waits import Wanted as WantedLooks

T = TypeVar("T")

_NO_LEASE = timedelta(0)
_ANY = 1_000_000


class SqliteStore(ReplySide, ReportSide, SharingSide):
    """Made by `open`; see `bot.storing.Store` for what each method promises."""

    def __init__(self, *, reports: Reports, writer: Writer | None, lock: Lock | None) -> None:
        self._reports = reports
        self._writer = writer
        self._lock = lock
        self._standing = Standing()
        self.targets: Targets = ROUND_THE_CLOCK
        """By which hours an answer is due where a person says how urgent it is."""
        self.noise: Noise = NO_LIMITS
        """What is held back, and until when."""
        self.roster = Roster()
        """Who is told as shifts begin."""
        self.escalation: Escalation | None = None
        """Who is asked when nobody answers; None: nobody is."""
        self.on_step: Callable[[Escalated], None] | None = None
        """Told of each step that was taken, after the commit."""
        self.incidents: Incidents = NONE
        """When many alerts are one incident."""
        self.trouble: str | None = None
        """Why the last write failed; None once one worked."""
        self.changes = 0
        """Grows with every commit that may change what is listed."""
        self._reached: list[Reached] = []
        self.on_stage: Callable[[Reached], None] | None = None
        """Told once of each stage that an ask comes to, after the commit; a crash just then loses it."""
        self._turns: list[Turn] = []
        self.on_incident: Callable[[Turn], None] | None = None
        """Told once of each incident that begins, and that ends, in the same way."""

    @classmethod
    async def open(
        cls, path: Path | str, *, upgrade: bool = False, read_only: bool = False, busy_seconds: float = 5.0
    ) -> SqliteStore:
        """Open the database, made if it is not there yet (but not when `read_only`).

        A writing store is the only one of its database; a reading one works beside it, and its writes raise
        StoreError. `busy_seconds` is how long to wait for another program's lock.

        Raises StoreError: another daemon has it; its schema is older (unless `upgrade`) or newer; it is
        damaged, another program's, or can't be written.
        """
        return await asyncio.to_thread(cls._open, Path(path), upgrade, read_only, busy_seconds)

    @classmethod
    def _open(cls, path: Path, upgrade: bool, read_only: bool, busy_seconds: float) -> SqliteStore:
        file = path.absolute()
        reports = Reports(file, busy_seconds=busy_seconds)
        if read_only:
            schema.require_current(file, busy_seconds=busy_seconds)
            return cls(reports=reports, writer=None, lock=None)
        lock = Lock(file)
        lock.take()
        try:
            schema.prepare(file, may_upgrade=upgrade, busy_seconds=busy_seconds)
            writer = Writer(schema.connect_for_writing(file, busy_seconds=busy_seconds))
        except BaseException:
            lock.release()
            raise
        return cls(reports=reports, writer=writer, lock=lock)

    async def close(self) -> None:
        await self._reports.close()
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)  # last, so that it folds the WAL into the file
        if self._lock is not None:
            self._lock.release()

    def _work(self, conn: sqlite3.Connection, now: datetime, lease_for: timedelta = _NO_LEASE) -> Work:
        return Work(
            conn=conn,
            now=now,
            lease_for=lease_for,
            standing=self._standing,
            targets=self.targets,
            noise=self.noise,
            escalation=self.escalation,
            incidents=self.incidents,
            reached=self._reached,
            turns=self._turns,
        )

    async def _write(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        if self._writer is None:
            raise StoreError("the database was opened for reading only")

        def noting(conn: sqlite3.Connection) -> tuple[T, tuple[Reached, ...], tuple[Turn, ...]]:
            self._reached.clear()  # what a unit noted that was rolled back
            self._turns.clear()
            return unit(conn), tuple(self._reached), tuple(self._turns)

        try:
            result, reached, turns = await self._writer.write(noting)
        except StoreError as error:
            self.trouble = str(error)
            raise
        self.trouble = None
        if self.on_stage is not None:
            for one in reached:
                self.on_stage(one)
        if self.on_incident is not None:
            for turn in turns:
                self.on_incident(turn)
        return result

    # --- listening ------------------------------------------------------------------------------

    async def cursor(self, name: str) -> Cursor | None:
        return await self._reports.cursor(name)

    async def record(self, entry: Entry, *, now: datetime, lease_for: timedelta) -> Recorded:
        recorded = await self._write(lambda conn: ingest.record(self._work(conn, now, lease_for), entry))
        self.changes += bool(entry.items or entry.deleted)
        return recorded

    async def held(self, platform: str, *, since: datetime) -> Mapping[str, tuple[str, ...]]:
        return await self._reports.held(platform, since)

    async def kept(self, platform: str, after: str) -> tuple[PostRef, ...]:
        return await self._reports.kept(platform, after)

    async def save_brands(self, brands: Iterable[Brand]) -> None:
        wanted = tuple(brands)
        await self._write(lambda conn: known.save_brands(conn, wanted))

    async def account_ids(self) -> Mapping[tuple[str, str], str]:
        return await self._reports.account_ids()

    async def counters(self) -> Mapping[str, datetime]:
        return await self._reports.counters()

    async def counted(self, counter: str, *, since: datetime) -> tuple[Event, ...]:
        return await self._reports.counted(counter, since)

    async def observed_since(self) -> datetime | None:
        return await self._reports.observed_since()

    def met(self, *, since: datetime) -> AsyncIterator[tuple[Met, ...]]:
        return self._reports.met(since)

    async def keep_counts(
        self, events: Sequence[Event], since: Mapping[str, datetime], *, kept: Mapping[str, datetime]
    ) -> None:
        for unit in counts.keeping(events, since, kept):
            await self._write(unit)

    async def save_rules(
        self, version: str, engine: str, source: Mapping[str, str], *, now: datetime
    ) -> None:
        await self._write(lambda conn: known.save_rules(conn, version, engine, source, now=now))

    async def save_rules_state(self, version: str, problems: Sequence[str], *, now: datetime) -> None:
        await self._write(lambda conn: known.save_rules_state(conn, version, problems, now=now))

    async def rules_state(self) -> RulesState | None:
        return await self._reports.rules_state()

    async def rules_source(self, version: str) -> Mapping[str, str] | None:
        return await self._reports.rules_source(version)

    # --- judging --------------------------------------------------------------------------------

    async def recall(self, wanted: Recall) -> Recalled:
        return await self._reports.recall(wanted)

    async def waiting(self, wanted: WantedLooks) -> Found:
        return await self._reports.waiting(wanted)

    async def waits_since(self, platform: str) -> datetime | None:
        return await self._reports.waits_since(platform)

    async def judge_again(
        self, again: Sequence[Again], *, now: datetime, lease_for: timedelta
    ) -> tuple[Leased, ...]:
        looks = tuple(again)
        leased = await self._write(
            lambda conn: second_looks.judge_again(self._work(conn, now, lease_for), looks)
        )
        self.changes += 1
        return leased

    # --- delivering -----------------------------------------------------------------------------

    async def lease(
        self,
        *,
        limit: int,
        now: datetime,
        lease_for: timedelta,
        each: int = _ANY,
        without: Collection[str] = (),
    ) -> tuple[Leased, ...]:
        def unit(conn: sqlite3.Connection) -> tuple[int, tuple[Leased, ...], tuple[Escalated, ...]]:
            work = self._work(conn, now, lease_for)
            woken = snoozing.wake_due(work)
            telling_shifts.tell_due(work, self.roster)
            incidents.look_due(work)
            asked, steps = escalating.take_due(work)
            due = effects.lease(work, limit=limit, each=each, without=without)
            return len(woken) + len(steps), woken + asked + due, steps

        changed, leased, steps = await self._write(unit)
        self.changes += changed > 0
        self._tell(iter(steps))
        return leased

    def _tell(self, steps: Iterator[Escalated]) -> None:
        """One in a turn of the event loop: there may be hundreds, each a line in the log; none is urgent."""
        step = next(steps, None)
        if step is not None and self.on_step is not None:
            self.on_step(step)
            asyncio.get_running_loop().call_soon(self._tell, steps)

    async def plan_anew(self, *, now: datetime) -> None:
        """Who is asked next, and when, is looked at again for all that wait."""
        await self._write(lambda conn: next_steps.anew(self._work(conn, now)))

    async def settle(self, settlement: Settlement) -> bool:
        return await self._write(
            lambda conn: settling.settle(self._work(conn, settlement.ended_at), settlement)
        )

    async def page(self, page: Page, *, now: datetime, lease_for: timedelta) -> Leased | None:
        return await self._write(lambda conn: paging.page(self._work(conn, now, lease_for), page))

    async def call(self, call: Call, *, now: datetime) -> frozenset[str]:
        return await self._write(lambda conn: counting_calls.take(self._work(conn, now), call))

    async def next_due_at(self) -> datetime | None:
        return await self._reports.next_due_at(self.roster)

    async def card(self, leased: Leased) -> CardState | None:
        if leased.card is not None and self._standing.shows(leased.card):
            return leased.card
        return await self._reports.card(leased)

    async def digest(self, leased: Leased) -> DigestState:
        return await self._reports.digest(leased)

    async def reconsider(self, *, now: datetime) -> None:
        await self._write(lambda conn: holding.reconsider(self._work(conn, now)))

    async def notice(self, key: str, channel: str, text: str, *, now: datetime) -> None:
        await self._write(lambda conn: effects.notice(self._work(conn, now), key, channel, text))

    # --- deciding -------------------------------------------------------------------------------

    async def decide(
        self,
        decision: Decision,
        transition: Callable[[CardState, Decision], Change],
        *,
        cursor: Cursor | None,
        now: datetime,
        lease_for: timedelta,
    ) -> Decided | None:
        decided = await self._write(
            lambda conn: deciding.decide(
                self._work(conn, now, lease_for), decision, transition, cursor=cursor
            )
        )
        self.changes += 1
        return decided

    async def order(
        self,
        order: Order,
        carry_out: Callable[[tuple[Silence, ...]], Ordered],
        *,
        cursor: Cursor | None,
        now: datetime,
    ) -> tuple[Ordered, tuple[Silence, ...]]:
        return await self._write(
            lambda conn: silencing.order(self._work(conn, now), order, carry_out, cursor=cursor)
        )

    async def silences(self, *, now: datetime) -> tuple[Silence, ...]:
        return await self._reports.silences(now)

    async def silences_over(self, *, since: datetime, now: datetime) -> tuple[Over, ...]:
        return await self._reports.silences_over(since, now)

    async def covers(self, *, now: datetime) -> tuple[Cover, ...]:
        return await self._reports.covers(now)

    async def publishing_paused(self) -> Paused | None:
        return await self._reports.publishing_paused()

    async def author(self, platform: str, name: str) -> Account | None:
        return await self._reports.author(platform, name)

    async def release_claims(
        self, people: Collection[str], *, now: datetime, lease_for: timedelta
    ) -> tuple[Leased, ...]:
        kept = tuple(people)
        leased = await self._write(
            lambda conn: deciding.release_claims(self._work(conn, now, lease_for), kept)
        )
        self.changes += 1
        return leased

    async def use_login(self, nonce: str, person: str, *, now: datetime) -> bool:
        return await self._write(lambda conn: logins.use(conn, nonce, person, now=now))

    async def advance(self, feed: str, cursor: Cursor) -> None:
        await self._write(lambda conn: save_cursor(conn, feed, "feed", cursor, at=None))

    async def refuse(self, press: Press, feed: str, reason: str, *, cursor: Cursor | None) -> None:
        await self._write(lambda conn: deciding.refuse(conn, press, feed, reason, cursor=cursor))
