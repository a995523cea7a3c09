"""Second looks at asks that still wait: what is wanted of the store, what it finds, what comes of it.

Values and a part of `bot.storing.Store`; who looks, and when, is `bot.second_looks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from bot.measured import Engagement
from bot.model import Facts, Mention, Verdict
from bot.records import Judged, Leased


class Because(StrEnum):
    """Why an ask is looked at again; each keeps its own account of how far it has been looked at."""

    WAITING = "waiting"
    ENGAGEMENT = "engagement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Asks on these platforms that have waited for one of `moments` by `until`.

    `each`: the first moment that was not looked at, as it stood then, also of an ask that was answered later
    (replay, where time flies); else the last that has passed, of asks that are open now. `since`: begun no
    earlier.
    """

    because: Because
    moments: tuple[timedelta, ...]
    until: datetime
    platforms: frozenset[str]
    each: bool = False
    since: datetime | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An ask at one of its moments, by the message that its card shows.

    `verdict` is the newest of that message, `verdict_id` its row. `own_too`: the post concerns our own brand
    as well.
    """

    ask: int
    moment: timedelta
    looked_at: datetime
    mention: Mention
    verdict_id: int
    verdict: Verdict
    facts: Facts
    own_too: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`next_at`: when another ask will have waited long enough (None: none does)."""

    asks: tuple[Waiting, ...] = ()
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What came of a look. `judged` None: nothing to say, but this moment is past."""

    because: Because
    waiting: Waiting
    judged: Judged | None


@runtime_checkable
class Engaging(Protocol):
    """A lookup that also knows how many reacted to a post. Raises: Unavailable, Rejected (no such post)."""

    async def engagement(self, post_id: str) -> Engagement: ...


class Curious(Protocol):
    """What rules want to know beyond the post itself: a part of `bot.ports.Judge`."""

    def looks_at(self, condition: str) -> bool:
        """Whether any rule asks for that condition: what nobody asks for is not found out."""
        ...

    @property
    def waits(self) -> Sequence[timedelta]:
        """After how long an ask that still waits is to be judged again."""
        ...


class Looks(Protocol):
    """Where asks wait: a part of `bot.storing.Store`."""

    async def waiting(self, wanted: Wanted) -> Found:
        """The asks that have waited for one of the moments and were not looked at since: oldest first."""
        ...

    async def judge_again(
        self, again: Sequence[Again], *, now: datetime, lease_for: timedelta
    ) -> tuple[Leased, ...]:
        """Write what came of looks, each with how far its ask has been looked at; effects due now leased.

        A verdict that says what the one before said is not written again; one that is less urgent, or that
        ignores the mention, is left out: nothing is lowered silently. One that is more urgent alerts again.
        An ask answered before its moment, or whose message has another verdict by now, is left alone.
        """
        ...
