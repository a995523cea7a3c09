"""A few numbers about the whole database."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlmodel import col

from bot.model import Cursor, Gap
from bot.ruleslog import RulesState
from bot.status import SourceStatus, Status
from bot.store.effect_tables import DeliveryRow, EffectRow
from bot.store.tables import (
    AskRow,
    ConversationRow,
    CoverageRow,
    CursorRow,
    GapRow,
    MentionRow,
    PostRow,
    ReloadRow,
    RuleSetRow,
)

GAPS_SHOWN = 20
GAPS_OF = timedelta(days=7)
A_DAY = timedelta(hours=24)
_RECENT = 500


def read(conn: Connection, *, schema: str, now: datetime) -> Status:
    waits = col(AskRow.outcome).is_(None)
    recent = _gaps(conn, since=now - GAPS_OF)
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
        sources=_sources(conn, now),
        gaps=recent[-GAPS_SHOWN:],
        more_gaps=max(0, len(recent) - GAPS_SHOWN),
        oldest_pending_at=_scalar(
            conn,
            select(func.min(EffectRow.due_at)).where(
                col(EffectRow.state) == "pending", col(EffectRow.due_at) <= now
            ),
        ),
        rules_version=_scalar(
            conn, select(col(RuleSetRow.version)).order_by(col(RuleSetRow.loaded_at).desc()).limit(1)
        ),
        rules=rules_state(conn),
        last_mention_at=_scalar(
            conn, select(func.max(PostRow.seen_at)).join(MentionRow, col(MentionRow.post) == col(PostRow.id))
        ),
        failures=_failures(conn),
    )


def rules_state(conn: Connection) -> RulesState | None:
    query = select(
        col(ReloadRow.version), col(ReloadRow.since), col(ReloadRow.read_at), col(ReloadRow.problems)
    ).order_by(col(ReloadRow.id).desc())
    found = conn.execute(query.limit(1)).first()
    if found is None:
        return None
    version, since, read_at, problems = found
    return RulesState(
        version=version, since=since, read_at=read_at, problems=tuple(json.loads(problems or "[]"))
    )


def _scalar(conn: Connection, query: Select[Any]) -> Any:
    return conn.execute(query).scalar()


def _by(conn: Connection, column: Any) -> dict[str, int]:
    query = select(col(column), func.count()).group_by(col(column)).order_by(col(column))
    return {row[0]: row[1] for row in conn.execute(query)}


def _sources(conn: Connection, now: datetime) -> tuple[SourceStatus, ...]:
    """Every source that has a position or a coverage."""
    positions = select(col(CursorRow.name), col(CursorRow.cursor), col(CursorRow.updated_at)).where(
        col(CursorRow.kind) == "source"
    )
    observed = select(
        col(CoverageRow.source), func.min(CoverageRow.started_at), func.max(CoverageRow.ended_at)
    ).group_by(col(CoverageRow.source))
    cursors = {name: (Cursor(cursor), at) for name, cursor, at in conn.execute(positions)}
    ends = {source: (start, end) for source, start, end in conn.execute(observed)}
    missed = _missed(_gaps(conn, since=now - A_DAY), now - A_DAY)
    return tuple(
        _source(name, cursors.get(name, (None, None)), ends.get(name, (None, None)), missed)
        for name in sorted(cursors.keys() | ends.keys())
    )


def _source(
    name: str,
    position: tuple[Cursor | None, datetime | None],
    ends: tuple[datetime | None, datetime | None],
    missed: Mapping[str, timedelta],
) -> SourceStatus:
    return SourceStatus(
        name=name,
        cursor=position[0],
        updated_at=position[1],
        observed_from=ends[0],
        observed_to=ends[1],
        missed=missed.get(name, timedelta()),
    )


def _missed(recent: Iterable[Gap], since: datetime) -> dict[str, timedelta]:
    """The time in gaps after `since`, by source."""
    missed: defaultdict[str, timedelta] = defaultdict(timedelta)
    for gap in recent:
        missed[gap.source] += gap.ended_at - max(gap.started_at, since)
    return missed


def _gaps(conn: Connection, *, since: datetime) -> tuple[Gap, ...]:
    """Those that ended after `since`, in order of their ends."""
    query = (
        select(col(GapRow.source), col(GapRow.started_at), col(GapRow.ended_at), col(GapRow.reason))
        .where(col(GapRow.ended_at) > since)
        .order_by(col(GapRow.ended_at), col(GapRow.id))
    )
    return tuple(
        Gap(source=source, started_at=start, ended_at=end, reason=reason)
        for source, start, end, reason in conn.execute(query)
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
