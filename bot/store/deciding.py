"""What people decide, as rows: an atomic change of state, an audit row, feedback, card updates, one unit.

It knows the tables decisions and feedback; what a press means is the caller's pure `transition`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.changes import ELSEWHERE, NOTE_ADDED, Change, Decided, Decision
from bot.model import ConversationState, Cursor
from bot.overrides import Override
from bot.payload import MENU, SHOWN
from bot.records import CardState, Leased
from bot.staff import Press
from bot.store import (
    audit,
    card,
    effects,
    listing,
    next_steps,
    overriding,
    posts,
    repeating,
    replying,
    ringing,
    rows,
    snoozing,
    threads,
    undoing,
)
from bot.store.work import Work, save_cursor

_ENDS = {ConversationState.DISMISSED: "dismissed", ConversationState.ANSWERED: ELSEWHERE}
"""The outcome of an ask that a person ends."""

Transition = Callable[[CardState, Decision], Change]


def decide(
    work: Work, decision: Decision, transition: Transition, *, cursor: Cursor | None
) -> Decided | None:
    """As `bot.storing.Store.decide`. The cursor moves in every case: the press has been dealt with."""
    save_cursor(work.conn, decision.feed, "feed", cursor, at=work.now)
    before = _decided(work, decision)
    if before is not None:
        return before
    state = card.of_mention(card.fetcher(work.conn), decision.mention_id)
    if state is None:
        return None
    conversation = state.conversation.id
    if state.undo is not None and not undoing.stands(work, conversation):
        state = replace(state, undo=None)
    change = transition(state, decision)
    was = audit.picture(work.conn, conversation)
    draft = replying.take_step(work, state, decision.person, change.step) if change.step else None
    version = _apply(work, decision, state, change)
    is_note = change.outcome == NOTE_ADDED
    now = audit.picture(work.conn, conversation)
    changed = audit.difference(was, now, verb=decision.verb, notes=is_note)
    _audit(work, decision, state, change, changed)
    if draft is not None:
        _is_about(work, decision, draft)
    leased = _show(work, decision, state, change, version)
    listing.refresh(work)
    return Decided(reply=change.reply, is_loud=change.is_loud, change=change, leased=leased)


def _decided(work: Work, decision: Decision) -> Decided | None:
    row = rows.one(
        work.conn.execute(
            "SELECT reply, is_loud FROM decisions WHERE feed = ? AND press_id = ?",
            (decision.feed, decision.press_id),
        )
    )
    return Decided(reply=row[0], is_loud=bool(row[1]), change=None) if row else None


def _apply(work: Work, decision: Decision, state: CardState, change: Change) -> int:
    """Set the conversation and its asks; the conversation's version after it."""
    conversation = state.conversation
    if change.state is None and not change.updates_all and change.menu is None:
        return conversation.version
    if change.undoes:
        return undoing.undo(work, state)
    version = threads.advance(work, conversation.id, change.state)
    if change.override is not None:
        _override(work, state, change.override)
    if change.reopens:
        return _reopen(work, state) or version
    if change.state is not None:
        _set(work, decision, conversation.id, change, change.state)
    return version


def _set(work: Work, decision: Decision, conversation: int, change: Change, state: ConversationState) -> None:
    """What goes with a new state."""
    match state:
        case ConversationState.CLAIMED:
            _claim(work, conversation, change.claimed_by)
        case ConversationState.SNOOZED:
            snoozing.put_to_sleep(work, conversation, change.snoozed_until, decision.person)
        case ConversationState.OPEN:
            work.conn.execute(
                "UPDATE conversations SET claimed_by = NULL, claimed_at = NULL WHERE id = ?", (conversation,)
            )
            repeating.resume(work, conversation)
        case _:
            work.conn.execute(
                "UPDATE asks SET outcome = ?, ended_at = ? WHERE conversation = ? AND outcome IS NULL",
                (_ENDS[state], work.at, conversation),
            )


def _override(work: Work, state: CardState, override: Override) -> None:
    """A person's urgency moves the promise; without one the rules' holds again."""
    conversation = state.conversation
    overriding.put(work, conversation.id, override)
    ask = threads.open_ask(work, conversation.id)
    if ask is not None and override.urgency is not None:
        overriding.promise(work, ask, override)
    elif ask is not None and conversation.override.urgency is not None:
        threads.fit(work, ask.id)


def _reopen(work: Work, state: CardState) -> int | None:
    """Let the ask that a person ended go on, or end it by the answer that came since; the version."""
    conversation = state.conversation.id
    work.conn.execute(
        "UPDATE asks SET outcome = NULL, ended_at = NULL WHERE id = (SELECT id FROM asks"
        "  WHERE conversation = :id AND outcome IN ('dismissed', 'elsewhere')"
        "  ORDER BY ended_at DESC, id DESC LIMIT 1)"
        " AND NOT EXISTS (SELECT 1 FROM asks WHERE conversation = :id AND outcome IS NULL)",
        {"id": conversation},
    )
    next_steps.known(work, conversation)
    repeating.resume(work, conversation)
    given = posts.first_answer(work, state.mention.post, state.conversation.brand)
    answered = threads.answer(work, threads.get(work, conversation), given) if given else None
    return answered.version if answered else None


