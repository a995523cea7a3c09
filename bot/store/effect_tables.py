"""The tables of what is to be done: effects, the tries at them, and what stands on a card of many. See
`tables`.
"""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from bot.store.columns import RowId, at, brand_name, key, maybe_at, maybe_ref, one_of, where
from bot.wishes import EffectKind

_GROUPED, _SENT = text("group_key IS NOT NULL"), text("receipt IS NOT NULL")
_RINGS = text("kind IN ('alert', 'digest')")


class EffectRow(SQLModel, table=True):
    """A stored wish to act. `subject` is the alert that an update edits; the alert's row holds the receipt
    of the message as it stands. `tried` lists the channels that refused before this one. `group_key` is what
    alerts have in common that wait for each other, `replaced_by` the alert that rang again in its place.
    """

    __tablename__: ClassVar[str] = "effects"
    __table_args__ = (
        one_of("kind", EffectKind),
        one_of("state", ("pending", "leased", "sent", "dead", "dropped")),
        Index(None, "state", "due_at"),
        Index("ix_effects_group", "group_key", "due_at", sqlite_where=_GROUPED, postgresql_where=_GROUPED),
        Index("ix_effects_receipt", "receipt", sqlite_where=_SENT, postgresql_where=_SENT),
        Index("ix_effects_rings", "channel", "due_at", sqlite_where=_RINGS, postgresql_where=_RINGS),
    )
    id: int | None = key()
    key: str = Field(unique=True)
    kind: str
    channel: str
    route: str | None = None
    brand: str | None = Field(default=None, foreign_key="brands.name")
    conversation: int | None = Field(default=None, foreign_key="conversations.id", sa_type=RowId, index=True)
    mention: int | None = maybe_ref("mentions.id")
    ask: int | None = Field(default=None, foreign_key="asks.id", sa_type=RowId, index=True)
    subject: int | None = Field(default=None, foreign_key="effects.id", sa_type=RowId, index=True)
    urgency: int | None = None
    payload: str
    tried: str
    state: str
    due_at: datetime = at()
    leased_until: datetime | None = maybe_at()
    fence: int = Field(sa_type=BigInteger)
    attempts: int
    reason: str | None = None
    receipt: str | None = None
    receipt_at: datetime | None = maybe_at()
    created_at: datetime = at()
    group_key: str | None = None
    replaced_by: int | None = Field(default=None, sa_type=RowId)


class DeliveryRow(SQLModel, table=True):
    """One try at an effect."""

    __tablename__: ClassVar[str] = "deliveries"
    __table_args__ = (one_of("outcome", ("sent", "retry", "dead")),)
    id: int | None = key()
    effect: int = Field(foreign_key="effects.id", sa_type=RowId, index=True)
    brand: str | None = Field(default=None, foreign_key="brands.name")
    started_at: datetime = at()
    ended_at: datetime = at()
    outcome: str
    reason: str | None = None
    receipt: str | None = None


class DigestItemRow(SQLModel, table=True):
    """What stands on a card of many. `held_at`: since when it is held back; `urgency`: what it had then."""

    __tablename__: ClassVar[str] = "digest_items"
    __table_args__ = (Index(None, "mention"), where("held_at", "held_at IS NOT NULL"))
    effect: int = Field(primary_key=True, foreign_key="effects.id", sa_type=RowId)
    mention: int = Field(primary_key=True, foreign_key="mentions.id", sa_type=RowId)
    brand: str = brand_name()
    urgency: int | None = None
    held_at: datetime | None = maybe_at()
