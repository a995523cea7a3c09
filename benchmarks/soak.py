"""`make soak`: the real daemon under the whole network for an hour, its patterns swapped every minute.

`python -m benchmarks.soak [--seconds 3600] [--rate 2000] [--patterns 10000] [--swap-every 60]`. A loopback
Jetstream sends the network's mix; among it numbered posts with a word of the set, with a word that only the
newest set has, and with words that sets before had. At the end an auditor compares: each that matches is
stored, judged and alerted once, and nothing else is. The daemon, and what compiles for it, has one core; the
network, the chat and the auditor have the rest. Memory is told as a curve. How long a callback held the
event loop is measured from inside (`benchmarks/probe`), and beside it, at the same time, when the core was
gone (`benchmarks/witness`): what is left of a callback without that is ours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.corpus import COLLECTIONS, SEED, patterns, posts
from benchmarks.harness import resident_mb
from benchmarks.resident import curve, lines_of
from benchmarks.witness import Testimony, heard
from benchmarks.witness import called as witness_called
from bot.matcher.fast import FastMatcher
from tests.acceptance._nursery import Daemon
from tests.acceptance._world import ROOT, World, until

CHANGING = 1_000
"""So many words of each set are new."""
TICK = 0.01
KEPT_SECONDS = 300
SAMPLE_EVERY = 10.0
WORST = 12
CORES = sorted(os.sched_getaffinity(0))


class SoakWorld(World):
    """The daemon's process carries the probe."""

    @property
    def stalls(self) -> Path:
        return self.folder / "stalls.json"

    @property
    def env(self) -> dict[str, str]:
        probe = Path(__file__).with_name("probe")
        return {**super().env, "PYTHONPATH": f"{probe}:{ROOT}", "STALLS": str(self.stalls)}


def words_of(version: int, count: int) -> list[str]:
    """The set number `version`: most words stay, the last ones are its own."""
    return [*patterns(count)[: count - CHANGING], *(f"round{version}word{n}" for n in range(CHANGING))]


@dataclass(kw_only=True)
class Script:
    """What is said on the network, and what must come of it."""

    count: int
    version: int = 0
    is_swapping: bool = False
    """Just now nobody can tell which set a post meets: only words of all sets are said."""
    before: int = 0
    number: int = 0
    expected: set[int] = field(default_factory=set)
    sent: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.number = self.before
        self.chance = random.Random(SEED + self.before)  # else its posts would be those of before
        matcher = FastMatcher(words_of(0, self.count))
        quiet = [text for text in posts() if not matcher.found(text) and "round" not in text]
        self.quiet = cycle(quiet)
        self.collections = cycle(self.chance.sample(COLLECTIONS, len(COLLECTIONS)))
        self.words = [word for word in words_of(0, self.count)[: self.count - CHANGING] if word.isalpha()]

    def event(self) -> dict[str, Any]:
        """One that nobody is to hear of."""
        collection = next(self.collections)
        self.sent[collection] += 1
        if collection == "app.bsky.feed.post":
            return self._commit(collection, {"text": next(self.quiet), "langs": ["en"]})
        subject = {"cid": "bafyrei" + "a" * 52, "uri": "at://did:plc:someone/app.bsky.feed.post/3k"}
        return self._commit(collection, {"subject": subject})

    def numbered(self) -> dict[str, Any]:
        """A post with a number, by turns to be found by an old word, by a new one, and not to be found."""
        self.number += 1
        kind = self.number % 4 if not self.is_swapping else self.number % 2
        word = {
            0: self.chance.choice(self.words),
            1: self.chance.choice(self.words).upper(),
            2: f"round{self.version}word{self.chance.randrange(CHANGING)}",
            3: f"round{self.version - 2}word{self.chance.randrange(CHANGING)}",
        }[kind]
        if kind != 3:
            self.expected.add(self.number)
        return self._commit(
            "app.bsky.feed.post", {"text": f"numbered {self.number}: {word}!", "langs": ["en"]}
        )

    def _commit(self, collection: str, record: dict[str, Any]) -> dict[str, Any]:
        name = f"{self.chance.getrandbits(60):015x}"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        whole = {"$type": collection, "createdAt": at, **record}
        commit: dict[str, Any] = {"rev": name, "operation": "create", "collection": collection, "rkey": name}
        commit |= {"record": whole, "cid": "bafyrei" + "c" * 52}
        return {"did": f"did:plc:{self.chance.getrandbits(96):024x}", "kind": "commit", "commit": commit}


