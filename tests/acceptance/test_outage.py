"""The daemon was away for hours: one card, the critical one by itself, and nothing twice; killed on the way."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.acceptance._nursery import Daemon
from tests.acceptance._world import ACME, World, until
from tests.acceptance.test_life import ended, health

MINUTE_US = 60_000_000
RULES = """
rules:
  question: {why: Asks us something, when: {question: true}, score: 50}
  fire: {why: Something burns, when: {text: burns}, score: 100}
routes:
  default: {to: "telegram:care"}
"""


async def long_ago(world: World, name: str, text: str, *, minutes: float, **record: Any) -> str:
    """Publish a post as the network had it then; its at-uri."""
    did = record.pop("by", f"did:plc:{name}")
    event_us = time.time_ns() // 1000 - int(minutes * MINUTE_US)
    claimed = time.gmtime(event_us / 1e6 - record.pop("claims", 0) * 3600)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", claimed)
    body = {"$type": "app.bsky.feed.post", "createdAt": at, "langs": ["en"], "text": text, **record}
    commit = {
        "rev": f"3rev{event_us}",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": f"3k{name}",
        "cid": f"bafyrei{event_us:052}",
        "record": body,
    }
    await world.jetstream.publish({"did": did, "time_us": event_us, "kind": "commit", "commit": commit})
    return f"at://{did}/app.bsky.feed.post/3k{name}"


def answering(uri: str) -> dict[str, Any]:
    ref = {"uri": uri, "cid": "bafyreiroot"}
    return {"reply": {"root": ref, "parent": ref}}


def stored(world: World, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(world.database)) as connection:
        return connection.execute(query).fetchall()


DUE = (
    "SELECT 1 FROM effects WHERE state IN ('pending', 'leased')"
    " AND due_at < (strftime('%s', 'now') + 60) * 1000000"
)


async def begun(world: World, *words: str) -> Daemon:
    await until(lambda: not world.jetstream.open_requests)
    daemon = await world.outcare("run", *words)
    await until(lambda: world.jetstream.open_requests or daemon.returncode is not None, within=30)
    assert daemon.returncode is None, world.output
    return daemon


async def missed(world: World) -> None:
    """What happened while the daemon was away; the first and the third were answered in the app."""
    asked = await long_ago(world, "ann", "hey acme, where is my order?", minutes=239.5)
    await long_ago(world, "bob", "acme burns", minutes=200)
    saved = await long_ago(world, "cy", "acme burns as well", minutes=190)
    await long_ago(world, "dee", "acme, is this still on?", minutes=180, claims=25)
    await long_ago(world, "eve", "hey acme, what now?", minutes=170)
    await long_ago(world, "a1", "On it!", minutes=160, by=ACME, **answering(asked))
    await long_ago(world, "a2", "Sorted!", minutes=150, by=ACME, **answering(saved))


async def test_after_hours_away_there_is_one_card(tmp_path: Path) -> None:
    """Stopped, started, killed in the middle, started: one card, no gap, and the inbox has what waits."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        world.write_config(lookup_budget="200ms")
        daemon = await begun(world, "--since", "4h")
        await until(lambda: health(world), what=world.output)
        assert await ended(daemon) < 5
        await missed(world)
        daemon = await begun(world)
        await until(lambda: len(stored(world, "SELECT 1 FROM mentions")) == 5, what=world.output)
        await ended(daemon, signal.SIGKILL)
        assert [] == world.telegram.messages
        assert 1 == len(stored(world, "SELECT 1 FROM effects WHERE kind = 'digest'"))

        daemon = await begun(world)
        await world.jetstream.post("did:plc:fay", "hey acme, are you there?")
        await until(lambda: len(world.telegram.messages) == 3, what=world.output)
        await until(lambda: not stored(world, DUE))  # what rings again in ten minutes is not
        texts = [message.text for message in world.telegram.messages]
        (card,) = [text for text in texts if text.startswith("Caught up ")]
        assert "4 mentions, 2 still wait for an answer" in card
        assert "Waiting: 1 critical, 1 high" in card
        assert "acme burns”" in card
        assert "what now" in card
        assert "where is my order" not in card
        assert "still on" not in "".join(texts)
        assert 1 == sum("CRITICAL" in text.partition("\n")[0] for text in texts)
        assert [] == stored(world, "SELECT * FROM gaps")
        assert await ended(daemon) < 5
        assert 3 == len(world.telegram.messages)

        (world.folder / "output.log").unlink()
        status = await world.outcare("status", "--json")
        assert await asyncio.wait_for(status.wait(), 30) == 0
        (source,) = json.loads(world.output)["sources"]
        assert ("bluesky", 0) == (source["name"], source["missed"])
