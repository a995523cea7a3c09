"""How far the site has been read, as text that is stored. Pure.

The index finds items some time after they were written. So reading begins again a margin before the newest
item that was read, and the position names what was found in that margin: nothing is lost and nothing comes
twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.model import Cursor

if TYPE_CHECKING:
    from datetime import datetime

_TEXT = re.compile(r"v1:([0-9]{1,11}):((?:[0-9A-Za-z_-]+@[0-9]{1,11},)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Everything before `since` (seconds since 1970) was read, and of what came later `found`.

    `found`: id → when it was written, of what was wanted.
    """

    since: int
    found: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """Raises: ValueError for text that no version of this file has written."""
        match = _TEXT.fullmatch(cursor)
        if not match:
            raise ValueError("not a Hacker News cursor")
        named = (one.partition("@") for one in match[2].split(",") if one)
        return cls(since=int(match[1]), found={name: int(when) for name, _, when in named})

    @property
    def text(self) -> Cursor:
        return Cursor(f"v1:{self.since}:{''.join(f'{name}@{when},' for name, when in self.found.items())}")

    def moved(self, newest: int, found: Mapping[str, int], margin: int) -> Position:
        """Where reading stands when `newest` was the last item and `found` was given out; never backwards."""
        since = max(self.since, newest - margin)
        every = {**self.found, **found}
        return Position(since=since, found={name: when for name, when in every.items() if when >= since})


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time; the search knows everything since 2006."""
    return Position(since=max(0, int(when.timestamp()))).text
