"""When a core served nobody: what tells a stall of ours from one of the machine.

A process that comes before all others on its core wakes there every millisecond (SCHED_FIFO,
https://man7.org/linux/man-pages/man7/sched.7.html). When it is late, nobody else ran there either: the
hypervisor had the core. Such times, taken off a callback's, leave what was ours, or another program's on that
core. It sees up to a millisecond less than there was, never more. Only root may be first: as somebody else it
is any process, late behind us too, so nothing is taken off.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

EVERY = 0.001
TOLD = 0.0001
"""So late in seconds is worth a line: the core often goes for a third of a millisecond, again and again."""
PRIORITY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Testimony:
    """What the witness saw. `away`: since when and until when the core was gone, by `time.monotonic`."""

    is_first: bool
    away: Sequence[tuple[float, float]]

    @property
    def worst_ms(self) -> float:
        return max((to - since for since, to in self.away), default=0.0) * 1e3

    def __str__(self) -> str:
        whose = "" if self.is_first else " (as any process: only root's comes first)"
        gone = sum(to - since for since, to in self.away)
        return f"{len(self.away):,} times, {gone:.1f} s in all, at most {self.worst_ms:.1f} ms{whose}"

    def ours_ms(self, began: float, took: float) -> float:
        """How much of a callback's seconds the core was there for, in milliseconds."""
        gone = (min(to, began + took) - max(since, began) for since, to in self.away if self.is_first)
        return (took - sum(one for one in gone if one > 0)) * 1e3


async def called() -> asyncio.subprocess.Process:
    """A witness for the cores that this process has now; `heard` ends it."""
    return await asyncio.create_subprocess_exec(sys.executable, __file__, stdout=subprocess.PIPE)


async def heard(witness: asyncio.subprocess.Process) -> Testimony:
    witness.terminate()
    said = json.loads((await witness.communicate())[0])
    return Testimony(is_first=said["is_first"], away=[(since, to) for since, to in said["away"]])


def watch() -> None:
    away: list[tuple[float, float]] = []
    is_over = False

    def end(*_: object) -> None:
        nonlocal is_over
        is_over = True

    signal.signal(signal.SIGTERM, end)
    is_first, parent = comes_first(), os.getppid()
    due = time.monotonic() + EVERY
    while not is_over and os.getppid() == parent:  # whoever called it may have been killed
        time.sleep(max(0.0, due - time.monotonic()))
        now = time.monotonic()
        if now - due > TOLD:
            away.append((due, now))
        due = max(due + EVERY, now)
    with suppress(BrokenPipeError):  # whoever called it ended before it
        print(json.dumps({"is_first": is_first, "away": away}), flush=True)


def comes_first() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError:
        return False
    return True


if __name__ == "__main__":
    watch()
