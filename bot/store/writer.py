"""The one writer: a thread that runs many units of work in one transaction (group commit).

It knows transactions, savepoints and futures; it knows no table. No timer: what has come in while the disk
was busy is the next group.

A group is first run without savepoints, because under one SQLite copies every page before it changes it (half
of what a mention costs). Only when a unit raises is the transaction rolled back and the group run again, each
unit under a savepoint of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.errors import StoreError

T = TypeVar("T")
Unit = Callable[[sqlite3.Connection], T]

MAX_GROUP = 1_000


@dataclass(slots=True)
class _Job:
    unit: Unit[Any]
    future: Future[Any] | asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None

    def begins(self) -> bool:
        """False when it was cancelled before."""
        if isinstance(self.future, Future):
            return self.future.set_running_or_notify_cancel()
        return not self.future.cancelled()

    def resolve(self) -> None:
        """In the thread that the future belongs to."""
        if self.future.done():  # cancelled meanwhile: nobody waits
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class _GroupLostError(Exception):
    """SQLite rolled the whole transaction back (disk full, I/O error): no unit of it survives."""


class Writer:
    """Owns `connection` (made with `check_same_thread=False, isolation_level=None`) until `close`.

    `commits` and `units` count what was committed.
    """

    def __init__(self, connection: sqlite3.Connection, *, max_group: int = MAX_GROUP) -> None:
        self.commits = 0
        self.units = 0
        self._connection = connection
        self._max_group = max_group
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="outcare-writer", daemon=True)
        self._thread.start()

    def submit(self, unit: Unit[T]) -> Future[T]:
        """Run `unit` inside a transaction; the future resolves after the commit that holds it.

        A unit that raises is rolled back alone. It may be run twice, the first time rolled back: it must
        have no effect but on the connection. The future's errors: what the unit raised, or StoreError (in a
        database error, or when the writer is closed). Cancelling works until the unit has begun.
        """
        future: Future[T] = Future()
        self._put(_Job(unit, future))
        return future

    async def write(self, unit: Unit[T]) -> T:
        """As `submit`, for a coroutine: all that waits for one commit is told in one call to its loop."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(_Job(unit, future))
        return await future

    def _put(self, job: _Job) -> None:
        with self._gate:
            if self._is_closed:
                job.future.set_exception(StoreError("the store is closed"))
            else:
                self._jobs.put(job)

    def close(self) -> None:
        """Finish what was submitted, then close the connection. Safe to call again."""
        with self._gate:
            if not self._is_closed:
                self._is_closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            if group:
                self._commit(group)
        self._connection.close()

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Wait for a job, take what else is there; False when the end was reached."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            if job.begins():
                group.append(job)
            if len(group) >= self._max_group:
                break
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
        return group, job is not None

    def _commit(self, group: list[_Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            if not self._all_well(group):
                self._connection.execute("BEGIN IMMEDIATE")
                for job in group:
                    self._attempt(job)
            self._connection.execute("COMMIT")
        except (sqlite3.Error, _GroupLostError) as error:
            self._undo()
            lost = store_error(error.__cause__ or error)
            for job in group:
                job.error = _own(lost)
        else:
            self.commits += 1
            self.units += len(group)
        _tell(group)

    def _all_well(self, group: list[_Job]) -> bool:
        """Run every unit; False when one raised, and then nothing of the transaction is left."""
        for job in group:
            self._try(job)
            if job.error is not None:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                return False
        return True

    def _attempt(self, job: _Job) -> None:
        self._connection.execute("SAVEPOINT unit")
        self._try(job)
        if job.error is not None:
            if not self._connection.in_transaction:
                raise _GroupLostError from job.error
            self._connection.execute("ROLLBACK TO unit")
            if isinstance(job.error, sqlite3.Error):
                job.error = store_error(job.error)
        self._connection.execute("RELEASE unit")

    def _try(self, job: _Job) -> None:
        job.error = None
        try:
            job.result = job.unit(self._connection)
        except BaseException as error:  # noqa: BLE001 - the caller's, whatever it is
            job.error = error

    def _undo(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):  # the thread must outlive a disk that fails here too
                self._connection.rollback()


def _tell(group: list[_Job]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        if isinstance(job.future, Future):
            job.resolve()
        else:
            loops.setdefault(job.future.get_loop(), []).append(job)
    for loop, jobs in loops.items():
        with contextlib.suppress(RuntimeError):  # that loop is closed: nobody waits
            loop.call_soon_threadsafe(_resolve, jobs)


def _resolve(jobs: list[_Job]) -> None:
    for job in jobs:
        job.resolve()


def _own(lost: StoreError) -> StoreError:
    """Each future gets an error of its own: a raised one collects its raiser's traceback."""
    error = StoreError(str(lost))
    error.__cause__ = lost.__cause__
    return error


_PLAIN = {
    sqlite3.SQLITE_BUSY: "the database is locked by another program; nothing was written",
    sqlite3.SQLITE_LOCKED: "the database is locked by another program; nothing was written",
    sqlite3.SQLITE_FULL: "the disk is full; nothing was written",
    # The file for shared memory beside a database could not be made larger, whatever the reason was.
    sqlite3.SQLITE_IOERR_SHMSIZE: "the disk is full; nothing was written",
    sqlite3.SQLITE_IOERR: "the disk reported an error; nothing was written",
    sqlite3.SQLITE_READONLY: "the database or its folder cannot be written to",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened (is it a file, in a writable folder?)",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
}


def store_error(error: BaseException, *, at: object = None) -> StoreError:
    """A database error in plain words, the original as `__cause__`. `at` is the file, if it helps."""
    code = getattr(error, "sqlite_errorcode", None)
    said = None if code is None else _PLAIN.get(code) or _PLAIN.get(code & 0xFF)
    translated = StoreError((f"{at}: " if at else "") + (said or f"database error: {error}"))
    translated.__cause__ = error
    return translated
