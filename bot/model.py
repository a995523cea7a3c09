"""The words of docs/glossary.md as frozen values.

It knows what a post, a mention, a verdict, a card are. It knows no platform, no table and no clock, and
does no I/O. Times are aware UTC and end in `_at`; durations are `timedelta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import NewType, TypeAlias

from bot.measured import AuthorFacts as AuthorFacts  # noqa: PLC0414 - plug-ins know both by this module
from bot.measured import Counted, Engagement, History
from bot.measured import Signal as Signal  # noqa: PLC0414
from bot.silenced import Silenced

Cursor = NewType("Cursor", str)
"""Opaque text: only the connector that made it can read it."""


def check_aware(**times: datetime | None) -> None:
    """Raise ValueError for a time without a zone: a naive time is a bug that shows up months later."""
    for name, at in times.items():
        if at is not None and at.tzinfo is None:
            raise ValueError(f"{name} must be an aware datetime")


class Urgency(IntEnum):
    """How soon a mention needs a person; ordered."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Kind(StrEnum):
    """How a post concerns a brand (per mention, not per post)."""

    MENTION = "mention"
    REPLY = "reply"
    QUOTE = "quote"
    DM = "dm"
    REVIEW = "review"
    COMMENT = "comment"
    POST = "post"


ADDRESSED = frozenset({Kind.MENTION, Kind.REPLY, Kind.QUOTE, Kind.DM, Kind.REVIEW})
"""Kinds in which somebody speaks *to* the brand, not only about it."""


class Alert(StrEnum):
    """How loud an urgency is: ping (a sound, and the route's people named), message, hourly digest, none."""

    PING = "ping"
    MESSAGE = "message"
    DIGEST = "digest"
    NONE = "none"


class ConversationState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    SNOOZED = "snoozed"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


