"""What a deletion leaves: that there was a post, when, and how long it waited; nothing of what it said.

It blanks posts, mentions, verdicts and authors and ends asks; the cards of the conversation are updated.
"""

from __future__ import annotations

from bot.model import Deletion
from bot.records import Leased
from bot.store import counts, effects, threads, verdicts
from bot.store.work import Work


def delete(work: Work, deletion: Deletion) -> tuple[Leased, ...]:
    """Forget a post, or all posts of an author and the author. What we don't hold changes nothing."""
    is_author = deletion.post_id is None
    if is_author:
        _forget_author(work, deletion)
    leased: list[Leased] = []
    for post, post_id in _posts(work, deletion):
        leased += _forget_post(work, post, author=is_author)
        _forget_as_parent(work, deletion.platform, post_id)
    return tuple(leased)


def _posts(work: Work, deletion: Deletion) -> list[tuple[int, str]]:
    what, value = (
        ("author_id", deletion.author_id) if deletion.post_id is None else ("post_id", deletion.post_id)
    )
    return work.conn.execute(
        f"SELECT id, post_id FROM posts WHERE platform = ? AND {what} = ? AND deleted_at IS NULL ORDER BY id",
        (deletion.platform, value),
    ).fetchall()


def _forget_author(work: Work, deletion: Deletion) -> None:
    who = (deletion.platform, deletion.author_id)
    work.conn.execute(
        "UPDATE authors SET handle = NULL, name = NULL, bio = NULL, followers = NULL, following = NULL,"
        " created_at = NULL, verified = NULL, updated_at = ? WHERE platform = ? AND author_id = ?",
        (work.at, *who),
    )
    work.conn.execute("UPDATE posts SET author_handle = NULL WHERE platform = ? AND author_id = ?", who)


def _forget_post(work: Work, post: int, *, author: bool) -> tuple[Leased, ...]:
    work.conn.execute(
        "UPDATE posts SET text = '', title = '', alts = '[]', links = '[]', deleted_at = ? WHERE id = ?",
        (work.at, post),
    )
    work.conn.execute("UPDATE mentions SET spans = '[]' WHERE post = ?", (post,))
    found = work.conn.execute("SELECT id, conversation FROM mentions WHERE post = ?", (post,)).fetchall()
    leased: list[Leased] = []
    for mention, conversation in found:
        verdicts.forget(work, mention, author=author)
        if author:
            counts.forget_name(work.conn, mention)
        threads.forget(work, mention)
        version = threads.advance(work, conversation)
        leased += effects.update(work, effects.delivered(work, conversation), version=version)
    return tuple(leased)


def _forget_as_parent(work: Work, platform: str, post_id: str) -> None:
    found = work.conn.execute(
        "SELECT m.id, m.conversation FROM mentions m JOIN posts p ON p.id = m.post"
        " WHERE p.platform = ? AND p.parent_id = ?",
        (platform, post_id),
    ).fetchall()
    for mention, conversation in found:
        verdicts.forget_parent(work, mention)
        work.standing.changed(conversation, None)
