"""The tables of incidents: what happened when, and which posts it is made of. See `tables`."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from bot.incidents import AnswerState
from bot.store.columns import RowId, at, brand_name, key, maybe_at, maybe_ref, one_of, where

_RUNS, _LOOSE = text("ended_at IS NULL"), text("incident IS NULL")


class IncidentRow(SQLModel, table=True):
    """One burst of a brand's mentions by one route to one channel; at most one of these runs at a time.
    `look_at` is when its card is looked at again, `looked_at` when that was last, `shown` what it said then.
    """

    __tablename__: ClassVar[str] = "incidents"
    __table_args__ = (
        Index(
            "uq_incidents_running",
            "brand",
            "route",
            "channel",
            unique=True,
            sqlite_where=_RUNS,
            postgresql_where=_RUNS,
        ),
        where("look_at", "look_at IS NOT NULL"),
    )
    id: int | None = key()
    uid: str = Field(unique=True)
    brand: str = brand_name()
    route: str
    channel: str
    begun_at: datetime = at()
    ended_at: datetime | None = maybe_at()
    look_at: datetime | None = maybe_at()
    looked_at: datetime = at()
    shown: str


class BurstPostRow(SQLModel, table=True):
    """A mention that rang, or would have: of an incident, or (`incident` NULL) of the last minutes, from
    which one may begin.
    """

    __tablename__: ClassVar[str] = "burst_posts"
    __table_args__ = (
        Index(
            "ix_burst_posts_lately",
            "brand",
            "route",
            "channel",
            "at",
            sqlite_where=_LOOSE,
            postgresql_where=_LOOSE,
        ),
        Index(None, "incident", "at"),
    )
    mention: int = Field(primary_key=True, foreign_key="mentions.id", sa_type=RowId)
    channel: str = Field(primary_key=True)
    incident: int | None = maybe_ref("incidents.id")
    brand: str = brand_name()
    route: str
    conversation: int = Field(foreign_key="conversations.id", sa_type=RowId, index=True)
    platform: str
    author_id: str
    urgency: int
    at: datetime = at()


class SharedAnswerRow(SQLModel, table=True):
    """A text that is to be said to all who wait in an incident; the newest of an incident counts. What is
    published are ordinary drafts and replies, whose decisions name it. `preparing`: the decision that has
    drafts made of it, as long as that goes on.
    """

    __tablename__: ClassVar[str] = "shared_answers"
    __table_args__ = (one_of("state", AnswerState),)
    id: int | None = key()
    incident: int = Field(foreign_key="incidents.id", sa_type=RowId, index=True)
    text: str
    origin: str
    lang: str | None = None
    person: str
    made_at: datetime = at()
    state: str
    preparing: int | None = Field(default=None, sa_type=RowId)
