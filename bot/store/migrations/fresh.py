"""Makes a database that is not there yet, out of `schema.sql`: what all migrations come to, at once.

That file is written from the models, and tests compare both with the sum of the migrations, letter by letter.
It is Alembic's own way to an up-to-date database, without a second of imports:
https://alembic.sqlalchemy.org/en/latest/cookbook.html#building-an-up-to-date-database-from-scratch
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

SCHEMA = Path(__file__).parent / "schema.sql"
BETWEEN = ";\n"
"""What ends a statement of that file, and stands nowhere in one."""


def make(connection: sqlite3.Connection, revision: str) -> None:
    """All tables, said to be at that revision, in one transaction. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in SCHEMA.read_text(encoding="utf-8").split(BETWEEN):
            connection.execute(statement)
        connection.execute("INSERT INTO alembic_version (version_num) VALUES (?)", (revision,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
