"""One conversation with all that is known around it: thread, author, what was decided, what was before.

It reads; what is shown of a conversation in a list comes from `listing`.
"""

from __future__ import annotations

from typing import Any

from bot.listing import Publication, Spoken, Taken, Whole
from bot.records import Conversation
from bot.store import audit, escalated, listing, remembering, rows
from bot.store.card import Fetch

THREAD_SHOWN = 200
EARLIER_SHOWN = 20
DECISIONS_SHOWN = 200
PUBLICATIONS_SHOWN = 200

_AT = 6
_THREAD = (
    "SELECT p.deleted_at, EXISTS (SELECT 1 FROM answers a WHERE a.post = p.id AND a.brand = :brand),"
    " m.uid, m.spans, v.verdict, v.facts,"
    f" {rows.columns(rows.POST, 'p')}"
    " FROM posts p LEFT JOIN mentions m ON m.post = p.id AND m.conversation = :conversation"
    " LEFT JOIN verdicts v ON v.id = (SELECT max(id) FROM verdicts WHERE mention = m.id)"
    " WHERE p.platform = :platform AND p.thread_id = :root"
    " ORDER BY m.id IS NULL AND p.author_id <> :author, p.posted_at DESC, p.id DESC LIMIT :limit"
)


def read(fetch: Fetch, conversation: int) -> Whole | None:
    """None when there is no such conversation."""
    found = fetch(
        f"SELECT {rows.columns(rows.CONVERSATION, 'c')} FROM conversations c WHERE c.id = ?", (conversation,)
    )
    shown = listing.of(fetch, [conversation]) if found else ()
    if not shown:
        return None
    it = rows.conversation(found[0])
    thread, more = _thread(fetch, it)
    return Whole(
        conversation=it,
        shown=shown[0],
        author=_author(fetch, it),
        asks=tuple(
            rows.ask(row)
            for row in fetch(
                f"SELECT {rows.columns(rows.ASK, 'a')} FROM asks a WHERE a.conversation = ?"
                " ORDER BY a.started_at, a.id",
                (conversation,),
            )
        ),
        thread=thread,
        more=more,
        decisions=_decisions(fetch, conversation),
        publications=_publications(fetch, conversation),
        earlier=_earlier(fetch, it),
        feedback=_feedback(fetch, shown[0].mention_id),
        undo=audit.last(fetch, conversation),
        steps=escalated.of_conversation(fetch, conversation),
    )


def _thread(fetch: Fetch, it: Conversation) -> tuple[tuple[Spoken, ...], int]:
    """The author's own posts and the newest of the others', oldest first; and how many are left out."""
    given: dict[str, Any] = {
        "brand": it.brand,
        "conversation": it.id,
        "platform": it.platform,
        "root": it.root_id,
        "author": it.author_id,
        "limit": THREAD_SHOWN,
    }
    found = fetch(_THREAD, given)
    total = fetch(
        "SELECT count(*) FROM posts WHERE platform = ? AND thread_id = ?", (it.platform, it.root_id)
    )[0][0]
    spoken = sorted((_spoken(row) for row in found), key=lambda one: (one.post.posted_at, one.post.id))
    return tuple(spoken), max(0, total - len(spoken))


def _spoken(row: rows.Row) -> Spoken:
    is_mention = row[2] is not None and row[4] is not None
    return Spoken(
        post=rows.post(row[_AT:]),
        is_deleted=row[0] is not None,
        is_ours=bool(row[1]),
        mention_id=row[2],
        spans=rows.spans(row[3]) if is_mention else (),
        verdict=rows.verdict(row[4]) if is_mention else None,
        facts=rows.facts(row[5]) if is_mention else None,
    )


def _author(fetch: Fetch, it: Conversation) -> Any:
    found = fetch(
        f"SELECT {rows.columns(rows.AUTHOR, 'u')} FROM authors u WHERE u.platform = ? AND u.author_id = ?",
        (it.platform, it.author_id),
    )
    return rows.author(found[0]) if found else None


def _decisions(fetch: Fetch, conversation: int) -> tuple[Taken, ...]:
    found = fetch(
        "SELECT x.person, COALESCE(x.verb, ''), x.outcome, x.channel, x.at, COALESCE(x.note, ''),"
        " COALESCE(x.argument, ''), COALESCE(d.text, '')"
        " FROM decisions x LEFT JOIN drafts d ON d.id = x.draft"
        " WHERE x.conversation = ? ORDER BY x.at DESC, x.id DESC LIMIT ?",
        (conversation, DECISIONS_SHOWN),
    )
    return tuple(
        Taken(
            person=row[0],
            verb=row[1],
            outcome=row[2],
            channel=row[3],
            at=rows.moment(row[4]),
            note=row[5],
            argument=row[6],
            words=row[7],
        )
        for row in reversed(found)
    )


def _publications(fetch: Fetch, conversation: int) -> tuple[Publication, ...]:
    found = fetch(
        "SELECT t.outcome, COALESCE(t.reason, ''), t.ended_at, r.is_automatic FROM publications t"
        " JOIN replies r ON r.id = t.reply WHERE r.conversation = ? ORDER BY t.id DESC LIMIT ?",
        (conversation, PUBLICATIONS_SHOWN),
    )
    return tuple(
        Publication(outcome=row[0], reason=row[1], at=rows.moment(row[2]), is_automatic=bool(row[3]))
        for row in reversed(found)
    )


def _feedback(fetch: Fetch, mention: str) -> dict[str, str]:
    found = fetch(
        "SELECT f.person, f.says FROM feedback f WHERE f.verdict = (SELECT max(v.id) FROM verdicts v"
        " JOIN mentions m ON m.id = v.mention WHERE m.uid = ?)",
        (mention,),
    )
    return {row[0]: row[1] for row in found}


def _earlier(fetch: Fetch, it: Conversation) -> Any:
    """Those of all accounts that are this person's, newest first."""
    found = fetch(
        f"{remembering.WHO} SELECT l.conversation{remembering.THEIRS} AND c.id <> :id"
        " JOIN listed l ON l.conversation = c.id ORDER BY l.posted_at DESC, l.conversation DESC LIMIT :most",
        {**remembering.who(it), "most": EARLIER_SHOWN},
    )
    return listing.of(fetch, [row[0] for row in found])
