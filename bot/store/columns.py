"""Kinds of columns: what the models in `tables` are made of.

It knows types and the names of constraints; it knows no table.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Dialect, Index, Integer, false, text
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

from bot.store.rows import micros, moment

# Before the first model: batch migrations need every constraint to have a name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time as integer microseconds since 1970: exact, sortable, the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


class RowId(TypeDecorator[int]):
    """A 64-bit key. SQLite numbers rows by itself only in a column of the very type INTEGER."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def key() -> Any:
    return Field(default=None, primary_key=True, sa_type=RowId)


def ref(target: str) -> Any:
    return Field(foreign_key=target, sa_type=RowId)


def maybe_ref(target: str) -> Any:
    return Field(default=None, foreign_key=target, sa_type=RowId)


def at() -> Any:
    return Field(sa_type=UTCDateTime)


def maybe_at() -> Any:
    return Field(default=None, sa_type=UTCDateTime)


def brand_name() -> Any:
    return Field(foreign_key="brands.name")


def microseconds() -> Any:
    """How long something lasted; at first no time at all."""
    return Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


def bits() -> Any:
    """None of them is set at first."""
    return Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


def number() -> Any:
    """Nothing is counted at first."""
    return Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


def flag() -> Any:
    """No, in the rows that there were before."""
    return Field(default=False, sa_column_kwargs={"server_default": false()})


def where(column: str, condition: str) -> Index:
    """An index of the rows that are meant alone."""
    only = text(condition)
    return Index(None, column, sqlite_where=only, postgresql_where=only)


def while_open(column: str) -> Index:
    """Of those asks only that are open: few, however many there have been."""
    return where(column, "outcome IS NULL")
