"""What a card tells of the person who writes: what was before, and what staff says beside the rules. Pure.

All wording comes from the catalogue that it is given (`bot.texts`). Notes are put on one line each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.oneline import link, one_line
from bot.staff import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.overrides import Memory
    from bot.records import CardState
    from bot.texts.catalogue import Texts

NOTE_CHARS = 200
_SEPARATOR = " · "


def lines(
    state: CardState, texts: Texts, *, zone: ZoneInfo, now: datetime, name: Callable[[str | None], str]
) -> Iterator[Line]:
    """`name` tells how a person is called."""
    memory = state.memory
    if before := _before(memory, texts, zone=zone, now=now, name=name):
        yield Line(text=before)
    if memory.waiting:
        told = texts.say("card.waits_elsewhere", count=memory.waiting)
        yield Line(text=told, href=link(memory.waiting_url))
    if said := _said(state, texts, name):
        yield Line(text=said)
    for note in memory.notes:
        text = one_line(note.text, NOTE_CHARS)
        yield Line(text=texts.say("card.note", name=name(note.person), text=text))


def _before(
    memory: Memory, texts: Texts, *, zone: ZoneInfo, now: datetime, name: Callable[[str | None], str]
) -> str:
    """`3rd time · last answered Mon 3 Mar 14:02 by Anna`."""
    parts = [texts.say("card.nth_time", nth=memory.earlier + 1)] if memory.earlier else []
    if memory.answered_at is not None:
        at = texts.time_of_day(memory.answered_at, now=now, zone=zone)
        by = name(memory.answered_by)
        told = texts.say("card.last_answered_by", at=at, name=by) if by else ""
        parts.append(told or texts.say("card.last_answered", at=at))
    return _SEPARATOR.join(parts)


def _said(state: CardState, texts: Texts, name: Callable[[str | None], str]) -> str:
    """What people put in the place of what the rules say."""
    override, verdict = state.conversation.override, state.verdict
    parts = []
    if override.urgency is not None:
        urgency, rules = texts.urgency(override.urgency), texts.urgency(verdict.urgency)
        who = name(override.urgency_by)
        parts.append(texts.say("card.urgency_by", urgency=urgency, name=who, rules=rules))
    if override.persona is not None:
        who = name(override.persona_by)
        parts.append(texts.say("card.persona_by", persona=override.persona, name=who))
    return _SEPARATOR.join(parts)
