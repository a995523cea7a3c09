"""What the page asks of the store, and what it gets: which conversations, one of them whole.

Frozen values and one port; no SQL, no HTTP, no wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from bot.escalation import Asked
from bot.incidents import Incident
from bot.model import Author, ConversationState, Facts, Kind, Post, Span, Urgency, Verdict
from bot.orders import Silence
from bot.overrides import Undoable
from bot.records import Ask, Conversation, DigestState
from bot.reports import RuleCount, StoredVerdict
from bot.status import Status

Place: TypeAlias = tuple[int, int, int]
"""Where a page of a listing ends: opaque to everybody but the store."""


class View(StrEnum):
    """Which conversations: those that are open, of them the overdue ones, or those that are not."""

    OPEN = "open"
    OVERDUE = "overdue"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    IGNORED = "ignored"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`urgency` is the least one; `holder` the person who has it; `text` is looked for in text and title."""

    brand: str
    view: View = View.OPEN
    urgency: Urgency | None = None
    platform: str | None = None
    persona: str | None = None
    lang: str | None = None
    holder: str | None = None
    text: str = ""
    after: Place | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A conversation as a list shows it, by the one of its mentions that matters now.

    `due_at` is None when nobody waits or nothing was promised; `wait_at` is what it is sorted by.
    """

    conversation: int
    mention_id: str
    brand: str
    platform: str
    urgency: Urgency
    state: ConversationState
    ignored: bool
    persona: str | None
    lang: str | None
    claimed_by: str | None
    claimed_at: datetime | None
    due_at: datetime | None
    wait_at: datetime
    posted_at: datetime
    text: str
    title: str
    spans: tuple[Span, ...]
    kind: Kind
    url: str | None
    is_deleted: bool
    author: str
    handle: str
    author_id: str
    verdict: Verdict
    messages: int
    asked_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`after` is where the next page begins; None on the last one."""

    rows: tuple[Listed, ...]
    after: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    """How many open conversations there are, by urgency; overdue ones, and those of the person who asks."""

    waiting: Mapping[Urgency, int]
    overdue: int
    mine: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A post of a thread. `mention_id`, `verdict` and `facts` only where it is a mention of this one.

    `is_ours`: by an account of the brand.
    """

    post: Post
    is_ours: bool = False
    is_deleted: bool = False
    mention_id: str | None = None
    spans: tuple[Span, ...] = ()
    verdict: Verdict | None = None
    facts: Facts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A decision that was taken, as the audit keeps it; `words` are those of the draft that it was about."""

    person: str
    verb: str
    outcome: str
    channel: str
    at: datetime
    note: str
    argument: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """How a try to publish an answer, or to take it back, ended; `outcome` as `bot.replies.End` has them.

    `is_automatic`: it was an acknowledgement.
    """

    outcome: str
    reason: str
    at: datetime
    is_automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A conversation with all that is known around it. `shown` is how a list shows it.

    `thread`, `decisions` and `publications` are oldest first, `more` posts of the thread are stored and left
    out; `earlier` newest first. `feedback`: what each person says of the verdict that is shown.
    """

    conversation: Conversation
    shown: Listed
    author: Author | None
    asks: tuple[Ask, ...]
    thread: tuple[Spoken, ...]
    more: int
    decisions: tuple[Taken, ...]
    publications: tuple[Publication, ...]
    earlier: tuple[Listed, ...]
    undo: Undoable | None = None
    steps: tuple[Asked, ...] = ()
    feedback: Mapping[str, str] = field(default_factory=dict)


class Shelf(Protocol):
    """What the page needs of the store."""

    @property
    def changes(self) -> int:
        """Grows whenever what is listed may have changed; committed when it does."""
        ...

    async def listing(self, wanted: Wanted, *, now: datetime) -> Listing:
        """One page, the most urgent and longest waiting first (closed ones: newest first)."""
        ...

    async def running_incidents(self) -> tuple[Incident, ...]: ...

    async def incident_state(self, uid: str) -> DigestState | None:
        """What the card of an incident shows, with who would get the answer for all; None: there is none."""
        ...

    async def listing_tallies(self, brand: str, person: str | None, *, now: datetime) -> Tallies: ...

    async def whole(self, conversation: int) -> Whole | None:
        """One conversation; None when there is no such one."""
        ...

    async def status(self, *, now: datetime) -> Status: ...

    async def verdict(self, mention_id: str) -> StoredVerdict | None:
        """The newest verdict of a mention, by its id or the post's address."""
        ...

    async def rule_counts(self, *, now: datetime, since: datetime | None = None) -> tuple[RuleCount, ...]:
        """What became of our mentions that each rule fired for; silenced rules too."""
        ...

    async def silences(self, *, now: datetime) -> tuple[Silence, ...]:
        """The silences that stand, by rule."""
        ...

    async def use_login(self, nonce: str, person: str, *, now: datetime) -> bool:
        """Note that a one-time link was used; False when it had been before."""
        ...
