"""Reads what a card shows of answers: what waits for approval, and what was approved last.

It knows the tables drafts and replies, and reads only; `replying` writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.replies import Draft, Origin, Published, Reply, ReplyState
from bot.store import rows

if TYPE_CHECKING:
    from bot.store.card import Fetch

_SINCE = (
    "SELECT CASE WHEN p.deleted_at IS NOT NULL THEN 'deleted' END,"
    " CASE WHEN EXISTS (SELECT 1 FROM opt_outs o WHERE o.platform = p.platform"
    "  AND o.author_id = p.author_id) THEN 'opted_out' END,"
    " CASE WHEN p.revised_at > d.revised_at THEN 'edited' END,"
    " CASE WHEN EXISTS (SELECT 1 FROM mentions x JOIN posts y ON y.id = x.post WHERE x.conversation ="
    "  d.conversation AND x.id > d.newest AND y.deleted_at IS NULL) THEN 'newer' END,"
    " CASE WHEN EXISTS (SELECT 1 FROM answers a JOIN posts y ON y.id = a.post WHERE a.brand = d.brand"
    "  AND y.platform = p.platform AND y.thread_id = p.thread_id AND y.id > d.seen_to"
    "  AND y.parent_author_id IS p.author_id AND y.deleted_at IS NULL) THEN 'answered' END"
    " FROM drafts d JOIN mentions m ON m.id = d.mention JOIN posts p ON p.id = m.post WHERE d.id = ?"
)
"""What happened since a draft was made, the weightiest first."""


def since(fetch: Fetch, draft: int) -> tuple[str, ...]:
    return tuple(reason for reason in fetch(_SINCE, (draft,))[0] if reason)


def open_draft(fetch: Fetch, conversation: int) -> Draft | None:
    found = fetch(
        "SELECT d.id, d.text, d.origin, d.made_by, d.made_at, d.lang, m.uid FROM drafts d"
        " JOIN mentions m ON m.id = d.mention WHERE d.conversation = ? AND d.state = 'open'",
        (conversation,),
    )
    if not found:
        return None
    id_, text, origin, made_by, made_at, lang, mention = found[0]
    return Draft(
        id=id_,
        text=text,
        origin=Origin(origin),
        made_by=made_by,
        made_at=rows.moment(made_at),
        lang=lang,
        mention_id=mention,
        stale=next(iter(since(fetch, id_)), ""),
    )


_REPLY = (
    "id, text, lang, state, approved_by, approved_at, due_at, reason, asks_staff, corrects,"
    " post_id, url, published_at"
)


_PUBLIC = (
    "state = 'published' AND post_id <> '' AND NOT EXISTS (SELECT 1 FROM replies c WHERE c.corrects = r.id"
    " AND c.state IN ('published', 'leaving', 'taken_back'))"
)
"""It stands there, and nothing took its place."""


def replies(fetch: Fetch, conversation: int) -> tuple[Reply | None, Reply | None]:
    """The newest one, and the newest that is public."""
    newest = _newest(fetch, conversation)
    if newest is None or newest.state is ReplyState.PUBLISHED:
        return newest, newest
    return newest, _newest(fetch, conversation, _PUBLIC)


def _newest(fetch: Fetch, conversation: int, which: str = "TRUE") -> Reply | None:
    found = fetch(
        f"SELECT {_REPLY} FROM replies r WHERE conversation = ? AND {which} ORDER BY id DESC LIMIT 1",
        (conversation,),
    )
    return _reply(found[0]) if found else None


def _reply(row: rows.Row) -> Reply:
    id_, text, lang, state, approved_by, approved_at, due_at, reason, asks_staff, corrects, *there = row
    post_id, url, at = there
    return Reply(
        id=id_,
        text=text,
        lang=lang,
        state=ReplyState(state),
        approved_by=approved_by,
        approved_at=rows.moment(approved_at),
        due_at=rows.moment(due_at),
        reason=reason or "",
        asks_staff=bool(asks_staff),
        corrects=corrects is not None,
        published=Published(post_id=post_id or "", at=rows.moment(at), url=url) if at is not None else None,
    )
