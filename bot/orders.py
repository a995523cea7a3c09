"""What people order by a command (`/silence rule NAME 8h why`), as values, and what that needs of the store.

No SQL, no chat, no wording.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.pausing import PublishingSwitch
from bot.silenced import Scope, key

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.model import Cursor
    from bot.oncall import Cover
    from bot.pausing import Paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A rule that counts for nothing until then, or alerts that are held back; who wants it so, and why.

    `name`: the rule, the route, the source or platform, the author as `platform:id`, or the words as a query.
    `label`: how an author is called. `criticals`: it holds what is critical too. `held`: so many mentions
    since it began.
    """

    scope: Scope = Scope.RULE
    name: str
    until: datetime
    person: str
    reason: str
    begun_at: datetime
    label: str = ""
    criticals: bool = False
    held: int = 0

    @property
    def called(self) -> str:
        return self.label or self.name

    @property
    def key(self) -> str:
        return key(self.scope, self.name)


OVER = "silence_over"
"""A notice of this key, with the silence's row, tells that it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A silence that ran out, and that held something. `id` is its row."""

    id: int
    silence: Silence


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
    """What a command does: it `begins` a silence, or `ends` one; stops publishing, or lets it go
    on; says that two accounts are one person's, or that one is nobody else's; that an account gets no
    answers, or may again; that somebody covers for whoever is on call, or not any more. Or it only tells
    something.

    `is_kept`: the reply stands in the audit row, to be said again should the command come again.
    """

    outcome: str
    reply: str
    begins: Silence | None = None
    ends: Silence | None = None
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
    routes: tuple[str, ...] = ()


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
        """Those that neither ran out nor were ended: by scope, then by name."""
        ...

    async def silences_over(self, *, since: datetime, now: datetime) -> tuple[Over, ...]:
        """Those that ran out by themselves since then, held something, and of which nobody was told yet."""
        ...
