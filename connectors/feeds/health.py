"""One feed while the program runs: when it is due, where it moved to, how it does. Told once in the log."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from yarl import URL

from bot.errors import BotError, Reason, Unavailable
from bot.refusals import place
from connectors.feeds.position import Seen, short

if TYPE_CHECKING:
    from bot.ports import Clock
    from connectors.feeds.entries import Document
    from connectors.feeds.fetching import Answer
    from connectors.feeds.position import Position

FIRST_WAIT = timedelta(seconds=15)
"""Between the first failure and the second try; doubled with each, up to `every`."""

_log = structlog.get_logger()


class Feed:
    """`key`: what the position calls it; not the address, which may hold a secret. `name`: host and path."""

    def __init__(self, url: str, every: timedelta, clock: Clock) -> None:
        self.configured = self.url = url
        self.key = short(url)
        self.name = place(url)
        self.error: BotError | None = None
        self._clock = clock
        self._every = every
        self._chance = int.from_bytes(self.key.encode()) % 1_000 / 1_000
        """Always the same for one feed, so that many are not asked in the same moment."""
        self._due_at = -math.inf
        self._is_new = False
        self._failures = 0
        self._told: Reason | None = None
        self._kept: tuple[str, Seen] | None = None

    @property
    def host(self) -> str:
        return URL(self.url).raw_host or ""

    @property
    def due_in(self) -> float:
        """Seconds; infinite for one that is gone."""
        return self._due_at - self._clock.monotonic()

    @property
    def is_due(self) -> bool:
        return self.due_in <= 0

    def validators(self, position: Position) -> Seen:
        """What to ask with: validators that belong to exactly what the position has seen."""
        seen = position.feeds.get(self.key, Seen())
        is_newer = self._kept is not None and self._kept[0] == seen.names
        return self._kept[1] if is_newer and self._kept else seen

    def keep(self, seen: Seen, etag: str, modified: str) -> None:
        """Validators of a document with nothing new in it; the stored position does not have them."""
        self._kept = (seen.names, Seen("", etag, modified))

    def overflowed(self) -> None:
        """All that it shows is new: what came and went in between was missed."""
        _log.warning(
            "feed.overflowed", source="rss", feed=self.name, hint="ask it more often: sources.rss.every"
        )

    def was_read(self, answer: Answer, document: Document | None) -> None:
        """It answered. A move for good holds until the program ends; the configuration is not changed."""
        if answer.moved_to and answer.moved_to != self.url:
            self.url = answer.moved_to
            _log.warning("feed.moved", source="rss", feed=self.name, to=place(self.url))
        if self._told is not None:
            _log.info("feed.recovered", source="rss", feed=self.name, after=self._told.value)
        self.error, self._told, self._failures = None, None, 0
        wanted = document.keep_for if document else timedelta()
        self._due_after(max(self._every, wanted) * (0.9 + 0.2 * self._chance))

    def failed(self, error: BotError, *, is_gone: bool = False) -> None:
        """Ask again later, at the configured address; one that is gone, never again."""
        self.error, self._is_new = error, True
        self.url = self.configured
        asked = error.retry_after if isinstance(error, Unavailable) else None
        wait = min(self._every, FIRST_WAIT * 2 ** min(self._failures, 10))
        self._failures += 1
        self._due_after(max(asked or timedelta(), wait))
        if is_gone:
            self._due_at = math.inf
        if self._told is not error.reason:
            self._told = error.reason
            event = "feed.gone" if is_gone else "feed.failed"
            _log.warning(event, source="rss", feed=self.name, reason=error.reason.value, message=str(error))

    def trouble(self) -> BotError:
        """Its error to raise; once more, with the time that is left, where it was not asked again since."""
        error = self.error
        if error is None:
            raise ValueError("it has no error")
        if self._is_new:
            self._is_new = False
            return error
        if isinstance(error, Unavailable):
            left = timedelta(seconds=max(0.0, self.due_in))
            return Unavailable(str(error), reason=error.reason, retry_after=left)
        again = type(error)(str(error))
        again.reason = error.reason
        return again

    def _due_after(self, wait: timedelta) -> None:
        self._due_at = self._clock.monotonic() + wait.total_seconds()
