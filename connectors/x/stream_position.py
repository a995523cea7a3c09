"""Where a stream of X stands, as text that is stored. Pure.

Posts do not come in the order of their ids, and late by some seconds
(https://docs.x.com/x-api/fundamentals/consuming-streaming-data): so a position goes back by a margin, and
what was told of it is remembered, the newest of it also in the text. It begins like a position in a list, so
that the search can go on from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.model import Cursor
from connectors.x.ids import cursor, first_id, last_of, moment

if TYPE_CHECKING:
    from collections.abc import Iterable

MARGIN = timedelta(seconds=30)
NAMED_AT_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Everything up to `since` was told, and of what is younger, `told`."""

    since: int
    told: frozenset[int] = frozenset()

    @classmethod
    def of(cls, text: Cursor) -> Position:
        """Raises: ValueError for text that no version of this file has written."""
        names = text.split(":")[2:]
        told = frozenset(int(one) for one in names[0].split(",") if one) if names else frozenset()
        return cls(since=last_of(text), told=told)

    @property
    def text(self) -> Cursor:
        names = "".join(f"{one}," for one in sorted(self.told)[-NAMED_AT_MOST:])
        return Cursor(f"{cursor(self.since)}:{names}") if names else cursor(self.since)

    def telling(self, ids: Iterable[int]) -> Position:
        """These were told too; the hole before them is not filled yet."""
        return Position(since=self.since, told=self.told | {one for one in ids if one > self.since})

    def filled(self, to: int) -> Position:
        """Everything up to there was told."""
        since = max(self.since, to)
        return Position(since=since, told=frozenset(one for one in self.told if one > since))

    def settled(self) -> Position:
        """As far as nothing comes late any more."""
        if not self.told:
            return self
        return self.filled(first_id(moment(max(self.told)) - MARGIN) - 1)
