"""Tables of what follows from other rows, and is kept because it is asked for often.

See `bot.store.tables` for what all tables have in common.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.columns import RowId, at, brand_name, key, maybe_at, ref

_FILTERED = ("platform", "persona", "lang", "claimed_by", "due_at")
"""What lists are filtered by stands in their indexes too: a filter that finds little reads only these."""
_OPEN_FIRST = ("brand", "is_open", "rank", "wait_at", "conversation", "state", *_FILTERED)
_NEWEST_FIRST = ("brand", "posted_at", "conversation", "state", "ignored", "rank", *_FILTERED)


class ListedRow(SQLModel, table=True):
    """What the page lists of a conversation, derived from the rows above whenever they change.

    `mention` is the one that is shown: of an open ask the newest of its most urgent ones, else the newest.
    `rank` is 0 for the most urgent. `wait_at` is when the answer is due, or, unpromised, when it was posted.
    """

    __tablename__: ClassVar[str] = "listed"
    __table_args__ = (
        Index("ix_listed_open", *_OPEN_FIRST),
        Index("ix_listed_newest", *_NEWEST_FIRST),
        Index(None, "mention"),
    )
    conversation: int = Field(primary_key=True, foreign_key="conversations.id", sa_type=RowId)
    brand: str = brand_name()
    platform: str
    mention: int = ref("mentions.id")
    is_open: bool
    rank: int
    wait_at: datetime = at()
    posted_at: datetime = at()
    state: str
    ignored: bool
    persona: str | None = None
    lang: str | None = None
    claimed_by: str | None = None
    due_at: datetime | None = maybe_at()


class CounterRow(SQLModel, table=True):
    """A counter of the rules. `since`: from when on everything is counted."""

    __tablename__: ClassVar[str] = "counters"
    counter: str = Field(primary_key=True)
    since: datetime = at()


class CountedRow(SQLModel, table=True):
    """A mention that a counter counted, at the time of its post; `name` tells apart what `distinct` does."""

    __tablename__: ClassVar[str] = "counted"
    __table_args__ = (UniqueConstraint("counter", "mention"), Index(None, "counter", "at"))
    id: int | None = key()
    counter: str
    mention: int = Field(foreign_key="mentions.id", sa_type=RowId, index=True)
    brand: str = brand_name()
    part: str
    name: str | None = None
    at: datetime = at()
