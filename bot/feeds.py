"""The one loop that drives decision feeds: read, have it decided, and begin again after a pause.

The twin of `bot.listener` for the other direction. Knows no chat platform.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.backoff import asked, doubled
from bot.errors import BotError, StoreError, Unauthorized, Unavailable
from bot.ports import Clock, DecisionFeed
from bot.staff import Presses
from bot.storing import Store

log = structlog.get_logger()

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(seconds=60)
LONGEST_STORE_WAIT = timedelta(seconds=5)
"""Our own database is not spared by waiting, and people look at the button that they pressed."""
UNAUTHORIZED_WAIT = 300.0
HEALTHY_AFTER = 75.0
"""Seconds; longer than a long poll may take to fail."""


@dataclass(kw_only=True)
class FeedLoop:
    """Reads one feed for ever. `failing` is the reason why it does not work just now, for `/readyz`."""

    feed: DecisionFeed
    store: Store
    take: Callable[[DecisionFeed, Presses], Awaitable[None]]
    clock: Clock
    on_failure: Callable[[str, BotError], None]
    rng: random.Random = field(default_factory=random.Random)
    failing: str | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)

    async def run(self) -> None:
        while True:
            try:
                await self._read()
            except BotError as error:
                await self._wait(error)
            except Exception as error:  # noqa: BLE001 - a bug in one press must not end the daemon
                await self._wait(BotError(type(error).__name__), bug=error)

    async def _read(self) -> None:
        cursor = await self.store.cursor(self.feed.name)
        proof = asyncio.create_task(self._prove())
        try:
            async for presses in self.feed.read(cursor):
                await self.take(self.feed, presses)
                self._works()
        finally:
            proof.cancel()
        raise Unavailable("the feed ended")

    async def _prove(self) -> None:
        """A feed is silent while nobody presses: that it went on for so long is the sign of health."""
        await self.clock.sleep(HEALTHY_AFTER)
        self._works()

    def _pause(self, error: BotError) -> float:
        if isinstance(error, Unauthorized):
            return UNAUTHORIZED_WAIT
        longest = LONGEST_STORE_WAIT if isinstance(error, StoreError) else LONGEST_WAIT
        wait = doubled(FIRST_WAIT, longest, self._failures - 1) * self.rng.uniform(0.5, 1)
        return max(wait, asked(error)).total_seconds()

    async def _wait(self, error: BotError, *, bug: Exception | None = None) -> None:
        self._failures += 1
        pause = self._pause(error)
        if self.failing != error.reason.value:
            self.failing = error.reason.value
            self.on_failure(self.feed.name, error)
            log.warning(
                "feed.failed",
                feed=self.feed.name,
                reason=self.failing,
                detail=str(error),
                again_in=round(pause, 1),
                exc_info=bug,
            )
        await self.clock.sleep(pause)

    def _works(self) -> None:
        self._failures = 0
        if self.failing is not None:
            log.info("feed.recovered", feed=self.feed.name)
            self.failing = None
