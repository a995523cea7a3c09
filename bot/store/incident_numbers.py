"""Reads what an incident's card shows: numbers, examples, and who still waits.

It knows the tables incidents and burst_posts, and whose cards are theirs, and reads only; `incidents` writes
them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.incidents import LATELY, Incident
from bot.overview import Sent
from bot.store import outlooks, rows, sharing
from bot.store.card import Fetch

SHOWN, WAITING_SHOWN = 3, 10
_OPEN = "c.state IN ('open', 'claimed', 'snoozed')"
_POSTS = (
    " FROM burst_posts b JOIN mentions m ON m.id = b.mention JOIN posts p ON p.id = m.post"
    " JOIN conversations c ON c.id = b.conversation"
)


def group(incident: int) -> str:
    """What the cards of an incident have in common: the first, and those that other channels got for it."""
    return f"incident:{incident}"


def read(fetch: Fetch, incident: int, *, since: datetime) -> dict[str, Any]:
    """The numbers; `since`: what came later came lately."""
    posts, authors, lately, critical = fetch(
        "SELECT count(*), count(DISTINCT platform || ' ' || author_id), total(at > ?), total(urgency = 3)"
        " FROM burst_posts WHERE incident = ?",
        (rows.micros(since), incident),
    )[0]
    platforms = fetch(
        "SELECT platform, count(*) FROM burst_posts WHERE incident = ? GROUP BY platform ORDER BY 2 DESC, 1",
        (incident,),
    )
    states = fetch(
        "SELECT c.state, count(*) FROM conversations c WHERE c.id IN"
        " (SELECT b.conversation FROM burst_posts b WHERE b.incident = ?) GROUP BY c.state ORDER BY 1",
        (incident,),
    )
    return {
        "posts": posts,
        "authors": authors,
        "lately": int(lately),
        "critical": int(critical),
        "platforms": {row[0]: row[1] for row in platforms},
        "conversations": {row[0]: row[1] for row in states},
        "answer": sharing.newest(fetch, incident),
    }


def waits(numbers: dict[str, Any]) -> bool:
    """Whether somebody of it still waits for an answer."""
    return any(numbers["conversations"].get(state) for state in ("open", "claimed", "snoozed"))


def whole(fetch: Fetch, incident: int, *, outlook: bool = False) -> Incident | None:
    """`outlook`: with those to whom the answer for all would go, while that is still to be decided."""
    found = fetch(
        "SELECT uid, brand, route, begun_at, ended_at, looked_at FROM incidents WHERE id = ?", (incident,)
    )
    if not found:
        return None
    uid, brand, route, begun_at, ended_at, looked_at = found[0]
    first = _first(fetch, incident)
    numbers = read(fetch, incident, since=rows.moment(looked_at) - LATELY)
    answer = numbers["answer"]
    return Incident(
        uid=uid,
        brand=brand,
        route=route,
        begun_at=rows.moment(begun_at),
        ended_at=rows.moment_or_none(ended_at),
        **numbers,
        first=first,
        urgent=_urgent(fetch, incident, first),
        waiting=_waiting(fetch, incident) if ended_at is not None else (),
        offered=sharing.offered(fetch, incident),
        outlook=outlooks.read(fetch, incident, answer) if outlook and answer else None,
    )


def _first(fetch: Fetch, incident: int) -> tuple[str, ...]:
    found = fetch(
        f"SELECT m.uid{_POSTS} WHERE b.incident = ? AND p.deleted_at IS NULL"
        f" ORDER BY b.at, b.mention LIMIT {SHOWN}",
        (incident,),
    )
    return tuple(uid for (uid,) in found)


def _urgent(fetch: Fetch, incident: int, besides: tuple[str, ...]) -> tuple[str, ...]:
    """Who still waits, the most urgent first, then whom most people listen to."""
    found = fetch(
        f"SELECT m.uid{_POSTS} LEFT JOIN authors u ON u.platform = p.platform AND u.author_id = p.author_id"
        f" WHERE b.incident = ? AND p.deleted_at IS NULL AND {_OPEN}"
        " AND m.uid NOT IN (SELECT value FROM json_each(?))"
        f" ORDER BY b.urgency DESC, COALESCE(u.followers, 0) DESC, b.at, b.mention LIMIT {SHOWN}",
        (incident, rows.dump(besides)),
    )
    return tuple(uid for (uid,) in found)


def _waiting(fetch: Fetch, incident: int) -> tuple[str, ...]:
    """One mention of each conversation that is open still, who is due first."""
    found = fetch(
        f"SELECT max(m.uid), min(a.due_at) AS due{_POSTS} JOIN asks a ON a.conversation = c.id"
        f" AND a.outcome IS NULL WHERE b.incident = ? AND p.deleted_at IS NULL AND {_OPEN}"
        f" GROUP BY c.id ORDER BY due IS NULL, due, c.id LIMIT {WAITING_SHOWN}",
        (incident,),
    )
    return tuple(row[0] for row in found)


def running(fetch: Fetch) -> tuple[Incident, ...]:
    """Those that have not ended, the newest first."""
    found = fetch("SELECT id FROM incidents WHERE ended_at IS NULL ORDER BY begun_at DESC, id DESC", ())
    incidents = (whole(fetch, id_) for (id_,) in found)
    return tuple(one for one in incidents if one is not None)


def since(fetch: Fetch, since: datetime, now: datetime) -> list[int]:
    """Those that run, the newest first; then those that ended since, the last first."""
    found = fetch(
        "SELECT id FROM incidents WHERE begun_at <= :now AND (ended_at IS NULL OR ended_at > :since)"
        " ORDER BY ended_at IS NOT NULL, COALESCE(ended_at, begun_at) DESC, id DESC",
        {"since": rows.micros(since), "now": rows.micros(now)},
    )
    return [id_ for (id_,) in found]


def cards(fetch: Fetch, incident: int) -> tuple[Sent, ...]:
    """Those that stand in a chat, the newest first."""
    found = fetch(
        "SELECT channel, receipt FROM effects WHERE group_key = ? AND subject IS NULL AND state = 'sent'"
        " AND replaced_by IS NULL AND receipt IS NOT NULL ORDER BY id DESC",
        (group(incident),),
    )
    return tuple((channel, receipt) for channel, receipt in found)


def called(fetch: Fetch, uid: str) -> tuple[int, Incident] | None:
    id_ = sharing.incident_of(fetch, uid)
    incident = whole(fetch, id_) if id_ is not None else None
    return (id_, incident) if id_ is not None and incident is not None else None
