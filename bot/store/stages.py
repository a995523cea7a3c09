"""How far asks came and when, read from the tables: for the report of a span of time.

It knows asks, and where an approval and an urgency stand; what follows from it is `bot.stages`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.model import Urgency
from bot.overview import StageTimes, Waiting
from bot.stages import Course, by_urgency, summary
from bot.store import overview, rows
from bot.store.card import Fetch

_LEVELS = tuple(Urgency)
_LONGEST = 5
"""So many of those who wait are named."""

_SAID = (
    "CASE WHEN c.override IS NOT NULL AND a.id = (SELECT max(y.id) FROM asks y WHERE y.conversation = c.id)"
    " THEN json_extract(c.override, '$.urgency') END"
)
"""What people say of the urgency holds for the newest wait."""
_JUDGED = (
    "(SELECT max(v.urgency) FROM mentions m JOIN verdicts v"
    " ON v.id = (SELECT max(w.id) FROM verdicts w WHERE w.mention = m.id) WHERE m.ask = a.id)"
)
_APPROVED = (
    "(SELECT min(r.approved_at) FROM replies r JOIN mentions x ON x.id = r.mention"
    " WHERE r.conversation = c.id AND x.ask = a.id AND NOT r.is_automatic AND r.corrects IS NULL"
    " AND r.state <> 'canceled')"
)
COURSE = (
    f"SELECT COALESCE({_SAID}, {_JUDGED}, 0), a.started_at, a.seen_at, a.alerted_at, a.claimed_at,"
    f" {_APPROVED}, a.answered_at, a.ended_at, a.outcome IS NULL, a.due_at"
    " FROM asks a JOIN conversations c ON c.id = a.conversation"
    " WHERE a.brand IN (SELECT name FROM brands WHERE NOT is_rival)"
)
"""What `course` makes one of."""


def course(row: rows.Row, *, observed_to: int) -> Course:
    urgency, started_at, *reached, ended_at, is_open, due_at = row
    return Course(
        urgency=_LEVELS[urgency],
        started_at=started_at,
        reached=tuple(reached),
        watched_to=max(started_at, observed_to if ended_at is None else ended_at),
        is_open=bool(is_open),
        due_at=due_at,
    )


def read(fetch: Fetch, since: datetime, *, now: datetime) -> StageTimes:
    """Asks that began in that time, and all that wait."""
    at, observed_to = rows.micros(now), _observed_to(fetch, now)
    found = fetch(f"{COURSE} AND a.started_at BETWEEN ? AND ?", (rows.micros(since), at))
    courses = [course(row, observed_to=observed_to) for row in found]
    return StageTimes(
        since=since,
        observed_to=rows.moment(observed_to),
        whole=summary(courses, now=at),
        by_urgency=by_urgency(courses, now=at),
        waiting=_waiting(fetch),
        longest=tuple(
            Waiting(row=row, since=began, length=max(timedelta(), now - began))
            for row, began in overview.longest(fetch, limit=_LONGEST)
        ),
    )


def _observed_to(fetch: Fetch, now: datetime) -> int:
    """The end of what any source observed: what came after it, nobody knows."""
    (last,) = fetch("SELECT max(ended_at) FROM coverage", ())[0]
    at = rows.micros(now)
    return at if last is None else min(at, last)


def _waiting(fetch: Fetch) -> Mapping[Urgency, int]:
    found = fetch(
        "SELECT l.rank, count(*) FROM asks a JOIN listed l ON l.conversation = a.conversation"
        f" WHERE a.outcome IS NULL AND l.is_open = 1 AND {overview.OURS} GROUP BY l.rank ORDER BY l.rank",
        (),
    )
    return {_LEVELS[3 - rank]: count for rank, count in found}