def _claim(work: Work, conversation: int, person: str | None) -> None:
    work.conn.execute(
        "UPDATE conversations SET claimed_by = ?, claimed_at = ? WHERE id = ?",
        (person, work.at, conversation),
    )
    work.conn.execute(
        "UPDATE asks SET claimed_at = COALESCE(claimed_at, ?) WHERE conversation = ? AND outcome IS NULL",
        (work.at, conversation),
    )


def _audit(work: Work, decision: Decision, state: CardState, change: Change, changed: str | None) -> None:
    stands = work.conn.execute(
        "SELECT state FROM conversations WHERE id = ?", (state.conversation.id,)
    ).fetchone()[0]
    row = work.conn.execute(
        "INSERT INTO decisions (feed, press_id, brand, conversation, mention, person, channel, verb, at,"
        " outcome, state_before, state_after, reply, is_loud, note,"
        " argument, changed) SELECT ?, ?, m.brand, m.conversation, m.id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
        " FROM mentions m WHERE m.uid = ? RETURNING id, mention",
        (
            decision.feed,
            decision.press_id,
            decision.person,
            decision.channel,
            decision.verb,
            rows.micros(decision.at),
            change.outcome,
            state.conversation.state,
            stands,
            change.reply,
            change.is_loud,
            decision.note or None,
            decision.argument or None,
            changed,
            decision.mention_id,
        ),
    ).fetchone()
    if change.undoes and state.undo is not None:
        undoing.mark(work, state.undo.decision, row[0])
    if change.feedback is not None:
        work.conn.execute(
            "INSERT INTO feedback (decision, verdict, brand, person, says, at)"
            " SELECT ?, max(v.id), v.brand, ?, ?, ? FROM verdicts v WHERE v.mention = ?"
            " ON CONFLICT (verdict, person) DO UPDATE SET decision = excluded.decision, says = excluded.says,"
            " at = excluded.at",
            (row[0], decision.person, change.feedback, rows.micros(decision.at), row[1]),
        )


def _is_about(work: Work, decision: Decision, draft: int) -> None:
    """The words that were decided on stand in the draft."""
    work.conn.execute(
        "UPDATE decisions SET draft = ? WHERE feed = ? AND press_id = ?",
        (draft, decision.feed, decision.press_id),
    )


def _show(
    work: Work, decision: Decision, state: CardState, change: Change, version: int
) -> tuple[Leased, ...]:
    """Update every card of the conversation, or open and close a menu of the one that was pressed."""
    conversation = state.conversation.id
    if change.rings is not None:
        urgency = change.override.urgency if change.override else None
        return ringing.ring(work, conversation, change.rings, version=version, urgency=urgency)
    if change.updates_all:
        return effects.update(work, effects.delivered(work, conversation), version=version)
    if change.menu is None:
        return ()
    row = rows.one(
        work.conn.execute(
            "SELECT e.id FROM effects e JOIN mentions m ON m.uid = ? WHERE e.conversation = ?"
            " AND e.channel = ? AND e.kind = 'alert' AND e.state = 'sent'"
            " AND e.replaced_by IS NULL"
            " ORDER BY e.mention = m.id DESC, e.ask IS m.ask DESC, e.id DESC LIMIT 1",
            (decision.mention_id, conversation, decision.channel),
        )
    )
    if row is None:
        return ()
    shown = {SHOWN: change.shows} if change.shows else {}
    return effects.update(work, (row[0],), version=version, payload={MENU: change.menu, **shown})


def release_claims(work: Work, people: Sequence[str]) -> tuple[Leased, ...]:
    """Nobody waits for a person who left: their conversations are open again, now or when they reopen."""
    left = work.conn.execute(
        "UPDATE conversations SET claimed_by = NULL, claimed_at = NULL"
        " WHERE claimed_by NOT IN (SELECT value FROM json_each(?)) RETURNING id, state",
        (rows.dump(people),),
    ).fetchall()
    leased: list[Leased] = []
    for conversation, state in left:
        work.touched.add(conversation)
        if state == ConversationState.CLAIMED:
            version = threads.advance(work, conversation, ConversationState.OPEN)
            repeating.resume(work, conversation)
            leased += effects.update(work, effects.delivered(work, conversation), version=version)
    listing.refresh(work)
    return tuple(leased)


def refuse(conn: sqlite3.Connection, press: Press, feed: str, reason: str, *, cursor: Cursor | None) -> None:
    """Keep an audit row of a press that led to nothing."""
    save_cursor(conn, feed, "feed", cursor, at=press.at)
    conn.execute(
        "INSERT INTO decisions (feed, press_id, person, channel, at, outcome, reply, is_loud)"
        " VALUES (?, ?, ?, ?, ?, ?, '', 0) ON CONFLICT (feed, press_id) DO NOTHING",
        (feed, press.id, press.person, press.channel, rows.micros(press.at), reason),
    )
