"""Pages as rows: the copy of a card for the pager of whom it calls.

A page has a receipt of its own, so that it shows who took what it is about. It never rings by itself again,
nor for somebody else: the card that it is a copy of does, and calls anew. The newest one of a conversation
takes the place of those before it on the same pager. It knows the tables effects and digest_items.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.overrides import ANEW
from bot.paging import Page
from bot.payload import GROUP, PAGER
from bot.records import Leased
from bot.store import effects, repeating, rows
from bot.store.work import Work

JUST_NOW = timedelta(minutes=1)
"""So long nobody is called again for the same conversation, unless it is worse: a copy by another route, a
fallback, a card that was handed over while the phone still rings."""

IS_PAGE = f"json_extract(payload, '$.{PAGER}') IS NOT NULL"


def page(work: Work, it: Page) -> Leased | None:
    """Written and taken at once; None: there is it already, or that person was called just now."""
    ask, urgency, tried = work.conn.execute(
        "SELECT ask, urgency, tried FROM effects WHERE id = ?", (it.card.id,)
    ).fetchone()
    effect = it.card.effect
    if effect.conversation_id is not None and _was_called(work, it, urgency):
        return None
    payload = {key: effect.payload[key] for key in (ANEW, GROUP) if key in effect.payload}
    before = _before(work, it)
    copy = replace(
        effect,
        key=f"page:{it.pager}:{_key(it, rows.texts(tried))}",
        channel=it.pager,
        due_at=None,
        payload={**payload, PAGER: it.person, **({repeating.AFTER: before} if before else {})},
    )
    taken = effects.first_lease(work, effects.New(effect=copy, ask=ask, urgency=urgency))
    if taken is not None and taken.is_group:
        work.conn.execute(
            "INSERT INTO digest_items (effect, mention, brand) SELECT ?, mention, brand FROM digest_items"
            " WHERE effect = ?",
            (taken.id, it.card.id),
        )
    return taken


def _key(it: Page, tried: tuple[str, ...]) -> str:
    """The same for a card and for its fallbacks."""
    key = it.card.effect.key
    for channel in (it.card.effect.channel, *reversed(tried)):
        key = key.removesuffix(f"~{channel}")
    return key


def _was_called(work: Work, it: Page, urgency: int | None) -> bool:
    row = rows.one(
        work.conn.execute(
            f"SELECT 1 FROM effects WHERE conversation = ? AND channel = ? AND {IS_PAGE}"
            " AND created_at > ? AND COALESCE(urgency, 0) >= ? AND state NOT IN ('dead', 'dropped') LIMIT 1",
            (it.card.effect.conversation_id, it.pager, rows.micros(work.now - JUST_NOW), urgency or 0),
        )
    )
    return row is not None


def _before(work: Work, it: Page) -> int | None:
    """The page that this one takes the place of; those that never went out need not any more."""
    conversation = it.card.effect.conversation_id
    if conversation is None:
        return None
    work.conn.execute(
        "UPDATE effects SET state = 'dropped', reason = 'superseded' WHERE conversation = ? AND channel = ?"
        f" AND kind = 'alert' AND state = 'pending' AND {IS_PAGE}",
        (conversation, it.pager),
    )
    row = work.conn.execute(
        f"SELECT max(id) FROM effects WHERE conversation = ? AND channel = ? AND kind = 'alert' AND {IS_PAGE}"
        " AND state = 'sent' AND replaced_by IS NULL",
        (conversation, it.pager),
    ).fetchone()
    before: int | None = row[0]
    return before
