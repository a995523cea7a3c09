"""The table of whom cards called by name, where a budget says how often that may be. See `tables`."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.columns import UTCDateTime, key, ref


class CallRow(SQLModel, table=True):
    """`person` is called by the card of an effect; `is_left_out`: the budget was spent, and they are not."""

    __tablename__: ClassVar[str] = "calls"
    __table_args__ = (UniqueConstraint("effect", "person"),)
    id: int | None = key()
    effect: int = ref("effects.id")
    person: str
    channel: str
    is_critical: bool
    is_left_out: bool
    at: datetime = Field(sa_type=UTCDateTime, index=True)
