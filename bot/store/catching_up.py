"""The catch-up card: one message per route for mentions that were too old at receipt to ring by themselves.

It is a digest effect that waits until its source has caught up, or `AT_THE_LATEST` when that takes long; a
critical alert waits with it, because its answer may be further on in the replay. What waits carries the
source's name in its payload and `WAITING` as its reason. It knows the tables effects and digest_items.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.model import Alert, Urgency
from bot.records import CaughtUp, Leased
from bot.store import announcing, effects, rows
from bot.store.card import Fetch
from bot.store.work import Work
from bot.wishes import Effect, EffectKind

AT_THE_LATEST = timedelta(minutes=10)
SOURCE = "catching_up"
"""The payload's key for the source that has to catch up first."""
WAITING = "catching_up"

_LAST = "\U0010ffff"
"""Behind every key that begins alike."""


def announce(work: Work, heard: announcing.Heard, source: str) -> tuple[Leased, ...]:
    """Tell staff of a late mention: on the card of its ask if there is one, and on the catch-up card."""
    if heard.verdict.alert is Alert.NONE:
        return ()
    there = announcing.alerts_there(work, heard)
    if not there and _rings(heard):
        alert = replace(announcing.alert(heard), payload={SOURCE: source})
        _wait(work, effects.New(effect=alert, ask=heard.ask, urgency=int(heard.verdict.urgency)))
    _collect(work, heard, source)
    return effects.update(work, there, version=heard.version, mention=heard.mention)


def _rings(heard: announcing.Heard) -> bool:
    """What is critical is alerted singly, unless it is answered by the time its source has caught up."""
    verdict = heard.verdict
    return verdict.urgency is Urgency.CRITICAL and verdict.alert is not Alert.DIGEST


def release(work: Work, source: str) -> tuple[Leased, ...]:
    """The source has caught up: what waited for that is due, and leased to us."""
    due = work.conn.execute(
        "UPDATE effects SET state = 'leased', reason = NULL, due_at = :now, leased_until = :until,"
        " fence = fence + 1, attempts = attempts + 1"
        " WHERE state = 'pending' AND reason = :waiting AND json_extract(payload, :source) = :name"
        " RETURNING id",
        {
            "now": work.at,
            "until": work.leased_until,
            "waiting": WAITING,
            "source": f"$.{SOURCE}",
            "name": source,
        },
    ).fetchall()
    return tuple(effects.read(work, id_) for (id_,) in sorted(due))


def summary(fetch: Fetch, card: int) -> CaughtUp | None:
    """What a catch-up card is about, by all that it collected, open or not; None when that is nothing."""
    (row,) = fetch(
        "SELECT min(p.posted_at), max(p.posted_at), count(*) FROM digest_items d"
        " JOIN mentions m ON m.id = d.mention JOIN posts p ON p.id = m.post WHERE d.effect = ?",
        (card,),
    )
    if row[0] is None:
        return None
    return CaughtUp(started_at=rows.moment(row[0]), ended_at=rows.moment(row[1]), mentions=row[2])


def _collect(work: Work, heard: announcing.Heard, source: str) -> None:
    """Put a mention onto the card of its route: the one that still waits, or a new one."""
    card = _waiting(work, heard, source)
    if card is None:
        card = _new(work, heard, source)
    work.conn.execute(
        "INSERT INTO digest_items (effect, mention, brand) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (card, heard.mention, heard.brand),
    )


def _prefix(heard: announcing.Heard, source: str) -> str:
    return f"catch-up:{source}:{heard.route.name}:{heard.route.to}:"


def _waiting(work: Work, heard: announcing.Heard, source: str) -> int | None:
    """The card of its route that still waits. Keys are in the order of our time, so it is the first one that
    is looked at, unless the clock was put back: cards that went out may then stand before it.
    """
    prefix = _prefix(heard, source)
    row = rows.one(
        work.conn.execute(
            "SELECT id FROM effects WHERE key > ? AND key < ? AND +state = 'pending' AND reason = ?"
            " ORDER BY key DESC LIMIT 1",  # +: along the keys, not through all that is pending
            (prefix, prefix + _LAST, WAITING),
        )
    )
    return row[0] if row else None


def _new(work: Work, heard: announcing.Heard, source: str) -> int | None:
    effect = Effect(
        key=f"{_prefix(heard, source)}{work.at:016}:{heard.uid}:{heard.version}",
        kind=EffectKind.DIGEST,
        channel=heard.route.to,
        route=heard.route.name,
        payload={SOURCE: source},
    )
    return _wait(work, effects.New(effect=effect))


def _wait(work: Work, new: effects.New) -> int | None:
    due_at = work.now + AT_THE_LATEST
    id_ = effects.insert(work, replace(new, effect=replace(new.effect, due_at=due_at)), leased=False)
    work.conn.execute("UPDATE effects SET reason = ? WHERE id = ?", (WAITING, id_))
    return id_