@dataclass(kw_only=True)
class Soak:
    world: SoakWorld
    script: Script
    rate: int
    seconds: float
    swap_every: float
    numbered: float
    memory: list[tuple[float, float]] = field(default_factory=list)
    swaps: int = 0
    forgotten: int = 0
    late: float = 0.0  # the longest that the network itself stood still, in seconds

    async def run(self) -> dict[str, Any]:
        self._write_words()
        with first_core():
            daemon = await self.world.outcare("run")
        try:
            return await self._watched(daemon)
        finally:
            if daemon.returncode is None:
                daemon.kill()  # who ends us half-way wants no daemon that lives on

    async def _watched(self, daemon: Daemon) -> dict[str, Any]:
        await until(lambda: self.world.jetstream.open_requests, within=90, what=self.world.output)
        await asyncio.sleep(2)
        with first_core():
            witness = await witness_called()
        self.world.stalls.with_suffix(".anew").touch()
        await asyncio.sleep(2)
        self.began = time.monotonic()
        stolen = stolen_seconds()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(self._sample(daemon.pid))
            group.create_task(self._swap(daemon))
        wanted = len(self.script.expected)
        await until(lambda: len(self.world.webhook.deliveries) >= wanted, within=300)
        await asyncio.sleep(3)  # what comes now is one too many
        stalls = json.loads(self.world.stalls.read_text())
        long, consists = stalls.pop("long"), stalls.pop("memory")
        testimony = await heard(witness)
        daemon.send_signal(signal.SIGTERM)
        code = await daemon.wait()
        return {
            "exit": code,
            "events": self.script.sent.total() + self.script.number - self.script.before,
            "seconds": self.seconds,
            "swaps": self.swaps,
            **audit(self.world, self.script.expected, self.script.before),
            "memory_mb": curve(self.memory),
            "memory_parts": consists,
            "stalls": stalls,
            "core_away": str(testimony),
            "ours": ours(long, testimony),
            "stolen_seconds": stolen_seconds() - stolen,
            "network_late_s": self.late,
        }

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    async def _send(self) -> None:
        sent, next_number = 0, 1.0
        while (now := self.elapsed) < self.seconds:
            due = int(now * self.rate)
            self.late = max(self.late, (due - sent) / self.rate - TICK)
            for _ in range(due - sent):
                await self.world.jetstream.publish(self.script.event())
            sent = max(sent, due)
            if now >= next_number:
                await self.world.jetstream.publish(self.script.numbered())
                next_number += 1 / self.numbered
            await asyncio.sleep(TICK)

    async def _sample(self, pid: int) -> None:
        while self.elapsed < self.seconds:
            self.memory.append((self.elapsed, resident_mb(pid)))
            progress = f"{self.elapsed:6.0f} s  {self.memory[-1][1]:6.1f} MB  swaps {self.swaps}"
            print(f"{progress}  expected {len(self.script.expected)}", file=sys.stderr, flush=True)
            self._forget()
            await asyncio.sleep(SAMPLE_EVERY)

    def _forget(self) -> None:
        """What nobody asks for any more: seven million events are 14 GB, and to look for garbage among them
        stops the network for a minute.
        """
        archive = self.world.jetstream.archive
        until = max(self.forgotten, len(archive) - self.rate * KEPT_SECONDS)
        archive[self.forgotten : until] = archive[:1] * (until - self.forgotten)
        self.forgotten = until

    async def _swap(self, daemon: Daemon) -> None:
        while self.elapsed + self.swap_every < self.seconds:
            await asyncio.sleep(self.swap_every)
            self.script.is_swapping = True
            await asyncio.sleep(1)  # what was said before is read before
            self._write_words(self.script.version + 1)
            log = self.world.folder / "output.log"
            size = log.stat().st_size
            daemon.send_signal(signal.SIGHUP)
            await until(partial(_says, log, size, b'"reload.done"'), within=60)
            self.script.version += 1
            self.script.is_swapping = False
            self.swaps += 1

    def _write_words(self, version: int = 0) -> None:
        accounts = {"bluesky": ["acme.test"]}
        words = words_of(version, self.script.count)
        self.world.write_config(brand={"name": "acme", "words": words, "accounts": accounts})


def begin_with(database: Path, place: Path) -> int:
    """Copy what an earlier run left; the last number in it."""
    shutil.copyfile(database, place)
    with closing(sqlite3.connect(place)) as read:
        return max((_number(text) for (text,) in read.execute("SELECT text FROM posts")), default=0)


def stolen_seconds() -> float:
    """How long the first core has waited for the machine that it is a part of (a guest of a hypervisor)."""
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    core = next(line.split() for line in lines if line.startswith(f"cpu{CORES[0]} "))
    return int(core[8]) / os.sysconf("SC_CLK_TCK")


@contextmanager
def first_core() -> Iterator[None]:
    """What is started meanwhile has the first core; this process, the network, the others."""
    first, *others = CORES
    os.sched_setaffinity(0, {first})
    try:
        yield
    finally:
        os.sched_setaffinity(0, others or {first})


def _says(log: Path, since: int, what: bytes) -> bool:
    with log.open("rb") as file:
        file.seek(since)
        return what in file.read()


