"""What people put in the place of a verdict's urgency and persona, and what becomes of the promise.

It knows the column `conversations.override`, and when an ask is due.
"""

from __future__ import annotations

from dataclasses import replace

from bot.model import Urgency
from bot.overrides import NO_OVERRIDE, Override
from bot.records import Ask
from bot.store import rows
from bot.store.work import Work


def put(work: Work, conversation: int, override: Override) -> None:
    text = None if override == NO_OVERRIDE else rows.dump(override)
    work.conn.execute("UPDATE conversations SET override = ? WHERE id = ?", (text, conversation))


def get(work: Work, conversation: int) -> Override:
    row = work.conn.execute("SELECT override FROM conversations WHERE id = ?", (conversation,)).fetchone()
    return NO_OVERRIDE if row[0] is None else rows.override(row[0])


def outgrow(work: Work, conversation: int, urgency: Urgency) -> None:
    """A verdict that is more urgent than the person said, and than what they knew of, counts again."""
    override = get(work, conversation)
    said, over = override.urgency, override.over
    if said is not None and urgency > said and (over is None or urgency > over):
        forget_urgency(work, conversation, override)


def forget_urgency(work: Work, conversation: int, override: Override) -> None:
    """What was said of the urgency is over; what was said of the persona is about the author and stays."""
    kept = Override(persona=override.persona, persona_by=override.persona_by)
    if kept != replace(override):
        put(work, conversation, kept)


def promise(work: Work, ask: Ask, override: Override) -> None:
    """The ask is due when the person's urgency says, not when the rules do."""
    urgency = override.urgency or Urgency.NORMAL
    due = work.targets.due(ask.started_at, override.respond_in, route=_route(work, ask), urgency=urgency)
    work.conn.execute(
        "UPDATE asks SET due_at = ?, calendar_due_at = ? WHERE id = ?",
        (rows.micros_or_none(due.at), rows.micros_or_none(due.by_calendar), ask.id),
    )


def _route(work: Work, ask: Ask) -> str:
    """The route of the message that the ask began with, by its newest verdict."""
    row = work.conn.execute(
        "SELECT v.route FROM verdicts v JOIN asks a ON a.mention = v.mention WHERE a.id = ?"
        " ORDER BY v.id DESC LIMIT 1",
        (ask.id,),
    ).fetchone()
    return str(row[0])
