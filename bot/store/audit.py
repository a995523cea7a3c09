"""What each decision changed, as its audit row keeps it: every column with what stood there before and after.

It knows the tables decisions, conversations and asks, and which of their columns decisions change.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from bot.overrides import Undoable
from bot.staff import Verb
from bot.store import rows

if TYPE_CHECKING:
    from bot.store.card import Fetch

Columns = dict[str, Any]
Picture = dict[str, Columns]
"""The columns of a conversation, of its asks and newest drafts, as they stand: `conversation`, `ask:12`."""
Changed = dict[str, dict[str, list[Any]]]
"""Before and after of each column that differs."""

_CONVERSATION = ("state", "claimed_by", "claimed_at", "snoozed_until", "snoozed_by", "override")
_ASK = (
    *("mention", "started_at", "seen_at"),
    *("due_at", "calendar_due_at", "claimed_at", "answered_at", "ended_at", "outcome", "answered_by"),
)
_NOTE = "note"
_PUBLIC = frozenset({
    Verb.APPROVE, Verb.CORRECT, Verb.CANCEL, Verb.TAKE_BACK, Verb.IS_THERE, Verb.IS_NOT_THERE
})  # fmt: skip
"""What is said in public has ways back of its own: Cancel, Take back."""
LAST = (
    "SELECT id, person, verb, at, changed, undone_by FROM decisions"
    " WHERE conversation = ? AND changed IS NOT NULL ORDER BY id DESC LIMIT 1"
)


_DRAFTS = (
    "SELECT id, state FROM (SELECT id, state FROM drafts WHERE conversation = ? ORDER BY id DESC LIMIT 3)"
    " WHERE state <> 'approved'"
)
"""Those that a decision may touch: one that was approved is no draft any more."""


def picture(conn: sqlite3.Connection, conversation: int) -> Picture:
    row = conn.execute(
        f"SELECT {', '.join(_CONVERSATION)} FROM conversations WHERE id = ?", (conversation,)
    ).fetchone()
    asks = conn.execute(f"SELECT id, {', '.join(_ASK)} FROM asks WHERE conversation = ?", (conversation,))
    stands: Picture = {"conversation": dict(zip(_CONVERSATION, row, strict=True))}
    drafts = conn.execute(_DRAFTS, (conversation,))
    return {
        **stands,
        **{f"ask:{one[0]}": dict(zip(_ASK, one[1:], strict=True)) for one in asks},
        **{f"draft:{id_}": {"state": state} for id_, state in drafts},
    }


def difference(before: Picture, after: Picture, *, verb: Verb, notes: bool) -> str | None:
    """As it stands in the audit row; None: the decision changed nothing that can be undone. `notes`: it added
    a note.
    """
    if verb in _PUBLIC:
        return None
    changed: Changed = {_NOTE: {}} if notes else {}
    for place, columns in after.items():
        was = before.get(place, {})
        differs = {name: [was.get(name), value] for name, value in columns.items() if was.get(name) != value}
        if differs:
            changed[place] = differs
    return rows.dump(changed) if changed else None


def parted(changed: Changed) -> dict[int, int | None]:
    """The asks that a decision made, each with that from which it took its first mention (None: no such one).

    A wait that goes on where an answer came meanwhile is parted: what came before the answer is an ask of its
    own, which that answer ended.
    """
    moved = {name: columns["mention"] for name, columns in changed.items() if "mention" in columns}
    first = {before: number(name) for name, (before, _) in moved.items() if before is not None}
    return {number(name): first.get(now) for name, (before, now) in moved.items() if before is None}


def number(place: str) -> int:
    """That of the row; 0 for the conversation itself."""
    return int(place.partition(":")[2] or 0)


def last(fetch: Fetch, conversation: int) -> Undoable | None:
    """The last decision that changed something, unless it was undone; an undoing is not undone."""
    found = fetch(LAST, (conversation,))
    if not found or found[0][2] == Verb.UNDO or found[0][5] is not None:
        return None
    id_, person, verb, at = found[0][:4]
    return Undoable(decision=id_, person=person, verb=verb, at=rows.moment(at))