def audit(world: SoakWorld, expected: set[int], before: int = 0) -> dict[str, Any]:
    """What was sent beside what is stored, judged and delivered; `before`: numbers of an earlier run."""
    with closing(sqlite3.connect(world.database)) as database:
        texts = database.execute("SELECT text FROM posts").fetchall()
        verdicts = database.execute(
            "SELECT count(*) FROM verdicts GROUP BY mention HAVING count(*) > 1"
        ).fetchall()
    stored = Counter(number for (text,) in texts if (number := _number(text)) > before)
    # Whom nobody answers is asked about again on purpose, and what was sent is brought up to date: under
    # names of their own ("asked:…", "update:…").
    alerts = (one for one in world.webhook.deliveries if one.id.startswith("alert:"))
    alerted = Counter(_number(one.body.decode()) for one in alerts)
    return {
        "expected": len(expected),
        "stored": len(stored),
        "missing": sorted(expected - set(stored))[:10],
        "unexpected": sorted(set(stored) - expected)[:10],
        "stored_twice": sum(times > 1 for times in stored.values()),
        "judged_twice": len(verdicts),
        "alerts_missing": len(expected - set(alerted)),
        "alerted_twice": sum(times > 1 for times in alerted.values()),
        "errors": [line for line in world.output.splitlines() if '"level":"error"' in line][:5],
    }


def _number(text: str) -> int:
    found = re.search(r"numbered (\d+)", text)
    return int(found[1]) if found else -1


def ours(long: list[dict[str, Any]], testimony: Testimony) -> dict[str, Any]:
    """The callbacks of more than 10 ms without what the machine took of them, the longest first."""
    left = [{"ms": ours_ms(one, testimony), **one} for one in long]
    left.sort(key=lambda one: one["ms"], reverse=True)
    return {"over_10_ms": sum(one["ms"] > 10 for one in left), "worst": left[:WORST]}


def ours_ms(one: dict[str, Any], testimony: Testimony) -> float:
    """What is ours of a callback, or other programs': without the times at which its core was gone.

    Where its thread never waited, it ran or stood in the queue, and what is left was the machine's: a kernel
    that is told of stolen time counts it as neither
    (https://docs.kernel.org/virt/kvm/x86/msr.html, MSR_KVM_STEAL_TIME).
    """
    seen = testimony.ours_ms(one["at_s"], one["wall_ms"] / 1e3)
    return seen if one["waited"] else min(seen, one["cpu_ms"] + one["queued_ms"])


def shown(result: dict[str, Any]) -> Iterator[str]:
    for name, value in result.items():
        if name == "memory_parts":
            yield from lines_of(value)
        elif name == "stalls":
            yield f"callbacks {value['callbacks']:,}, over 10 ms {value['over_10_ms']}"
            worst = (f"{value.get(f'collection_{number}_worst_ms', 0):.1f}" for number in range(3))
            yield f"collections of garbage, worst by generation: {', '.join(worst)} ms"
            yield from map(_callback, value["worst"])
        elif name == "ours":
            yield f"over 10 ms without what the machine took: {value['over_10_ms']}"
            yield from (f"  {one['ms']:.1f} ms of {_callback(one).strip()}" for one in value["worst"])
        else:
            yield f"{name:<20}{value}"


def _callback(one: dict[str, Any]) -> str:
    return (
        f"  {one['wall_ms']:.1f} ms ({one['cpu_ms']:.1f} cpu, {one['queued_ms']:.1f} queued, "
        f"{one['system_ms']:.1f} system, {one['collecting_ms']:.1f} collecting, {one['faults']} faults, "
        f"waited {one['waited']}, interrupted {one['interrupted']}) {one['what']}"
    )


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--rate", type=int, default=2_000, help="events a second")
    parser.add_argument("--patterns", type=int, default=10_000)
    parser.add_argument("--swap-every", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--numbered", type=float, default=2.0, help="numbered posts a second")
    parser.add_argument("--database", type=Path, help="begin with a copy of this one, of an earlier run")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the database and the log there")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.patterns <= CHANGING:
        parser.error(f"--patterns must be more than {CHANGING}: so many are others after each swap")
    return given


def main() -> int:
    given = _given()

    async def whole(folder: Path) -> dict[str, Any]:
        async with SoakWorld(folder) as world:
            before = begin_with(given.database, world.database) if given.database else 0
            soak = Soak(
                world=world,
                script=Script(count=given.patterns, before=before),
                rate=given.rate,
                seconds=given.seconds,
                swap_every=given.swap_every,
                numbered=given.numbered,
            )
            result = await soak.run()
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                for file in (world.database, world.folder / "output.log"):
                    shutil.copy(file, given.keep)
            return result

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else the daemon would outlive us
    with tempfile.TemporaryDirectory(prefix="outcare-soak-") as folder:
        result = asyncio.run(whole(Path(folder)))
    print(json.dumps(result) if given.json else "\n".join(shown(result)))
    wrong = (
        "missing",
        "unexpected",
        "stored_twice",
        "judged_twice",
        "alerts_missing",
        "alerted_twice",
        "errors",
        "exit",
    )
    return 1 if any(result[name] for name in wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
