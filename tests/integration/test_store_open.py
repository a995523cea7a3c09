"""Opening: what a database must be like, and what is said when it is not."""

from __future__ import annotations

import fcntl
import os
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.model import Cursor
from bot.store import schema
from bot.store.lock import Lock
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_a_database_is_made_with_its_folder(tmp_path: Path) -> None:
    """The first start needs no set-up."""
    path = tmp_path / "data" / "x.db"
    async with s.opened(path):
        pass
    assert schema.head() == schema.current(path)


async def test_what_was_written_is_there_after_opening_again(path: Path) -> None:
    """Closing and opening loses nothing."""
    async with s.opened(path) as store:
        await s.record(store, s.judged(s.post("q")), cursor="5")
    async with s.opened(path) as store:
        assert await store.cursor("jetstream") == "5"
        assert [one.id for one in await s.lease(store, minute=90)] == [1]


async def test_the_writer_survives_a_loss_of_power(path: Path) -> None:
    """WAL with synchronous=FULL, foreign keys on."""
    async with s.opened(path):
        pass
    with closing(schema.connect_for_writing(path)) as connection:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == ["wal", 2, 1, 5000]


_START = """
import asyncio, sys
from pathlib import Path
from bot.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    await store.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


def test_a_start_does_not_pay_for_migrations(path: Path) -> None:
    """An existing database is recognised without importing Alembic."""
    schema.upgrade(path)
    done = subprocess.run(
        [sys.executable, "-c", _START, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


async def test_a_second_daemon_is_told_who_has_it(path: Path) -> None:
    """One daemon per database; the lock ends with its holder."""
    async with s.opened(path):
        with pytest.raises(StoreError, match=rf"another outcare \(pid {os.getpid()}\) uses .*x\.db"):
            await SqliteStore.open(path)
    async with s.opened(path):
        pass


_HOLDER = """
import sys, time
from pathlib import Path
from bot.store.lock import Lock
lock = Lock(Path(sys.argv[1]))
lock.take()
print("held", flush=True)
time.sleep(60)
"""


def test_the_lock_of_a_killed_daemon_is_gone(path: Path) -> None:
    """kill -9 leaves a lock file, but no lock."""
    command = [sys.executable, "-c", _HOLDER, str(path)]
    lock = Lock(path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"pid {other.pid}"):
            lock.take()
        other.kill()
    lock.take()
    lock.release()


async def test_reports_work_beside_a_running_daemon(path: Path) -> None:
    """`status` and `inbox` read what is committed, and can write nothing."""
    async with s.opened(path) as daemon, s.opened(path, read_only=True) as reader:
        await s.record(daemon, s.judged(s.post("q")))
        assert len(await reader.inbox(limit=5)) == 1
        with pytest.raises(StoreError, match="reading only"):
            await s.record(reader, s.judged(s.post("q2")))


async def test_reading_makes_no_database(path: Path) -> None:
    """`outcare status` before the first run says so and leaves nothing behind."""
    with pytest.raises(StoreError, match=r"there is no database at .*x\.db"):
        await SqliteStore.open(path, read_only=True)
    assert _files(path) == []


def _files(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir())


_DIARY = b"dear diary, " * 500


@pytest.fixture
def diary(path: Path) -> Path:
    """A text file where a database is expected."""
    path.write_bytes(_DIARY)
    return path


def _set_version(path: Path, version: str | None) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM alembic_version")
        if version is not None:
            connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        connection.commit()


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_newer_database_is_refused(path: Path, read_only: bool) -> None:
    """An old program must not touch what it doesn't understand."""
    async with s.opened(path):
        pass
    _set_version(path, "9999")
    with pytest.raises(StoreError, match=r"made by a newer Outcare \(schema 9999"):
        await SqliteStore.open(path, read_only=read_only, upgrade=True)


@pytest.mark.parametrize("read_only", [False, True])
async def test_an_older_database_asks_for_the_upgrade(path: Path, read_only: bool) -> None:
    """Nothing is migrated behind the operator's back."""
    async with s.opened(path):
        pass
    _set_version(path, None)
    with pytest.raises(StoreError, match="run `outcare db upgrade`"):
        await SqliteStore.open(path, read_only=read_only)


