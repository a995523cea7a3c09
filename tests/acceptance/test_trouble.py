"""The database in trouble while the daemon runs: it says so, stops reading rather than lose, and recovers."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp

from tests.acceptance._world import ANN, World, until
from tests.acceptance.test_life import ended, health, started

LOCKED_FOR = 12.0  # two groups of the writer give up after five seconds each


def said(world: World, event: str) -> int:
    return world.output.count(f'"event":"{event}"')


async def test_a_database_that_another_program_locks_for_a_while(tmp_path: Path) -> None:
    """Mentions and presses that come meanwhile are stored and decided after it, once; each loop says it once."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        chat = world.telegram
        await world.jetstream.post(ANN, "acme, are you there?")
        await until(lambda: chat.messages)
        url = await until(lambda: health(world))
        with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            posts = [
                await world.jetstream.post(f"did:plc:w{n}", f"acme numbered {n}, why?") for n in range(20)
            ]
            press = chat.press(chat.messages[0].message_id, "Claim", user=1, name="Anna")
            await asyncio.sleep(LOCKED_FOR)
            async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as answer:
                assert answer.status == 503
            other.execute("ROLLBACK")
        await until(lambda: len(world.webhook.deliveries) >= len(posts), what=world.output[-3000:])
        await until(lambda: "Claimed by Anna" in chat.messages[0].text, what="the claim is decided")
        assert await ended(daemon) < 5
        assert daemon.returncode == 0
        with closing(sqlite3.connect(world.database)) as connection:
            stored = connection.execute("SELECT post_id FROM posts WHERE text LIKE '%numbered%'").fetchall()
            decided = connection.execute("SELECT press_id, outcome FROM decisions").fetchall()
        assert sorted(posts) == sorted(post for (post,) in stored)
        assert [(press, "claimed")] == decided
        assert len(posts) == len(world.webhook.distinct())
        assert (1, 1, 0) == (
            said(world, "source.failed"), said(world, "feed.failed"), world.output.count("Traceback"),
        )  # fmt: skip
        assert said(world, "outbox.failed") <= 1
