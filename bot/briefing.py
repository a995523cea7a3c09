"""What somebody is told who comes back, or who takes over, as values; and what that needs of the store.

No SQL, no chat, no wording. A briefing that is to go out by itself is an effect whose payload says for whom
it is (`Due`): what it tells is read when it goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.overview import Rows

if TYPE_CHECKING:
    from bot.incidents import Incident
    from bot.model import Gap
    from bot.oncall import Cover
    from bot.orders import Silence
    from bot.overview import Sent
    from bot.pausing import Paused

BRIEFING = "briefing"
"""Key of the payload of a notice that is one; what stands there is a `Due`."""
INSTEAD = "instead"
"""Key of the payload that names the channel to try next, should this one refuse."""
NO_ROWS = Rows(rows=(), count=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A briefing that is to go out: to `person`, who begins, of what was since `away_since` (None: since they
    last did anything).

    `rotation`: what they begin with, by its `routes`; `before`: who hands it over, on call since `since`.
    `is_summary`: it is for everybody who reads the channel, and tells of that alone. `until`: after that it
    is of no use.
    """

    person: str
    until: datetime
    away_since: datetime | None = None
    since: datetime | None = None
    rotation: str | None = None
    before: str | None = None
    routes: tuple[str, ...] = ()
    is_summary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of the mentions are about something, or on a platform; `usual`: in as long a time of the weeks
    before, None: we were not there.
    """

    name: str
    count: int
    usual: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """An incident that runs, or ended in that time, and the cards of it that staff has, the newest first."""

    incident: Incident
    cards: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What staff must know before it does anything: what came in a burst (those that run first), was not
    heard, is not alerted, is not published.
    """

    bursts: tuple[Burst, ...] = ()
    more_bursts: int = 0
    gaps: tuple[Gap, ...] = ()
    more_gaps: int = 0
    silences: tuple[Silence, ...] = ()
    paused: Paused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What happened since, in the order in which it is to be read.

    `mine`: what this person has, who waits longest first; `urgent`: what is critical or high and somebody
    else's or nobody's; `missed`: promises that were not kept in that time, those still open first;
    `handled`: answers by who had the conversation (None: nobody). Of `mentions` those by topic and platform.
    """

    person: str
    since: datetime
    mine: Rows = NO_ROWS
    urgent: Rows = NO_ROWS
    running: Running = Running()
    missed: Rows = NO_ROWS
    still_missed: int = 0
    handled: Mapping[str | None, int] = field(default_factory=dict)
    mentions: Share = Share(name="", count=0)
    topics: tuple[Share, ...] = ()
    platforms: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a rotation is handed over: what is open (`critical`, `overdue`: of those), what whoever had it has
    claimed and nobody answered, what sleeps; and how it went in their time.
    """

    open: int = 0
    critical: int = 0
    overdue: int = 0
    claimed: Rows = NO_ROWS
    snoozed: int = 0
    wakes_at: datetime | None = None
    alerts: int = 0
    answered: int = 0
    missed: int = 0
    running: Running = Running()


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefingState:
    """What a briefing says when it goes out; `summary` where somebody takes over, `briefing` for a person."""

    due: Due
    summary: Summary | None = None
    briefing: Briefing | None = None


def is_direct(channel: str) -> bool:
    """Whether one person alone reads it: no channel of a configuration is called so."""
    return channel.partition(":")[2].startswith("@")


class Briefings(Protocol):
    """The store, for whoever comes back. Rivals are left out, and what rules ignore."""

    async def brief(self, person: str, since: datetime, *, now: datetime) -> Briefing: ...

    async def last_act(self, person: str) -> datetime | None:
        """When this person last decided anything; None: never."""
        ...

    async def covers(self, *, now: datetime) -> tuple[Cover, ...]:
        """As `bot.orders.OrderBook.covers`; those that were over by now, with an earlier time."""
        ...
