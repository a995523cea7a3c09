"""One-time links that were used, so that none works twice, whatever restarts."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from bot.store import rows

KEPT = timedelta(days=1)
"""Far longer than a link is good for; older rows are of no use."""


def use(conn: sqlite3.Connection, nonce: str, person: str, *, now: datetime) -> bool:
    """Whether this is the first time."""
    conn.execute("DELETE FROM logins WHERE used_at < ?", (rows.micros(now - KEPT),))
    done = conn.execute(
        "INSERT INTO logins (nonce, person, used_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (nonce, person, rows.micros(now)),
    )
    return done.rowcount == 1
