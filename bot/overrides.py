"""What people have said and done about a conversation, as a card shows it: frozen values.

No SQL and no wording. What the rules say of a mention stands in its verdict; here stands what people say
beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import Alert, Urgency

UNDO_WITHIN = timedelta(minutes=2)
"""How long a decision can be undone."""

ANEW = "anew"
"""Key of an effect's payload: why a card comes once more, as a new message (`Anew`)."""


class Anew(StrEnum):
    """Why a card comes once more, as a new message: its news must not arrive as a silent edit."""

    UNCLAIMED = "unclaimed"
    WOKEN = "woken"
    HANDED = "handed"
    RAISED = "raised"
    ASKED = "asked"
    REMINDED = "reminded"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What an urgency means for staff: how soon to answer, and how loudly they hear of it."""

    respond_in: timedelta | None
    alert: Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What people put in the place of the verdict's urgency and persona; None: as the rules say.

    `over` is what the rules said then: a later verdict that is more urgent than both counts again.
    `respond_in` and `alert` come with the urgency.
    """

    urgency: Urgency | None = None
    urgency_by: str = ""
    over: Urgency | None = None
    respond_in: timedelta | None = None
    alert: Alert | None = None
    persona: str | None = None
    persona_by: str = ""


NO_OVERRIDE = Override()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a person wrote about somebody, or about what they ask."""

    text: str
    person: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What was before with the person who writes, all their linked accounts together.

    `earlier` counts their other conversations with the brand. `answered_at`, `answered_by`: when they were
    last answered, and who had it. `waiting` counts their open asks elsewhere; `waiting_url` is the oldest's.
    `notes`: the last two, newest last.
    """

    earlier: int = 0
    answered_at: datetime | None = None
    answered_by: str | None = None
    waiting: int = 0
    waiting_url: str | None = None
    notes: tuple[Note, ...] = ()


NO_MEMORY = Memory()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """The last decision that changed the conversation."""

    decision: int
    person: str
    verb: str
    at: datetime

    def is_over(self, now: datetime) -> bool:
        return now - self.at >= UNDO_WITHIN
