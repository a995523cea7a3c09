"""Who wants no answers from us, as rows: they said so themselves, or staff said it for them.

It knows the table opt_outs; whether a reply may go out is looked at where it is leased.
"""

from __future__ import annotations

from bot.store.work import Work


def out(work: Work, platform: str, author_id: str, *, post: int | None = None) -> None:
    """`post`: where they said so; None: staff says it."""
    work.conn.execute(
        "INSERT INTO opt_outs (platform, author_id, at, post) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (platform, author_id, work.at, post),
    )


def back_in(work: Work, platform: str, author_id: str) -> None:
    work.conn.execute("DELETE FROM opt_outs WHERE platform = ? AND author_id = ?", (platform, author_id))
