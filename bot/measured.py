"""What is known of a mention beyond its words: its author, reactions, the author's history, counters.

Frozen values that stand in the facts, so that a verdict can be reproduced. Knows no table and no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

PRESENT = 0.5
"""A probability at or above it counts as present (`question: true` in the rule language)."""
REMEMBERED = timedelta(days=90)
"""How far back the history of an author is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A measured property of the text; `value` None is unknown. `evidence`: (word, weight) that moved it."""

    value: float | None
    evidence: tuple[tuple[str, float], ...] = ()

    @property
    def is_present(self) -> bool:
        return self.value is not None and self.value >= PRESENT


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorFacts:
    """What is known of an author at the time of a post; None is unknown. `age`: of the account."""

    handle: str | None = None
    name: str | None = None
    bio: str | None = None
    followers: int | None = None
    following: int | None = None
    age: timedelta | None = None
    verified: bool | None = None

    @property
    def is_known(self) -> bool:
        """Whether more is known than the handle that every post carries."""
        known = (self.name, self.bio, self.followers, self.following, self.age, self.verified)
        return any(each is not None for each in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """How many reacted to a post; None is unknown, not zero."""

    likes: int | None = None
    shares: int | None = None
    replies: int | None = None
    views: int | None = None
    replies_per_hour: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """This author with this brand before the mention, newest first: how long before it each thing was.

    `messages` are their earlier mentions, `unanswered` their asks that nobody has answered, `last_reply` the
    brand's last answer to them (None: there was none).
    """

    messages: tuple[timedelta, ...] = ()
    unanswered: tuple[timedelta, ...] = ()
    last_reply: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a counter stood at with a mention; `usual` is what a spike is compared with (None: not known)."""

    now: int
    usual: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time that a rule counts in. `against`: how far back its usual is looked for (a spike)."""

    name: str
    length: timedelta
    against: timedelta | None = None

    @property
    def reaches(self) -> timedelta:
        """How far back it looks."""
        return self.length if self.against is None else self.against + max(self.length, HOUR)


HOUR = timedelta(hours=1)
"""What is usual is told by a whole hour of each day or week before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One counter as one mention meets it.

    `counts`: the mention is one of those that are counted, in `group` and as `value` (None: each for itself).
    """

    counter: str
    group: str
    windows: tuple[Window, ...]
    counts: bool
    value: str | None = None
