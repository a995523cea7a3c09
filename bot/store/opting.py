"""Who wants no answers from us, as rows: they said so themselves, or staff said it for them.

It knows the table opt_outs; whether a reply may go out is looked at where it is leased.
"""

from __future__ import annotations

from bot.model import Mention
from bot.store.work import Work


def said(work: Work, mention: Mention, *, post: int) -> None:
    """They said so themselves, in this post. What was said to a rival is no word to us."""
    work.conn.execute(
        "INSERT INTO opt_outs (platform, author_id, at, post)"
        " SELECT ?, ?, ?, ? FROM brands WHERE name = ? AND NOT is_rival ON CONFLICT DO NOTHING",
        (mention.post.platform, mention.post.author_id, work.at, post, mention.brand),
    )


def out(work: Work, platform: str, author_id: str) -> None:
    """Staff says it for them."""
    work.conn.execute(
        "INSERT INTO opt_outs (platform, author_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (platform, author_id, work.at),
    )


def back_in(work: Work, platform: str, author_id: str) -> None:
    work.conn.execute("DELETE FROM opt_outs WHERE platform = ? AND author_id = ?", (platform, author_id))
