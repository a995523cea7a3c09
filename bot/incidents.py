"""When many alerts are one incident, and what is told of it. Pure.

Knows how many mentions by how many authors, within which time, are more than a chat should hear of one by
one. It knows no store, no card and no platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.expenses import Money
from bot.model import Post

LOOK_EVERY = timedelta(seconds=15)
"""A card changes no more often, however much comes: four times a minute of what a Telegram group takes."""
LOOK_AFTER_END = timedelta(minutes=1)
LOOK_FOR = timedelta(hours=24)
"""So long after its end the card says what has become of those who still waited."""
LATELY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """`at_least` alerting mentions of one brand and route by `authors` different people `within` that time
    begin an incident; it ends as soon as fewer than `at_least` came in `ends_after`. `routes`: none: each.
    """

    at_least: int = 15
    within: timedelta = timedelta(minutes=5)
    authors: int = 5
    ends_after: timedelta = timedelta(minutes=15)
    routes: tuple[str, ...] = ()
    is_off: bool = False

    def watches(self, route: str) -> bool:
        return not self.is_off and (not self.routes or route in self.routes)

    def begins(self, *, mentions: int, authors: int) -> bool:
        """By what came `within` the time."""
        return mentions >= self.at_least and authors >= self.authors

    def is_over(self, *, mentions: int) -> bool:
        """By what came in `ends_after`."""
        return mentions < self.at_least


USUAL = Incidents()
NONE = Incidents(is_off=True)


def next_look(now: datetime, *, ended_at: datetime | None, waits: bool) -> datetime | None:
    """When to look again at what a card says; None: what it says now stays true. `waits`: somebody of it
    still waits for an answer.
    """
    if ended_at is None:
        return now + LOOK_EVERY
    is_fresh = now - ended_at < LOOK_FOR
    return now + LOOK_AFTER_END if waits and is_fresh else None


class AnswerState(StrEnum):
    """`PREPARED`: there is a draft for each person; `APPROVED`: they go out; `REPLACED` by another text."""

    OPEN = "open"
    PREPARED = "prepared"
    APPROVED = "approved"
    STOPPED = "stopped"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAnswer:
    """One text for all who wait, with its `{fields}`. `to` could be answered by it, `drafts` wait for
    approval; of what was approved, so many are `published`, still `under_way`, or came to nothing
    (`refused`). `is_preparing`: there will be more drafts.
    """

    id: int
    text: str
    state: AnswerState
    person: str
    to: int = 0
    drafts: int = 0
    published: int = 0
    under_way: int = 0
    refused: int = 0
    is_preparing: bool = False

    @property
    def whole(self) -> int:
        """How many were approved."""
        return self.published + self.under_way + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An incident has begun, or is over: what it is made of by then, and how long since its first post."""

    uid: str
    brand: str
    route: str
    posts: int
    authors: int
    lasted: timedelta
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who would get the answer for all, by the post that it would go to; `draft`: what was prepared for
    them (empty: nothing yet).
    """

    mention_id: str
    post: Post
    brand: str
    name: str | None = None
    handle: str | None = None
    draft: str = ""
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Who would get the answer for all as it stands, and by platform how many would not, and why."""

    to: tuple[Addressee, ...] = ()
    left: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformPreview:
    """What would come of it on one platform: it would go `to` so many people, for some of whom it is
    `too_long` (`over`: by so much at most); `left` are left out, by why.
    """

    platform: str
    to: int = 0
    too_long: int = 0
    over: int = 0
    price: Money | None = None
    left: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as it stands. `lately` came within a minute before the last look; `conversations` by state;
    `platforms`: how many posts each, most first. `first`, `urgent`, `waiting` name mentions: those that came
    first, those of the rest that matter most, and (once it has ended) those who still wait, first who is due.
    `answer`: what is to be said to all of them; `offered`: what a rule prepared for most. `outlook` is read
    where what would come of it matters, `preview` worked out of it.
    """

    uid: str
    brand: str
    route: str
    begun_at: datetime
    ended_at: datetime | None
    posts: int
    authors: int
    lately: int
    critical: int
    platforms: Mapping[str, int] = field(default_factory=dict)
    conversations: Mapping[str, int] = field(default_factory=dict)
    first: tuple[str, ...] = ()
    urgent: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    answer: SharedAnswer | None = None
    offered: str = ""
    outlook: Outlook | None = None
    preview: tuple[PlatformPreview, ...] = ()

    @property
    def answered(self) -> int:
        return self.conversations.get("answered", 0)

    @property
    def to(self) -> int:
        """To how many the answer for all could go, by platform where that is known."""
        if self.preview:
            return sum(one.to for one in self.preview)
        return self.answer.to if self.answer else 0

    @property
    def open(self) -> int:
        """Conversations in which nobody has answered yet, nor said that nobody need."""
        return sum(self.conversations.get(state, 0) for state in ("open", "claimed", "snoozed"))
