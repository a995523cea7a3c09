"""Where reading stands in an account's notifications, as text that is stored. Pure.

The list is sorted by a time that is not always that of the arrival: it is what the author's own clock said,
where that is earlier (packages/bsky, `sortAt`). So what comes late may stand below what was read before; each
reading goes back by a margin, and what was read in it is remembered, by short names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.model import Cursor

MARGIN = timedelta(hours=1)
NAMED_AT_MOST = 500
_TEXT = re.compile(r"v1:([0-9]{1,15}):((?:[0-9a-f]{16}@[0-9]{1,15},)*)")
_MARGIN_MS = MARGIN // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Everything before `since` was read, and of what is younger `found`: names and times, in ms."""

    since: int
    found: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """Raises: ValueError for text that no version of this file has written."""
        match = _TEXT.fullmatch(cursor)
        if not match:
            raise ValueError("not a position in notifications")
        named = (one.partition("@") for one in match[2].split(",") if one)
        return cls(since=int(match[1]), found={name: int(at) for name, _, at in named})

    @property
    def text(self) -> Cursor:
        return Cursor(f"v1:{self.since}:{''.join(f'{name}@{at},' for name, at in self.found.items())}")

    @property
    def since_at(self) -> datetime:
        return datetime.fromtimestamp(self.since / 1000, UTC)

    def has(self, uri: str, at: int) -> bool:
        """Whether it was read."""
        return at < self.since or name_of(uri) in self.found

    def moved(self, read: Iterable[tuple[str, int]]) -> Position:
        """Where reading stands when these were read too; never backwards."""
        every = {**self.found, **{name_of(uri): at for uri, at in read}}
        times = sorted(every.values(), reverse=True)
        since = max(self.since, times[0] - _MARGIN_MS) if times else self.since
        if len(times) > NAMED_AT_MOST:
            since = max(since, times[NAMED_AT_MOST] + 1)
        return Position(since=since, found={name: at for name, at in every.items() if at >= since})


def name_of(uri: str) -> str:
    return hashlib.blake2b(uri.encode(), digest_size=8).hexdigest()


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time, as far back as the platform keeps notifications."""
    return Position(since=millis(when)).text
