"""A few numbers about the whole database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlmodel import col

from bot.model import Cursor, Gap
from bot.records import SourceStatus, Status
from bot.store.tables import (
    AskRow,
    ConversationRow,
    CursorRow,
    DeliveryRow,
    EffectRow,
    GapRow,
    MentionRow,
    PostRow,
    RuleSetRow,
)

GAPS_SHOWN = 20
_RECENT = 500


def read(conn: Connection, *, schema: str, now: datetime) -> Status:
    waits = col(AskRow.outcome).is_(None)
    return Status(
        schema_version=schema,
        posts=_scalar(conn, select(func.count()).select_from(PostRow)),
        mentions=_scalar(conn, select(func.count()).select_from(MentionRow)),
        conversations=_by(conn, ConversationRow.state),
        open_asks=_scalar(conn, select(func.count()).select_from(AskRow).where(waits)),
        overdue_asks=_scalar(
            conn, select(func.count()).select_from(AskRow).where(waits, col(AskRow.due_at) < now)
        ),
        effects=_by(conn, EffectRow.state),
        sources=_sources(conn),
        gaps=_gaps(conn),
        oldest_pending_at=_scalar(
            conn,
            select(func.min(EffectRow.due_at)).where(
                col(EffectRow.state) == "pending", col(EffectRow.due_at) <= now
            ),
        ),
        rules_version=_scalar(
            conn, select(col(RuleSetRow.version)).order_by(col(RuleSetRow.loaded_at).desc()).limit(1)
        ),
        last_mention_at=_scalar(
            conn, select(func.max(PostRow.seen_at)).join(MentionRow, col(MentionRow.post) == col(PostRow.id))
        ),
        failures=_failures(conn),
    )


def _scalar(conn: Connection, query: Select[Any]) -> Any:
    return conn.execute(query).scalar()


def _by(conn: Connection, column: Any) -> dict[str, int]:
    query = select(col(column), func.count()).group_by(col(column)).order_by(col(column))
    return {row[0]: row[1] for row in conn.execute(query)}


def _sources(conn: Connection) -> tuple[SourceStatus, ...]:
    query = (
        select(col(CursorRow.name), col(CursorRow.cursor), col(CursorRow.updated_at))
        .where(col(CursorRow.kind) == "source")
        .order_by(col(CursorRow.name))
    )
    return tuple(
        SourceStatus(name=name, cursor=Cursor(cursor), updated_at=at)
        for name, cursor, at in conn.execute(query)
    )


def _gaps(conn: Connection) -> tuple[Gap, ...]:
    """The latest ones, oldest first."""
    query = (
        select(col(GapRow.source), col(GapRow.started_at), col(GapRow.ended_at), col(GapRow.reason))
        .order_by(col(GapRow.ended_at).desc(), col(GapRow.id).desc())
        .limit(GAPS_SHOWN)
    )
    found = conn.execute(query).all()
    return tuple(
        Gap(source=source, started_at=start, ended_at=end, reason=reason)
        for source, start, end, reason in reversed(found)
    )


def _failures(conn: Connection) -> dict[str, str]:
    """Why the last try on a channel failed, of the channels where it did."""
    query = (
        select(col(EffectRow.channel), col(DeliveryRow.outcome), col(DeliveryRow.reason))
        .join(EffectRow, col(EffectRow.id) == col(DeliveryRow.effect))
        .order_by(col(DeliveryRow.id).desc())
        .limit(_RECENT)
    )
    last: dict[str, str | None] = {}
    for channel, outcome, reason in conn.execute(query):
        last.setdefault(channel, None if outcome == "sent" else reason or outcome)
    return {channel: reason for channel, reason in sorted(last.items()) if reason is not None}
