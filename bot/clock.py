"""The real clock; tests bring their own (`bot.testing.ManualClock`). And waiting by either."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def rung(bell: asyncio.Event, sleep: Callable[[float], Awaitable[None]], *, within: float) -> None:
    """Wait until somebody rings the bell; after that many seconds by a clock's `sleep` it rings by itself."""

    async def ring() -> None:
        await sleep(within)
        bell.set()

    alarm = asyncio.create_task(ring())
    try:
        await bell.wait()
    finally:
        alarm.cancel()
