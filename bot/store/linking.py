"""Which accounts are one person's, as rows: people say so, nothing is guessed. It knows the table links."""

from __future__ import annotations

from bot.orders import Account
from bot.store.card import Fetch
from bot.store.work import Work

_KNOWN = (
    "SELECT author_id FROM authors WHERE platform = :platform"
    " AND (author_id = :name OR lower(handle) = lower(:name))"
    " UNION SELECT author_id FROM posts WHERE platform = :platform AND author_id = :name LIMIT 2"
)
_WHOSE = "SELECT whose FROM links WHERE platform = ? AND author_id = ?"


def find(fetch: Fetch, platform: str, name: str) -> Account | None:
    """The account of this id or handle, if exactly one is known."""
    found = fetch(_KNOWN, {"platform": platform, "name": name})
    return Account(platform=platform, id=found[0][0]) if len(found) == 1 else None


def link(work: Work, one: Account, other: Account, person: str) -> None:
    """Both are one person's from now on, with all that each of them was linked to before."""
    whose = [_whose(work, account, person) for account in (one, other)]
    work.conn.execute("UPDATE links SET whose = ? WHERE whose = ?", (min(whose), max(whose)))
    _redraw(work)


def _whose(work: Work, account: Account, person: str) -> int:
    found = work.conn.execute(_WHOSE, (account.platform, account.id)).fetchone()
    if found is not None:
        return int(found[0])
    row = work.conn.execute(
        "INSERT INTO links (platform, author_id, whose, person, at)"
        " SELECT ?, ?, COALESCE(max(whose), 0) + 1, ?, ? FROM links RETURNING whose",
        (account.platform, account.id, person, work.at),
    ).fetchone()
    return int(row[0])


def unlink(work: Work, account: Account) -> None:
    """It is nobody else's any more; who is left alone is linked to nobody."""
    row = work.conn.execute(_WHOSE, (account.platform, account.id)).fetchone()
    if row is None:
        return
    work.conn.execute(
        "DELETE FROM links WHERE (platform = ? AND author_id = ?)"
        " OR (whose = ? AND (SELECT count(*) FROM links l WHERE l.whose = links.whose) <= 2)",
        (account.platform, account.id, row[0]),
    )
    _redraw(work)


def _redraw(work: Work) -> None:
    """Cards in hand show what was true before: they are read again."""
    work.standing.forget()
