"""How a try at an effect ended, as rows: receipt, next time, fallback or end.

It knows the tables effects, deliveries and (for the time of the first alert) asks.
"""

from __future__ import annotations

from dataclasses import replace

from bot.payload import ASKED, MENU, REPLACED
from bot.records import Dead, Dropped, Held, Leased, RetryAt, Sent, Settlement
from bot.store import courses, effects, merging, next_steps, repeating, rows, undoing
from bot.store.work import Work
from bot.wishes import EffectKind


def settle(work: Work, settlement: Settlement) -> bool:
    """Whether something may have become due by it. Ignored when the lease has passed to somebody else (its
    fence is then higher).
    """
    if isinstance(settlement.outcome, Sent):
        return _sent(work, settlement, settlement.outcome)
    leased = settlement.leased
    row = rows.one(
        work.conn.execute(
            "SELECT 1 FROM effects WHERE id = ? AND fence = ? AND state = 'leased'", (leased.id, leased.fence)
        )
    )
    if row is not None:
        _not_sent(work, settlement)
    return True


def _not_sent(work: Work, settlement: Settlement) -> None:
    leased = settlement.leased
    match settlement.outcome:
        case RetryAt(at=at, reason=reason):
            _log(work, settlement, "retry", reason=reason)
            _set(work, leased, "pending", reason=reason, due_at=rows.micros(at))
            merging.held(work, leased)
        case Held(until=until, reason=reason):
            _set(work, leased, "pending", reason=reason, due_at=rows.micros(until))
            work.conn.execute("UPDATE effects SET attempts = attempts - 1 WHERE id = ?", (leased.id,))
            merging.held(work, leased)
        case Dropped(reason=reason):
            _end(work, leased, "dropped", reason)
        case Dead():
            _dead(work, settlement, settlement.outcome)


def _set(work: Work, leased: Leased, state: str, *, reason: str | None, due_at: int | None = None) -> None:
    work.conn.execute(
        "UPDATE effects SET state = ?, reason = ?, due_at = COALESCE(?, due_at), leased_until = NULL"
        " WHERE id = ?",
        (state, reason, due_at, leased.id),
    )


def _log(
    work: Work, settlement: Settlement, outcome: str, *, reason: str | None = None, receipt: str | None = None
) -> None:
    work.conn.execute(
        "INSERT INTO deliveries (effect, brand, started_at, ended_at, outcome, reason, receipt)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            settlement.leased.id,
            settlement.leased.effect.brand,
            rows.micros(settlement.started_at),
            rows.micros(settlement.ended_at),
            outcome,
            reason,
            receipt,
        ),
    )


_SENT = (
    "UPDATE effects SET state = 'sent', reason = NULL, leased_until = NULL,"
    " receipt = CASE WHEN subject IS NULL THEN :ref ELSE receipt END,"
    " receipt_at = CASE WHEN subject IS NULL THEN :at ELSE receipt_at END"
    " WHERE id = :id AND fence = :fence AND state = 'leased' RETURNING subject, ask, conversation"
)
"""The receipt stands with the message: in the alert's row, also after an update."""


def _sent(work: Work, settlement: Settlement, outcome: Sent) -> bool:
    leased, ref, at = settlement.leased, outcome.receipt.ref, rows.micros(outcome.receipt.at)
    row = rows.one(work.conn.execute(_SENT, {"ref": ref, "at": at, "id": leased.id, "fence": leased.fence}))
    if row is None:
        return True
    subject, ask, conversation = row
    _log(work, settlement, "sent", receipt=ref)
    if subject is not None:
        work.conn.execute("UPDATE effects SET receipt = ?, receipt_at = ? WHERE id = ?", (ref, at, subject))
    if leased.effect.kind is EffectKind.ALERT and ask is not None:
        work.conn.execute(
            "UPDATE asks SET alerted_at = ? WHERE id = ? AND (alerted_at IS NULL OR alerted_at > ?)",
            (at, ask, at),
        )
        courses.count(work, (conversation,))
    if leased.effect.kind is EffectKind.DIGEST or leased.is_of_many:
        _told_together(work, subject or leased.id, at)
    someone_is_next = not leased.is_page and _heard(work, leased, ask)
    offers_undo = _offers_undo(work, settlement, subject)
    if outcome.again_at or repeating.AFTER in leased.effect.payload:
        repeating.sent(work, leased, outcome.again_at)
        return True
    return offers_undo or someone_is_next or effects.has_updates(work, subject or leased.id)


