"""Where reading stands in an account's direct messages, as text that is stored. Pure.

The service's log has a cursor of its own; when that is no longer known there, the conversations are read from
a time on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.model import Cursor
from connectors.bluesky.inbox_position import millis

_TEXT = re.compile(r"v1:([0-9]{1,15}):(\S{0,500})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Everything up to `since` (ms) was read, and of the log everything up to `rev`; empty: none of it."""

    since: int
    rev: str = ""

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """Raises: ValueError for text that no version of this file has written."""
        match = _TEXT.fullmatch(cursor)
        if not match:
            raise ValueError("not a position in direct messages")
        return cls(since=int(match[1]), rev=match[2])

    @property
    def text(self) -> Cursor:
        return Cursor(f"v1:{self.since}:{self.rev}")

    @property
    def since_at(self) -> datetime:
        return datetime.fromtimestamp(self.since / 1000, UTC)


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time."""
    return Position(since=max(0, millis(when) - 1)).text
