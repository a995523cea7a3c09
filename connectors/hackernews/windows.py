"""The windows of time that a past is read in, because a query gives no more than 1,000 hits. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Gap
from connectors.hackernews.hits import NAME, at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.hackernews.hits import Hit

MOST_HITS = 1_000


class Windows:
    """The present one is [`since`, `until`), in seconds since 1970; `until` None: up to the newest item.

    `gap`: what of the present one cannot be had, be it as narrow as it may.
    """

    def __init__(self, since: int) -> None:
        self.since = since
        self.until: int | None = None
        self.gap: Gap | None = None
        self._end = self._step = 0

    def must_narrow(self, hits: Sequence[Hit], total: int, came: int) -> bool:
        """Whether `came` of `total` are too few, and a narrower window is to be asked for instead."""
        self.gap = None
        if total <= came or not hits:
            return False
        if self.until is None:
            self._end = hits[-1].created_at_i + 1
        width = (self.until or self._end) - self.since
        if width <= 1:
            begin = at(self.since)
            self.gap = Gap(source=NAME, started_at=begin, ended_at=at(self.since + 1), reason="page_overflow")
            return False
        # as wide as would hold four fifths of a page if items were spread evenly
        self._step = max(1, min(width // 2, width * MOST_HITS * 4 // (total * 5)))
        self.until = self.since + self._step
        return True

    def go_on(self) -> bool:
        """Step to the window behind this one, twice as wide; False: there is none."""
        if self.until is None:
            return False
        self.since, self._step = self.until, self._step * 2
        behind = self.since + self._step
        self.until = behind if behind < self._end else None
        return True
