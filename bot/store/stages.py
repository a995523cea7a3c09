"""How asks went in a span of time, and who waits now, read from the tables.

It knows which asks those are; what follows from how they went is `bot.stages`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.model import Urgency
from bot.overview import StageTimes, Waiting
from bot.stages import by_urgency, summary
from bot.store import overview, rows
from bot.store.card import Fetch
from bot.store.courses import COURSE, course

_LEVELS = tuple(Urgency)
_LONGEST = 5
"""So many of those who wait are named."""


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
