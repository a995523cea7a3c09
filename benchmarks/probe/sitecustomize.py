"""Put first on PYTHONPATH, this measures from inside how long each callback holds a process's event loop.

Every second a thread writes to the file that STALLS names: how many callbacks ran, the worst by the clock and
by processor time, and what the worst were. The difference between the two is time in which the loop's thread
had nothing to run on: it stood behind others for the core (`queued_ms`), the machine had taken the core away,
or, where it `waited`, another thread had the interpreter. What collections of garbage took meanwhile is told
beside it. A file of the same name that ends in `.anew` makes it begin anew: so the start of the program can
be left out. Of what its memory consists is told every ten seconds (`benchmarks/resident`).
"""

from __future__ import annotations

import gc
import heapq
import json
import os
import threading
import time
from asyncio import Task, events
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from resource import RUSAGE_THREAD, getrusage
from typing import Any

WORST = 12
MEMORY_EVERY = 10.0
_worst: list[tuple[float, float, dict[str, float], str]] = []
_counts = {"callbacks": 0, "over_5_ms": 0, "over_10_ms": 0, "cpu_over_10_ms": 0}
_long: deque[tuple[float, float, dict[str, float], str]] = deque(maxlen=10_000)
"""All of more than 10 ms: its seconds, when it began, where they went, whose it was."""
_memory: list[dict[str, float]] = []
_collection = {"began": 0.0, "spent": 0.0}
_run = events.Handle._run  # noqa: SLF001 - there is no other way in


def _timed(self: Any) -> None:
    before, collected, queued = getrusage(RUSAGE_THREAD), _collection["spent"], _queue.ms()
    began = time.monotonic()
    _run(self)
    took = time.monotonic() - began
    _counts["callbacks"] += 1
    if took > 0.002:
        after = getrusage(RUSAGE_THREAD)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        _counts["over_5_ms"] += took > 0.005
        _counts["cpu_over_10_ms"] += used > 0.010
        spent = {
            "cpu_ms": used * 1e3,
            "queued_ms": _queue.ms() - queued,
            "system_ms": (after.ru_stime - before.ru_stime) * 1e3,
            "collecting_ms": (_collection["spent"] - collected) * 1e3,
            "faults": after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt,
            "interrupted": after.ru_nivcsw - before.ru_nivcsw,
            "waited": after.ru_nvcsw - before.ru_nvcsw,
        }
        one = (took, began, spent, _name(self._callback))
        if took > 0.010:
            _counts["over_10_ms"] += 1
            _long.append(one)
        (heapq.heappush if len(_worst) < WORST else heapq.heappushpop)(_worst, one)


def _collected(phase: str, info: dict[str, int]) -> None:
    """How long the garbage collector stopped everything, in whichever thread it began."""
    if phase == "start":
        _collection["began"] = time.perf_counter()
    else:
        took = (time.perf_counter() - _collection["began"]) * 1e3
        _collection["spent"] += took / 1e3
        which = f"collection_{info['generation']}_worst_ms"
        _collection[which] = max(took, _collection.get(which, 0.0))


def _name(callback: Any) -> str:
    """Whose step it was, where it is a task's. Nobody's `repr`: that of a response of aiohttp that has not
    begun asks for its headers, and it answers None ever after.
    """
    task = getattr(callback, "__self__", None)
    if isinstance(task, Task):
        return f"task {task.get_name()}: {getattr(task.get_coro(), '__qualname__', '')}"
    return str(getattr(callback, "__qualname__", type(callback).__name__))


def _told(some: Iterable[tuple[float, float, dict[str, float], str]]) -> list[dict[str, Any]]:
    return [
        {"wall_ms": took * 1e3, **spent, "at_s": at, "what": what}
        for took, at, spent, what in sorted(some, reverse=True, key=lambda one: one[:2])
    ]


def _report(path: Path) -> None:
    while True:
        time.sleep(1)
        if not _memory or time.monotonic() - _memory[-1]["at_s"] > MEMORY_EVERY:
            _memory.append({"at_s": time.monotonic(), **parts()})
        if (anew := path.with_suffix(".anew")).exists():
            anew.unlink()
            _worst.clear()
            _long.clear()
            _memory.clear()
            _counts.update(dict.fromkeys(_counts, 0))
            for which in [one for one in _collection if one.endswith("_worst_ms")]:
                del _collection[which]
        scratch = path.with_suffix(".new")
        scratch.write_text(
            json.dumps(
                {
                    **_counts,
                    **_collection,
                    "worst": _told(_worst),
                    "long": _told(_long),
                    "memory": _memory,
                }
            )
        )
        scratch.replace(path)


if "STALLS" in os.environ:
    from benchmarks.resident import parts
    from benchmarks.waits import Waits  # of the repository, which every process need not have

    _queue = Waits(threading.get_native_id())
    gc.callbacks.append(_collected)
    events.Handle._run = _timed  # type: ignore[method-assign]  # noqa: SLF001
    threading.Thread(target=_report, args=(Path(os.environ["STALLS"]),), daemon=True).start()
