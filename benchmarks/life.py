"""What the daemon costs before anybody says anything: to start, to ask for help, to idle."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import Finding, main, resident_mb, wall_minima
from tests.acceptance._world import World, until

IDLE_SECONDS = 20.0
STARTS = 3


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def start_and_idle(folder: Path) -> tuple[float, float, float]:
    """Seconds until it listens, megabytes and share of a core when nothing happens."""
    async with World(folder) as world:
        began = time.perf_counter()
        daemon = await world.outcare("run")
        await until(lambda: world.jetstream.open_requests, within=60, what=world.output)
        ready = time.perf_counter() - began
        await asyncio.sleep(2)
        before = cpu_seconds(daemon.pid)
        await asyncio.sleep(IDLE_SECONDS)
        share = (cpu_seconds(daemon.pid) - before) / IDLE_SECONDS
        idle = resident_mb(daemon.pid)
        daemon.terminate()
        await daemon.wait()
        return ready, idle, share


def findings(repetitions: int) -> Iterator[Finding]:
    outcare = str(Path(sys.executable).parent / "outcare")

    def ask() -> None:
        subprocess.run([outcare, "--help"], check=True, stdout=subprocess.DEVNULL)

    helped = wall_minima({"help": ask}, repetitions=repetitions)["help"]
    yield Finding(target="life", what="outcare --help", figure=helped, unit="s", at_most=0.5)
    lives = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory(prefix="outcare-bench-") as folder:
            lives.append(asyncio.run(start_and_idle(Path(folder))))
    ready, idle, share = (statistics.median(column) for column in zip(*lives, strict=True))
    how = f"median of {STARTS} starts on a new database"
    yield Finding(target="life", what="ready", figure=ready, unit="s", at_most=4, detail=how)
    yield Finding(target="life", what="idle, resident", figure=idle, unit="MB", at_most=150, detail=how)
    yield Finding(target="life", what="idle, processor", figure=share * 100, unit="% of a core", detail=how)


if __name__ == "__main__":
    main("life", findings)
