"""Which schema a database has, whether this program can use it, and how it is brought up to date.

It knows revisions, not tables. Alembic is imported only when something is to be migrated: it takes a third
of a second that no start should pay.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from enum import Enum
from functools import cache
from pathlib import Path
from urllib.parse import quote

from bot.errors import StoreError
from bot.store.writer import store_error

VERSIONS = Path(__file__).parent / "migrations" / "versions"

BUSY_SECONDS = 5.0
CHECKED_BYTES = 256_000_000
"""Up to this size a database is looked through at every start: a quarter of a second, if it is in memory."""


class Age(Enum):
    """What a database is to this program."""

    FRESH = "fresh"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"
    FOREIGN = "foreign"


def revisions(versions: Path = VERSIONS) -> tuple[str, ...]:
    """Every revision this program knows, oldest first: files are named `<revision>_<what>.py`."""
    return tuple(sorted(file.name.partition("_")[0] for file in versions.glob("[0-9]*_*.py")))


@cache
def head() -> str:
    """The newest revision; looked up once, for the event loop asks it every few seconds."""
    return revisions()[-1]


def age(found: str | None, *, has_tables: bool, known: tuple[str, ...]) -> Age:
    """`found` is the revision row: None when its table is missing, "" when the table is empty."""
    if found is None:
        return Age.FOREIGN if has_tables else Age.FRESH
    if found == known[-1]:
        return Age.CURRENT
    return Age.OLDER if found == "" or found in known else Age.NEWER


def connect(path: Path, *, read_only: bool = False, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection without implicit transactions, usable from any one thread. Raises StoreError."""
    mode = "ro" if read_only else "rwc"
    connection = None
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=busy_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise store_error(error, at=path) from error
    return connection


def inspect(connection: sqlite3.Connection) -> tuple[str | None, Age]:
    """The revision row (see `age`) and what the database is to this program."""
    try:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        found: str | None = None
        if "alembic_version" in names:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            found = row[0] if row else ""
    except sqlite3.Error as error:
        raise store_error(error) from error
    return found, age(found, has_tables=bool(names), known=revisions())


def current(path: Path) -> str | None:
    """The schema version of an existing database; None when it has none yet. Raises StoreError."""
    if not path.exists():
        return None
    with closing(connect(path, read_only=True)) as connection:
        return inspect(connection)[0] or None


def require_usable(path: Path, found: str | None, found_age: Age) -> None:
    """Raise StoreError unless the database has exactly this program's schema."""
    if found_age is Age.OLDER:
        raise StoreError(
            f"{path} was made by an older Outcare (schema {found or 'none'}, this one needs {head()}): "
            "stop the daemon, keep a copy of the file, then run `outcare db upgrade`"
        )
    if found_age is Age.NEWER:
        raise StoreError(
            f"{path} was made by a newer Outcare (schema {found}, this one knows {head()}): "
            "use that version, or another database"
        )
    if found_age is Age.FOREIGN:
        raise StoreError(f"{path} is a database of another program")
    if found_age is Age.FRESH:
        raise StoreError(f"{path} is empty: nothing has been stored yet")


def require_current(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
    """Raise StoreError unless there is a database that this program can read."""
    if not path.exists():
        raise StoreError(
            f"there is no database at {path}: `outcare run` makes it (is this the right folder?)"
        )
    with closing(connect(path, read_only=True, busy_seconds=busy_seconds)) as connection:
        found, found_age = inspect(connection)
    require_usable(path, found, found_age)


def prepare(path: Path, *, may_upgrade: bool, busy_seconds: float = BUSY_SECONDS) -> None:
    """Make a database that is not there yet, migrate an older one if that was asked for; look through the one
    that is there. Raises StoreError for one that cannot be used or is damaged.
    """
    with closing(connect(path, busy_seconds=busy_seconds)) as connection:
        found, found_age = inspect(connection)
        is_to_be_made = found_age is Age.FRESH or (found_age is Age.OLDER and may_upgrade)
        if not is_to_be_made:
            require_usable(path, found, found_age)
            require_sound(connection, path)
    if is_to_be_made:
        upgrade(path, busy_seconds=busy_seconds)


def require_sound(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError for a damaged page, before anything is written around it. Large databases pass."""
    try:
        (size,) = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        ).fetchone()
        if size > CHECKED_BYTES:
            return
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise store_error(error, at=path) from error
    if found != "ok":
        where = " ".join(found.split("\n")[-1].split())
        raise StoreError(f"{path}: the database is damaged ({where}); put a back-up in its place")


def connect_for_writing(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """The writer's connection: what is committed survives a loss of power. Raises StoreError."""
    connection = connect(path, busy_seconds=busy_seconds)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA temp_store=MEMORY")  # what a savepoint keeps must not wait for a disk
        connection.execute(
            "BEGIN IMMEDIATE"
        )  # a lock or a read-only file shows here, not at the first mention
        connection.execute("ROLLBACK")
        # Whoever held these leases is dead: we hold the lock. The fence keeps a late word of theirs out.
        connection.execute("UPDATE effects SET state = 'pending', leased_until = NULL WHERE state = 'leased'")
    except StoreError:
        connection.close()
        raise
    except sqlite3.Error as error:
        connection.close()
        raise store_error(error, at=path) from error
    return connection


def upgrade(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> tuple[str | None, str]:
    """Create or migrate the database, all or nothing; from which revision to which.

    Raises StoreError for a database that is newer, foreign, damaged or in use.
    """
    with closing(connect(path, busy_seconds=busy_seconds)) as connection:
        try:
            found, found_age = inspect(connection)
            if found_age in (Age.NEWER, Age.FOREIGN):
                require_usable(path, found, found_age)
            require_sound(connection, path)
            if found_age is not Age.CURRENT:
                connection.execute("PRAGMA journal_mode=WAL")
                _bring_up(connection, found_age)
        except sqlite3.Error as error:
            raise store_error(error, at=path) from error
    return found or None, head()


def _bring_up(connection: sqlite3.Connection, found_age: Age) -> None:
    if found_age is Age.FRESH:
        from bot.store.migrations import fresh  # noqa: PLC0415 - see the module's docstring

        fresh.make(connection, head())
    else:
        _migrate(connection)


def _migrate(connection: sqlite3.Connection) -> None:
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see the module's docstring

    from bot.store.migrations import run  # noqa: PLC0415

    try:
        run.upgrade(connection)
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from error
        raise
