"""Answers as rows: what is proposed, approved, tried, published; each step in the unit of what causes it.

It knows the tables drafts, replies, publications and opt_outs. What a step means is `bot.approval`'s, when a
reply is tried `bot.publishing`'s. A published reply is stored as our own post at once, so that it ends the
ask before any platform tells of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

from bot.ids import ulid
from bot.model import ConversationState, Deletion, Post
from bot.records import CardState, Leased
from bot.replies import (
    Approve,
    Cancel,
    Discard,
    Outgoing,
    Propose,
    Published,
    ReplyState,
    Resolve,
    Step,
    TakeBack,
)
from bot.store import deletions, drafted, effects, listing, posts, rows, threads
from bot.store.card import Fetch, fetcher
from bot.store.publishable import IS_LIVE
from bot.store.work import Work
from bot.tries import End, Failed, Left, Taken, Tried, Unsure, Wait, Went, Withheld

# --- what a person decides ------------------------------------------------------------------------


def take_step(work: Work, state: CardState, person: str, step: Step) -> int:
    """Write what `bot.approval` made of a decision; it was decided on the state as it stands here.

    The draft that it is about.
    """
    match step:
        case Propose():
            return _propose(work, state, person, step)
        case Discard(draft=draft):
            return _set_draft(work, draft, "discarded")
        case Approve():
            return approve(work, state.mention.post.platform, person, step)
    return _change(work, step)


def _change(work: Work, step: Cancel | TakeBack | Resolve) -> int:
    """What a person decides about a reply; its draft."""
    looked = {"asks_staff": False, "may_be_there": False}
    match step:
        case Cancel():
            return _set(work, step.reply, ReplyState.CANCELED)
        case TakeBack():
            return _set(work, step.reply, ReplyState.LEAVING, due_at=work.at)
        case Resolve(is_there=True):
            _end_ask(work, step.reply)
            return _set(work, step.reply, ReplyState.PUBLISHED, published_at=work.at, **looked)
        case Resolve():
            return _set(work, step.reply, ReplyState.HELD, due_at=work.at, **looked)


def _end_ask(work: Work, reply: int) -> None:
    """A person found our answer, which no source may ever tell of: the wait was over when we last tried.

    That try may only have looked for it, a minute after it was sent: better too late than to flatter us.
    """
    sent = "(SELECT max(p.started_at) FROM publications p WHERE p.reply = r.id)"
    ended = work.conn.execute(
        "UPDATE asks SET outcome = 'answered', answered_at = r.sent_at, ended_at = r.sent_at"
        f" FROM (SELECT r.conversation, COALESCE({sent}, r.approved_at) AS sent_at FROM replies r"
        "  WHERE r.id = ?) r"
        " WHERE asks.conversation = r.conversation AND outcome IS NULL AND asks.started_at <= r.sent_at"
        " RETURNING asks.conversation",
        (reply,),
    ).fetchall()
    for (conversation,) in ended:
        threads.advance(work, conversation, ConversationState.ANSWERED)


def _propose(work: Work, state: CardState, person: str, step: Propose) -> int:
    work.conn.execute(
        "UPDATE drafts SET state = 'replaced' WHERE conversation = ? AND state = 'open'",
        (state.conversation.id,),
    )
    return new_draft(work, state.mention_id, person, step)


def new_draft(work: Work, mention_id: str, by: str, step: Propose) -> int:
    """A draft of now; whatever happens from now on is later than it."""
    row = work.conn.execute(
        "INSERT INTO drafts (brand, conversation, mention, text, lang, origin, made_by, made_at, state,"
        " newest, seen_to, revised_at) SELECT m.brand, m.conversation, m.id, ?, ?, ?, ?, ?, 'open',"
        " (SELECT max(x.id) FROM mentions x WHERE x.conversation = m.conversation),"
        " (SELECT max(y.id) FROM posts y), p.revised_at"
        " FROM mentions m JOIN posts p ON p.id = m.post WHERE m.uid = ? RETURNING id",
        (step.text, step.lang, step.origin, by, work.at, mention_id),
    ).fetchone()
    return int(row[0])


def _set_draft(work: Work, draft: int, state: str) -> int:
    work.conn.execute("UPDATE drafts SET state = ? WHERE id = ?", (state, draft))
    return draft


def approve(work: Work, platform: str, by: str, step: Approve, *, is_automatic: bool = False) -> int:
    """From here on its text is fixed. `is_automatic`: by a rule, not by a person."""
    _set_draft(work, step.draft, "approved")
    text, lang = work.conn.execute("SELECT text, lang FROM drafts WHERE id = ?", (step.draft,)).fetchone()
    work.conn.execute(
        "INSERT INTO replies (key, brand, conversation, mention, draft, platform, text, hash, lang, corrects,"
        " approved_by, approved_at, due_at, until, is_automatic, state, may_be_there, asks_staff, fence,"
        " attempts) SELECT ?, d.brand, d.conversation, d.mention, d.id, ?, d.text, ?, ?, ?, ?, ?, ?, ?, ?,"
        " 'held', 0, 0, 0, 0 FROM drafts d WHERE d.id = ?",
        (
            ulid(work.now),
            platform,
            digest(text),
            lang,
            step.corrects,
            by,
            work.at,
            rows.micros(step.due_at),
            rows.micros(step.until),
            is_automatic,
            step.draft,
        ),
    )
    return step.draft


def digest(text: str) -> str:
    """What an approval fixes."""
    return sha256(text.encode()).hexdigest()


def _set(work: Work, reply: int, state: ReplyState, **values: object) -> int:
    """Set these columns of a reply; its draft."""
    columns = ", ".join(f"{name} = :{name}" for name in values)
    row = work.conn.execute(
        f"UPDATE replies SET state = :state, leased_until = NULL{', ' if values else ''}{columns}"
        " WHERE id = :id RETURNING draft",
        {"state": state, "id": reply, **values},
    ).fetchone()
    return int(row[0])


# --- trying ---------------------------------------------------------------------------------------

_DUE = (
    "SELECT r.id, r.fence, r.attempts, r.key, r.brand, r.text, r.hash, r.lang, r.approved_by,"
    " r.approved_at, r.until, r.state, r.may_be_there, r.post_id, r.draft, r.is_automatic,"
    " c.post_id, c.published_at, c.url,"
    f" {rows.columns(rows.POST, 'p')}"
    " FROM replies r JOIN mentions m ON m.id = r.mention JOIN posts p ON p.id = m.post"
    " LEFT JOIN replies c ON c.id = r.corrects WHERE"
    " r.platform IN (SELECT value FROM json_each(:platforms)) AND NOT r.asks_staff AND"
    " ((r.state IN ('held', 'unsure', 'leaving') AND r.due_at <= :now AND r.leased_until IS NULL)"
    f" OR ({IS_LIVE.replace('state', 'r.state')} AND r.leased_until <= :now))"
    " ORDER BY r.is_automatic, r.due_at, r.id LIMIT :limit"
)


def take(work: Work, platforms: Collection[str], *, limit: int) -> tuple[Taken, ...]:
    """Lease replies that are due, those of people first. One that was being tried when its lease ran out may
    be there.
    """
    fetch = fetcher(work.conn)
    found = fetch(_DUE, {"platforms": rows.dump(sorted(platforms)), "now": work.at, "limit": limit})
    taken = [_taken(fetch, row) for row in found]
    for one in taken:
        work.conn.execute(
            "UPDATE replies SET state = CASE state WHEN 'leaving' THEN state ELSE 'going' END,"
            " may_be_there = ?, leased_until = ?, fence = fence + 1, attempts = attempts + 1 WHERE id = ?",
            (one.may_be_there, work.leased_until, one.id),
        )
    return tuple(taken)


def _taken(fetch: Fetch, row: rows.Row) -> Taken:
    (id_, fence, attempts, key, brand, text, hash_, lang, approved_by) = row[:9]
    approved_at, until, state, may_be_there, post_id, draft, is_automatic = row[9:16]
    since = drafted.since_automatic if is_automatic else drafted.since
    broken = () if digest(text) == hash_ else ("altered",)
    return Taken(
        id=id_,
        fence=fence + 1,
        attempt=attempts + 1,
        outgoing=Outgoing(
            key=key,
            brand=brand,
            text=text,
            to=rows.post(row[19:]),
            approved_at=rows.moment(approved_at),
            lang=lang,
        ),
        approved_by=approved_by,
        until=rows.moment(until),
        may_be_there=bool(may_be_there) or state in {ReplyState.GOING, ReplyState.UNSURE},
        leaves=(post_id or "") if state == ReplyState.LEAVING else "",
        corrects=_standing(*row[16:19]),
        since=(*broken, *since(fetch, draft)),
        is_automatic=bool(is_automatic),
    )


def _standing(post_id: str | None, at: int | None, url: str | None) -> Published | None:
    return Published(post_id=post_id, at=rows.moment(at), url=url) if post_id and at is not None else None


_NEXT = (
    "SELECT min(CASE WHEN r.leased_until IS NULL THEN r.due_at ELSE r.leased_until END) FROM replies r"
    f" WHERE {IS_LIVE.replace('state', 'r.state')} AND NOT r.asks_staff"
    " AND r.platform IN (SELECT value FROM json_each(?))"
)


def next_due(fetch: Fetch, platforms: Collection[str]) -> int | None:
    at: int | None = fetch(_NEXT, (rows.dump(sorted(platforms)),))[0][0]
    return at


def settle(work: Work, tried: Tried) -> tuple[Leased, ...] | None:
    """Write how a try ended; the updates of its cards. None: the lease has passed to somebody else."""
    taken, end = tried.taken, tried.end
    row = rows.one(
        work.conn.execute(
            "SELECT conversation, state FROM replies WHERE id = ? AND fence = ? AND leased_until IS NOT NULL",
            (taken.id, taken.fence),
        )
    )
    if row is None:
        return None
    conversation, state = row
    _end(work, taken, end, ReplyState(state))
    if not isinstance(end, Wait) or end.is_try:
        _log(work, tried)
    if tried.post is not None:
        _store_answer(work, taken, tried.post)
    version = threads.advance(work, conversation)
    updates = effects.update(work, effects.delivered(work, conversation), version=version)
    listing.refresh(work)
    return updates


def _end(work: Work, taken: Taken, end: End, state: ReplyState) -> None:
    was = ReplyState.LEAVING if state is ReplyState.LEAVING else ReplyState.HELD
    match end:
        case Went(published=there):
            values: Mapping[str, Any] = {
                "post_id": there.post_id, "url": there.url, "published_at": rows.micros(there.at),
                "reason": None, "may_be_there": False,
            }  # fmt: skip
            _set(work, taken.id, ReplyState.PUBLISHED, **values)
        case Left():
            _set(work, taken.id, ReplyState.TAKEN_BACK, reason=None)
            _reopen(work, taken)
        case Wait(until=until, reason=reason, is_try=is_try):
            less = 0 if is_try else 1
            again = {"due_at": rows.micros(until), "reason": reason, "attempts": taken.attempt - less}
            _set(work, taken.id, was, may_be_there=False, **again)
        case Failed(reason=reason):
            failed = ReplyState.PUBLISHED if was is ReplyState.LEAVING else ReplyState.REFUSED
            _set(work, taken.id, failed, reason=reason, may_be_there=False)
        case Withheld(reason=reason):
            _set(work, taken.id, ReplyState.WITHDRAWN, reason=reason)
        case Unsure(reason=reason, look_at=look_at):
            unsure = ReplyState.LEAVING if was is ReplyState.LEAVING else ReplyState.UNSURE
            asks = {"asks_staff": look_at is None, "due_at": rows.micros(look_at or work.now)}
            _set(work, taken.id, unsure, reason=reason, may_be_there=True, **asks)


def _log(work: Work, tried: Tried) -> None:
    work.conn.execute(
        "INSERT INTO publications (reply, brand, started_at, ended_at, outcome, reason)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            tried.taken.id,
            tried.taken.outgoing.brand,
            rows.micros(tried.started_at),
            rows.micros(tried.ended_at),
            type(tried.end).__name__.lower(),
            getattr(tried.end, "reason", None),
        ),
    )


def _store_answer(work: Work, taken: Taken, post: Post) -> None:
    """Our own post, as if a source had brought it: it ends the ask, unless it only acknowledges; when one
    brings it, it is known.
    """
    stored, outgoing = posts.save(work, post), taken.outgoing
    is_new = posts.mark_answer(work, stored.id, outgoing.brand, is_automatic=taken.is_automatic)
    if not is_new or taken.is_automatic:
        return
    conversation = threads.find(work, outgoing.brand, post, outgoing.to.author_id)
    if conversation is not None:
        threads.answer(work, conversation, posts.OwnAnswer(post=stored.id, at=post.posted_at))


def _reopen(work: Work, taken: Taken) -> None:
    """What we took back answers nobody: its ask goes on, and belongs to whoever approved it."""
    outgoing = taken.outgoing
    row = rows.one(
        work.conn.execute(
            "SELECT p.id, p.author_id FROM posts p WHERE p.platform = ? AND p.post_id = ?",
            (outgoing.to.platform, taken.leaves),
        )
    )
    if row is None:
        return
    post, author = row
    gone = Deletion(platform=outgoing.to.platform, author_id=author, post_id=taken.leaves)
    deletions.delete(work, gone)
    asks = work.conn.execute(
        "UPDATE asks SET outcome = NULL, answered_at = NULL, ended_at = NULL, answered_by = NULL"
        " WHERE answered_by = ? AND NOT EXISTS (SELECT 1 FROM asks o WHERE o.conversation ="
        " asks.conversation AND o.outcome IS NULL) RETURNING conversation",
        (post,),
    ).fetchall()
    for (conversation,) in asks:
        threads.advance(work, conversation, ConversationState.CLAIMED)
        work.conn.execute(
            "UPDATE conversations SET claimed_by = COALESCE(claimed_by, ?), claimed_at ="
            " COALESCE(claimed_at, ?) WHERE id = ?",
            (taken.approved_by, work.at, conversation),
        )


def redraw(work: Work, mention_id: str) -> tuple[Leased, ...]:
    """The cards of its conversation show something else, which stands in no row."""
    row = rows.one(work.conn.execute("SELECT conversation FROM mentions WHERE uid = ?", (mention_id,)))
    if row is None:
        return ()
    version = threads.advance(work, row[0])
    return effects.update(work, effects.delivered(work, row[0]), version=version)
