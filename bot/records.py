"""What goes into the store and what comes out of it, as frozen values.

Rows become these inside `bot.store`; nothing outside ever sees a row, a session or SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.counting import Event
from bot.escalation import Asked
from bot.incidents import Incident
from bot.model import (
    Alert,
    Author,
    ConversationState,
    Cursor,
    Deletion,
    Facts,
    Gap,
    Mention,
    Post,
    Urgency,
    Verdict,
)
from bot.noise import Withheld
from bot.overrides import NO_MEMORY, NO_OVERRIDE, Memory, Override, Undoable
from bot.payload import GROUP, INCIDENT, PAGER, RINGS
from bot.replies import NO_MEANS, Acknowledgement, Draft, Means, Reply
from bot.staff import Receipt
from bot.targets import Due
from bot.wishes import Effect, Route

# --- in: what a batch becomes -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A post by one of a brand's own accounts: it may end the ask of the author it answers."""

    post: Post
    brand: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A mention with everything that its transaction writes.

    `asks`: the mention asks for an answer (starts an ask if none is open). `routes` are those by which staff
    hears of it: the verdict's own first, then those that get a copy, no two to the same channel; none:
    nobody hears of it. `is_late`: it was too old at receipt to ring by itself and goes onto the catch-up card
    (a critical one that asks rings as well, once the source has caught up). `counted`: where it counts.
    `acknowledge`: what is said to its author at once, unless the store knows better. `held_by`: the silences
    that keep staff from hearing (more) of it, by their keys.
    """

    mention_id: str
    mention: Mention
    author: Author | None
    facts: Facts
    verdict: Verdict
    asks: bool
    due: Due
    routes: tuple[Route, ...]
    parent: Post | None = None
    is_late: bool = False
    counted: tuple[Event, ...] = ()
    acknowledge: Acknowledgement | None = None
    held_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A mention that was judged, as far as counters look at it."""

    platform: str
    post_id: str
    posted_at: datetime
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One batch, sorted and judged: written in one transaction, cursor and coverage included, or not at all.

    `caught_up`: with this batch the source has caught up, so that what waited for that may go.
    """

    source: str
    items: tuple[Answer | Judged, ...] = ()
    deleted: tuple[Deletion, ...] = ()
    cursor: Cursor | None = None
    gap: Gap | None = None
    observed_to: datetime | None = None
    caught_up: bool = False


LEASE_FOR = timedelta(seconds=60)
"""How long an effect is ours: longer than a commit that waits for a lock, a turn and a delivery together."""
TAKEN = "taken"
"""Why a message does not ring again: somebody has what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """An effect that this process may try now, until the lease runs out.

    `fence` grows with every lease: a settlement with an old one is ignored. `attempt` counts from 1.
    `written_at` is when the effect was wished for; its `due_at` moves with every retry. `receipt` is the
    platform's reference of the message that an update edits (None: not delivered yet). `card`: what there
    was to show when it was written, if the store knew; whether it still is so, the store must say.
    """

    id: int
    effect: Effect
    attempt: int
    fence: int
    written_at: datetime
    receipt: Receipt | None = None
    card: CardState | None = None

    @property
    def rings(self) -> int:
        """How often its message goes out to the same channel with this, as nobody took it so far."""
        rings = self.effect.payload.get(RINGS, 1)
        return rings if isinstance(rings, int) else 1

    @property
    def is_group(self) -> bool:
        """Whether it is the card of several alerts that belong together, not the digest of an hour."""
        return bool(self.effect.payload.get(GROUP))

    @property
    def is_page(self) -> bool:
        """Whether it is a copy for somebody's pager: the card itself has a channel of its own."""
        return PAGER in self.effect.payload

    @property
    def is_of_many(self) -> bool:
        """Whether its card shows several conversations and is kept up to date."""
        return self.is_group or INCIDENT in self.effect.payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a transaction changed: mention ids that are new, duplicates skipped, effects leased to us.

    `gaps` are those that it left in the source's coverage. `waits`: an alert was written that is due soon.
    `acknowledged`: mention ids to whose authors something is to be said at once.
    """

    stored: tuple[str, ...] = ()
    duplicates: int = 0
    answered: int = 0
    leased: tuple[Leased, ...] = ()
    gaps: tuple[Gap, ...] = ()
    waits: bool = False
    acknowledged: tuple[str, ...] = ()


# --- in: how a delivery ended -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """`again_at`: when the message rings again, unless somebody has taken what it is about by then."""

    receipt: Receipt
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """It will never work. `fallback` is the channel that gets it instead (in the same transaction)."""

    reason: str
    fallback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A gate said not yet; this is no attempt."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A gate said never."""

    reason: str


