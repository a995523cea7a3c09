"""Kill −9 at random moments of a loaded run: nothing that was sent is lost, nothing is stored twice."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectors.bluesky.position import Position
from tests.acceptance._nursery import Daemon
from tests.acceptance._world import World, until

ROUNDS = int(os.environ.get("KILLS", "12"))
EVERY_SECONDS = 0.01
MOST_QUESTIONS = 8
"""A chat takes ten ordinary alerts a minute: on a slow machine, whose lives last longer, more would only wait."""
LABELS = ("Claim", "Dismiss", "More…", "Why", "Was it right?", "Too high")


class Load:
    """Posts numbered posts without a pause, and presses whatever buttons appear."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.sent: dict[str, int] = {}
        self.numbered: set[int] = set()
        self.questions: set[int] = set()
        self.pressed: set[str] = set()

    async def post(self) -> None:
        number = 0
        while True:
            number += 1
            did = f"did:plc:writer{number}"
            if number % 2:
                await self.world.jetstream.post(did, f"nothing about anybody {number}")
            else:
                text = f"acme numbered {number}"
                if number % 1000 == 0 and len(self.questions) < MOST_QUESTIONS:
                    text = f"hey acme, is request {number} stuck?"
                    self.questions.add(number)
                else:
                    self.numbered.add(number)
                uri = await self.world.jetstream.post(did, text)
                self.sent[uri] = self.world.jetstream.events[-1]["time_us"]
            await asyncio.sleep(EVERY_SECONDS)

    async def press(self) -> None:
        while True:
            for message in self.world.telegram.messages:
                label = self.rng.choice(LABELS)
                if label in message.labels and self.rng.random() < 0.2:
                    user = self.rng.choice((1, 2, 77))
                    self.pressed.add(self.world.telegram.press(message.message_id, label, user=user))
            await asyncio.sleep(0.05)


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Read with nobody writing. A killed daemon's WAL is read like any other."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def stored(database: Path) -> list[str]:
    return [str(row[0]) for row in rows(database, "SELECT post_id FROM posts WHERE text LIKE '%acme%'")]


def cursor_us(database: Path) -> int:
    found = rows(database, "SELECT cursor FROM cursors WHERE name = 'bluesky'")
    return Position.of(found[0][0]).time_us if found else 0


def no_cursor_ahead(load: Load, database: Path) -> None:
    """Every matching post up to the committed position is in the database, once."""
    position, held = cursor_us(database), stored(database)
    known = set(held)
    assert len(held) == len(known)
    missing = [uri for uri, time_us in load.sent.items() if time_us <= position and uri not in known]
    assert [] == missing


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_nothing_is_lost_whenever_it_dies(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Posts stored exactly once, alerts settled, presses decided once, no cursor ahead of its data."""
    seed = random.randrange(10**9)
    tell(f"{ROUNDS} kills: seed {seed}")
    rng = random.Random(seed)
    async with World(tmp_path) as world:
        load = Load(world, rng)
        work = [asyncio.create_task(load.press())]
        poster: asyncio.Task[None] | None = None
        for _ in range(ROUNDS):
            daemon = await _listening(world)
            if poster is None:
                poster = asyncio.create_task(load.post())
            await asyncio.sleep(rng.uniform(0.05, 1.2))
            daemon.kill()
            await daemon.wait()
            no_cursor_ahead(load, world.database)
        for task in (*work, poster):
            assert task is not None
            task.cancel()
        await asyncio.gather(*work, *([poster] if poster else []), return_exceptions=True)
        await _settle(world, load)
        _audit(world, load)


async def _listening(world: World) -> Daemon:
    """A new life that has connected to the network."""
    before = world.jetstream.requests
    daemon = await world.outcare("run")
    await until(
        lambda: world.jetstream.requests > before or daemon.returncode is not None,
        within=30,
        what="the daemon connects",
    )
    assert daemon.returncode is None, world.output[-3000:]
    return daemon


async def _settle(world: World, load: Load) -> None:
    """One last life without a kill: it catches up, settles everything, and ends in under five seconds."""
    daemon = await _listening(world)  # there may be nothing left to catch up with
    # Edits wait for the chat's limit, up to a minute; `make torture` waits for them and looks at each card.
    open_effects = "SELECT count(*) FROM effects WHERE state IN ('pending', 'leased') AND kind = 'alert'"
    await until(lambda: set(stored(world.database)) >= set(load.sent), within=60, what="catches up")
    await until(lambda: rows(world.database, open_effects)[0][0] == 0, within=90, what="effects settle")
    decided = "SELECT count(*) FROM decisions"
    await until(lambda: rows(world.database, decided)[0][0] == len(load.pressed), within=30, what="presses")
    began = time.monotonic()
    daemon.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(daemon.wait(), 10) == 0, world.output[-3000:]
    assert time.monotonic() - began < 5


def _audit(world: World, load: Load) -> None:
    held = stored(world.database)
    assert sorted(load.sent) == sorted(held)
    delivered = {
        int(found.group(1))
        for one in world.webhook.deliveries
        if (found := re.search(rb"acme numbered (\d+)", one.body))
    }
    assert set() == load.numbered - delivered
    carded = {
        int(number) for one in world.telegram.messages for number in re.findall(r"request (\d+)", one.text)
    }
    assert load.questions == carded
    decisions = rows(world.database, "SELECT press_id, count(*) FROM decisions GROUP BY press_id")
    assert dict.fromkeys(load.pressed, 1) == dict(decisions)
    unsettled = rows(
        world.database,
        "SELECT e.key FROM effects e WHERE e.kind = 'alert' AND e.state NOT IN ('sent', 'dropped')",
    )
    assert [] == unsettled
