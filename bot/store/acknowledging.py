"""Acknowledgements as rows: who gets one, in the transaction that stores the mention; ours, known again.

It knows the tables replies, drafts, conversations and opt_outs. Which rule asks for one is
`bot.acknowledging`'s; how it goes out is as with any reply (`bot.store.replying`).
"""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import dropwhile

from bot.model import Post
from bot.records import Answer, Judged
from bot.replies import Approve, Origin, Propose, ReplyState
from bot.store import posts, replying, rows
from bot.store.drafted import IS_OUT
from bot.store.work import Work

DAY = timedelta(hours=24)
_LONG_NAME = re.compile(r"^(@[^@]+)@.*$")

_IS_WANTED = (
    "SELECT 1 FROM conversations c WHERE c.id = :conversation AND c.state = 'open'"
    " AND NOT EXISTS (SELECT 1 FROM opt_outs o WHERE o.platform = c.platform AND o.author_id = c.author_id)"
    " AND NOT EXISTS (SELECT 1 FROM drafts d WHERE d.conversation = c.id AND d.state = 'open')"
    " AND NOT EXISTS (SELECT 1 FROM replies r WHERE r.conversation = c.id"
    f"  AND (r.is_automatic OR {IS_OUT}))"
    " AND NOT EXISTS (SELECT 1 FROM answers a JOIN posts y ON y.id = a.post WHERE a.brand = c.brand"
    "  AND y.platform = c.platform AND y.thread_id = c.root_id AND y.deleted_at IS NULL"
    "  AND (y.parent_author_id = c.author_id OR (y.parent_author_id IS NULL AND EXISTS"
    "   (SELECT 1 FROM posts q WHERE q.platform = y.platform AND q.post_id = y.parent_id"
    "   AND q.author_id = c.author_id))))"
    " AND (SELECT count(*) FROM conversations x JOIN replies r ON r.conversation = x.id"
    "  WHERE x.brand = c.brand AND x.platform = c.platform AND x.author_id = c.author_id AND r.is_automatic"
    "  AND r.approved_at > :since AND r.state NOT IN ('refused', 'withdrawn')) < :per_day"
)
"""Nobody of ours has answered there or is about to, and its author has not had too many already."""


def plan(work: Work, item: Judged, conversation: int) -> bool:
    """Let what the rules want to be said at once go out, if nothing speaks against it: only once."""
    wish = item.acknowledge
    if wish is None or item.is_late:
        return False
    given = {
        "conversation": conversation,
        "since": rows.micros(work.now - DAY),
        "per_day": wish.per_day,
    }
    if rows.one(work.conn.execute(_IS_WANTED, given)) is None:
        return False
    words = Propose(text=wish.text, origin=Origin.RULE)
    draft = replying.new_draft(work, item.mention_id, wish.rule, words)
    step = Approve(draft=draft, due_at=work.now, until=wish.until)
    replying.approve(work, item.mention.post.platform, wish.rule, step, is_automatic=True)
    return True


# --- when a source brings it back -------------------------------------------------------------------

_OURS = (
    "SELECT c.id, r.id, r.state, r.text, r.post_id FROM conversations c"
    " JOIN replies r ON r.conversation = c.id AND r.is_automatic"
    " WHERE c.brand = :brand AND c.platform = :platform AND c.root_id = :root"
    " AND (:author IS NULL OR c.author_id = :author)"
    " AND (r.post_id = :post OR (r.post_id IS NULL AND r.state IN ('going', 'unsure')))"
)


def acknowledged(work: Work, item: Answer) -> int | None:
    """The conversation in which a post by our account is an acknowledgement that we sent; None: it is none.

    If that was a moment ago, no platform has told us its id yet: it is known by its thread and its words.
    """
    post = item.post
    given = {
        "brand": item.brand,
        "platform": post.platform,
        "root": post.root_id,
        "author": posts.parent_author(work, post),
        "post": post.id,
    }
    for conversation, reply, state, text, post_id in work.conn.execute(_OURS, given).fetchall():
        if post_id == post.id or _words(text) == _words(post.text):
            if state == ReplyState.UNSURE:
                _found(work, reply, post)
            return int(conversation)
    return None


def _words(text: str) -> list[str]:
    """Platforms treat blanks as they like, put a name in front, and shorten links and names."""
    words = dropwhile(lambda word: word.startswith("@"), text.split())
    return ["://" if "://" in word else _LONG_NAME.sub(r"\1", word) for word in words]


def _found(work: Work, reply: int, post: Post) -> None:
    """Nobody knew whether it had arrived."""
    work.conn.execute(
        "UPDATE replies SET state = 'published', post_id = ?, url = ?, published_at = ?, reason = NULL,"
        " may_be_there = 0, asks_staff = 0 WHERE id = ?",
        (post.id, post.url, rows.micros(post.posted_at), reply),
    )
