"""Reads the past of authors with brands, and where brands spoke: before a batch is judged.

It knows the SQL and follows an author's conversations, along indexes; what it means is `bot.history`'s. What
its author took back is no part of the past.
"""

from __future__ import annotations

from typing import Any

from bot.history import Message, Past, Recall, Recalled, Reply, Stretch, Thread, Wait, Whom
from bot.store import rows
from bot.store.card import Fetch

_MOST = 200
"""Twice what a history tells: the newest before the last mention of a batch are enough for its first."""
_THEIRS = "c.brand = :brand AND c.platform = :platform AND c.author_id = :author"
_ROOTS = f"SELECT c.root_id FROM conversations c WHERE {_THEIRS}"
_MESSAGES = (
    "SELECT p.post_id, p.thread_id, p.posted_at, m.asks FROM conversations c"
    f" JOIN mentions m ON m.conversation = c.id JOIN posts p ON p.id = m.post WHERE {_THEIRS}"
    " AND p.deleted_at IS NULL AND p.posted_at BETWEEN :since AND :last ORDER BY p.posted_at DESC LIMIT :most"
)
_WAITS = (
    "SELECT p.post_id, c.root_id, a.started_at, a.ended_at FROM conversations c"
    " JOIN asks a ON a.conversation = c.id JOIN mentions m ON m.id = a.mention JOIN posts p ON p.id = m.post"
    f" WHERE {_THEIRS} AND a.outcome IS NOT 'deleted' AND a.started_at BETWEEN :since AND :last"
    " AND (a.ended_at IS NULL OR a.ended_at > :first) ORDER BY a.started_at DESC LIMIT :most"
)
_REPLIES = (
    "SELECT p.thread_id, p.posted_at FROM posts p JOIN answers a ON a.post = p.id AND a.brand = :brand"
    " AND NOT a.is_automatic WHERE p.platform = :platform"
    f" AND p.thread_id IN ({_ROOTS} UNION SELECT value FROM json_each(:roots))"
    " AND (p.parent_author_id = :author OR (p.parent_author_id IS NULL AND EXISTS (SELECT 1 FROM posts q"
    "  WHERE q.platform = p.platform AND q.post_id = p.parent_id AND q.author_id = :author)))"
    " AND p.posted_at BETWEEN :since AND :last ORDER BY p.posted_at DESC LIMIT :most"
)
_SPOKE = (
    "SELECT min(p.posted_at) FROM posts p JOIN answers a ON a.post = p.id AND a.brand = ?"
    " AND NOT a.is_automatic WHERE p.platform = ? AND p.thread_id = ?"
)


def read(fetch: Fetch, wanted: Recall) -> Recalled:
    spoke = ((thread, _spoke(fetch, thread)) for thread in wanted.threads)
    return Recalled(
        pasts={whom: _past(fetch, whom, stretch) for whom, stretch in wanted.pasts.items()},
        spoke_at={thread: rows.moment(at) for thread, at in spoke if at is not None},
    )


def _spoke(fetch: Fetch, thread: Thread) -> int | None:
    at: int | None = fetch(_SPOKE, (thread.brand, thread.platform, thread.root_id))[0][0]
    return at


def _past(fetch: Fetch, whom: Whom, stretch: Stretch) -> Past:
    values: dict[str, Any] = {
        "brand": whom.brand,
        "platform": whom.platform,
        "author": whom.author_id,
        "since": rows.micros(stretch.since),
        "first": rows.micros(stretch.first),
        "last": rows.micros(stretch.last),
        "roots": rows.dump(sorted(stretch.roots)),
        "most": _MOST,
    }
    return Past(
        messages=tuple(
            Message(post_id=post, root_id=root, at=rows.moment(at), asks=bool(asks))
            for post, root, at, asks in fetch(_MESSAGES, values)
        ),
        waits=tuple(
            Wait(
                post_id=post,
                root_id=root,
                started_at=rows.moment(start),
                ended_at=rows.moment_or_none(end),
            )
            for post, root, start, end in fetch(_WAITS, values)
        ),
        replies=tuple(Reply(root_id=root, at=rows.moment(at)) for root, at in fetch(_REPLIES, values)),
        roots=frozenset(root for (root,) in fetch(_ROOTS, values)),
    )
