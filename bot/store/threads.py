"""Conversations and their asks as rows: one ask per wait, whatever the order in which posts arrive.

The policy is `bot.asks`; here stands how its steps become rows. An answer that arrives late splits an ask:
what was asked before it becomes an ask of the past, what was asked after it goes on waiting in the same row,
so that its card and its claim stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot import asks
from bot.model import ConversationState, Post
from bot.overrides import NO_OVERRIDE
from bot.records import CLOSED, Ask, Conversation, Judged
from bot.store import overriding, rows
from bot.store.posts import OwnAnswer, first_answer
from bot.store.work import Work

_ASK = f"SELECT {rows.columns(rows.ASK, 'a')} FROM asks a"
_FIND = (
    f"SELECT {rows.columns(rows.CONVERSATION, 'c')} FROM conversations c"
    " WHERE c.brand = ? AND c.platform = ? AND c.root_id = ? AND c.author_id = ?"
)
_OPEN = (
    "INSERT INTO conversations (brand, platform, root_id, author_id, state, version)"
    f" VALUES (?, ?, ?, ?, ?, 0) RETURNING {', '.join(rows.CONVERSATION)}"
)
_ASKING = (
    "FROM mentions m JOIN posts p ON p.id = m.post WHERE m.ask = asks.id AND m.asks AND p.deleted_at IS NULL"
)
_FIT = (
    f"UPDATE asks SET (mention, started_at, seen_at) = (SELECT m.id, p.posted_at, p.seen_at {_ASKING}"
    f"  ORDER BY p.posted_at, m.id LIMIT 1), (due_at, calendar_due_at) ="
    f" (SELECT min(m.due_at), min(m.calendar_due_at) {_ASKING})"
    f" WHERE id = :ask AND EXISTS (SELECT 1 {_ASKING})"
)
_SAID = (
    f"SELECT {rows.columns(rows.ASK, 'a')}, c.override FROM asks a JOIN conversations c"
    " ON c.id = a.conversation WHERE a.id = ? AND a.outcome IS NULL AND c.override IS NOT NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What became of a mention: its ask (None: it waits for nothing), and whether staff may hear of it.

    `opened`: the conversation as it stands, where it began with this mention (and so did the ask). `woke`: it
    was snoozed and is not any more.
    """

    ask: int | None
    alerts: bool
    version: int
    is_answered: bool = False
    woke: bool = False
    opened: Conversation | None = None


def find(work: Work, brand: str, post: Post, author_id: str) -> Conversation | None:
    """The brand's conversation with `author_id` in the thread of `post`."""
    row = rows.one(work.conn.execute(_FIND, (brand, post.platform, post.root_id, author_id)))
    return rows.conversation(row) if row else None


