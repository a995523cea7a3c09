"""kill -9 at random moments: no cursor ahead of its data, nothing lost that was told to be there."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import schema

_LOAD = """
import asyncio, sys
from tests.integration import store_samples as s

async def feed(store, source):
    position = int(await store.cursor(source) or 0)
    while True:
        position += 1
        of = s.post(f"{source}-{position}", root=None)
        entry = s.Entry(source=source, items=(s.judged(of, uid=f"{source}-{position}"),), cursor=str(position))
        done = await store.record(entry, now=s.at(60), lease_for=s.LEASE)
        for leased in done.leased:
            await s.settle(store, leased)
        print(source, position, flush=True)

async def main():
    async with s.opened(s.Path(sys.argv[1])) as store:
        await asyncio.gather(*(feed(store, f"source{n}") for n in range(4)))

asyncio.run(main())
"""


def _run_and_kill(path: Path, after: float) -> dict[str, int]:
    """The highest position that each source was told to be durable before the kill."""
    told: dict[str, int] = {}
    with subprocess.Popen(
        [sys.executable, "-c", _LOAD, str(path)], stdout=subprocess.PIPE, text=True
    ) as load:
        assert load.stdout is not None
        first = load.stdout.readline().split()
        told[first[0]] = int(first[1])
        time.sleep(after)
        load.kill()
        for line in load.stdout:
            name, _, position = line.strip().partition(" ")
            if position and line.endswith("\n"):
                told[name] = int(position)
    return told


@pytest.mark.slow
def test_kill_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    """Five lives of one database, each ended inside a loaded run."""
    path = tmp_path / "x.db"
    schema.upgrade(path)
    chance = random.Random(7)
    for _ in range(5):
        told = _run_and_kill(path, chance.uniform(0.0, 0.25))
        assert told
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            cursors = dict(connection.execute("SELECT name, CAST(cursor AS INTEGER) FROM cursors"))
            stored = [uid for (uid,) in connection.execute("SELECT uid FROM mentions")]
            alerts = connection.execute("SELECT count(*) FROM effects WHERE kind = 'alert'").fetchone()[0]
        expected = {f"{name}-{n}" for name, last in cursors.items() for n in range(1, last + 1)}
        assert expected == set(stored)
        assert len(expected) == len(stored) == alerts
        assert all(cursors[name] >= position for name, position in told.items())
