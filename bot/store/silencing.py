"""Commands as rows: silences and how much each of them held, and an audit row of every command, in one unit.

It knows the tables silences and decisions, and who keeps the rest; what a command means is the caller's pure
`carry_out`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.model import Cursor
from bot.orders import OVER, Order, Ordered, Over, Silence
from bot.silenced import Scope
from bot.store import covering, linking, opting, pausing, rows
from bot.store.card import Fetch, fetcher
from bot.store.work import Work, save_cursor

_COLUMNS = "scope, name, until, person, reason, begun_at, label, criticals, held"
_STANDING = (
    f"SELECT {_COLUMNS} FROM silences WHERE ended_at IS NULL AND until > ?"
    " ORDER BY scope <> 'rule', scope, name, id"
)
_OVER = (
    f"SELECT {_COLUMNS}, id FROM silences s"
    " WHERE ended_at IS NULL AND until <= ? AND until > ? AND held > 0"
    f" AND NOT EXISTS (SELECT 1 FROM effects e WHERE e.key > 'notice:{OVER}:' || s.id || ':'"
    f"  AND e.key < 'notice:{OVER}:' || s.id || ';') ORDER BY until, id"
)
"""Whatever channel it was told by: `;` comes behind `:`."""
_HELD = (
    "UPDATE silences SET held = held + 1"
    " WHERE id = (SELECT max(s.id) FROM silences s WHERE s.scope = ? AND s.name = ?)"
)


def standing(fetch: Fetch, now: datetime) -> tuple[Silence, ...]:
    """One a rule, an author …: a new one ends the one before. Rules first."""
    return tuple(_silence(row) for row in fetch(_STANDING, (rows.micros(now),)))


def over(fetch: Fetch, since: datetime, now: datetime) -> tuple[Over, ...]:
    """Those that ran out by themselves since then, held something, and of which nobody was told yet."""
    found = fetch(_OVER, (rows.micros(now), rows.micros(since)))
    return tuple(Over(id=row[-1], silence=_silence(row)) for row in found)


def count(work: Work, held_by: tuple[str, ...]) -> None:
    """A mention was held by these silences, each named by its key."""
    work.conn.executemany(_HELD, [tuple(key.split(":", 1)) for key in held_by])


def _silence(row: rows.Row) -> Silence:
    return Silence(
        scope=Scope(row[0]),
        name=row[1],
        until=rows.moment(row[2]),
        person=row[3],
        reason=row[4],
        begun_at=rows.moment(row[5]),
        label=row[6] or "",
        criticals=bool(row[7]),
        held=row[8],
    )


def order(
    work: Work,
    order: Order,
    carry_out: Callable[[tuple[Silence, ...]], Ordered],
    *,
    cursor: Cursor | None,
) -> tuple[Ordered, tuple[Silence, ...]]:
    """As `bot.storing.Store.order`."""
    save_cursor(work.conn, order.feed, "feed", cursor, at=work.now)
    fetch = fetcher(work.conn)
    said = fetch("SELECT reply FROM decisions WHERE feed = ? AND press_id = ?", (order.feed, order.order_id))
    if said:
        return Ordered(outcome="repeated", reply=said[0][0]), standing(fetch, work.now)
    ordered = carry_out(standing(fetch, work.now))
    ended = ordered.ends or ordered.begins
    if ended:
        work.conn.execute(
            "UPDATE silences SET ended_at = ?, ended_by = ? WHERE scope = ? AND name = ?"
            " AND ended_at IS NULL AND until > ?",
            (work.at, order.person, ended.scope.value, ended.name, work.at),
        )
    if ordered.begins:
        _begin(work, ordered.begins)
    _steer(work, order, ordered)
    if ordered.covers:
        covering.begin(work, ordered.covers)
    if ordered.uncovers:
        covering.end(work, ordered.uncovers, order.person)
    _audit(work, order, ordered)
    return ordered, standing(fetch, work.now)


def _steer(work: Work, order: Order, ordered: Ordered) -> None:
    if ordered.pauses:
        pausing.begin(work, ordered.pauses)
    if ordered.resumes:
        pausing.end(work, order.person)
    if ordered.links:
        linking.link(work, *ordered.links, order.person)
    if ordered.unlinks:
        linking.unlink(work, ordered.unlinks)
    if ordered.blocks:
        opting.out(work, ordered.blocks.platform, ordered.blocks.id)
    if ordered.unblocks:
        opting.back_in(work, ordered.unblocks.platform, ordered.unblocks.id)


def _begin(work: Work, silence: Silence) -> None:
    work.conn.execute(
        "INSERT INTO silences (scope, name, until, person, reason, begun_at, label, criticals, held)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (
            silence.scope.value,
            silence.name,
            rows.micros(silence.until),
            silence.person,
            silence.reason,
            rows.micros(silence.begun_at),
            silence.label or None,
            silence.criticals,
        ),
    )


def _audit(work: Work, order: Order, ordered: Ordered) -> None:
    work.conn.execute(
        "INSERT INTO decisions (feed, press_id, person, channel, verb, at, outcome, reply, is_loud, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
        (
            order.feed,
            order.order_id,
            order.person,
            order.channel,
            order.verb,
            rows.micros(order.at),
            ordered.outcome,
            ordered.reply if ordered.is_kept else "",
            order.argument or None,
        ),
    )
