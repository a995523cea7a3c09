"""Reads what a card shows of a mention: one reader for the writer thread and for reports.

It knows the SQL and the order of its columns; how the SQL is run comes in as a function.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.model import Kind, Mention, Post
from bot.records import Ask, CardState
from bot.store import audit, drafted, escalated, remembering, rows

Fetch = Callable[[str, tuple[Any, ...] | Mapping[str, Any]], Sequence[rows.Row]]

_NEWEST = "v.id = (SELECT max(x.id) FROM verdicts x WHERE x.mention = m.id)"
_CARD = (
    "SELECT m.uid, m.brand, m.kind, m.spans, p.deleted_at, v.verdict, v.facts,"
    " (SELECT count(*) FROM mentions x WHERE x.conversation = c.id),"
    f" {rows.columns(rows.POST, 'p')}, {rows.columns(rows.CONVERSATION, 'c')},"
    f" {rows.columns(rows.AUTHOR, 'u')}"
    " FROM mentions m JOIN posts p ON p.id = m.post JOIN conversations c ON c.id = m.conversation"
    f" JOIN verdicts v ON {_NEWEST}"
    " LEFT JOIN authors u ON u.platform = p.platform AND u.author_id = p.author_id WHERE m.id = ?"
)
_SHOWN = (
    "SELECT m.id FROM mentions m JOIN posts p ON p.id = m.post"
    f" JOIN verdicts v ON {_NEWEST} WHERE m.ask = ?"
    " ORDER BY p.deleted_at IS NOT NULL, v.urgency DESC, p.posted_at DESC, m.id DESC LIMIT 1"
)
_POST_AT = 8
_CONVERSATION_AT = _POST_AT + len(rows.POST)
_AUTHOR_AT = _CONVERSATION_AT + len(rows.CONVERSATION)


def fetcher(conn: sqlite3.Connection) -> Fetch:
    """`Fetch` on the writer's own connection: it sees what its unit has just written."""

    def fetch(sql: str, values: tuple[Any, ...] | Mapping[str, Any]) -> Sequence[rows.Row]:
        found: list[rows.Row] = conn.execute(sql, values).fetchall()
        return found

    return fetch


def of_effect(fetch: Fetch, effect: int) -> CardState | None:
    """The card of an effect. For an ask it shows the newest of its most urgent messages: a harmless line
    after an urgent one must not hide it.
    """
    found = fetch("SELECT mention, ask FROM effects WHERE id = ?", (effect,))
    if not found or found[0][0] is None:
        return None
    mention, ask = found[0]
    shown = fetch(_SHOWN, (ask,)) if ask is not None else ()
    return load(fetch, shown[0][0] if shown else mention, ask)


def of_mention(fetch: Fetch, uid: str) -> CardState | None:
    """The card of a mention with the ask that its conversation waits on now, else the mention's own."""
    found = fetch(
        "SELECT m.id, COALESCE((SELECT a.id FROM asks a WHERE a.conversation = m.conversation"
        " AND a.outcome IS NULL), m.ask) FROM mentions m WHERE m.uid = ?",
        (uid,),
    )
    return load(fetch, found[0][0], found[0][1]) if found else None


def load(fetch: Fetch, mention: int, ask: int | None) -> CardState | None:
    found = fetch(_CARD, (mention,))
    if not found:
        return None
    row = found[0]
    post = rows.post(row[_POST_AT:_CONVERSATION_AT])
    conversation = rows.conversation(row[_CONVERSATION_AT:_AUTHOR_AT])
    reply, standing = drafted.replies(fetch, conversation.id)
    return CardState(
        mention_id=row[0],
        mention=Mention(post=post, brand=row[1], kind=Kind(row[2]), spans=rows.spans(row[3])),
        post_deleted=row[4] is not None,
        verdict=rows.verdict(row[5]),
        facts=rows.facts(row[6]),
        messages=row[7],
        memory=remembering.read(fetch, conversation),
        undo=audit.last(fetch, conversation.id),
        conversation=conversation,
        author=rows.author(row[_AUTHOR_AT:]),
        ask=_ask(fetch, ask),
        parent=parent(fetch, post),
        draft=drafted.open_draft(fetch, conversation.id),
        reply=reply,
        standing=standing,
        acknowledged=drafted.acknowledgement(fetch, conversation.id),
        asked=escalated.of_ask(fetch, ask) if ask is not None else (),
    )


def _ask(fetch: Fetch, ask: int | None) -> Ask | None:
    if ask is None:
        return None
    return rows.ask(fetch(f"SELECT {rows.columns(rows.ASK, 'a')} FROM asks a WHERE a.id = ?", (ask,))[0])


def parent(fetch: Fetch, post: Post) -> Post | None:
    """The post above, if it is stored and still there."""
    if post.parent is None:
        return None
    found = fetch(
        f"SELECT {rows.columns(rows.POST, 'p')} FROM posts p"
        " WHERE p.platform = ? AND p.post_id = ? AND p.deleted_at IS NULL",
        (post.platform, post.parent.id),
    )
    return rows.post(found[0]) if found else None
