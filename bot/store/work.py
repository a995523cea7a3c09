"""What every writing function gets: its unit's connection, the time, and how long we lease."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model import Cursor
from bot.store.rows import micros, micros_or_none


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    conn: sqlite3.Connection
    now: datetime
    lease_for: timedelta

    @property
    def at(self) -> int:
        """Now, as it stands in a row."""
        return micros(self.now)

    @property
    def leased_until(self) -> int:
        return micros(self.now + self.lease_for)


def save_cursor(
    conn: sqlite3.Connection, name: str, kind: str, cursor: Cursor | None, *, at: datetime | None
) -> None:
    """`kind` is "source" or "feed". A cursor of None leaves the position where it was."""
    if cursor is not None:
        conn.execute(
            "INSERT INTO cursors (name, kind, cursor, updated_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor,"
            " updated_at = COALESCE(excluded.updated_at, cursors.updated_at)",
            (name, kind, cursor, micros_or_none(at)),
        )
