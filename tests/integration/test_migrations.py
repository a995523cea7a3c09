"""The sum of the migrations is the models; upgrades keep the data, all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlmodel import SQLModel

from bot.errors import StoreError
from bot.model import Gap
from bot.replies import Acknowledgement
from bot.store import (
    answering_tables,
    call_tables,
    derived,
    effect_tables,
    escalation_tables,
    incident_tables,
    schema,
    staff_tables,
    tables,
)
from bot.store.migrations import fresh, run
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s

_REVISION = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)
_NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0000next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("conversations", recreate="always") as batch:
        batch.add_column(sa.Column("mood", sa.String(), nullable=False, server_default="calm"))
    {more}


def downgrade() -> None:
    with op.batch_alter_table("conversations") as batch:
        batch.drop_column("mood")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def _schema(path: Path) -> dict[str, str]:
    """Every table and index as SQLite keeps it, blanks and quotes aside."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in found}


def _migrate(path: Path) -> None:
    """One step after the other, as a database that has been there from the first version."""
    with closing(schema.connect(path)) as connection:
        run.upgrade(connection)


def test_the_sum_of_the_migrations_is_the_models(tmp_path: Path, path: Path) -> None:
    """The same tables, columns, keys, checks and indexes, to the letter, and the same revision: it does not
    matter whether a database was made today or has grown.
    """
    today = tmp_path / "today.db"
    _migrate(path)
    assert schema.upgrade(today) == (None, schema.head())
    migrated, made = _schema(path), _schema(today)
    assert {name: _parts(sql) for name, sql in made.items()} == {
        name: _parts(sql) for name, sql in migrated.items()
    }
    assert {"posts", "alembic_version"} <= set(migrated)
    assert schema.current(path) == schema.current(today) == schema.head()


def test_the_schema_that_is_written_down_is_that_of_the_models() -> None:
    """To renew it after a change of the models: delete the file, and run this test."""
    made = fresh.BETWEEN.join((*_statements(), _REVISION)) + "\n"
    if not fresh.SCHEMA.is_file():
        fresh.SCHEMA.write_text(made, encoding="utf-8")
    assert made == fresh.SCHEMA.read_text(encoding="utf-8")


def _statements() -> Iterator[str]:
    """Each table with its indexes, those that others refer to first."""
    dialect = sqlite.dialect()
    for table in SQLModel.metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda one: str(one.name))
        elements: tuple[ExecutableDDLElement, ...] = (CreateTable(table), *map(CreateIndex, indexes))
        for element in elements:
            lines = str(element.compile(dialect=dialect)).strip().splitlines()
            yield "\n".join(line.rstrip() for line in lines if line.strip())


def test_a_database_that_cannot_be_made_is_not_begun(path: Path) -> None:
    """All tables or none, as with a migration."""
    with closing(schema.connect(path)) as connection:
        connection.execute("CREATE TABLE asks (id INTEGER)")
        with pytest.raises(sqlite3.OperationalError, match="asks already exists"):
            fresh.make(connection, schema.head())
    assert list(_schema(path)) == ["asks"]


def _parts(sql: str) -> list[str]:
    """The definitions of a CREATE TABLE in any order: constraints may be listed differently."""
    head, _, body = sql.partition("(")
    return [head, *sorted(part.strip() for part in body.strip().removesuffix(")").split(", "))]


def test_alembic_finds_no_difference(path: Path) -> None:
    """`alembic check` on a migrated database is silent."""
    _migrate(path)
    with closing(schema.connect(path)) as connection:
        run.check(connection)


def test_a_table_without_a_migration_is_found(path: Path) -> None:
    """The check above can fail."""
    schema.upgrade(path)
    with closing(schema.connect(path)) as connection:
        connection.execute("DROP TABLE gaps")
        with pytest.raises(Exception, match="gaps"):
            run.check(connection)


def test_every_constraint_has_a_name() -> None:
    """Batch migrations can drop only what they can name."""
    unnamed = [
        f"{table.name}: {constraint}"
        for table in SQLModel.metadata.tables.values()
        for constraint in table.constraints
        if constraint.name is None
    ]
    assert unnamed == []
    assert len(SQLModel.metadata.tables) > 15


def test_revisions_by_name_are_those_of_alembic() -> None:
    """Start-up reads file names instead of importing Alembic: both must say the same."""
    engine = create_engine("sqlite://")
    with engine.connect() as bound:
        config = _config(bound)
        script = ScriptDirectory.from_config(config)
        assert schema.head() == script.get_current_head()
        assert list(schema.revisions()) == [one.revision for one in script.walk_revisions()][::-1]
    engine.dispose()


def _config(bound: Connection) -> Config:
    return run.configured(bound, run.VERSIONS)


async def test_an_upgrade_keeps_the_data(tmp_path: Path, path: Path) -> None:
    """A table that others refer to is rebuilt with rows in it: nothing is lost, no reference broken."""
    async with s.opened(path) as store:
        await s.record(store, s.judged(s.post("q")), s.answer("a", minute=4), cursor="5")
    before = s.rows(path, "SELECT * FROM conversations") + s.rows(path, "SELECT * FROM asks")
    versions = _versions(tmp_path, more="pass")
    with closing(schema.connect(path)) as connection:
        run.upgrade(connection, versions=versions)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT mood FROM conversations").fetchall() == [("calm",)]
    with pytest.raises(StoreError, match="newer Outcare"):
        await SqliteStore.open(path)
    with closing(schema.connect(path)) as connection:
        run.downgrade(connection, schema.head(), versions=versions)
    assert before == s.rows(path, "SELECT * FROM conversations") + s.rows(path, "SELECT * FROM asks")
    async with s.opened(path) as store:
        assert await store.cursor("jetstream") == "5"


