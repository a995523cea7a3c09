"""Alerts that wait because a channel takes no more just now: many of them go out as one card.

A chat that takes twenty messages a minute must neither lose the rest nor tell it an hour later. It knows the
tables effects and digest_items; that something waits is found out by `bot.gates`.
"""

from __future__ import annotations

from bot.gates import MOST_WAITING, PACE
from bot.model import Urgency
from bot.overrides import ANEW
from bot.payload import GROUP, RINGS
from bot.records import Leased
from bot.store import grouping, incidents, rows
from bot.store.work import Work
from bot.wishes import EffectKind

MERGED = "merged"
"""Key of the payload of a card of many that was made because of the pace; why its alerts do not go out."""

_WAIT = (
    "SELECT id FROM effects WHERE state = 'pending' AND kind = 'alert' AND channel = :channel"
    f" AND reason = '{PACE}' AND COALESCE(urgency, 0) < :critical"
    f" AND json_extract(payload, '$.{RINGS}') IS NULL AND json_extract(payload, '$.{ANEW}') IS NULL"
    " ORDER BY due_at, id"
)
_CARD = (
    "SELECT id FROM effects WHERE state = 'pending' AND kind = 'digest' AND channel = ?"
    f" AND json_extract(payload, '$.{MERGED}') ORDER BY id LIMIT 1"
)


def held(work: Work, leased: Leased) -> None:
    """An alert could not go out now: it is told on the card of an incident, or of those that wait with it."""
    if leased.effect.kind is not EffectKind.ALERT or leased.rings > 1 or ANEW in leased.effect.payload:
        return
    (urgency, reason) = work.conn.execute(
        "SELECT COALESCE(urgency, 0), reason FROM effects WHERE id = ?", (leased.id,)
    ).fetchone()
    if urgency >= Urgency.CRITICAL:
        return
    if incidents.collects(work, leased.id):
        incidents.drop(work, leased.id)
    elif reason == PACE:
        _merge(work, leased.effect.channel)


def _merge(work: Work, channel: str) -> None:
    where = {"channel": channel, "critical": int(Urgency.CRITICAL)}
    waiting = [id_ for (id_,) in work.conn.execute(_WAIT, where).fetchall()]
    card = rows.one(work.conn.execute(_CARD, (channel,)))
    if card is not None:
        _onto(work, card[0], waiting)
    elif len(waiting) > MOST_WAITING:
        first, *others = waiting
        grouping.make_card_of_many(work, first)
        work.conn.execute(
            "UPDATE effects SET payload = ?, group_key = NULL WHERE id = ?",
            (rows.dump({GROUP: True, MERGED: True}), first),
        )
        _onto(work, first, others)


def _onto(work: Work, card: int, alerts: list[int]) -> None:
    for alert in alerts:
        work.conn.execute(
            "INSERT INTO digest_items (effect, mention, brand) SELECT ?, mention, brand FROM effects"
            " WHERE id = ? ON CONFLICT DO NOTHING",
            (card, alert),
        )
        incidents.drop(work, alert, MERGED)
