"""What people order by a command (`/silence rule NAME 8h why`), as values, and what that needs of the store.

No SQL, no chat, no wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.pausing import PublishingSwitch

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.model import Cursor
    from bot.oncall import Cover
    from bot.pausing import Paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A rule that counts for nothing until then; who wants it so, and why."""

    rule: str
    until: datetime
    person: str
    reason: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An author's account on a platform."""

    platform: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command by a known person. `order_id` is unique in its feed: the same twice is carried out once."""

    order_id: str
    feed: str
    channel: str
    person: str
    verb: str
    argument: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What a command does: it `begins` a silence, or `ends` that of a rule; stops publishing, or lets it go
    on; says that two accounts are one person's, or that one is nobody else's; that an account gets no
    answers, or may again; that somebody covers for whoever is on call, or not any more. Or it only tells
    something.

    `is_kept`: the reply stands in the audit row, to be said again should the command come again.
    """

    outcome: str
    reply: str
    begins: Silence | None = None
    ends: str | None = None
    is_kept: bool = True
    pauses: Paused | None = None
    resumes: bool = False
    links: tuple[Account, Account] | None = None
    unlinks: Account | None = None
    blocks: Account | None = None
    unblocks: Account | None = None
    covers: Cover | None = None
    uncovers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInUse:
    """The rules that judge just now. `problem`: why newer ones were not taken over; empty if they were."""

    version: str
    names: tuple[str, ...]
    since: datetime
    problem: str = ""


class OrderBook(PublishingSwitch, Protocol):
    """The store, for commands."""

    async def order(
        self,
        order: Order,
        carry_out: Callable[[tuple[Silence, ...]], Ordered],
        *,
        cursor: Cursor | None,
        now: datetime,
    ) -> tuple[Ordered, tuple[Silence, ...]]:
        """Carry out a command atomically: silence, audit row, feed cursor; and the silences that stand then.

        `carry_out` is pure and gets those that stand before. The same order again changes nothing: its
        outcome is `repeated`, and its reply is said again.
        """
        ...

    async def author(self, platform: str, name: str) -> Account | None:
        """The account of this id or handle; None: nobody (or more than one) is known by it."""
        ...

    async def covers(self, *, now: datetime) -> tuple[Cover, ...]:
        """Those that run or are to come, and that nobody ended."""
        ...

    async def silences(self, *, now: datetime) -> tuple[Silence, ...]:
        """Those that neither ran out nor were ended, by rule."""
        ...
