"""The counters of the rules as rows: written with the mention that they count, read at the start.

It knows its two tables and where mentions and their facts stand; what a counter counts it does not know.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.counting import Event
from bot.model import Facts
from bot.records import Met
from bot.store import rows
from bot.store.card import Fetch

_PIECE = 500
_INSERT = (
    "INSERT INTO counted (counter, mention, brand, part, name, at) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_MENTION = (
    "SELECT m.id FROM mentions m JOIN posts p ON p.id = m.post"
    " WHERE p.platform = ? AND p.post_id = ? AND m.brand = ? AND p.deleted_at IS NULL"
)
_MET = (
    "SELECT m.id, p.platform, p.post_id, p.posted_at, v.facts FROM mentions m JOIN posts p ON p.id = m.post"
    " JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)"
    " WHERE m.id > :after AND p.posted_at >= :since AND p.deleted_at IS NULL ORDER BY m.id LIMIT :limit"
)
_COUNTED = (
    "SELECT c.brand, c.part, c.name, c.at, p.platform, p.post_id FROM counted c"
    " JOIN mentions m ON m.id = c.mention JOIN posts p ON p.id = m.post"
    " WHERE c.counter = :counter AND c.at >= :since ORDER BY c.at, c.id"
)


def save(conn: sqlite3.Connection, mention: int, events: Iterable[Event]) -> None:
    """Where a new mention counts."""
    conn.executemany(_INSERT, [_values(event, mention) for event in events])


def keeping(
    events: Sequence[Event], since: Mapping[str, datetime], kept: Mapping[str, datetime]
) -> Iterator[Callable[[sqlite3.Connection], None]]:
    """Units of work: of each counter that is `kept`, forget what is older; write what was rebuilt, complete
    from `since` on.

    Other writes go between them. Whatever a crash leaves undone is right: what nobody counts any more is not
    known as complete, and what is rebuilt is so when all of it is there.
    """
    yield partial(_forget, kept)
    for begin in range(0, len(events), _PIECE):
        yield partial(_add, events[begin : begin + _PIECE])
    yield partial(_complete, since)


def _forget(kept: Mapping[str, datetime], conn: sqlite3.Connection) -> None:
    names = rows.dump(sorted(kept))
    for table in ("counted", "counters"):
        conn.execute(
            f"DELETE FROM {table} WHERE counter NOT IN (SELECT value FROM json_each(?))",
            (names,),
        )
    conn.executemany(
        "DELETE FROM counted WHERE counter = ? AND at < ?",
        [(counter, rows.micros(at)) for counter, at in kept.items()],
    )


def _add(events: Iterable[Event], conn: sqlite3.Connection) -> None:
    for event in events:
        platform, _, post = event.key.partition(" ")
        found = rows.one(conn.execute(_MENTION, (platform, post, event.brand)))
        if found is not None:
            conn.execute(_INSERT, _values(event, found[0]))


def _complete(since: Mapping[str, datetime], conn: sqlite3.Connection) -> None:
    conn.executemany(
        "INSERT INTO counters (counter, since) VALUES (?, ?)"
        " ON CONFLICT (counter) DO UPDATE SET since = excluded.since",
        [(counter, rows.micros(at)) for counter, at in since.items()],
    )


def forget_name(conn: sqlite3.Connection, mention: int) -> None:
    """Of somebody who is gone from their platform: they were counted, but as whom stays nowhere."""
    conn.execute("UPDATE counted SET name = NULL WHERE mention = ?", (mention,))


def _values(event: Event, mention: int) -> tuple[object, ...]:
    return (event.counter, mention, event.brand, event.group, event.value, rows.micros(event.at))


def counters(fetch: Fetch) -> dict[str, datetime]:
    found = fetch("SELECT counter, since FROM counters", ())
    return {counter: rows.moment(since) for counter, since in found}


def counted(fetch: Fetch, counter: str, since: datetime) -> tuple[Event, ...]:
    found = fetch(_COUNTED, {"counter": counter, "since": rows.micros(since)})
    return tuple(
        Event(
            counter=counter, brand=brand, group=part, value=name, at=rows.moment(at), key=f"{platform} {post}"
        )
        for brand, part, name, at, platform, post in found
    )


def met(fetch: Fetch, after: int, since: datetime) -> tuple[int, tuple[Met, ...]]:
    """The next piece of what was judged, and the id that the one after it begins behind."""
    values = {"after": after, "since": rows.micros(since), "limit": _PIECE}
    found = fetch(_MET, values)
    some = tuple(
        Met(platform=platform, post_id=post, posted_at=rows.moment(posted_at), facts=_when_met(facts))
        for _, platform, post, posted_at, facts in found
    )
    return (found[-1][0] if found else after), some


def _when_met(facts: str) -> Facts:
    """Without what only a second look found out."""
    return replace(rows.facts(facts), waiting=None, engagement=None)


def observed_since(fetch: Fetch) -> datetime | None:
    """When the first source began to listen."""
    [(found,)] = fetch("SELECT min(started_at) FROM coverage", ())
    return rows.moment_or_none(found)
