"""When repeated work is due. The only module that names APScheduler, and that only triggers.

What runs, and for how long, is the registry's business: a job here is a coroutine function that spawns and
returns at once. (A plain function would run in a thread without an event loop, and the scheduler's shutdown
cancels running coroutines instead of waiting: https://github.com/agronholm/apscheduler/issues/233.)
"""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.tasks import TaskRegistry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MISFIRE_GRACE = 60
"""Seconds that a trigger may come late (the loop was busy, the laptop slept) and still count, once."""


class Schedule:
    """Repeated actions by name. Add them, then `start` inside the running loop; UTC throughout."""

    def __init__(self, tasks: TaskRegistry | None = None) -> None:
        self.tasks = tasks or TaskRegistry()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_GRACE},
        )

    def every(
        self,
        name: str,
        interval: timedelta,
        action: Callable[[], Awaitable[None]],
        *,
        jitter: timedelta = timedelta(),
    ) -> None:
        """Run `action` each `interval` (first after one interval), up to `jitter` later each time.

        A run is skipped while the one before still runs. A name that is there already is replaced.
        """
        if interval <= timedelta():
            raise ValueError(f"the interval of {name} must be positive")

        async def trigger() -> None:
            self.tasks.spawn(name, action)

        seconds = interval.total_seconds()
        when = IntervalTrigger(seconds=seconds, jitter=jitter.total_seconds() or None, timezone=UTC)
        self._scheduler.add_job(trigger, when, id=name, name=name, replace_existing=True)

    def start(self) -> None:
        """Begin to trigger. Needs a running event loop."""
        self._scheduler.start()

    async def stop(self, deadline: float) -> tuple[str, ...]:
        """Trigger nothing more, let what runs end, and name what was cancelled after `deadline` seconds."""
        if self._scheduler.running:
            self._scheduler.pause()
            await asyncio.sleep(0)  # what was triggered just now spawns; it would be told as a failure
            self._scheduler.shutdown(wait=False)
        return await self.tasks.drain(deadline)
