"""The tables of answers: drafts, approved replies, tries at them, who wants none. See `tables`."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from bot.replies import Origin, ReplyState
from bot.store.columns import RowId, at, brand_name, flag, key, maybe_at, one_of, ref
from bot.store.publishable import IS_LIVE

_BY_PEOPLE = text(f"{IS_LIVE} AND NOT is_automatic")


class DraftRow(SQLModel, table=True):
    """A proposed text; at most one of a conversation is open. When it was made, `newest` was the last mention
    there, `seen_to` the newest post of all, `revised_at` the time of the text that it answers.
    """

    __tablename__: ClassVar[str] = "drafts"
    __table_args__ = (
        one_of("origin", Origin),
        one_of("state", ("open", "replaced", "discarded", "approved")),
        Index(
            "uq_drafts_open",
            "conversation",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )
    id: int | None = key()
    brand: str = brand_name()
    conversation: int = Field(foreign_key="conversations.id", sa_type=RowId, index=True)
    mention: int = ref("mentions.id")
    text: str
    lang: str | None = None
    origin: str
    made_by: str
    made_at: datetime = at()
    state: str
    newest: int = ref("mentions.id")
    seen_to: int = ref("posts.id")
    revised_at: datetime = at()


class ReplyRow(SQLModel, table=True):
    """An approved draft. Nothing of what is published changes any more; `hash` is that of its text.

    At most one of a conversation is live: of two people who approve, one wins. `is_automatic`: a rule asked
    for it and nobody approved it; such a one is in nobody's way, and no conversation ever has a second.
    """

    __tablename__: ClassVar[str] = "replies"
    __table_args__ = (
        one_of("state", ReplyState),
        Index(
            "uq_replies_live",
            "conversation",
            unique=True,
            sqlite_where=_BY_PEOPLE,
            postgresql_where=_BY_PEOPLE,
        ),
        Index(
            "uq_replies_automatic",
            "conversation",
            unique=True,
            sqlite_where=text("is_automatic"),
            postgresql_where=text("is_automatic"),
        ),
        Index(None, "state", "due_at"),
    )
    id: int | None = key()
    key: str = Field(unique=True)
    brand: str = brand_name()
    conversation: int = Field(foreign_key="conversations.id", sa_type=RowId, index=True)
    mention: int = ref("mentions.id")
    draft: int = Field(foreign_key="drafts.id", sa_type=RowId, unique=True)
    platform: str
    text: str
    hash: str
    lang: str | None = None
    corrects: int | None = Field(default=None, sa_type=RowId)
    approved_by: str
    approved_at: datetime = at()
    due_at: datetime = at()
    until: datetime = at()
    state: str
    may_be_there: bool
    asks_staff: bool
    fence: int
    attempts: int
    leased_until: datetime | None = maybe_at()
    reason: str | None = None
    post_id: str | None = None
    url: str | None = None
    published_at: datetime | None = maybe_at()
    is_automatic: bool = flag()


class PublicationRow(SQLModel, table=True):
    """One try at a reply, or at taking it back."""

    __tablename__: ClassVar[str] = "publications"
    id: int | None = key()
    reply: int = Field(foreign_key="replies.id", sa_type=RowId, index=True)
    brand: str = brand_name()
    started_at: datetime = at()
    ended_at: datetime = at()
    outcome: str
    reason: str | None = None


class OptOutRow(SQLModel, table=True):
    """Somebody who wants no answers. `post` is where they said so; NULL: staff said it for them."""

    __tablename__: ClassVar[str] = "opt_outs"
    platform: str = Field(primary_key=True)
    author_id: str = Field(primary_key=True)
    at: datetime = at()
    post: int | None = Field(default=None, foreign_key="posts.id", sa_type=RowId)