def _heard(work: Work, leased: Leased, ask: int | None) -> bool:
    """Staff heard of asks by this: whether somebody must be asked soon. A repetition is no news."""
    conversation = leased.effect.conversation_id
    if leased.effect.kind is EffectKind.DIGEST:
        next_steps.rang_together(work, leased.id, work.now)
        return True
    if ask is None or conversation is None:
        return False
    is_news = leased.rings == 1 and ASKED not in leased.effect.payload
    if leased.effect.kind is EffectKind.ALERT and is_news:
        next_steps.rang(work, conversation, work.now)
        next_steps.plan(work, (conversation,))
    return next_steps.is_soon(work, ask)


def _told_together(work: Work, card: int, at: int) -> None:
    """Those who wait and stand on a card of many are told of with it."""
    found = work.conn.execute(
        "UPDATE asks SET alerted_at = :at WHERE id IN (SELECT m.ask FROM digest_items d"
        " JOIN mentions m ON m.id = d.mention WHERE d.effect = :card)"
        " AND outcome IS NULL AND (alerted_at IS NULL OR alerted_at > :at) RETURNING conversation",
        {"at": at, "card": card},
    ).fetchall()
    courses.count(work, dict.fromkeys(conversation for (conversation,) in found))


def _offers_undo(work: Work, settlement: Settlement, subject: int | None) -> bool:
    """Whether the card that went out shows a button that is to go again soon."""
    leased = settlement.leased
    is_card = leased.effect.kind in {EffectKind.ALERT, EffectKind.UPDATE} and not leased.is_of_many
    if not is_card or REPLACED in leased.effect.payload or leased.effect.payload.get(MENU):
        return False
    shown = undoing.Shown(
        alert=subject or leased.id, effect=leased.effect, effect_id=leased.id, at=settlement.started_at
    )
    return undoing.plan_end(work, shown)


def _end(work: Work, leased: Leased, state: str, reason: str) -> None:
    """An effect that will not be tried again; an alert takes the updates that wait for it along."""
    _set(work, leased, state, reason=reason)
    work.conn.execute(
        "UPDATE effects SET state = 'dropped', reason = 'alert not delivered'"
        " WHERE subject = ? AND state = 'pending'",
        (leased.id,),
    )


def _dead(work: Work, settlement: Settlement, outcome: Dead) -> None:
    _log(work, settlement, "dead", reason=outcome.reason)
    _end(work, settlement.leased, "dead", outcome.reason)
    if outcome.fallback is not None and settlement.leased.effect.kind is not EffectKind.UPDATE:
        _fall_back(work, settlement.leased, outcome.fallback)


def _fall_back(work: Work, leased: Leased, channel: str) -> None:
    """The same wish for another channel, unless that one has refused it already, or tells of it anyway."""
    ask, urgency, group, tried_text = work.conn.execute(
        "SELECT ask, urgency, group_key, tried FROM effects WHERE id = ?", (leased.id,)
    ).fetchone()
    tried = (*rows.texts(tried_text), leased.effect.channel)
    if channel in tried or (leased.rings == 1 and _is_told(work, leased, ask, channel)):
        return
    effect = replace(leased.effect, key=f"{leased.effect.key}~{channel}", channel=channel, due_at=work.now)
    new = effects.New(effect=effect, ask=ask, group=group, urgency=urgency, tried=tried)
    work.conn.execute(
        "INSERT INTO digest_items (effect, mention, brand) SELECT ?, mention, brand FROM digest_items"
        " WHERE effect = ?",
        (effects.insert(work, new, leased=False), leased.id),
    )


def _is_told(work: Work, leased: Leased, ask: int | None, channel: str) -> bool:
    """Whether a copy of an alert went to that channel, or is to go: a second card would be one too many."""
    row = rows.one(
        work.conn.execute(
            "SELECT 1 FROM effects o JOIN effects e ON e.id = :id WHERE e.kind = 'alert' AND o.kind = 'alert'"
            " AND o.channel = :channel AND o.state NOT IN ('dead', 'dropped') AND o.urgency >= e.urgency"
            " AND (o.ask = :ask OR (:ask IS NULL AND o.ask IS NULL AND o.conversation = e.conversation"
            "  AND o.mention = e.mention)) LIMIT 1",
            {"id": leased.id, "ask": ask, "channel": channel},
        )
    )
    return row is not None
