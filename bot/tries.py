"""One try at an approved reply, and how it ended: values. What is tried when is `bot.publishing`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.model import Post
from bot.replies import Outgoing, Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A reply that this process may try now, until its lease runs out. `fence` as in `bot.records.Leased`.

    `may_be_there`: an earlier try began and nobody knows how it ended. `leaves`: it is to be taken back.
    `corrects`: what stands in public and is to say this instead. `since`: what happened in the conversation
    since the draft was made, as reasons to leave it. `is_automatic`: nobody approved it, a rule did.
    """

    id: int
    fence: int
    attempt: int
    outgoing: Outgoing
    approved_by: str
    until: datetime
    may_be_there: bool = False
    leaves: str = ""
    """The id of the post to be taken back; empty: none."""
    corrects: Published | None = None
    since: tuple[str, ...] = ()
    is_automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Went:
    """It stands in public."""

    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """It is no longer public."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Not now, and surely not there yet. `is_try`: the platform was asked."""

    until: datetime
    reason: str
    is_try: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Surely not published, and it never will be."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Something happened before it went out: a person decides anew."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Published or not? Looked for again at `look_at`; None: a person must look."""

    reason: str
    look_at: datetime | None


End: TypeAlias = Went | Left | Wait | Failed | Withheld | Unsure


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How a try ended. `post`: our own post as a source would bring it, where it stands in public."""

    taken: Taken
    end: End
    started_at: datetime
    ended_at: datetime
    post: Post | None = None
