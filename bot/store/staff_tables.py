"""The tables of what staff does apart from conversations: silences, pauses, covers, whose accounts belong
together, links that were used. See `tables`.
"""

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, SQLModel

from bot.silenced import Scope
from bot.store.columns import RowId, at, flag, key, maybe_at, number, one_of


class SilenceRow(SQLModel, table=True):
    """What is silenced until then, or until somebody ended it before (`ended_at`); `held`: so many
    mentions.
    """

    __tablename__: ClassVar[str] = "silences"
    __table_args__ = (one_of("scope", tuple(Scope)),)
    id: int | None = key()
    scope: str
    name: str
    until: datetime = at()
    person: str
    reason: str
    begun_at: datetime = at()
    ended_at: datetime | None = maybe_at()
    ended_by: str | None = None
    label: str | None = None
    criticals: bool = flag()
    held: int = number()


class PauseRow(SQLModel, table=True):
    """Nothing is published from `begun_at` until somebody ends it (`ended_at`)."""

    __tablename__: ClassVar[str] = "pauses"
    id: int | None = key()
    person: str
    reason: str
    begun_at: datetime = at()
    ended_at: datetime | None = maybe_at()
    ended_by: str | None = None


class CoverRow(SQLModel, table=True):
    """Somebody is on call in a rotation from then to then, or until somebody ended it before (`ended_at`)."""

    __tablename__: ClassVar[str] = "covers"
    id: int | None = key()
    rotation: str
    person: str
    since: datetime = at()
    until: datetime = at()
    ordered_by: str
    ordered_at: datetime = at()
    ended_at: datetime | None = maybe_at()
    ended_by: str | None = None


class LinkRow(SQLModel, table=True):
    """Accounts with the same `whose` are one person's: `person` of the staff said so."""

    __tablename__: ClassVar[str] = "links"
    platform: str = Field(primary_key=True)
    author_id: str = Field(primary_key=True)
    whose: int = Field(sa_type=RowId, index=True)
    person: str
    at: datetime = at()


class LoginRow(SQLModel, table=True):
    """A one-time link that was used: its `nonce` opens nothing any more."""

    __tablename__: ClassVar[str] = "logins"
    nonce: str = Field(primary_key=True)
    person: str
    used_at: datetime = at()
