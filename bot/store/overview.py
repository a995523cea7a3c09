"""What staff asks for in chat, read from the tables: who waits, who has what, what the day brought.

It reads, on one state of the database each; it knows the tables and no wording.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.overview import Day, Row, Rows, Sent
from bot.records import CardState
from bot.staff import Verb
from bot.store import card, holding, listing, rows
from bot.store.card import Fetch
from bot.wishes import EffectKind

_LOOKING = frozenset({Verb.MORE, Verb.LESS, Verb.WHY})
_ACTS = tuple(verb.value for verb in Verb if verb not in _LOOKING)
"""What counts as having acted: to look at a card does not."""

OURS = "l.brand IN (SELECT name FROM brands WHERE NOT is_rival)"
_SOONEST = "ORDER BY l.rank, l.wait_at, l.conversation"


def queue(fetch: Fetch, *, limit: int) -> Rows:
    return _found(fetch, "l.state IN ('open', 'claimed')", (), limit)


def in_hand(fetch: Fetch, *, person: str | None, limit: int) -> Rows:
    mine = ("", ()) if person is None else (" AND l.claimed_by = ?", (person,))
    return _found(fetch, f"l.state = 'claimed'{mine[0]}", mine[1], limit)


def _found(fetch: Fetch, where: str, values: tuple[str, ...], limit: int) -> Rows:
    """One brand after the other, each along the index of what is open; most have but one of their own."""
    table = f"FROM listed l WHERE l.brand = ? AND l.is_open = 1 AND {where}"
    first: list[rows.Row] = []
    count = 0
    for brand in fetch("SELECT name FROM brands WHERE NOT is_rival", ()):
        asked = (brand[0], *values)
        first += fetch(f"SELECT l.rank, l.wait_at, l.conversation {table} {_SOONEST} LIMIT {limit:d}", asked)
        count += fetch(f"SELECT count(*) {table}", asked)[0][0]
    keys = [row[2] for row in sorted(tuple(row) for row in first)[:limit]]
    return Rows(rows=rows_of(fetch, keys), count=count)


def rows_of(fetch: Fetch, keys: list[int]) -> tuple[Row, ...]:
    cards = _cards(fetch, keys)
    return tuple(Row(listed=one, cards=cards.get(one.conversation, ())) for one in listing.of(fetch, keys))


def _cards(fetch: Fetch, keys: list[int]) -> dict[int, tuple[Sent, ...]]:
    """Those that stand in a chat, of each conversation."""
    found = fetch(
        "SELECT conversation, channel, receipt FROM effects WHERE conversation IN"
        " (SELECT value FROM json_each(?)) AND kind = 'alert' AND state = 'sent' AND replaced_by IS NULL"
        " AND receipt IS NOT NULL ORDER BY id DESC",
        (rows.dump(keys),),
    )
    cards: dict[int, tuple[Sent, ...]] = {}
    for conversation, channel, receipt in found:
        cards[conversation] = (*cards.get(conversation, ()), (channel, receipt))
    return cards


def day(fetch: Fetch, since: datetime, *, now: datetime) -> Day:
    """Answers and alerts of this time count also where the question came before it."""
    start, end = rows.micros(since), rows.micros(now)
    (mentions,) = fetch(
        "SELECT count(*) FROM posts p JOIN mentions m ON m.post = p.id JOIN brands b ON b.name = m.brand"
        " JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)"
        " WHERE p.stored_at BETWEEN ? AND ? AND NOT b.is_rival AND NOT v.ignored",
        (start, end),
    )[0]
    (alerts,) = fetch(
        "SELECT count(DISTINCT d.effect) FROM deliveries d JOIN effects e ON e.id = d.effect"
        " WHERE d.outcome = 'sent' AND d.ended_at BETWEEN ? AND ? AND e.kind = 'alert'",
        (start, end),
    )[0]
    answered = fetch(
        "SELECT a.answered_at - a.started_at FROM asks a JOIN brands b ON b.name = a.brand"
        " WHERE a.answered_at BETWEEN ? AND ? AND a.outcome = 'answered' AND NOT b.is_rival ORDER BY 1",
        (start, end),
    )
    first = next(iter(longest(fetch, limit=1)), (None, None))
    return Day(
        mentions=mentions,
        alerts=alerts,
        waits=tuple(timedelta(microseconds=row[0]) for row in answered),
        longest=first[0],
        waits_since=first[1],
        noise=holding.told(fetch, since),
    )


def longest(fetch: Fetch, *, limit: int) -> list[tuple[Row, datetime]]:
    """Who waits longest, and since when."""
    found = fetch(
        "SELECT a.conversation, a.started_at FROM asks a JOIN listed l ON l.conversation = a.conversation"
        f" WHERE a.outcome IS NULL AND l.is_open = 1 AND {OURS} ORDER BY a.started_at, a.id LIMIT {limit:d}",
        (),
    )
    began = {conversation: rows.moment(at) for conversation, at in found}
    return [(row, began[row.listed.conversation]) for row in rows_of(fetch, list(began))]


def last_act(fetch: Fetch, person: str) -> datetime | None:
    (at,) = fetch(
        "SELECT max(at) FROM decisions WHERE person = ? AND verb IN (SELECT value FROM json_each(?))",
        (person, rows.dump(_ACTS)),
    )[0]
    return rows.moment_or_none(at)


def carded(fetch: Fetch, kind: str, receipt: str) -> CardState | None:
    effect = _sent(fetch, kind, receipt, EffectKind.ALERT)
    return card.of_effect(fetch, effect) if effect is not None else None


def collected(fetch: Fetch, kind: str, receipt: str, *, limit: int) -> Rows:
    """Those that are open first, then in the order of the queue."""
    effect = _sent(fetch, kind, receipt, EffectKind.DIGEST)
    found = fetch(
        "SELECT l.conversation FROM listed l WHERE l.conversation IN (SELECT m.conversation"
        " FROM digest_items d JOIN mentions m ON m.id = d.mention WHERE d.effect = ?)"
        " ORDER BY l.is_open DESC, l.rank, l.wait_at, l.conversation",
        (effect,),
    )
    return Rows(rows=rows_of(fetch, [row[0] for row in found[:limit]]), count=len(found))


def _sent(fetch: Fetch, kind: str, receipt: str, what: EffectKind) -> int | None:
    """The effect that a message to a channel of that kind delivered."""
    found = fetch(
        "SELECT id FROM effects WHERE receipt = ? AND (channel = ? OR channel LIKE ? || ':%') AND kind = ?"
        " ORDER BY id DESC LIMIT 1",
        (receipt, kind, kind, what.value),
    )
    return found[0][0] if found else None
