"""What somebody is told who comes back or takes over, read from the tables on one state of the database.

It knows the tables and no wording; what belongs into a briefing stands in `bot.briefing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.briefing import Briefing, BriefingState, Burst, Due, Running, Share, Summary
from bot.model import Gap
from bot.overview import Rows
from bot.store import incident_numbers, overview, pausing, rows, silencing
from bot.store.card import Fetch
from bot.store.overview import OURS

_ROWS = 4
_BURSTS = 3
_GAPS = 3
_SHARES = 4
_WEEKS = 4
_WEEK = timedelta(days=7)
_FIRST_LOOK = timedelta(hours=24)
"""How far back somebody is told who never did anything."""

_SOONEST = "l.due_at IS NULL, l.wait_at, l.conversation"
_URGENT = "l.is_open = 1 AND l.rank <= 1 AND l.state <> 'snoozed'"
_OURS = "a.brand IN (SELECT name FROM brands WHERE NOT is_rival)"
_MISSED = (
    f"{_OURS} AND a.due_at > :since AND a.due_at <= :now"
    " AND (a.answered_at IS NULL OR a.answered_at > a.due_at)"
    " AND (a.ended_at IS NULL OR a.ended_at > a.due_at)"
)
_ON_ROUTES = (
    " AND (SELECT v.route FROM verdicts v WHERE v.mention = {mention} ORDER BY v.id DESC LIMIT 1)"
    " IN (SELECT value FROM json_each(:routes))"
)
_ASKED_ON_ROUTES = _ON_ROUTES.format(mention="a.mention")
_LISTED_ON_ROUTES = _ON_ROUTES.format(mention="l.mention")


def state(fetch: Fetch, due: Due, now: datetime) -> BriefingState:
    """What a briefing says when it goes out."""
    summary = hand_over(fetch, due, now) if due.before is not None else None
    if due.is_summary:
        return BriefingState(due=due, summary=summary)
    since = due.away_since or overview.last_act(fetch, due.person) or now - _FIRST_LOOK
    return BriefingState(due=due, summary=summary, briefing=brief(fetch, due.person, since, now))


def brief(fetch: Fetch, person: str, since: datetime, now: datetime) -> Briefing:
    span = {"since": rows.micros(since), "now": rows.micros(now), "person": person}
    missed, still_missed = _missed(fetch, span)
    mentions, topics, platforms = _heard(fetch, since, now)
    return Briefing(
        person=person,
        since=since,
        mine=_found(fetch, "l.is_open = 1 AND l.state = 'claimed' AND l.claimed_by = :person", span),
        urgent=_found(fetch, f"{_URGENT} AND l.claimed_by IS NOT :person", span),
        running=running(fetch, since, now),
        missed=missed,
        still_missed=still_missed,
        handled=_handled(fetch, span),
        mentions=mentions,
        topics=topics,
        platforms=platforms,
    )


def running(fetch: Fetch, since: datetime, now: datetime) -> Running:
    gaps = fetch(
        "SELECT source, started_at, ended_at, reason FROM gaps WHERE ended_at > ? AND started_at < ?"
        " ORDER BY started_at DESC, source",
        (rows.micros(since), rows.micros(now)),
    )
    bursts = incident_numbers.since(fetch, since, now)
    return Running(
        bursts=tuple(
            Burst(incident=one, cards=incident_numbers.cards(fetch, id_))
            for id_ in bursts[:_BURSTS]
            if (one := incident_numbers.whole(fetch, id_))
        ),
        more_bursts=max(0, len(bursts) - _BURSTS),
        gaps=tuple(
            Gap(source=row[0], started_at=rows.moment(row[1]), ended_at=rows.moment(row[2]), reason=row[3])
            for row in gaps[:_GAPS]
        ),
        more_gaps=max(0, len(gaps) - _GAPS),
        silences=silencing.standing(fetch, now),
        paused=pausing.paused(fetch),
    )


def _found(fetch: Fetch, where: str, values: Mapping[str, object]) -> Rows:
    """Who waits longest for what was promised comes first."""
    table = f"FROM listed l WHERE {OURS} AND NOT l.ignored AND {where}"
    keys = [
        row[0] for row in fetch(f"SELECT l.conversation {table} ORDER BY {_SOONEST} LIMIT {_ROWS}", values)
    ]
    return Rows(rows=overview.rows_of(fetch, keys), count=fetch(f"SELECT count(*) {table}", values)[0][0])


def _missed(fetch: Fetch, span: Mapping[str, object]) -> tuple[Rows, int]:
    """And how many of them are open still."""
    found = fetch(
        f"SELECT a.conversation, a.outcome IS NULL FROM asks a WHERE {_MISSED}"
        " ORDER BY a.outcome IS NOT NULL, a.due_at, a.id",
        span,
    )
    keys = list(dict.fromkeys(row[0] for row in found if row[1]))[:_ROWS]
    return Rows(rows=overview.rows_of(fetch, keys), count=len(found)), sum(row[1] for row in found)


def _handled(fetch: Fetch, span: Mapping[str, object]) -> Mapping[str | None, int]:
    found = fetch(
        "SELECT c.claimed_by, count(*) FROM asks a JOIN conversations c ON c.id = a.conversation"
        f" WHERE {_OURS} AND a.ended_at > :since AND a.ended_at <= :now"
        " AND a.outcome IN ('answered', 'elsewhere') GROUP BY c.claimed_by",
        span,
    )
    return {row[0]: row[1] for row in found}


# --- what was said, and how much that is ------------------------------------------------------------


_TOPIC = (
    "COALESCE(json_extract(v.tags, '$[0]'),"
    " (SELECT f.rule FROM fired f WHERE f.verdict = v.id ORDER BY f.points DESC, f.place LIMIT 1), '')"
)
"""What a mention is about: its first tag, else the rule that weighed most."""
_HEARD = (
    f"SELECT {_TOPIC}, p.platform, count(*) FROM posts p JOIN mentions m ON m.post = p.id"
    " JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)"
    " WHERE p.stored_at > ? AND p.stored_at <= ? AND NOT v.ignored"
    " AND m.brand IN (SELECT name FROM brands WHERE NOT is_rival) GROUP BY 1, 2"
)


def _heard(
    fetch: Fetch, since: datetime, now: datetime
) -> tuple[Share, tuple[Share, ...], tuple[Share, ...]]:
    """The same hours of the weeks before are what is usual."""
    topics, platforms = _counted(fetch, since, now)
    weeks = list(_weeks(fetch, since, now))
    before = [_counted(fetch, since - back, now - back) for back in weeks]

    def shares(now: Counter[str], then: Iterable[Counter[str]]) -> tuple[Share, ...]:
        past = list(then)
        return tuple(
            Share(name=name, count=count, usual=_mean([one[name] for one in past]))
            for name, count in sorted(now.items(), key=lambda one: (-one[1], one[0]))
            if name
        )[:_SHARES]

    usual = _mean([one[1].total() for one in before])
    return (
        Share(name="", count=platforms.total(), usual=usual),
        shares(topics, (one[0] for one in before)),
        shares(platforms, (one[1] for one in before)),
    )


def _counted(fetch: Fetch, since: datetime, until: datetime) -> tuple[Counter[str], Counter[str]]:
    topics: Counter[str] = Counter()
    platforms: Counter[str] = Counter()
    for topic, platform, count in fetch(_HEARD, (rows.micros(since), rows.micros(until))):
        topics[topic] += count
        platforms[platform] += count
    return topics, platforms


def _weeks(fetch: Fetch, since: datetime, now: datetime) -> Iterable[timedelta]:
    """Those before in which we were there all that time; none for what is longer than a week."""
    (first,) = fetch("SELECT min(started_at) FROM coverage", ())[0]
    if first is None or now - since > _WEEK:
        return
    for nth in range(1, _WEEKS + 1):
        if since - nth * _WEEK >= rows.moment(first):
            yield nth * _WEEK


def _mean(counts: list[int]) -> float | None:
    return sum(counts) / len(counts) if counts else None


# --- taking over ----------------------------------------------------------------------------------


def hand_over(fetch: Fetch, due: Due, now: datetime) -> Summary:
    """How it stands with the routes of a rotation, and how it went since whoever had it began."""
    since = due.since or now
    values = {
        "since": rows.micros(since),
        "now": rows.micros(now),
        "routes": rows.dump(due.routes),
        "person": due.before,
    }
    (open_, critical, overdue, snoozed, wakes_at) = fetch(
        "SELECT count(*) FILTER (WHERE l.state <> 'snoozed'),"
        " count(*) FILTER (WHERE l.state <> 'snoozed' AND l.rank = 0),"
        " count(*) FILTER (WHERE l.state <> 'snoozed' AND l.due_at < :now),"
        " count(*) FILTER (WHERE l.state = 'snoozed'), min(c.snoozed_until)"
        " FROM listed l JOIN conversations c ON c.id = l.conversation"
        f" WHERE {OURS} AND l.is_open = 1{_LISTED_ON_ROUTES}",
        values,
    )[0]
    (answered,) = fetch(
        f"SELECT count(*) FROM asks a WHERE {_OURS} AND a.outcome = 'answered'"
        f" AND a.answered_at > :since AND a.answered_at <= :now{_ASKED_ON_ROUTES}",
        values,
    )[0]
    (missed,) = fetch(f"SELECT count(*) FROM asks a WHERE {_MISSED}{_ASKED_ON_ROUTES}", values)[0]
    return Summary(
        open=open_,
        critical=critical,
        overdue=overdue,
        claimed=_found(
            fetch,
            f"l.is_open = 1 AND l.state = 'claimed' AND l.claimed_by = :person{_LISTED_ON_ROUTES}",
            values,
        ),
        snoozed=snoozed,
        wakes_at=rows.moment_or_none(wakes_at),
        alerts=_alerts(fetch, values),
        answered=answered,
        missed=missed,
        running=running(fetch, since, now),
    )


def _alerts(fetch: Fetch, values: Mapping[str, object]) -> int:
    """What rang for the first time, each once, however often it was tried."""
    (count,) = fetch(
        "SELECT count(DISTINCT e.id) FROM deliveries d JOIN effects e ON e.id = d.effect"
        " WHERE d.outcome = 'sent' AND d.ended_at > :since AND d.ended_at <= :now AND e.kind = 'alert'"
        " AND json_extract(e.payload, '$.rings') IS NULL"
        " AND e.route IN (SELECT value FROM json_each(:routes))",
        values,
    )[0]
    return int(count)
