"""Group commit: many units in one transaction, each on its own, none told before it is durable."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreError
from bot.store.writer import Writer


def _connect(path: Path, **options: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=options.get("timeout", 5.0)
    )
    connection.execute("PRAGMA journal_mode=WAL")
    return connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "w.db"


@pytest.fixture
def trace() -> list[str]:
    return []


@pytest.fixture
def writer(path: Path, trace: list[str]) -> Iterator[Writer]:
    connection = _connect(path)
    connection.execute("CREATE TABLE t (n INTEGER UNIQUE)")
    connection.set_trace_callback(trace.append)
    made = Writer(connection)
    yield made
    made.close()


def _stored(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as connection:
        return [n for (n,) in connection.execute("SELECT n FROM t ORDER BY n")]


class _Blocked:
    """Holds the writer inside one unit, so that what is submitted meanwhile makes one group."""

    def __init__(self, writer: Writer) -> None:
        self._go = threading.Event()
        self._inside = threading.Event()
        self.future: Future[None] = writer.submit(self._wait)
        assert self._inside.wait(5)

    def _wait(self, _connection: sqlite3.Connection) -> None:
        self._inside.set()
        assert self._go.wait(5)

    def release(self) -> None:
        self._go.set()


def _insert(writer: Writer, n: int) -> Future[int | None]:
    return writer.submit(lambda connection: connection.execute("INSERT INTO t VALUES (?)", (n,)).lastrowid)


def test_many_units_are_one_commit(writer: Writer, path: Path, trace: list[str]) -> None:
    """What came in while the writer was busy is one transaction."""
    blocked = _Blocked(writer)
    futures = [_insert(writer, n) for n in range(500)]
    blocked.release()
    assert [f.result(5) for f in futures] == list(range(1, 501))
    assert (writer.commits, writer.units) == (2, 501)
    assert trace.count("COMMIT") == 2
    assert list(range(500)) == _stored(path)


def test_a_group_has_a_limit(path: Path) -> None:
    """A flood becomes several transactions, so that nobody waits for all of it."""
    connection = _connect(path)
    connection.execute("CREATE TABLE t (n INTEGER UNIQUE)")
    writer = Writer(connection, max_group=10)
    blocked = _Blocked(writer)
    futures = [_insert(writer, n) for n in range(25)]
    blocked.release()
    for future in futures:
        future.result(5)
    writer.close()
    assert writer.commits == 4


def test_a_failing_unit_harms_no_other(writer: Writer, path: Path) -> None:
    """It is rolled back alone, with all that it wrote; its future alone gets the error."""

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (100)")
        raise LookupError("halfway")

    blocked = _Blocked(writer)
    before, failing, clash, after = (
        _insert(writer, 1),
        writer.submit(half),
        _insert(writer, 1),
        _insert(writer, 2),
    )
    blocked.release()
    with pytest.raises(LookupError, match="halfway"):
        failing.result(5)
    with pytest.raises(StoreError, match="UNIQUE"):
        clash.result(5)
    assert (before.result(5), after.result(5)) == (1, 2)
    assert _stored(path) == [1, 2]
    assert writer.commits == 2


def test_a_future_resolves_only_after_the_commit(writer: Writer, path: Path) -> None:
    """At the moment a caller is told, another connection sees the row."""
    seen: list[list[int]] = []
    blocked = _Blocked(writer)
    future = _insert(writer, 7)
    future.add_done_callback(lambda _: seen.append(_stored(path)))
    assert not future.done()
    blocked.release()
    future.result(5)
    writer.close()
    assert seen == [[7]]


def test_a_lost_transaction_fails_every_unit_and_the_writer_goes_on(writer: Writer, path: Path) -> None:
    """When SQLite itself rolls back (disk full), nobody is told that it worked; the next group does."""

    def full(connection: sqlite3.Connection) -> None:
        # As SQLite does by itself when the disk is full: https://www.sqlite.org/lang_transaction.html
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    blocked = _Blocked(writer)
    futures: list[Future[Any]] = [_insert(writer, 1), writer.submit(full), _insert(writer, 2)]
    blocked.release()
    for future in futures:
        with pytest.raises(StoreError, match="disk is full"):
            future.result(5)
    assert _insert(writer, 3).result(5) is not None
    assert _stored(path) == [3]


def test_a_full_disk_is_said_plainly(path: Path) -> None:
    """A real SQLITE_FULL (the page limit) fails its unit with clear words; the writer goes on."""
    connection = _connect(path)
    connection.execute("CREATE TABLE t (n INTEGER UNIQUE)")
    connection.execute("CREATE TABLE big (b BLOB)")
    connection.execute("PRAGMA max_page_count=8")
    writer = Writer(connection)
    failing = writer.submit(lambda c: c.execute("INSERT INTO big VALUES (zeroblob(100000))"))
    with pytest.raises(StoreError, match="the disk is full; nothing was written"):
        failing.result(5)
    assert _insert(writer, 1).result(5) == 1
    writer.close()


def test_a_database_locked_by_others_fails_the_group_in_plain_words(path: Path) -> None:
    """The busy time-out passes, every unit gets a StoreError, and once the lock is gone all works."""
    connection = _connect(path, timeout=0.05)
    connection.execute("CREATE TABLE t (n INTEGER UNIQUE)")
    writer = Writer(connection)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first, second = _insert(writer, 1), _insert(writer, 2)
        for future in (first, second):
            with pytest.raises(StoreError, match="locked by another program; nothing was written"):
                future.result(5)
    assert _insert(writer, 1).result(5) == 1
    writer.close()


def test_closing_finishes_what_was_submitted(writer: Writer, path: Path) -> None:
    """Nothing that was accepted is dropped, and nothing is accepted afterwards."""
    blocked = _Blocked(writer)
    futures = [_insert(writer, n) for n in range(20)]
    threading.Timer(0.05, blocked.release).start()
    writer.close()
    assert [f.result(0) for f in futures] == list(range(1, 21))
    assert list(range(20)) == _stored(path)
    with pytest.raises(StoreError, match="closed"):
        _insert(writer, 99).result(5)
    writer.close()


def test_a_cancelled_unit_that_has_not_begun_is_not_run(writer: Writer, path: Path) -> None:
    """A caller that gave up early leaves no trace."""
    blocked = _Blocked(writer)
    gone, kept = _insert(writer, 1), _insert(writer, 2)
    assert gone.cancel()
    blocked.release()
    kept.result(5)
    assert _stored(path) == [2]


def test_a_stop_of_the_program_inside_a_unit_does_not_kill_the_writer(writer: Writer) -> None:
    """Even a BaseException belongs to its unit only."""

    def stops(_connection: sqlite3.Connection) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        writer.submit(stops).result(5)
    assert _insert(writer, 1).result(5) == 1


def test_a_group_without_trouble_needs_no_savepoint(writer: Writer, path: Path, trace: list[str]) -> None:
    """Under a savepoint every page is copied before it is changed: only a group with a failing unit pays."""
    blocked = _Blocked(writer)
    futures = [_insert(writer, n) for n in range(5)]
    blocked.release()
    assert [f.result(5) for f in futures] == [1, 2, 3, 4, 5]
    assert [said for said in trace if "SAVEPOINT" in said] == []


def test_a_group_with_a_failing_unit_is_run_again_from_the_start(
    writer: Writer, path: Path, trace: list[str]
) -> None:
    """Nothing of the first run stays, whichever unit failed; the others are stored once."""
    blocked = _Blocked(writer)
    futures = [_insert(writer, n) for n in (1, 2, 1, 3)]
    blocked.release()
    assert [f.result(5) for f in (futures[0], futures[1], futures[3])] == [1, 2, 3]
    with pytest.raises(StoreError, match="UNIQUE"):
        futures[2].result(5)
    assert _stored(path) == [1, 2, 3]
    assert trace.count("SAVEPOINT unit") == 4


async def test_a_coroutine_is_told_after_the_commit(writer: Writer, path: Path) -> None:
    """What waits for one commit is told together, each its own result or error."""

    def insert(n: int) -> Callable[[sqlite3.Connection], int]:
        return lambda connection: connection.execute("INSERT INTO t VALUES (?)", (n,)).rowcount

    told = await asyncio.gather(*(writer.write(insert(n)) for n in (1, 2, 2)), return_exceptions=True)
    assert [1, 1, StoreError] == [one if isinstance(one, int) else type(one) for one in told]
    assert _stored(path) == [1, 2]


async def test_a_coroutine_that_left_before_its_unit_began_wrote_nothing(writer: Writer, path: Path) -> None:
    """Cancelled while it waited for its turn: as with `submit`."""
    blocked = _Blocked(writer)
    waiting = asyncio.create_task(
        writer.write(lambda connection: connection.execute("INSERT INTO t VALUES (1)"))
    )
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    blocked.release()
    await asyncio.wrap_future(_insert(writer, 2))
    assert _stored(path) == [2]


async def test_a_closed_writer_tells_a_coroutine(writer: Writer) -> None:
    """It raises instead of waiting for ever."""
    writer.close()
    with pytest.raises(StoreError, match="closed"):
        await writer.write(lambda _connection: None)
