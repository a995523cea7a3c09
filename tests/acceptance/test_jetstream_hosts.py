"""The daemon over v2 with compression, from host to host, killed in between: each mention alerts once."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp

from bot.testing.jetstream_server import JetstreamServer
from tests.acceptance._world import ANN, World, until
from tests.acceptance.test_life import ended


async def place(world: World) -> str:
    """Which host `/readyz` of the daemon that was started last names."""
    url = re.findall(r"http://127\.0\.0\.1:\d+", world.output)[-1]
    async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as answer:
        checks = {check["name"]: check for check in (await answer.json())["checks"]}
    return str(checks["source:bluesky"]["detail"])


def stored(world: World, what: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(world.database)) as connection:
        return connection.execute(what).fetchall()


async def test_v2_packed_from_host_to_host(tmp_path: Path) -> None:
    """Read packed; killed, resumed by number; the host dies, the next goes on by time; no gap, no double."""
    async with World(tmp_path) as world, JetstreamServer(first_seq=70_000) as other:
        first = world.jetstream
        first.peers = [other]
        bluesky = {"jetstream": [first.url_v2, other.url_v2], "appview": world.appview.url}
        world.write_config(sources={"bluesky": bluesky})
        daemon = await world.outcare("run")
        await until(lambda: first.queries or daemon.returncode is not None, within=30)
        await first.post(ANN, "acme numbered 1")
        settled = "SELECT 1 FROM effects WHERE channel = 'webhook:desk' AND state = 'sent'"
        await until(
            lambda: stored(world, settled), what=world.output
        )  # else the kill brings it a second time
        assert "zstdDictionary=" in first.queries[-1]
        assert await place(world) == first.host

        daemon.kill()
        await daemon.wait()
        await first.post(ANN, "acme numbered 2")
        daemon = await world.outcare("run")
        await until(lambda: len(world.webhook.deliveries) == 2, within=30, what=world.output)
        assert f"cursor={first.archive[0].seq}&" in first.queries[-1]

        await first.stop()
        await first.post(ANN, "acme numbered 3")
        await until(lambda: len(world.webhook.deliveries) == 3, within=30, what=world.output)
        assert f"cursor={first.archive[1].time_us - 60_000_000}&" in other.queries[-1]
        assert await place(world) == other.host
        await asyncio.sleep(0.2)
        assert await ended(daemon, signal.SIGTERM) < 5
        texts = [one.body.decode() for one in world.webhook.deliveries]
        assert [sum(f"acme numbered {n}" in text for text in texts) for n in (1, 2, 3)] == [1, 1, 1]
        assert stored(world, "SELECT COUNT(*) FROM posts") == [(3,)]
        assert stored(world, "SELECT reason FROM gaps") == []
