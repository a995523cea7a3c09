"""A few numbers about the whole database."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.model import Cursor, Gap
from bot.ruleslog import RulesState
from bot.status import SourceStatus, Status
from bot.store import rows
from bot.store.card import Fetch

GAPS_SHOWN = 20
GAPS_OF = timedelta(days=7)
A_DAY = timedelta(hours=24)
_RECENT = 500


_COUNTS = (
    "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM mentions),"
    " (SELECT count(*) FROM asks WHERE outcome IS NULL),"
    " (SELECT count(*) FROM asks WHERE outcome IS NULL AND due_at < :now)"
)
_TIMES = (
    "SELECT (SELECT min(due_at) FROM effects WHERE state = 'pending' AND due_at <= :now),"
    " (SELECT max(p.seen_at) FROM posts p JOIN mentions m ON m.post = p.id)"
)
_BY_STATE = "SELECT state, count(*) FROM {table} GROUP BY state ORDER BY state"
_FAILURES = (
    "SELECT e.channel, d.outcome, d.reason FROM deliveries d JOIN effects e ON e.id = d.effect"
    " ORDER BY d.id DESC LIMIT ?"
)


def read(fetch: Fetch, *, schema: str, now: datetime) -> Status:
    at = {"now": rows.micros(now)}
    [(posts, mentions, open_asks, overdue_asks)] = fetch(_COUNTS, at)
    [(oldest_pending_at, last_mention_at)] = fetch(_TIMES, at)
    versions = fetch("SELECT version FROM rule_sets ORDER BY loaded_at DESC LIMIT 1", ())
    recent = _gaps(fetch, since=now - GAPS_OF)
    return Status(
        schema_version=schema,
        posts=posts,
        mentions=mentions,
        conversations=_by_state(fetch, "conversations"),
        open_asks=open_asks,
        overdue_asks=overdue_asks,
        effects=_by_state(fetch, "effects"),
        sources=_sources(fetch, now),
        gaps=recent[-GAPS_SHOWN:],
        more_gaps=max(0, len(recent) - GAPS_SHOWN),
        oldest_pending_at=rows.moment_or_none(oldest_pending_at),
        rules_version=versions[0][0] if versions else None,
        rules=rules_state(fetch),
        last_mention_at=rows.moment_or_none(last_mention_at),
        failures=_failures(fetch),
    )


def rules_state(fetch: Fetch) -> RulesState | None:
    found = fetch("SELECT version, since, read_at, problems FROM reloads ORDER BY id DESC LIMIT 1", ())
    if not found:
        return None
    version, since, read_at, problems = found[0]
    return RulesState(
        version=version,
        since=rows.moment(since),
        read_at=rows.moment(read_at),
        problems=tuple(json.loads(problems or "[]")),
    )


def _by_state(fetch: Fetch, table: str) -> dict[str, int]:
    return {row[0]: row[1] for row in fetch(_BY_STATE.format(table=table), ())}


def _sources(fetch: Fetch, now: datetime) -> tuple[SourceStatus, ...]:
    """Every source that has a position or a coverage."""
    positions = fetch("SELECT name, cursor, updated_at FROM cursors WHERE kind = 'source'", ())
    observed = fetch("SELECT source, min(started_at), max(ended_at) FROM coverage GROUP BY source", ())
    cursors = {name: (Cursor(cursor), rows.moment_or_none(at)) for name, cursor, at in positions}
    ends = {source: (rows.moment(start), rows.moment(end)) for source, start, end in observed}
    missed = _missed(_gaps(fetch, since=now - A_DAY), now - A_DAY)
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


def _gaps(fetch: Fetch, *, since: datetime) -> tuple[Gap, ...]:
    """Those that ended after `since`, in order of their ends."""
    found = fetch(
        "SELECT source, started_at, ended_at, reason FROM gaps WHERE ended_at > ? ORDER BY ended_at, id",
        (rows.micros(since),),
    )
    return tuple(
        Gap(source=source, started_at=rows.moment(start), ended_at=rows.moment(end), reason=reason)
        for source, start, end, reason in found
    )


def _failures(fetch: Fetch) -> dict[str, str]:
    """Why the last try on a channel failed, of the channels where it did."""
    last: dict[str, str | None] = {}
    for channel, outcome, reason in fetch(_FAILURES, (_RECENT,)):
        last.setdefault(channel, None if outcome == "sent" else reason or outcome)
    return {channel: reason for channel, reason in sorted(last.items()) if reason is not None}