Outcome = Sent | RetryAt | Dead | Held | Dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    leased: Leased
    outcome: Outcome
    started_at: datetime
    ended_at: datetime


# --- out: what a card shows, and a decision starts from ------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    id: int
    started_at: datetime
    due_at: datetime | None
    calendar_due_at: datetime | None = None
    answered_at: datetime | None = None
    outcome: str | None = None


CLOSED = frozenset({ConversationState.ANSWERED, ConversationState.DISMISSED})
"""Nobody waits for us any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    id: int
    brand: str
    platform: str
    root_id: str
    author_id: str
    state: ConversationState
    version: int
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    override: Override = NO_OVERRIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class CardState:
    """Everything a card may show of a mention, as it stands now.

    `messages` counts this author's mentions in the conversation. `post_deleted` is set once the author took
    the post back. `undo`: the last decision, as long as what it changed still stands. `draft` waits for
    approval, `reply` is the newest that was approved, `standing` the newest that is public; `means`: how it
    can be answered (no row tells). `acknowledged`: what was said automatically, before anybody answered.
    `asked`: who was asked for an answer, oldest first.
    """

    mention_id: str
    mention: Mention
    verdict: Verdict
    facts: Facts
    conversation: Conversation
    author: Author | None
    ask: Ask | None
    parent: Post | None = None
    messages: int = 1
    memory: Memory = NO_MEMORY
    undo: Undoable | None = None
    post_deleted: bool = False
    draft: Draft | None = None
    reply: Reply | None = None
    standing: Reply | None = None
    acknowledged: Reply | None = None
    means: Means = NO_MEANS
    asked: tuple[Asked, ...] = ()

    @property
    def name(self) -> str | None:
        """How the author is called, and the handle, as far as anybody knows."""
        return (self.author.name if self.author else None) or self.facts.name

    @property
    def handle(self) -> str | None:
        handle = self.author.handle if self.author else None
        return handle or self.mention.post.author_handle or self.facts.handle

    @property
    def urgency(self) -> Urgency:
        """As a person says, else as the rules say; likewise its loudness and the persona."""
        said = self.conversation.override.urgency
        return self.verdict.urgency if said is None else said

    @property
    def alert(self) -> Alert:
        return self.conversation.override.alert or self.verdict.alert

    @property
    def persona(self) -> str | None:
        return self.conversation.override.persona or self.verdict.persona


# --- out: reports -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    mention_id: str
    brand: str
    platform: str
    urgency: Urgency
    state: ConversationState
    ignored: bool
    author: str
    text: str
    url: str | None
    posted_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    claimed_by: str | None
    route: str
    rules: tuple[str, ...]
    is_waiting: bool = False
    """Its ask is open: somebody waits for our answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many mentions a brand has of an urgency."""

    brand: str
    urgency: Urgency
    mentions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """What one catch-up card is about: all its mentions, also those that wait for nobody any more.

    `started_at`, `ended_at`: when the oldest and the newest of them was posted.
    """

    started_at: datetime
    ended_at: datetime
    mentions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestState:
    """What a digest card tells: one hour of one route, or (`caught_up`) what was missed while we were away,
    or (`group_alert`, how loud it is) several alerts that belong together, or that were `withheld`, or an
    `incident`.

    `rows` are those of its mentions that are still open; of an incident, those that it names.
    """

    route: str
    rows: tuple[InboxRow, ...]
    caught_up: CaughtUp | None = None
    group_alert: Alert | None = None
    withheld: Withheld | None = None
    incident: Incident | None = None
