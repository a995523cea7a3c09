"""The daemon's own register of repeated work: one run of a name at a time, bounded, drained at the end.

Knows asyncio and nothing of what runs, or when: `bot.schedule` triggers, this runs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from bot.errors import BotError, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()


class TaskRegistry:
    """Runs actions by name, at most `limit` at once, and each name only once at a time."""

    def __init__(self, *, limit: int = 8) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._failing: dict[str, str] = {}
        self._skipping: set[str] = set()
        self._is_closed = False

    @property
    def running(self) -> frozenset[str]:
        """The names that run (or wait for a slot) now."""
        return frozenset(self._running)

    def spawn(self, name: str, action: Callable[[], Awaitable[None]]) -> bool:
        """Start a run unless the one before still runs; False says that it was skipped.

        A run that fails is logged once per change of reason, and once when it works again.
        """
        if self._is_closed:
            return False
        if name in self._running:
            self._skip(name)
            return False
        self._skipping.discard(name)
        task = asyncio.create_task(self._run(name, action), name=name)
        self._running[name] = task
        task.add_done_callback(self._ended)
        return True

    async def drain(self, deadline: float) -> tuple[str, ...]:
        """Start nothing more, wait for what runs; after `deadline` seconds cancel the rest and name it."""
        self._is_closed = True
        tasks = list(self._running.values())
        if not tasks:
            return ()
        _, late = await asyncio.wait(tasks, timeout=deadline)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)
        return tuple(sorted(task.get_name() for task in late))

    async def _run(self, name: str, action: Callable[[], Awaitable[None]]) -> None:
        structlog.contextvars.clear_contextvars()  # a task inherits what its trigger had bound
        structlog.contextvars.bind_contextvars(task=name)
        async with self._slots:
            await action()

    def _skip(self, name: str) -> None:
        if name not in self._skipping:
            self._skipping.add(name)
            log.warning("task.skipped", task=name, why="the run before is not over")

    def _ended(self, task: asyncio.Task[None]) -> None:
        name = task.get_name()
        del self._running[name]
        if task.cancelled():
            return
        error = task.exception()
        reason = _reason(error) if error else None
        if reason is None:
            if self._failing.pop(name, None):
                log.info("task.recovered", task=name)
        elif self._failing.get(name) != reason:
            self._failing[name] = reason
            is_bug = not isinstance(error, BotError)
            log.error(
                "task.failed", task=name, reason=reason, error=error, exc_info=error if is_bug else None
            )


def _reason(error: BaseException) -> str:
    return error.reason.value if isinstance(error, BotError) else f"{Reason.BUG.value}:{type(error).__name__}"
