"""What a decision is, and what it does to a conversation, as values between the desk and the store.

No SQL, no chat, no policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.incidents import AnswerState
from bot.model import ConversationState
from bot.overrides import Anew, Override
from bot.records import Leased
from bot.replies import Origin, Patch, Step
from bot.staff import Verb

ELSEWHERE = "elsewhere"
"""The outcome of an ask that was answered where we do not listen."""
NOTE_ADDED = "note_added"
"""The outcome of a decision that keeps a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a decision does to a conversation.

    `state` None keeps it. `reply` is what the person is told (`is_loud`: in a box to be closed). Each card
    of the conversation is updated when `updates_all`, only the pressed one when `menu` is not None (which one
    it shows then; empty: none), with what it `shows` as long as that is open. `reopens`: the ask that was
    ended goes on. `rings`: the cards come once more. `override` takes the place of the one there is.
    `undoes`: all is as before the last decision. `step` is what becomes of a draft or a reply. `outcome` goes
    into the audit row. `snoozed_until`: None is until they write again.
    """

    outcome: str
    reply: str
    is_loud: bool = False
    state: ConversationState | None = None
    claimed_by: str | None = None
    updates_all: bool = False
    reopens: bool = False
    menu: str | None = None
    shows: str = ""
    snoozed_until: datetime | None = None
    override: Override | None = None
    rings: Anew | None = None
    undoes: bool = False
    feedback: str | None = None
    step: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A press by a known person, understood. `press_id` is unique: the same press twice is one decision.

    `argument` says to whom, until when, what, which draft: it stands in the button. `note` is what the person
    adds, such as why it needs no answer; `text` what they want to be said, as `origin` proposed it; `patch`
    what the file of answers would say of the reply that they want to keep.
    """

    press_id: str
    feed: str
    channel: str
    person: str
    verb: Verb
    mention_id: str
    at: datetime
    argument: str = ""
    note: str = ""
    text: str = ""
    origin: Origin = Origin.PERSON
    lang: str | None = None
    patch: Patch | None = None

    @property
    def number(self) -> int:
        """The draft or reply that the button belongs to."""
        return numbered(self.argument)


def numbered(argument: str) -> int:
    """An argument as a number; 0: it is none."""
    return int(argument) if argument.isascii() and argument.isdecimal() and len(argument) <= 18 else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """`change` is None when this press had been decided before; its `reply` is then said again."""

    reply: str
    is_loud: bool
    change: Change | None
    leased: tuple[Leased, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a person decided of the one answer for all who are in an incident. `text`: the new one; empty:
    `answer` (its id) comes to this `state`, None: it stays as it is. `prepares`: drafts are made of it from
    now on.
    """

    press_id: str
    feed: str
    channel: str
    person: str
    verb: Verb
    at: datetime
    incident: int
    outcome: str
    reply: str
    text: str = ""
    origin: Origin = Origin.PERSON
    answer: int = 0
    state: AnswerState | None = None
    prepares: bool = False
