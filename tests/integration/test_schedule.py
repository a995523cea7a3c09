"""Repeated work against the real scheduler and the real clock, in hundredths of a second."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import pytest
import structlog
from structlog.testing import capture_logs

from bot.errors import Reason, Unavailable
from bot.schedule import Schedule
from bot.tasks import TaskRegistry

SOON = timedelta(milliseconds=20)
DEADLINE = 2.0


class Work:
    """An action that counts its runs, may wait for a gate, and may fail."""

    def __init__(self) -> None:
        self.runs = 0
        self.ended = 0
        self.threads: set[int] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self._changed = asyncio.Condition()

    async def __call__(self) -> None:
        self.runs += 1
        self.threads.add(threading.get_ident())
        async with self._changed:
            self._changed.notify_all()
        await self.gate.wait()
        if self.error:
            raise self.error
        self.ended += 1

    async def until(self, runs: int) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: self.runs >= runs)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def schedule() -> AsyncIterator[Schedule]:
    schedule = Schedule()
    yield schedule
    await schedule.stop(DEADLINE)


async def run_to_end(tasks: TaskRegistry, work: Work, name: str = "poll") -> None:
    """One run, to its end."""
    assert tasks.spawn(name, work)
    await asyncio.wait([task for task in asyncio.all_tasks() if task.get_name() == name])


async def test_an_action_runs_again_and_again_in_the_loop(schedule: Schedule, work: Work) -> None:
    """Each interval triggers a run, in the loop's own thread."""
    schedule.every("poll", SOON, work)
    schedule.start()
    await work.until(3)
    assert work.threads == {threading.get_ident()}


async def test_jitter_is_accepted(schedule: Schedule, work: Work) -> None:
    """A jittered action still runs."""
    schedule.every("poll", SOON, work, jitter=timedelta(milliseconds=10))
    schedule.start()
    await work.until(2)


async def test_nothing_runs_before_the_start(schedule: Schedule, work: Work) -> None:
    """Adding an action does not run it."""
    schedule.every("poll", timedelta(milliseconds=1), work)
    await asyncio.sleep(0.03)
    assert work.runs == 0


async def test_a_name_added_again_is_replaced(schedule: Schedule, work: Work) -> None:
    """The later action of a name is the one that runs."""
    old = Work()
    schedule.every("poll", SOON, old)
    schedule.every("poll", SOON, work)
    schedule.start()
    await work.until(2)
    assert old.runs == 0


def test_an_interval_must_be_positive() -> None:
    """Zero would be once a second for the scheduler, and surely a mistake."""

    async def nothing() -> None:
        return

    with pytest.raises(ValueError, match="the interval of poll must be positive"):
        Schedule().every("poll", timedelta(), nothing)


async def test_a_slow_run_is_not_overtaken(schedule: Schedule, work: Work) -> None:
    """While a run lasts its next triggers are skipped, told once, and it goes on afterwards."""
    work.gate.clear()
    with capture_logs() as lines:
        schedule.every("poll", SOON, work)
        schedule.start()
        await work.until(1)
        await asyncio.sleep(0.1)
        assert work.runs == 1
        work.gate.set()
        await work.until(2)
    assert [line["event"] for line in lines] == ["task.skipped"]


