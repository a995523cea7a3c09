"""Time that jumps from event to event: an event loop whose clock moves on when nothing is left to do.

Knows asyncio, and that threads work for it: as long as one does, time stands still. `asyncio.timeout`, sleeps
and the program's own loops all live in this time; nothing waits in earnest. It knows nothing of Outcare but
its `Clock` and the shape of its schedule.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

from bot import outbox, publishing
from bot.store.writer import Writer
from bot.tasks import TaskRegistry

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SLOW_POLL = timedelta(minutes=2)
PATIENCE = 60
"""Seconds of real time that a thread may work on one thing."""


class StuckError(RuntimeError):
    """Nothing will ever happen again: everybody waits for somebody else."""


class _Jumping(selectors.DefaultSelector):
    """Where a loop would wait for a time to come, that time has come."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if self.loop.outside:
            return self._wait()
        if timeout is None:
            raise StuckError("every task waits, and no time is to come")
        self.loop.passed += max(0.0, timeout)
        return []

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(PATIENCE)
        if not events:
            raise StuckError(f"a thread did not come back within {PATIENCE} s")
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """`passed`: the seconds of its time; `outside`: how many threads work for it just now."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.outside = 0
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.passed

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self.outside += 1
        future.add_done_callback(self._came_back)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """At the end: a thread of its own does it, that nobody counted."""
        self.outside += 1
        await super().shutdown_default_executor()

    def _came_back(self, _: asyncio.Future[Any]) -> None:
        self.outside -= 1


async def nobody_outside() -> None:
    """Until no thread works any more. It costs no time of this loop's."""
    loop = asyncio.get_running_loop()
    while isinstance(loop, VirtualLoop) and loop.outside:  # noqa: ASYNC110 - threads set no event
        await asyncio.sleep(0)


@contextmanager
def rarely() -> Iterator[None]:
    """The slow polls are for what nobody woke the program for. Each half minute of a month, they would be most
    of its work; what they find, they find two minutes later.
    """
    before = outbox.RECOVERY_POLL, publishing.RECOVERY_POLL
    outbox.RECOVERY_POLL = publishing.RECOVERY_POLL = SLOW_POLL
    try:
        yield
    finally:
        outbox.RECOVERY_POLL, publishing.RECOVERY_POLL = before


@contextmanager
def patient(loop: VirtualLoop) -> Iterator[None]:
    """Writing is a thread's work that no executor knows of."""
    plain = Writer.write

    async def counted(self: Writer, unit: Callable[..., T]) -> T:
        loop.outside += 1
        try:
            return await plain(self, unit)
        finally:
            loop.outside -= 1

    Writer.write = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        Writer.write = plain  # type: ignore[method-assign]


def run(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, in a time of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        with patient(loop), rarely():
            return runner.run(work)


class WorldClock:
    """The wall clock of a world, and `bot.ports.Clock` for the program: `asleep` makes it jump, as it does
    when a machine slept. Monotonic time stands still meanwhile, as it does on Linux.
    """

    def __init__(self, begins: datetime) -> None:
        self.begins = begins
        self.skipped = timedelta()
        self._jumped = asyncio.Event()

    def now(self) -> datetime:
        return self.begins + timedelta(seconds=self.monotonic()) + self.skipped

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def asleep(self, length: timedelta) -> None:
        """The machine slept so long just now."""
        self.skipped += length
        self._jumped.set()
        self._jumped = asyncio.Event()

    async def until(self, at: datetime) -> None:
        """By the wall, whatever the machine did meanwhile: for the world, not for the program."""
        while (left := (at - self.now()).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._jumped.wait()


class VirtualSchedule:
    """Stands in for `bot.schedule.Schedule`, whose library reads the real clock. What is due each second is
    done each `AT_LEAST`, else a month would be 2.7 million of them.
    """

    AT_LEAST = timedelta(minutes=1)

    def __init__(self) -> None:
        self.tasks = TaskRegistry()
        self._actions: list[tuple[str, float, Callable[[], Awaitable[None]]]] = []
        self._loops: list[asyncio.Task[None]] = []

    def every(
        self,
        name: str,
        interval: timedelta,
        action: Callable[[], Awaitable[None]],
        *,
        jitter: timedelta = timedelta(),
    ) -> None:
        if name != "gauges":  # only a scraper reads them
            seconds = max(interval, self.AT_LEAST).total_seconds()
            self._actions.append((name, seconds, action))

    def start(self) -> None:
        self._loops = [asyncio.create_task(self._again(*one)) for one in self._actions]

    async def _again(self, name: str, seconds: float, action: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            self.tasks.spawn(name, action)

    async def stop(self, deadline: float) -> tuple[str, ...]:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        return await self.tasks.drain(deadline)
