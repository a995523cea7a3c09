"""Received → stored → delivered to a local webhook, at a steady rate; start-up time and memory.

`python -m benchmarks.latency [--rate 100] [--seconds 10]` starts the real daemon as a process against a
loopback Jetstream and a loopback webhook, both in this process, and prints the latency of each delivery
beside an fdatasync probe taken in the same run (the disk is the noisiest part of a small machine).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.harness import fdatasync_ms, percentile, resident_mb
from tests.acceptance._world import World, until


async def measure(folder: Path, *, rate: int, seconds: int) -> dict[str, float]:
    async with World(folder) as world:
        began = time.perf_counter()
        daemon = await world.outcare("run")
        await until(lambda: world.jetstream.open_requests, within=60, what=world.output)
        started = time.perf_counter() - began
        await asyncio.sleep(2)
        idle = resident_mb(daemon.pid)
        probe = fdatasync_ms(folder)
        due: dict[int, float] = {}
        first = time.monotonic() + 0.5
        for number in range(rate * seconds):
            due[number] = first + number / rate
            await asyncio.sleep(max(0.0, due[number] - time.monotonic()))
            await world.jetstream.post(f"did:plc:w{number}", f"acme numbered {number}")
        await until(lambda: len(world.webhook.deliveries) >= len(due), within=60)
        probe += fdatasync_ms(folder)
        loaded = resident_mb(daemon.pid)
        daemon.terminate()
        await daemon.wait()
        took = []
        for one in world.webhook.deliveries:
            found = re.search(rb"acme numbered (\d+)", one.body)
            assert found
            took.append((one.at - due[int(found.group(1))]) * 1000)
        return {
            "rate_per_s": rate,
            "deliveries": len(took),
            "p50_ms": statistics.median(took),
            "p99_ms": percentile(took, 0.99),
            "max_ms": max(took),
            "fdatasync_p50_ms": statistics.median(probe),
            "fdatasync_p99_ms": percentile(probe, 0.99),
            "p50_over_fdatasync_p50": statistics.median(took) / statistics.median(probe),
            "ready_s": started,
            "idle_mb": idle,
            "loaded_mb": loaded,
        }


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=100, help="posts a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="outcare-bench-") as folder:
        figures = asyncio.run(measure(Path(folder), rate=given.rate, seconds=given.seconds))
    if given.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<24}{value:>12.2f}")


if __name__ == "__main__":
    main()