def get(work: Work, conversation: int) -> Conversation:
    row = work.conn.execute(
        f"SELECT {rows.columns(rows.CONVERSATION, 'c')} FROM conversations c WHERE c.id = ?", (conversation,)
    ).fetchone()
    return rows.conversation(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The conversation that a mention is in; `answer` as `posts.first_answer` told of a new one."""

    conversation: Conversation
    is_new: bool = False
    answer: OwnAnswer | None = None


def find_or_open(work: Work, brand: str, post: Post) -> Entered:
    """A conversation whose first post had been answered before we saw it begins as answered."""
    found = find(work, brand, post, post.author_id)
    if found is not None:
        return Entered(conversation=found)
    answer = first_answer(work, post, brand)
    state = ConversationState.ANSWERED if answer else ConversationState.OPEN
    row = work.conn.execute(_OPEN, (brand, post.platform, post.root_id, post.author_id, state)).fetchone()
    return Entered(conversation=rows.conversation(row), is_new=True, answer=answer)


def advance(work: Work, conversation: int, state: ConversationState | None = None) -> int:
    """Count a change of what its cards show, and set the state if there is a new one; the new version."""
    row = work.conn.execute(
        "UPDATE conversations SET version = version + 1, state = COALESCE(:state, state),"
        " snoozed_until = CASE WHEN COALESCE(:state, state) = 'snoozed' THEN snoozed_until END,"
        " snoozed_by = CASE WHEN COALESCE(:state, state) = 'snoozed' THEN snoozed_by END"
        " WHERE id = :id RETURNING version",
        {"state": state, "id": conversation},
    ).fetchone()
    work.standing.changed(conversation, row[0])
    work.touched.add(conversation)
    return int(row[0])


def open_ask(work: Work, conversation: int) -> Ask | None:
    row = rows.one(
        work.conn.execute(f"{_ASK} WHERE a.conversation = ? AND a.outcome IS NULL", (conversation,))
    )
    return rows.ask(row) if row else None


def join(work: Work, entered: Entered, item: Judged, mention: int) -> Joined:
    """Let a mention start, join or merely touch an ask, as `bot.asks.on_mention` says."""
    conversation = entered.conversation
    waiting = None if entered.is_new else open_ask(work, conversation.id)
    answer = None
    if item.asks:
        known = entered.is_new
        answer = entered.answer if known else first_answer(work, item.mention.post, conversation.brand)
    is_past = waiting is not None and answer is not None and answer.at <= waiting.started_at
    step = asks.on_mention(
        state=conversation.state,
        claimed_by=conversation.claimed_by,
        open_ask=None if is_past else waiting,
        asks=item.asks,
        answered_at=answer.at if answer else None,
        sleeps_until_written=conversation.snoozed_until is None,
    )
    if step.answered_at is not None and answer is not None:
        ask: int | None = _join_past(work, conversation, mention, answer)
    elif step.starts:
        ask = _start_anew(work, conversation, mention)
    else:
        ask = waiting.id if waiting else None
        _link(work, mention, ask)
    state = None if is_past else step.state
    version = advance(work, conversation.id, state)
    return Joined(
        ask=ask,
        alerts=step.alerts,
        version=version,
        is_answered=step.answered_at is not None,
        woke=conversation.state is ConversationState.SNOOZED and state is not None,
        opened=replace(conversation, version=version, state=state or conversation.state)
        if entered.is_new
        else None,
    )


def stay(work: Work, conversation: int, mention: int) -> Joined:
    """Let an edited mention keep the ask that it had: an old wait never starts anew."""
    row = work.conn.execute(
        "SELECT a.id, a.outcome IS NULL FROM mentions m JOIN asks a ON a.id = m.ask WHERE m.id = ?",
        (mention,),
    ).fetchone()
    fit(work, row[0])
    return Joined(ask=row[0], alerts=bool(row[1]), version=advance(work, conversation))


def _link(work: Work, mention: int, ask: int | None) -> None:
    if ask is not None:
        work.conn.execute("UPDATE mentions SET ask = ? WHERE id = ?", (ask, mention))
        fit(work, ask)


def _start_anew(work: Work, conversation: Conversation, mention: int) -> int:
    """What a person said of the urgency holds for the next wait only if they said it since the last one."""
    override = conversation.override
    if override.urgency is None:
        return _start(work, mention)
    if conversation.state in CLOSED:
        overriding.forget_urgency(work, conversation.id, override)
    ask = _start(work, mention)
    fit(work, ask)
    return ask


def _start(work: Work, mention: int) -> int:
    row = work.conn.execute(
        "INSERT INTO asks (brand, conversation, mention, started_at, due_at, calendar_due_at, seen_at)"
        " SELECT m.brand, m.conversation, m.id, p.posted_at, m.due_at, m.calendar_due_at, p.seen_at"
        " FROM mentions m JOIN posts p ON p.id = m.post WHERE m.id = ? RETURNING id",
        (mention,),
    ).fetchone()
    ask = int(row[0])
    work.conn.execute("UPDATE mentions SET ask = ? WHERE id = ?", (ask, mention))
    return ask


def _join_past(work: Work, conversation: Conversation, mention: int, answer: OwnAnswer) -> int:
    """The ask that `answer` ended, this mention included: the one there is, or a new one."""
    row = rows.one(
        work.conn.execute(
            "SELECT id FROM asks WHERE conversation = ? AND answered_by = ?", (conversation.id, answer.post)
        )
    )
    if row:
        _link(work, mention, row[0])
        return int(row[0])
    return _past(work, mention, answer)


def _past(work: Work, mention: int, answer: OwnAnswer) -> int:
    """A new ask that is over, begun by `mention`."""
    row = work.conn.execute(
        "INSERT INTO asks (brand, conversation, mention, started_at, due_at, calendar_due_at, seen_at,"
        " answered_at, ended_at, outcome, answered_by) SELECT m.brand, m.conversation, m.id, p.posted_at,"
        " m.due_at, m.calendar_due_at, p.seen_at,"
        " :at, :at, 'answered', :post FROM mentions m JOIN posts p ON p.id = m.post WHERE m.id = :mention"
        " RETURNING id",
        {"at": rows.micros(answer.at), "post": answer.post, "mention": mention},
    ).fetchone()
    _link(work, mention, row[0])
    return int(row[0])


def fit(work: Work, ask: int) -> None:
    """Bring an ask in step with the asking mentions in it: it starts at the oldest. A person's urgency says
    when it is due, as long as it is open.
    """
    work.conn.execute(_FIT, {"ask": ask})
    row = rows.one(work.conn.execute(_SAID, (ask,)))
    override = rows.override(row[-1]) if row else NO_OVERRIDE
    if row and override.urgency is not None:
        overriding.promise(work, rows.ask(row), override)


# --- answers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an answer changed: did it end (or shorten) a wait, and the conversation's version after it."""

    ended: bool
    version: int


def answer(work: Work, conversation: Conversation, given: OwnAnswer) -> Answered | None:
    """Let an answer end the ask that was open when it was published; None when it changes nothing."""
    ended = any(_end(work, ask, given) for ask in _asks_open_at(work, conversation.id, given))
    closes = _closes(work, conversation, given, ended=ended)
    if not ended and not closes:
        return None
    version = advance(work, conversation.id, ConversationState.ANSWERED if closes else None)
    return Answered(ended=ended, version=version)


def _closes(work: Work, conversation: Conversation, given: OwnAnswer, *, ended: bool) -> bool:
    """Whether nobody waits any more in a conversation that was not closed."""
    if conversation.state in CLOSED:
        return False
    if open_ask(work, conversation.id) is not None:
        return False
    return ended or _spoke_before(work, conversation.id, given)


def _asks_open_at(work: Work, conversation: int, given: OwnAnswer) -> list[Ask]:
    """The asks that were waiting then: open until now, or ended by a later answer that came in earlier."""
    found = work.conn.execute(
        f"{_ASK} WHERE a.conversation = ? AND (a.outcome IS NULL OR a.outcome = 'answered')"
        " ORDER BY a.started_at, a.id",
        (conversation,),
    ).fetchall()
    return [ask for ask in map(rows.ask, found) if _is_open_at(ask, given)]


def _is_open_at(ask: Ask, given: OwnAnswer) -> bool:
    if ask.answered_at is None:
        return asks.ends(ask, answered_at=given.at)
    return ask.started_at <= given.at < ask.answered_at


def _end(work: Work, ask: Ask, given: OwnAnswer) -> bool:
    """End an ask, or the part of it that came before the answer; False when all of it came after."""
    before, after = _asked_around(work, ask.id, given)
    if not before:
        return False
    if after:
        past = _past(work, before[0], given)
        for mention in before[1:]:
            _link(work, mention, past)
        fit(work, ask.id)
    else:
        work.conn.execute(
            "UPDATE asks SET answered_at = :at, ended_at = :at, outcome = 'answered', answered_by = :post"
            " WHERE id = :ask",
            {"at": rows.micros(given.at), "post": given.post, "ask": ask.id},
        )
    return True


def _asked_around(work: Work, ask: int, given: OwnAnswer) -> tuple[list[int], list[int]]:
    """The asking mentions of an ask: those that `given` can answer, oldest first, and those after it.

    Of the same time, only the post that it directly answers is older (as in `posts.first_answer`).
    """
    found = work.conn.execute(
        "SELECT m.id, p.posted_at < a.posted_at OR (p.posted_at = a.posted_at AND p.post_id IS a.parent_id)"
        " FROM mentions m JOIN posts p ON p.id = m.post JOIN posts a ON a.id = ?"
        " WHERE m.ask = ? AND m.asks ORDER BY p.posted_at, m.id",
        (given.post, ask),
    ).fetchall()
    return [id_ for id_, is_before in found if is_before], [id_ for id_, is_before in found if not is_before]


def _spoke_before(work: Work, conversation: int, given: OwnAnswer) -> bool:
    row = work.conn.execute(
        "SELECT min(p.posted_at) <= ? FROM mentions m JOIN posts p ON p.id = m.post WHERE m.conversation = ?",
        (rows.micros(given.at), conversation),
    ).fetchone()
    return bool(row[0])


# --- deletions ----------------------------------------------------------------------------------


def forget(work: Work, mention: int) -> None:
    """After a mention's post was deleted: its open ask passes to the next mention in it, or ends."""
    row = rows.one(
        work.conn.execute(
            "SELECT a.id FROM asks a JOIN mentions m ON m.ask = a.id WHERE m.id = ? AND a.outcome IS NULL",
            (mention,),
        )
    )
    if row is None:
        return
    fit(work, row[0])
    work.conn.execute(
        "UPDATE asks SET outcome = 'deleted', ended_at = ? WHERE id = ? AND mention = ?",
        (work.at, row[0], mention),
    )
