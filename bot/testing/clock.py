"""A clock that stands still until a test moves it; implements `bot.ports.Clock`."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

_TURNS = 20
"""Turns of the event loop that woken tasks get: enough for a few awaits that need no network."""


class ManualClock:
    """Wall and monotonic time move together, by `advance` only; sleepers wake in the order of their times."""

    def __init__(self, now: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._start = now
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    @property
    def sleeping(self) -> tuple[float, ...]:
        """For how many seconds from now each sleeper still sleeps, the next one first."""
        waiting = [(at, order) for at, order, future in self._sleepers if not future.done()]
        return tuple(at - self._elapsed for at, _ in sorted(waiting))

    async def advance(self, seconds: float) -> None:
        """Move time on; whoever sleeps until then runs, at its own time, before this returns."""
        until = self._elapsed + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, woken = heapq.heappop(self._sleepers)
            if woken.done():
                continue
            self._elapsed = max(self._elapsed, at)
            woken.set_result(None)
            await self._settle()
        self._elapsed = until
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
