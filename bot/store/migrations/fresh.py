"""Makes a database that is not there yet, out of the models: what all migrations come to, at once.

A test compares both, letter by letter. Alembic's own way to an up-to-date database, without Alembic, whose
import takes longer than the tables:
https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import cache

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from bot.store import derived, tables  # noqa: F401 - the models, in the metadata

_VERSION = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def make(connection: sqlite3.Connection, revision: str) -> None:
    """All tables, said to be at that revision, in one transaction. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in (*_statements(), _VERSION):
            connection.execute(statement)
        connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (revision,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@cache
def _statements() -> tuple[str, ...]:
    return tuple(_each())


def _each() -> Iterator[str]:
    dialect = sqlite.dialect()
    for table in SQLModel.metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            yield str(CreateIndex(index).compile(dialect=dialect))
