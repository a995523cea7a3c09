"""The table of steps that were taken for asks that nobody answered. See `tables`."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.escalation import Kind
from bot.store.columns import RowId, at, brand_name, key, one_of


class EscalationRow(SQLModel, table=True):
    """The `number`-th step of an ask. `whom` is JSON of people's keys; `owner` had it then; `share` is that
    of the time at which the step stands in its plan, `step` whom it asks by the plan.
    """

    __tablename__: ClassVar[str] = "escalations"
    __table_args__ = (UniqueConstraint("ask", "number"), one_of("kind", Kind))
    id: int | None = key()
    brand: str = brand_name()
    ask: int = Field(foreign_key="asks.id", sa_type=RowId)
    conversation: int = Field(foreign_key="conversations.id", sa_type=RowId, index=True)
    number: int
    kind: str
    step: str
    share: int
    whom: str
    owner: str | None = None
    at: datetime = at()
