"""The tables of what staff does apart from conversations: silences, pauses, covers, shifts that were told,
whose accounts belong together, links that were used. See `tables`.
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


class TurnToldRow(SQLModel, table=True):
    """Up to when staff was told of the changes of a rotation: who is on call (`person`; NULL: nobody), and
    who was so last, since when.
    """

    __tablename__: ClassVar[str] = "turns_told"
    rotation: str = Field(primary_key=True)
    person: str | None = None
    last: str | None = None
    since: datetime = at()
    told_to: datetime = at()


class MorningToldRow(SQLModel, table=True):
    """Up to when somebody's mornings are done, and when they last got a card of a shift or a morning."""

    __tablename__: ClassVar[str] = "mornings_told"
    person: str = Field(primary_key=True)
    told_to: datetime = at()
    carded_at: datetime | None = maybe_at()


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
