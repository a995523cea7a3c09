"""What every writing function gets: its unit's connection, the time, how long we lease, and what changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.escalation import Escalation
from bot.incidents import NONE, Incidents, Turn
from bot.model import Cursor
from bot.noise import NO_LIMITS, Noise
from bot.records import CardState
from bot.stages import Reached
from bot.store.rows import micros, micros_or_none
from bot.targets import ROUND_THE_CLOCK, Targets


class Standing:
    """Which conversations changed last, and to which version: whether a card in hand shows what is true.

    Units note what they change while they run, so a card is doubted a moment early and never a moment late.
    One thread writes; any may ask. What is not remembered any more is doubted too.
    """

    def __init__(self, *, size: int = 10_000) -> None:
        self._size = size
        self._versions: dict[int, int | None] = {}

    def changed(self, conversation: int, version: int | None) -> None:
        """`version` None: the cards changed without a new version."""
        self._versions.pop(conversation, None)
        self._versions[conversation] = version
        if len(self._versions) > self._size:
            del self._versions[next(iter(self._versions))]

    def forget(self) -> None:
        """Every card may show something else now."""
        self._versions.clear()

    def shows(self, card: CardState) -> bool:
        return self._versions.get(card.conversation.id) == card.conversation.version


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    conn: sqlite3.Connection
    now: datetime
    lease_for: timedelta
    standing: Standing
    targets: Targets = ROUND_THE_CLOCK
    noise: Noise = NO_LIMITS
    escalation: Escalation | None = None
    """Who is asked when nobody answers; None: nobody is."""
    incidents: Incidents = NONE
    touched: set[int] = field(default_factory=set)
    """Conversations whose cards would show something else after this unit."""
    reached: list[Reached] = field(default_factory=list)
    """What asks came to for the first time by this unit, for the metrics."""
    turns: list[Turn] = field(default_factory=list)
    """Incidents that began or ended by this unit, for the log."""

    @property
    def at(self) -> int:
        """Now, as it stands in a row."""
        return micros(self.now)

    @property
    def leased_until(self) -> int:
        return micros(self.now + self.lease_for)


def save_cursor(
    conn: sqlite3.Connection, name: str, kind: str, cursor: Cursor | None, *, at: datetime | None
) -> None:
    """`kind` is "source" or "feed". A cursor of None leaves the position where it was."""
    if cursor is not None:
        conn.execute(
            "INSERT INTO cursors (name, kind, cursor, updated_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor,"
            " updated_at = COALESCE(excluded.updated_at, cursors.updated_at)",
            (name, kind, cursor, micros_or_none(at)),
        )
