"""Cards that nobody takes ring again: each repetition is a row of its own, due when it is to ring.

The repetition is written with what says that the one before it went out, so there is one per interval,
whatever crashes in between; whether it is still wanted when it is due, a gate says. It takes the place of the
card before it, which says from then on that there is a newer one. It knows the tables effects and
digest_items.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.payload import GROUP, REPLACED, RINGS
from bot.records import TAKEN, Leased
from bot.store import effects, rows
from bot.store.work import Work
from bot.wishes import EffectKind

AFTER = "after"
"""The payload's key for the message that a repetition takes the place of."""
_IS_REPETITION = f"COALESCE(json_extract(payload, '$.{RINGS}'), 1) > 1"


def sent(work: Work, leased: Leased, again_at: datetime | None) -> None:
    """After a message went out: the one before it steps back, and the next one is due `again_at`."""
    if AFTER in leased.effect.payload:
        _step_back(work, leased)
    if again_at is not None:
        _repeat(work, leased, again_at)


def _repeat(work: Work, leased: Leased, at: datetime) -> None:
    """Write the next one; its key says which it is."""
    urgency, ask = work.conn.execute("SELECT urgency, ask FROM effects WHERE id = ?", (leased.id,)).fetchone()
    number = leased.rings + 1
    effect = replace(
        leased.effect,
        key=f"{leased.effect.key.removesuffix(_suffix(leased.rings))}{_suffix(number)}",
        due_at=at,
        payload={**_group(leased), RINGS: number, AFTER: leased.id},
    )
    new = effects.insert(work, effects.New(effect=effect, ask=ask, urgency=urgency), leased=False)
    if new is not None and leased.is_group:
        work.conn.execute(
            "INSERT INTO digest_items (effect, mention, brand) SELECT ?, mention, brand FROM digest_items"
            " WHERE effect = ?",
            (new, leased.id),
        )


def _group(leased: Leased) -> dict[str, object]:
    return {GROUP: True} if leased.is_group else {}


def _suffix(number: int) -> str:
    return f"#{number}" if number > 1 else ""


def _step_back(work: Work, leased: Leased) -> None:
    """The card in the same channel that this one takes the place of is not kept up any more."""
    row = rows.one(
        work.conn.execute(
            "UPDATE effects SET replaced_by = ? WHERE id = ? AND channel = ? RETURNING id, ask",
            (leased.id, leased.effect.payload.get(AFTER), leased.effect.channel),
        )
    )
    if row is None:
        return
    before, ask = row
    effects.supersede(work, before)
    update = replace(
        leased.effect,
        key=f"update:{before}:{REPLACED}",
        kind=EffectKind.UPDATE,
        due_at=work.now,
        payload={**_group(leased), REPLACED: True},
    )
    effects.insert(work, effects.New(effect=update, ask=ask, subject=before), leased=False)


def stop(work: Work, ask: int, channel: str) -> None:
    """Another alert of the same ask goes to that channel: what was to ring there again need not."""
    work.conn.execute(
        "UPDATE effects SET state = 'dropped', reason = 'superseded' WHERE ask = ? AND channel = ?"
        f" AND kind = 'alert' AND state IN ('pending', 'dropped') AND {_IS_REPETITION}",
        (ask, channel),
    )


def resume(work: Work, conversation: int) -> None:
    """Nobody has the conversation any more: what stopped ringing for that goes on, an interval from now; not
    what rang for an ask that is over.
    """
    waits = "(SELECT id FROM asks WHERE conversation = :id AND outcome IS NULL)"
    work.conn.execute(
        "UPDATE effects SET state = 'pending', reason = NULL, due_at = :now + due_at - created_at,"
        f" created_at = :now WHERE id IN (SELECT id FROM effects WHERE conversation = :id AND ask IS {waits}"
        "  UNION SELECT d.effect FROM mentions m JOIN digest_items d ON d.mention = m.id"
        f"  WHERE m.conversation = :id AND m.ask IS {waits})"
        f" AND state = 'dropped' AND {_IS_REPETITION}"
        f" AND reason IN ('{TAKEN}', 'already_dismissed', 'nothing_left')",
        {"now": work.at, "id": conversation},
    )
