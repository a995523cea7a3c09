"""What people put in the place of a verdict's urgency and persona, and what becomes of the promise.

It knows the column `conversations.override` and `asks.due_at`.
"""

from __future__ import annotations

from dataclasses import replace

from bot.model import Urgency
from bot.overrides import NO_OVERRIDE, Override
from bot.records import Ask
from bot.store import rows
from bot.store.work import Work
from bot.targets import due_at


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
    at = rows.micros_or_none(due_at(ask.started_at, override.respond_in))
    work.conn.execute("UPDATE asks SET due_at = ? WHERE id = ?", (at, ask.id))
