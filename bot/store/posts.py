"""Posts and authors as they come in: stored once, edited in place, known facts never forgotten.

It knows the tables posts, answers and authors; nothing of mentions, asks and effects.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model import Author, Post
from bot.store import rows
from bot.store.work import Work

_INSERT = (
    f"INSERT INTO posts ({', '.join(rows.POST)}, thread_id, stored_at, revised_at)"
    f" VALUES ({rows.marks(len(rows.POST))}, ?, ?, ?)"
    " ON CONFLICT (platform, post_id) DO NOTHING RETURNING id"
)
_KNOWN = rows.AUTHOR[2:]
_AUTHOR = f"SELECT {', '.join(rows.AUTHOR)} FROM authors WHERE platform = ? AND author_id = ?"
_UPSERT_AUTHOR = (
    f"INSERT INTO authors ({', '.join(rows.AUTHOR)}, updated_at) VALUES ({rows.marks(len(rows.AUTHOR))}, ?)"
    " ON CONFLICT (platform, author_id) DO UPDATE SET "
    + ", ".join(f"{name} = COALESCE(excluded.{name}, authors.{name})" for name in _KNOWN)
    + f", updated_at = excluded.updated_at RETURNING {', '.join(rows.AUTHOR)}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Where a post stands. `is_current`: the row holds what was handed in, not something newer."""

    id: int
    is_new: bool = False
    is_deleted: bool = False
    is_current: bool = True


def save(work: Work, post: Post) -> Stored:
    """Store a post that is new, or the newer text of one that was edited; anything else changes nothing."""
    row = rows.one(
        work.conn.execute(_INSERT, (*rows.post_values(post), post.root_id, work.at, _revised_us(post)))
    )
    return Stored(id=row[0], is_new=True) if row else _again(work, post)


def _again(work: Work, post: Post) -> Stored:
    id_, deleted_at, revised_at, text, revision = work.conn.execute(
        "SELECT id, deleted_at, revised_at, text, revision FROM posts WHERE platform = ? AND post_id = ?",
        (post.platform, post.id),
    ).fetchone()
    if deleted_at is not None:
        return Stored(id=id_, is_deleted=True)
    if not post.is_edit or _revised_us(post) < revised_at:
        return Stored(id=id_, is_current=False)
    if (text, revision) != (post.text, post.revision):
        _revise(work, id_, post)
    return Stored(id=id_)


def _revised_us(post: Post) -> int:
    return rows.micros(post.revised_at or post.seen_at)


def _revise(work: Work, id_: int, post: Post) -> None:
    work.conn.execute(
        "UPDATE posts SET text = ?, title = ?, alts = ?, links = ?, langs = ?, mentions = ?, revision = ?,"
        " revised_at = ? WHERE id = ?",
        (
            post.text,
            post.title,
            rows.dump(post.alts),
            rows.dump(post.links),
            rows.dump(post.langs),
            rows.dump(post.mentions),
            post.revision,
            _revised_us(post),
            id_,
        ),
    )


def save_author(work: Work, author: Author) -> Author | None:
    """What is unknown now (None) leaves what was known; the author as now known."""
    return rows.author(work.conn.execute(_UPSERT_AUTHOR, (*rows.author_values(author), work.at)).fetchone())


def author(work: Work, post: Post) -> Author | None:
    """What is known of who wrote it."""
    row = rows.one(work.conn.execute(_AUTHOR, (post.platform, post.author_id)))
    return rows.author(row) if row else None


def mark_answer(work: Work, post_row: int, brand: str, *, is_automatic: bool = False) -> bool:
    """Say that a post is by one of the brand's accounts; False when that was known."""
    row = work.conn.execute(
        "INSERT INTO answers (post, brand, is_automatic) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        " RETURNING post",
        (post_row, brand, is_automatic),
    ).fetchone()
    return row is not None


def parent_author(work: Work, post: Post) -> str | None:
    """Whom a post answers: what the platform said, else what the stored parent says."""
    if post.parent is None or post.parent.author_id is not None:
        return post.parent.author_id if post.parent else None
    row = rows.one(
        work.conn.execute(
            "SELECT author_id FROM posts WHERE platform = ? AND post_id = ?", (post.platform, post.parent.id)
        )
    )
    return row[0] if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAnswer:
    post: int
    at: datetime


def first_answer(work: Work, post: Post, brand: str) -> OwnAnswer | None:
    """The brand's first stored answer to the author of `post` in its thread, younger than `post`.

    Some clients write whole seconds: of the same time, only a direct answer to this very post is younger.
    """
    row = rows.one(
        work.conn.execute(
            "SELECT p.id, p.posted_at FROM posts p JOIN answers a ON a.post = p.id AND a.brand = :brand"
            " AND NOT a.is_automatic WHERE p.platform = :platform AND p.thread_id = :thread"
            " AND (p.posted_at > :at OR (p.posted_at = :at AND p.parent_id = :id))"
            " AND (p.parent_author_id = :author OR (p.parent_author_id IS NULL AND p.parent_id = :id))"
            " ORDER BY p.posted_at, p.id LIMIT 1",
            {
                "brand": brand,
                "platform": post.platform,
                "thread": post.root_id,
                "at": rows.micros(post.posted_at),
                "author": post.author_id,
                "id": post.id,
            },
        )
    )
    return OwnAnswer(post=row[0], at=rows.moment(row[1])) if row else None