# --- what platforms say -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRef:
    """A pointer to a post; `revision` is the platform's content version (Bluesky: the CID)."""

    id: str
    author_id: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Something somebody published. Unique by (platform, id).

    `posted_at` is the platform's time, never later than `seen_at`. `mentions` are the account ids that the
    platform marked as mentioned (facets), `quoted` the post it quotes, `root` the first post of its thread
    (None: it is itself the root). `revised_at` is when this very text was written, by the platform's clock:
    it tells which of two edits is the newer one, whatever our clock did in between (None: as `seen_at`).
    `media` are the kinds of what is attached ("image", "video", "audio", "link"; None: the platform does not
    tell), `rating` the stars of a review; `is_private`: only those whom it names can read it, so that it is a
    direct message. These three are frozen in the facts and stand in no row of their own.
    """

    platform: str
    id: str
    author_id: str
    text: str
    posted_at: datetime
    seen_at: datetime
    author_handle: str | None = None
    title: str = ""
    alts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    parent: PostRef | None = None
    root: PostRef | None = None
    quoted: PostRef | None = None
    revision: str | None = None
    url: str | None = None
    is_edit: bool = False
    revised_at: datetime | None = None
    media: tuple[str, ...] | None = None
    rating: float | None = None
    is_private: bool = False

    def __post_init__(self) -> None:
        check_aware(posted_at=self.posted_at, seen_at=self.seen_at, revised_at=self.revised_at)

    @property
    def root_id(self) -> str:
        return self.root.id if self.root else self.id

    @property
    def refs(self) -> tuple[str, ...]:
        """The ids of the posts that this one is, answers or quotes, and of the accounts it speaks to."""
        related = [ref for ref in (self.parent, self.root, self.quoted) if ref]
        posts = (ref.id for ref in related)
        accounts = (ref.author_id for ref in related if ref.author_id)
        return tuple(dict.fromkeys((self.id, *posts, *accounts, *self.mentions)))

    @property
    def searchable(self) -> str:
        """All the text that words are looked for in: title, body, alt texts, link targets."""
        return searchable(self.text, title=self.title, alts=self.alts, links=self.links)


def searchable(text: str, *, title: str = "", alts: tuple[str, ...] = (), links: tuple[str, ...] = ()) -> str:
    """One text of many; U+2029 keeps a phrase from matching across two of them."""
    return "\u2029".join(part for part in (text, title, *alts, *links) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote a post, as the platform's Lookup knows them; None is unknown, not zero."""

    platform: str
    id: str
    handle: str | None = None
    name: str | None = None
    bio: str | None = None
    followers: int | None = None
    following: int | None = None
    created_at: datetime | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A post (or, without `post_id`, everything of an author) that is gone from the platform."""

    platform: str
    author_id: str
    post_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An interval of which a source read nothing, [started_at, ended_at), on the axis of its coverage.

    `started_at` is as far as the source knows; the store knows better how far was observed before it. One of
    no length says: from `ended_at` on, and not from where the last reading stopped.
    """

    source: str
    started_at: datetime
    ended_at: datetime
    reason: str

    def __post_init__(self) -> None:
        check_aware(started_at=self.started_at, ended_at=self.ended_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a source yields. `cursor` means: resume after this batch; None leaves it where it was.

    `seen` counts the events read, `posts_seen` those that were posts (wanted or not), `undecodable` those
    that could not be decoded; each since the batch before. `gap`: what lies between the batch before and
    this one and was missed. `observed_to`: everything up to then has been read, by the platform's time of the
    newest event, never later than now; None: the platform gives its events no time to go by.
    """

    posts: tuple[Post, ...] = ()
    deleted: tuple[Deletion, ...] = ()
    cursor: Cursor | None = None
    seen: int = 0
    posts_seen: int = 0
    undecodable: int = 0
    gap: Gap | None = None
    observed_to: datetime | None = None

    def __post_init__(self) -> None:
        check_aware(observed_to=self.observed_to)


# --- what concerns whom -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A brand's identity on a platform. `id` is None until the handle is resolved."""

    brand: str
    platform: str
    handle: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    name: str
    words: tuple[str, ...]
    accounts: tuple[Account, ...] = ()
    is_rival: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a post's searchable text, [start, end) in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A post that concerns a brand. Exists once per (post, brand)."""

    post: Post
    brand: str
    kind: Kind
    spans: tuple[Span, ...] = ()

    @property
    def is_addressed(self) -> bool:
        return self.kind in ADDRESSED


# --- what the rules say -------------------------------------------------------------------------


Measured: TypeAlias = tuple[str | None, Mapping[str, Signal]]
"""The language of a text (None: it cannot be told) and its signals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a rule may read, frozen before rules run, and enough to judge again.

    `text` is the mention's searchable text. `lang` is None when it cannot be told. `age` is how old the
    author's account was when they posted, `at` when that was. `speaks_to_us`: to our own brand, or names it
    (not a rival). `tier`, `known`, `staff` and `spoken` (their language) are what the list of customers says
    of the author; `known` is None without such a list. `media` names what is attached ("image", "video").
    `is_reply`: it answers a post; `we_spoke`: the brand did so in this thread before; `waiting`: how long the
    open ask of its conversation has waited. `counters`: by the name of a window (rules.counters).
    `silenced`: rules that people had silenced just then, and until when; `silences`: what else was silenced
    and is about this mention, or about a route that it may take.
    """

    mention_id: str
    brand: str
    platform: str
    kind: Kind
    text: str
    speaks_to_us: bool = False
    lang: str | None = None
    handle: str | None = None
    name: str | None = None
    bio: str | None = None
    followers: int | None = None
    following: int | None = None
    age: timedelta | None = None
    verified: bool | None = None
    parent_text: str | None = None
    signals: Mapping[str, Signal] = field(default_factory=dict)
    author_id: str | None = None
    at: datetime | None = None
    tier: str | None = None
    known: bool | None = None
    staff: bool | None = None
    spoken: str | None = None
    links: int | None = None
    media: tuple[str, ...] | None = None
    rating: float | None = None
    engagement: Engagement | None = None
    history: History | None = None
    is_reply: bool | None = None
    we_spoke: bool | None = None
    waiting: timedelta | None = None
    counters: Mapping[str, Counted] = field(default_factory=dict)
    silenced: Mapping[str, datetime] = field(default_factory=dict)
    silences: tuple[Silenced, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A rule that fired: its points, what it set, and the evidence in the text.

    `probation`: it is only tried out; its points count for nothing.
    """

    rule: str
    points: int
    why: str
    location: str
    evidence: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    probation: bool = False


NO_DRAFT = "none"
"""The name of a draft that forbids any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rules say of a mention, and the trace that explains it.

    `is_routed`: a fired rule or the persona named the route (False: it is only the default). `cc`: the routes
    that get a copy. `draft`: the name of the prepared answer, NO_DRAFT where a rule forbids one;
    `draft_text`: its words in the set that judged, the fields not filled in. `held_by`: the silences (by
    their keys) without which staff would hear more of it.
    """

    mention_id: str
    rules_version: str
    engine_version: str
    urgency: Urgency
    ignored: bool
    score: int
    persona: str | None
    route: str
    is_routed: bool = False
    tags: tuple[str, ...]
    respond_in: timedelta | None
    alert: Alert
    fired: tuple[Fired, ...] = ()
    notes: tuple[str, ...] = ()
    signals: Mapping[str, Signal] = field(default_factory=dict)
    cc: tuple[str, ...] = ()
    draft: str | None = None
    draft_text: str | None = None
    held_by: tuple[str, ...] = ()