async def test_coverage_begins_where_a_database_without_it_is_upgraded(path: Path) -> None:
    """0001 to 0002: all that was there stays, gaps too; nothing of the time before is claimed."""
    gap = Gap(source="jetstream", started_at=s.at(0), ended_at=s.at(9), reason="cursor_lost")
    async with s.opened(path) as store:
        await s.record(store, s.judged(s.post("q")), s.answer("a", minute=4), cursor="5", gap=gap)
    with closing(schema.connect(path)) as connection:
        run.downgrade(connection, "0001")
    assert ("0001", []) == (schema.current(path), [name for name in _schema(path) if "coverage" in name])
    before = {name: s.rows(path, f"SELECT * FROM {name}") for name in ("posts", "asks", "gaps", "cursors")}  # noqa: S608
    with pytest.raises(StoreError, match="older Outcare"):
        await SqliteStore.open(path)
    async with s.opened(path, upgrade=True) as store:
        assert before == {name: _as_wide(path, name, rows) for name, rows in before.items()}
        await s.record(store, cursor="6", observed_to=s.at(60))
        await s.record(store, cursor="7", observed_to=s.at(61))
        (source,) = (await store.status(now=s.at(62))).sources
    assert (s.at(60), s.at(61), "7") == (source.observed_from, source.observed_to, source.cursor)
    assert 1 == len(s.rows(path, "SELECT * FROM gaps"))


def _as_wide(path: Path, table: str, before: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows of a table without columns that it did not have before."""
    return [row[: len(before[0])] for row in s.rows(path, f"SELECT * FROM {table}")]  # noqa: S608


@pytest.mark.parametrize(
    "more",
    ["raise RuntimeError('halfway')", "op.execute('DELETE FROM posts')"],
    ids=["it raises", "it breaks references"],
)
async def test_a_failed_upgrade_changes_nothing(tmp_path: Path, path: Path, more: str) -> None:
    """Tables, data and version are those of before."""
    async with s.opened(path) as store:
        await s.record(store, s.judged(s.post("q")))
    before = _schema(path)
    with closing(schema.connect(path)) as connection, pytest.raises((RuntimeError, sqlite3.IntegrityError)):
        run.upgrade(connection, versions=_versions(tmp_path, more=more))
    assert (before, schema.head()) == (_schema(path), schema.current(path))
    async with s.opened(path) as store:
        assert len(await store.inbox(limit=2)) == 1


def _versions(tmp_path: Path, *, more: str) -> tuple[Path, ...]:
    folder = tmp_path / "versions"
    folder.mkdir()
    (folder / "next.py").write_text(_NEXT.format(head=schema.head(), more=more))
    return (*run.VERSIONS, folder)


async def test_down_to_nothing_and_up_again(path: Path) -> None:
    """Every migration can be taken back; an emptied database is an old one and is upgraded when asked."""
    schema.upgrade(path)
    with closing(schema.connect(path)) as connection:
        run.downgrade(connection, "base")
    assert list(_schema(path)) == ["alembic_version"]
    with pytest.raises(StoreError, match="older Outcare"):
        await SqliteStore.open(path)
    async with s.opened(path, upgrade=True) as store:
        await s.record(store, s.judged(s.post("q")))
    assert (schema.head(), schema.head()) == schema.upgrade(path)


async def test_acknowledgements_are_unknown_to_the_program_before(path: Path) -> None:
    """0014 and back: it would take them for what somebody approved. What people did stays, and its index."""
    wish = Acknowledgement(text="[automatic] Seen.", rule="outage", per_day=1, until=s.at(70))
    async with s.opened(path) as store:
        await s.record(store, replace(s.judged(s.post("q", root=None, minute=60)), acknowledge=wish))
        await s.record(store, s.answer("a", minute=4))
    with closing(schema.connect(path)) as connection:
        run.downgrade(connection, "0013")
    assert [(0, 1)] == s.rows(path, "SELECT (SELECT count(*) FROM replies), (SELECT count(*) FROM answers)")
    assert "is_automatic" not in " ".join(_schema(path).values())
    async with s.opened(path, upgrade=True):
        assert [(0,)] == s.rows(path, "SELECT is_automatic FROM answers")


def test_an_upgrade_of_a_locked_database_says_so(path: Path) -> None:
    """The migration meets a lock: StoreError, nothing done."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            schema.upgrade(path, busy_seconds=0.05)


def test_models_register_in_one_metadata() -> None:
    """Every table model of these modules is in the metadata that migrations are compared with."""
    models = {
        value.__tablename__
        for value in chain(
            *(
                vars(module).values()
                for module in (
                    tables,
                    call_tables,
                    effect_tables,
                    escalation_tables,
                    incident_tables,
                    staff_tables,
                    answering_tables,
                    derived,
                )
            )
        )
        if isinstance(value, type) and issubclass(value, SQLModel) and value is not SQLModel
    }
    assert models == set(SQLModel.metadata.tables)
