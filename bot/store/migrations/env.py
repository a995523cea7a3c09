"""Alembic's entry: the connection and the transaction are the caller's (`bot.store.migrations.run`)."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString, SQLModel

from bot.store import derived, tables  # noqa: F401 - the models, in the metadata
from bot.store.columns import RowId, UTCDateTime

_PLAIN = {
    AutoString: "sa.String()",
    UTCDateTime: "sa.BigInteger()",
    RowId: 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")',
}


def render(kind: str, item: Any, _context: object) -> str | Literal[False]:
    """Generated migrations name plain types: they must mean the same after the models have moved on."""
    return _PLAIN.get(type(item), False) if kind == "type" else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=render,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
