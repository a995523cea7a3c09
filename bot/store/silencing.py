"""Commands as rows: the silences of rules, and an audit row of every command, in one unit.

It knows the tables silences and decisions, and who keeps the rest; what a command means is the caller's pure
`carry_out`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.model import Cursor
from bot.orders import Order, Ordered, Silence
from bot.store import covering, linking, opting, pausing, rows
from bot.store.card import Fetch, fetcher
from bot.store.work import Work, save_cursor

_STANDING = (
    "SELECT name, until, person, reason, begun_at FROM silences"
    " WHERE scope = 'rule' AND ended_at IS NULL AND until > ? ORDER BY name, id"
)


def standing(fetch: Fetch, now: datetime) -> tuple[Silence, ...]:
    """One a rule: a new one ends the one before."""
    return tuple(
        Silence(
            rule=row[0],
            until=rows.moment(row[1]),
            person=row[2],
            reason=row[3],
            begun_at=rows.moment(row[4]),
        )
        for row in fetch(_STANDING, (rows.micros(now),))
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
    ended = ordered.ends or (ordered.begins and ordered.begins.rule)
    if ended:
        work.conn.execute(
            "UPDATE silences SET ended_at = ?, ended_by = ? WHERE scope = 'rule' AND name = ?"
            " AND ended_at IS NULL AND until > ?",
            (work.at, order.person, ended, work.at),
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
        "INSERT INTO silences (scope, name, until, person, reason, begun_at) VALUES ('rule', ?, ?, ?, ?, ?)",
        (
            silence.rule,
            rows.micros(silence.until),
            silence.person,
            silence.reason,
            rows.micros(silence.begun_at),
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
