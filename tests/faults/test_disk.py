"""The disk under the whole daemon: full and freed, broken, slow, locked, damaged. Each told once, nothing lost."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import random
import re
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.audit import Auditor
from tests.faults.knobs import shim
from tests.faults.script import Scene, busy, corrupt
from tests.faults.traffic import Traffic
from tests.faults.world import World, until

pytestmark = pytest.mark.timeout(300)  # each takes seconds, and many more on a busy machine
SMALL = 64_000_000
"""Room for all that is said while a slow machine gets through a test: with 6 MB it stayed full for ever."""
NEVER = 600.0
"""Here the network falls silent by itself, when the traffic stops: that is no trouble to be told of."""
WITHIN = 60.0
"""Seconds; a second where nothing else runs."""
needs_shim = pytest.mark.skipif(
    shim() is None, reason="no C compiler: nothing can stand between us and the disk"
)


class Stage:
    """A world with traffic on it."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, random.Random(1), silence=NEVER)
        self.traffic = Traffic(world=self.world, rng=random.Random(2))
        self.auditor = Auditor(world=self.world, traffic=self.traffic)
        self.scene = Scene(world=self.world, auditor=self.auditor, rng=random.Random(3))

    def said(self, event: str) -> int:
        return self.world.output.count(f'"event":"{event}"')

    async def readiness(self) -> tuple[int, str]:
        url = re.findall(r"http://127\.0\.0\.1:\d+", self.world.output)[-1]
        async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as answer:
            checks = {check["name"]: check["detail"] for check in (await answer.json())["checks"]}
            return answer.status, checks["database"]

    async def unready(self, detail: str) -> None:
        """Wait until it says so, in its log and to whoever asks."""
        async with asyncio.timeout(WITHIN):
            while True:
                status, said = await self.readiness()
                if status == 503 and detail in said and self.said("source.failed"):
                    return
                await asyncio.sleep(0.05)

    async def recovers(self) -> None:
        """By itself: all posts and presses are there, each once; it said each trouble once; it ends well."""
        await asyncio.sleep(0.5)
        await self.traffic.stop()
        await self.auditor.settle()
        await until(lambda: any(wire.open_requests for wire in self.world.wires), what="it listens again")
        async with asyncio.timeout(WITHIN):
            while (await self.readiness())[1]:  # noqa: ASYNC110 - it is asked over HTTP
                await asyncio.sleep(0.05)
        await self.world.stop()
        self.auditor.glance()


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    made = Stage(tmp_path)
    async with made.world:
        await made.world.start()
        made.traffic.start()
        await asyncio.sleep(0.5)
        yield made
        await made.traffic.stop()


# --- full --------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system that is soon full; skips where none can be mounted."""
    place = tmp_path / "db"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(place)]
    can_mount = os.geteuid() == 0 and shutil.which("mount")
    if not can_mount or subprocess.run(mount, check=False).returncode:
        pytest.skip("a tmpfs can be mounted by root only; the same with a shim is tested below")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


async def fills(ballast: Path) -> None:
    """Leave no room; what the database frees by itself is taken too."""
    for _ in range(3):
        _fill(ballast)
        await asyncio.sleep(0.3)


def _fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65_536))  # the last one is cut short where the room ends


async def test_a_full_disk_that_is_freed(small_disk: Path, tmp_path: Path) -> None:
    """On a real file system without room: said once, nothing read on; freed, it goes on where it stopped."""
    stage = Stage(tmp_path)
    async with stage.world:
        await stage.world.start()
        stage.traffic.start()
        await asyncio.sleep(1)
        await fills(small_disk / "ballast")
        await stage.unready("the disk is full")
        await asyncio.sleep(2)
        (small_disk / "ballast").unlink()
        await stage.recovers()
    assert 1 == stage.said("source.failed")
    assert stage.said("outbox.failed") <= 1  # if it had anything to deliver just then


async def test_it_ends_and_starts_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    """SIGTERM still ends it with 0; a start is refused in clear words; freed, nothing is missing."""
    stage = Stage(tmp_path)
    async with stage.world:
        await stage.world.start()
        stage.traffic.start()
        await asyncio.sleep(0.5)
        await fills(small_disk / "ballast")
        await stage.unready("the disk is full")
        await stage.world.stop()
        (small_disk / "ballast").unlink()
        with contextlib.closing(sqlite3.connect(stage.world.database)) as connection:
            # Room that is left in the log could be enough for a start.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await fills(small_disk / "ballast")
        said = len(stage.world.output)
        daemon = await stage.world.spawn()
        assert 1 == await asyncio.wait_for(daemon.wait(), 60)
        told = [line for line in stage.world.output[said:].splitlines() if line.startswith("outcare:")]
        assert 1 == len(told), stage.world.output[said:]
        assert "the disk is full" in told[0]
        (small_disk / "ballast").unlink()
        await stage.world.start()
        await stage.recovers()


@needs_shim
@pytest.mark.parametrize(
    ("knob", "code", "detail"),
    [
        ("write_errno", errno.ENOSPC, "the disk is full"),
        ("write_errno", errno.EIO, "the disk reported an error"),
        ("sync_errno", errno.EIO, "the disk reported an error"),
    ],
)
async def test_a_disk_that_fails_for_a_while(stage: Stage, knob: str, code: int, detail: str) -> None:
    """Whatever the disk says: told once, nothing read on, and all there afterwards."""
    stage.world.knobs.turn(**{knob: code})
    await stage.unready(detail)
    await asyncio.sleep(1)
    stage.world.heal()
    await stage.recovers()
    assert 1 == stage.said("source.failed")
    assert stage.said("outbox.failed") <= 1  # if it had anything to deliver just then


@needs_shim
async def test_a_disk_that_is_slow(stage: Stage) -> None:
    """Each commit takes a third of a second: posts come in fewer, larger transactions; none waits for long."""
    stage.world.knobs.turn(sync_us=300_000)
    await asyncio.sleep(2.5)
    assert stage.world.knobs.read("met") > 0
    stage.world.heal()
    await stage.recovers()
    assert (0, 0) == (stage.said("source.failed"), stage.said("outbox.failed"))


async def test_another_program_holds_the_lock(stage: Stage) -> None:
    """Longer than anybody waits for it, several times."""
    for _ in range(3):
        await busy(stage.scene)
    await stage.recovers()


async def test_a_damaged_page(stage: Stage) -> None:
    """Refused at the start, untouched; with the whole file in its place it goes on, and nothing is missing."""
    await corrupt(stage.scene)
    await stage.recovers()
