"""The undoing of a decision: all that it changed is as it was before; and the end of the button for it.

It knows how `audit` keeps what a decision changed. Undone is only what still stands as the decision left it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.model import ConversationState
from bot.overrides import UNDO_WITHIN
from bot.store import audit, effects, posts, repeating, rows, threads
from bot.store.card import fetcher
from bot.wishes import Effect, EffectKind

if TYPE_CHECKING:
    from datetime import datetime

    from bot.records import CardState
    from bot.store.work import Work


def stands(work: Work, conversation: int) -> bool:
    """Whether all that the last decision changed is still as it left it."""
    found = work.conn.execute(audit.LAST, (conversation,)).fetchone()
    if found is None:
        return False
    changed = rows.mapping(found[4])
    now = audit.picture(work.conn, conversation)
    return None not in audit.parted(changed).values() and all(
        now.get(place, {}).get(name) == after
        for place, columns in changed.items()
        for name, (_, after) in columns.items()
    )


def undo(work: Work, state: CardState) -> int:
    """Put back what stood before the last decision; the conversation's version after it."""
    conversation = state.conversation
    found = work.conn.execute(audit.LAST, (conversation.id,)).fetchone()
    places = rows.mapping(found[4])
    parted = audit.parted(places)
    for ask, origin in parted.items():
        _rejoin(work.conn, ask, origin)
    left = (place for place in places if not (place.startswith("ask:") and audit.number(place) in parted))
    for place in sorted(left, key=audit.number, reverse=True):  # a new draft goes before the old one is back
        if columns := {name: old for name, (old, _) in places[place].items()}:
            _put_back(work.conn, place, conversation.id, columns)
    version = threads.advance(work, conversation.id)
    stands_now = threads.get(work, conversation.id)
    if stands_now.state is ConversationState.OPEN:
        repeating.resume(work, conversation.id)
    given = posts.first_answer(work, state.mention.post, conversation.brand)
    waits = threads.open_ask(work, conversation.id) is not None
    answered = threads.answer(work, stands_now, given) if given and waits else None
    return answered.version if answered else version


def _rejoin(conn: sqlite3.Connection, ask: int, origin: int | None) -> None:
    """What the decision had made an ask of its own is again part of the one that it came from."""
    for table in ("mentions", "effects"):
        conn.execute(f"UPDATE {table} SET ask = :origin WHERE ask = :ask", {"origin": origin, "ask": ask})
    conn.execute("DELETE FROM asks WHERE id = ?", (ask,))


def _put_back(conn: sqlite3.Connection, place: str, conversation: int, columns: dict[str, Any]) -> None:
    kind, number = place.partition(":")[0], audit.number(place)
    table, id_ = f"{kind}s", number or conversation
    if kind == "draft":  # one that was not there is none again
        columns = {"state": columns["state"] or "discarded"}
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    conn.execute(f"UPDATE {table} SET {sets} WHERE id = :id", {**columns, "id": id_})


def mark(work: Work, decision: int, by: int) -> None:
    work.conn.execute("UPDATE decisions SET undone_by = ? WHERE id = ?", (by, decision))


# --- the button -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A card that was just delivered: the alert that it is, and when it was drawn."""

    alert: int
    effect: Effect
    effect_id: int
    at: datetime


def plan_end(work: Work, shown: Shown) -> bool:
    """A card that offers to undo shows it no longer than it can be done: so an update of it waits for that.

    Any other update that comes before takes its place. Whether something waits to be delivered now.
    """
    conversation = shown.effect.conversation_id
    undoable = audit.last(fetcher(work.conn), conversation) if conversation is not None else None
    if undoable is None or undoable.is_over(shown.at):
        return False
    if effects.has_updates(work, shown.alert):
        return True
    effect = Effect(
        key=f"update:{shown.alert}:undo{shown.effect_id}",
        kind=EffectKind.UPDATE,
        channel=shown.effect.channel,
        route=shown.effect.route,
        brand=shown.effect.brand,
        conversation_id=conversation,
        mention_id=shown.effect.mention_id,
        due_at=max(work.now, undoable.at + UNDO_WITHIN),
        payload={effects.LATER: True},
    )
    new = effects.New(effect=effect, ask=effects.ask_of(work, shown.alert), subject=shown.alert)
    return effects.insert(work, new, leased=False) is not None
