"""What the configuration says, kept: brands with their accounts, and every version of the rules.

It knows the tables brands, accounts, rule_sets and reloads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.model import Account, Brand
from bot.store import rows


def save_brands(conn: sqlite3.Connection, brands: Iterable[Brand]) -> None:
    """Brands that left the configuration keep their row (history is theirs), accounts that left go."""
    accounts: list[Account] = []
    for brand in brands:
        conn.execute(
            "INSERT INTO brands (name, is_rival) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET is_rival = excluded.is_rival",
            (brand.name, brand.is_rival),
        )
        accounts.extend(brand.accounts)
    kept = [_save_account(conn, account) for account in accounts]
    conn.execute("DELETE FROM accounts WHERE id NOT IN (SELECT value FROM json_each(?))", (rows.dump(kept),))


def _save_account(conn: sqlite3.Connection, account: Account) -> int:
    row = conn.execute(
        "INSERT INTO accounts (brand, platform, handle, account_id) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (brand, platform, handle)"
        " DO UPDATE SET account_id = COALESCE(excluded.account_id, accounts.account_id) RETURNING id",
        (account.brand, account.platform, account.handle, account.id),
    ).fetchone()
    return int(row[0])


def save_rules(
    conn: sqlite3.Connection, version: str, engine: str, source: Mapping[str, str], *, now: datetime
) -> None:
    """A version is stored once; loading it again says that it is the one in use."""
    conn.execute(
        "INSERT INTO rule_sets (version, engine_version, source, loaded_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (version) DO UPDATE SET loaded_at = excluded.loaded_at",
        (version, engine, rows.dump(source), rows.micros(now)),
    )


def save_rules_state(
    conn: sqlite3.Connection, version: str, problems: Sequence[str], *, now: datetime
) -> None:
    """A row for each change; the time since when a version runs is that of its first one in a row."""
    last = conn.execute("SELECT version, since, problems FROM reloads ORDER BY id DESC LIMIT 1").fetchone()
    found, at = rows.dump([*problems]) if problems else None, rows.micros(now)
    since = last[1] if last is not None and last[0] == version else at
    if last is None or (last[0], last[2]) != (version, found):
        conn.execute(
            "INSERT INTO reloads (read_at, version, since, problems) VALUES (?, ?, ?, ?)",
            (at, version, since, found),
        )