async def test_a_trigger_that_is_overtaken_by_the_end_is_no_failure(
    schedule: Schedule, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    """Both come due while the loop is busy, and the end is looked at first: nothing is told of it."""
    loop, ends = asyncio.get_running_loop(), list[asyncio.Task[tuple[str, ...]]]()
    schedule.every("poll", SOON, work)
    schedule.start()
    await asyncio.sleep(0)
    loop.call_later(0.01, lambda: ends.append(asyncio.create_task(schedule.stop(DEADLINE))))
    time.sleep(0.05)  # noqa: ASYNC251 - the loop is busy
    while not ends:  # noqa: ASYNC110 - as soon as the loop comes to it
        await asyncio.sleep(0)
    assert () == await ends[0]
    await asyncio.sleep(0.01)  # it would be told a moment later
    assert [] == caplog.messages


async def test_one_slow_action_does_not_hold_up_another(schedule: Schedule, work: Work) -> None:
    """Names are independent of each other."""
    slow = Work()
    slow.gate.clear()
    schedule.every("slow", SOON, slow)
    schedule.every("poll", SOON, work)
    schedule.start()
    await work.until(3)
    assert slow.runs == 1
    slow.gate.set()


async def test_failures_are_told_once_per_reason_and_the_recovery_once() -> None:
    """The same failure again is silence; another reason, a bug and the recovery are one line each."""
    tasks, work = TaskRegistry(), Work()
    errors: list[Exception | None] = [
        Unavailable("a"),
        Unavailable("b"),
        Unavailable("c", reason=Reason.TIMEOUT),
    ]
    with capture_logs() as lines:
        for work.error in [*errors, KeyError("x"), KeyError("y"), None, None]:
            await run_to_end(tasks, work)
    told = [(line["event"], line.get("reason")) for line in lines]
    assert told == [
        ("task.failed", "connection"),
        ("task.failed", "timeout"),
        ("task.failed", "bug:KeyError"),
        ("task.recovered", None),
    ]


async def test_only_a_bug_comes_with_its_traceback() -> None:
    """An expected failure is one line; a bug is shown whole."""
    tasks, work = TaskRegistry(), Work()
    with capture_logs() as lines:
        for work.error in (Unavailable("a"), KeyError("x")):
            await run_to_end(tasks, work)
    assert [bool(line["exc_info"]) for line in lines] == [False, True]


async def test_no_more_than_the_limit_run_at_once() -> None:
    """The rest waits for a slot and is not lost."""
    tasks, work = TaskRegistry(limit=2), Work()
    work.gate.clear()
    for number in range(5):
        tasks.spawn(f"poll:{number}", work)
    await asyncio.sleep(0.01)
    assert work.runs == 2
    work.gate.set()
    assert await tasks.drain(DEADLINE) == ()
    assert work.ended == 5


async def test_stop_lets_runs_end(schedule: Schedule, work: Work) -> None:
    """A run in flight ends before stop returns, and nothing starts after it."""
    work.gate.clear()
    schedule.every("poll", SOON, work)
    schedule.start()
    await work.until(1)
    asyncio.get_running_loop().call_later(0.05, work.gate.set)
    assert await schedule.stop(DEADLINE) == ()
    assert (work.runs, work.ended) == (1, 1)
    await asyncio.sleep(0.05)
    assert work.runs == 1


async def test_stop_cancels_at_the_deadline_and_says_what(schedule: Schedule, work: Work) -> None:
    """A run that hangs does not hold up the end of the daemon."""
    work.gate.clear()
    schedule.every("poll", SOON, work)
    schedule.start()
    await work.until(1)
    async with asyncio.timeout(1):
        assert await schedule.stop(0.03) == ("poll",)
    assert schedule.tasks.running == frozenset()


async def test_stop_without_a_start_is_harmless() -> None:
    """So is stopping twice."""
    schedule = Schedule()
    assert await schedule.stop(DEADLINE) == ()
    assert await schedule.stop(DEADLINE) == ()


async def test_nothing_is_spawned_after_the_drain() -> None:
    """A trigger that comes too late starts nothing."""
    tasks, work = TaskRegistry(), Work()
    await tasks.drain(DEADLINE)
    assert not tasks.spawn("poll", work)


async def test_a_run_has_a_logging_context_of_its_own() -> None:
    """What its trigger had bound is gone, what it binds does not leak out."""
    tasks = TaskRegistry()
    seen: list[dict[str, object]] = []
    numbers = count()

    async def action() -> None:
        seen.append(structlog.contextvars.get_contextvars())
        structlog.contextvars.bind_contextvars(number=next(numbers))

    with structlog.contextvars.bound_contextvars(mention="1"):
        for _ in range(2):
            tasks.spawn("poll", action)
            await asyncio.sleep(0.01)
        assert structlog.contextvars.get_contextvars() == {"mention": "1"}
    assert seen == [{"task": "poll"}, {"task": "poll"}]