async def test_another_programs_database_is_refused(path: Path) -> None:
    """A path typed wrongly must not add tables to somebody's file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.commit()
    for options in ({}, {"upgrade": True}, {"read_only": True}):
        with pytest.raises(StoreError, match="database of another program"):
            await SqliteStore.open(path, **options)
    with pytest.raises(StoreError, match="database of another program"):
        schema.upgrade(path)


@pytest.mark.parametrize("read_only", [False, True])
async def test_what_is_no_database_is_refused(diary: Path, read_only: bool) -> None:
    """A text file, a damaged header: said plainly, and the file stays as it is."""
    with pytest.raises(StoreError, match=r"x\.db: the file is not a database"):
        await SqliteStore.open(diary, read_only=read_only)
    assert _read(diary) == _DIARY


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _damage(path: Path) -> None:
    """Keep the first page, fill the rest with garbage."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xde\xad" * ((len(data) - 4096) // 2))


async def test_a_damaged_database_fails_with_plain_words(path: Path) -> None:
    """Garbage in the middle of the file is an error of the call that meets it."""
    async with s.opened(path) as store:
        await s.record(store, *(s.judged(s.post(f"q{n}", root=None)) for n in range(50)))
    _damage(path)
    with pytest.raises(StoreError, match="damaged"):
        await SqliteStore.open(path)


def _damage_page(path: Path, table: str) -> tuple[bytes, bytes]:
    """Overwrite a table's first page; the file before and after."""
    whole = path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage, page_size FROM sqlite_master, pragma_page_size WHERE name = ?"
        page, size = connection.execute(query, (table,)).fetchone()
    path.write_bytes(whole[: (page - 1) * size] + b"\xde\xad" * (size // 2) + whole[page * size :])
    return whole, path.read_bytes()


def _replaced(path: Path, content: bytes) -> bytes:
    """Put other content into a file; what was in it."""
    before = path.read_bytes()
    path.write_bytes(content)
    return before


async def test_a_damaged_page_is_found_before_anything_is_written(path: Path) -> None:
    """Also one that no statement of the start reads; the file stays as it is, and what is whole is opened."""
    async with s.opened(path) as store:
        await s.record(store, *(s.judged(s.post(f"q{n}", root=None)) for n in range(50)))
    whole, damaged = _damage_page(path, "feedback")
    with pytest.raises(
        StoreError, match=r"x\.db: the database is damaged \(.*\); put a back-up in its place"
    ):
        await SqliteStore.open(path)
    assert damaged == _replaced(path, whole)
    async with s.opened(path):
        pass


async def test_a_damaged_page_is_found_before_the_schema_is_upgraded(path: Path) -> None:
    """At the start of a new version, and with `outcare db upgrade`: nothing is written."""
    schema.upgrade(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("DROP TABLE coverage")
        shell.execute("UPDATE alembic_version SET version_num = '0001'")
    _, damaged = _damage_page(path, "gaps")
    with pytest.raises(StoreError, match="the database is damaged"):
        await SqliteStore.open(path, upgrade=True)
    with pytest.raises(StoreError, match="the database is damaged"):
        schema.upgrade(path)
    assert damaged == _read(path)


async def test_a_lock_that_cannot_be_written_is_said(path: Path) -> None:
    """No room for the process id: a clear error, and the lock is free again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(StoreError, match=r"cannot write .*x\.db\.lock: File too large"):
            Lock(path).take()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    async with s.opened(path):
        pass


async def test_a_failed_write_is_told_until_one_works(path: Path) -> None:
    """`trouble` is what `/readyz` says of the database."""
    store = await SqliteStore.open(path, upgrade=True, busy_seconds=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            await store.advance("telegram", Cursor("v1:1"))
        assert "locked by another program" in (store.trouble or "")
    await store.advance("telegram", Cursor("v1:1"))
    assert store.trouble is None
    await store.close()


async def test_a_database_locked_by_another_program_is_said(path: Path) -> None:
    """A forgotten sqlite3 shell in a transaction: a clear error instead of a hang."""
    async with s.opened(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"x\.db: the database is locked by another program"):
            await SqliteStore.open(path, busy_seconds=0.05)
    async with s.opened(path):
        pass


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may write everywhere: be somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A read-only directory is named, with the reason."""
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o555)
    with _as_nobody(), pytest.raises(StoreError, match=r"cannot write .*: Permission denied"):
        await SqliteStore.open(folder / "x.db")


async def test_a_file_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    """Not at the first mention, hours later."""
    (tmp_path / "x.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        await SqliteStore.open(tmp_path / "x.db")


async def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    """A path through a file can't be made."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        await SqliteStore.open(tmp_path / "file" / "x.db")


async def test_a_failed_opening_leaves_no_lock(diary: Path) -> None:
    """After the cause is gone, the next start works."""
    with pytest.raises(StoreError):
        await SqliteStore.open(diary)
    _remove(diary)
    async with s.opened(diary):
        pass


def _remove(path: Path) -> None:
    path.unlink()


async def test_a_path_of_odd_letters_works(tmp_path: Path) -> None:
    """Blanks, percent and question marks in a path are only letters."""
    path = tmp_path / "100% odd? #dir" / "my data.db"
    async with s.opened(path) as store:
        await s.record(store, cursor="1")
        assert await store.cursor("jetstream") == "1"
    assert _files(path) == ["my data.db", "my data.db.lock"]


def test_asking_who_runs_does_not_stop_a_start(path: Path) -> None:
    """`outcare status` touches the lock for a moment; a daemon that starts just then waits that long."""
    beside = path.with_name(path.name + ".lock")
    with beside.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        asked = threading.Timer(0.05, fcntl.flock, (file, fcntl.LOCK_UN))
        asked.start()
        lock = Lock(path)
        lock.take()
        lock.release()
        asked.join()
