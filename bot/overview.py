"""What staff asks for in chat, as values, and what that needs of the store. No SQL, no chat, no wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias, runtime_checkable

from bot.escalation import Asked
from bot.listing import Listed
from bot.model import Urgency, Verdict
from bot.noise import ChannelNoise
from bot.records import CardState
from bot.reports import StoredVerdict
from bot.stages import Summary

REPORTED = timedelta(days=7)
"""How far back stage times are told, if nothing else is asked for."""
Sent: TypeAlias = tuple[str, str]
"""A message to staff that stands: its channel, and what its receipt says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A conversation of ours that is open, and the cards of it that staff has, the newest first."""

    listed: Listed
    cards: tuple[Sent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The first of them, and how many there are."""

    rows: tuple[Row, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What came of a stretch of time, our own brands alone.

    `waits` are those of the `answers`, from the question to the answer, in order. `longest` waits since
    `waits_since`; None: nobody does. `noise`: what each channel was told.
    """

    mentions: int
    alerts: int
    waits: tuple[timedelta, ...] = ()
    longest: Row | None = None
    waits_since: datetime | None = None
    noise: tuple[ChannelNoise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Somebody who waits, since when and for how long."""

    row: Row
    since: datetime
    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """How the asks went that began from `since` on, our own brands' alone.

    `observed_to`: the end of what sources told by then. `waiting` counts all who wait now, whenever they
    asked, by urgency; `longest` are the first of them.
    """

    since: datetime
    observed_to: datetime
    whole: Summary
    by_urgency: Mapping[Urgency, Summary] = field(default_factory=dict)
    waiting: Mapping[Urgency, int] = field(default_factory=dict)
    longest: tuple[Waiting, ...] = ()


class Overview(Protocol):
    """The store, for those questions. Rivals are left out, and what rules ignore."""

    async def in_hand(self, *, person: str | None = None, limit: int) -> Rows:
        """What somebody has claimed, or this `person`; the most urgent and longest waiting first."""
        ...

    async def queue(self, *, limit: int) -> Rows:
        """What is open and not snoozed, claimed or not, in the same order."""
        ...

    async def day(self, since: datetime, *, now: datetime) -> Day: ...

    async def stage_times(self, since: datetime, *, now: datetime) -> StageTimes:
        """As `bot.reports.Reports.stage_times`."""
        ...

    async def last_act(self, person: str) -> datetime | None:
        """When this person last decided anything; None: never."""
        ...

    async def carded(self, kind: str, receipt: str) -> CardState | None:
        """What a card shows now that went to a channel of that kind; None: it is no card, or of several."""
        ...

    async def collected(self, kind: str, receipt: str, *, limit: int) -> Rows:
        """The conversations on a card of several; none: it is no such card."""
        ...

    async def verdict(self, mention_id: str) -> StoredVerdict | None:
        """As `bot.reports.Reports.verdict`."""
        ...


@runtime_checkable
class Linked(Protocol):
    """A notifier that knows where people open a message that it sent."""

    def link(self, channel: str, receipt: str) -> str | None:
        """None: nowhere (a private chat has no addresses). Pure."""
        ...


def chosen(card: CardState | None, stored: StoredVerdict | None) -> tuple[Verdict, tuple[Asked, ...]] | None:
    """The verdict that was asked for, by a card or by an id, and the steps since."""
    found = card or stored
    return (found.verdict, found.asked) if found else None
