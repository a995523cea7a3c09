"""How values stand in rows: times as integer microseconds, tuples and mappings as JSON text.

It knows columns by name and order; it executes no SQL and knows neither tables nor connections.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.model import Author, ConversationState, Facts, Post, PostRef, Span, Verdict, check_aware
from bot.overrides import NO_OVERRIDE, Override
from bot.records import Ask, Conversation

Row = Sequence[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

POST = (
    "platform", "post_id", "author_id", "author_handle", "text", "title", "alts", "links", "langs",
    "mentions", "parent_id", "parent_author_id", "parent_revision", "root_id", "root_author_id",
    "root_revision", "quoted_id", "quoted_author_id", "quoted_revision", "revision", "url",
    "posted_at", "seen_at",
)  # fmt: skip
AUTHOR = (
    "platform", "author_id", "handle", "name", "bio", "followers", "following", "created_at", "verified",
)  # fmt: skip
CONVERSATION = (
    "id", "brand", "platform", "root_id", "author_id", "state", "version", "claimed_by", "claimed_at",
    "snoozed_until", "snoozed_by", "override",
)  # fmt: skip
ASK = ("id", "started_at", "due_at", "answered_at", "outcome", "calendar_due_at")


def columns(names: Sequence[str], alias: str) -> str:
    """`names` as a select list of the table that the query calls `alias`."""
    return ", ".join(f"{alias}.{name}" for name in names)


def marks(count: int) -> str:
    return ", ".join("?" * count)


def one(cursor: sqlite3.Cursor) -> Row | None:
    """The first row, if any, with its type said."""
    row: Row | None = cursor.fetchone()
    return row


# --- times --------------------------------------------------------------------------------------


def micros(at: datetime) -> int:
    """Microseconds since 1970, exactly. Raises ValueError for a naive time."""
    if at.tzinfo is None:
        check_aware(at=at)
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def moment(value: int) -> datetime:
    """The aware UTC time that `micros` made the number of."""
    return _EPOCH + value * _MICROSECOND


def moment_or_none(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


# --- JSON ---------------------------------------------------------------------------------------

_facts = msgspec.json.Decoder(Facts)
_verdict = msgspec.json.Decoder(Verdict)
_texts = msgspec.json.Decoder(tuple[str, ...])
_spans = msgspec.json.Decoder(tuple[Span, ...])
_mapping = msgspec.json.Decoder(dict[str, Any])
_override = msgspec.json.Decoder(Override)
_sources = msgspec.json.Decoder(dict[str, str])


def dump(value: object) -> str:
    """JSON text; keys of equal mappings always stand in the same order."""
    return msgspec.json.encode(value, order="deterministic").decode()


def facts(text: str) -> Facts:
    return _facts.decode(text)


def verdict(text: str) -> Verdict:
    return _verdict.decode(text)


def texts(text: str) -> tuple[str, ...]:
    return _texts.decode(text)


def spans(text: str) -> tuple[Span, ...]:
    return _spans.decode(text)


def mapping(text: str) -> dict[str, Any]:
    return _mapping.decode(text)


def override(text: str) -> Override:
    return _override.decode(text)


def sources(text: str) -> dict[str, str]:
    return _sources.decode(text)


# --- values -------------------------------------------------------------------------------------


def post_values(post: Post) -> tuple[Any, ...]:
    """In the order of `POST`."""
    return (
        post.platform, post.id, post.author_id, post.author_handle, post.text, post.title,
        dump(post.alts), dump(post.links), dump(post.langs), dump(post.mentions),
        *_ref_values(post.parent), *_ref_values(post.root), *_ref_values(post.quoted),
        post.revision, post.url, micros(post.posted_at), micros(post.seen_at),
    )  # fmt: skip


def post(row: Row) -> Post:
    """From the columns `POST`."""
    return Post(
        platform=row[0],
        id=row[1],
        author_id=row[2],
        author_handle=row[3],
        text=row[4],
        title=row[5],
        alts=texts(row[6]),
        links=texts(row[7]),
        langs=texts(row[8]),
        mentions=texts(row[9]),
        parent=_ref(row[10:13]),
        root=_ref(row[13:16]),
        quoted=_ref(row[16:19]),
        revision=row[19],
        url=row[20],
        posted_at=moment(row[21]),
        seen_at=moment(row[22]),
    )


def _ref_values(ref: PostRef | None) -> tuple[str | None, ...]:
    return (ref.id, ref.author_id, ref.revision) if ref else (None, None, None)


def _ref(row: Row) -> PostRef | None:
    return None if row[0] is None else PostRef(id=row[0], author_id=row[1], revision=row[2])


def author_values(author: Author) -> tuple[Any, ...]:
    """In the order of `AUTHOR`."""
    return (
        author.platform, author.id, author.handle, author.name, author.bio, author.followers,
        author.following, micros_or_none(author.created_at), author.verified,
    )  # fmt: skip


def author(row: Row) -> Author | None:
    """From the columns `AUTHOR`; None for the empty half of an outer join."""
    if row[0] is None:
        return None
    return Author(
        platform=row[0],
        id=row[1],
        handle=row[2],
        name=row[3],
        bio=row[4],
        followers=row[5],
        following=row[6],
        created_at=moment_or_none(row[7]),
        verified=None if row[8] is None else bool(row[8]),
    )


def conversation(row: Row) -> Conversation:
    """From the columns `CONVERSATION`."""
    return Conversation(
        id=row[0],
        brand=row[1],
        platform=row[2],
        root_id=row[3],
        author_id=row[4],
        state=ConversationState(row[5]),
        version=row[6],
        claimed_by=row[7],
        claimed_at=moment_or_none(row[8]),
        snoozed_until=moment_or_none(row[9]),
        snoozed_by=row[10],
        override=NO_OVERRIDE if row[11] is None else override(row[11]),
    )


def ask(row: Row) -> Ask:
    """From the columns `ASK`."""
    return Ask(
        id=row[0],
        started_at=moment(row[1]),
        due_at=moment_or_none(row[2]),
        answered_at=moment_or_none(row[3]),
        outcome=row[4],
        calendar_due_at=moment_or_none(row[5]),
    )
