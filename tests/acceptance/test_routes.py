"""The running daemon: copies, prepared answers, and cards that ring again until somebody takes them."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.testing.telegram_chats import Sent
from tests.acceptance._world import ANN, CARL, World, until
from tests.acceptance.test_life import ended, started

RULES = """
rules:
  question:
    why: Asks us something
    when: {question: true}
    score: 50
    cc: [desk]
    draft: hello
  numbered:
    why: Belongs together
    when: {text: numbered}
    score: 50
    route: quiet
routes:
  default: {to: "telegram:care", repeat_every: 1s}
  desk:    {to: "webhook:desk"}
  quiet:   {to: "webhook:desk", group_by: [rule], wait: 2s}
drafts:
  hello: "Hi {author.name}, {brand} is on it."
"""


def effects(world: World) -> list[tuple[Any, ...]]:
    """(key, state, reason) of every alert, in the order written."""
    with closing(sqlite3.connect(f"file:{world.database}?mode=ro", uri=True)) as connection:
        return connection.execute(
            "SELECT key, state, reason FROM effects WHERE kind = 'alert' ORDER BY id"
        ).fetchall()


def newest(world: World) -> Sent:
    return world.telegram.messages[-1]


def told(world: World, event: str) -> list[dict[str, Any]]:
    return [one.told for one in world.webhook.deliveries if one.told["event"] == event]


async def test_it_rings_until_somebody_takes_it(tmp_path: Path) -> None:
    """A copy with the prepared answer goes to the desk and rings once; the chat's card rings again each second,
    also in the next life, and a claim ends it.
    """
    async with World(tmp_path) as world:
        (world.folder / "rules" / "rules.yaml").write_text(RULES)
        daemon = await started(world)
        await world.jetstream.post(ANN, "hey acme, how do I get my refund?")
        await until(lambda: len(world.telegram.messages) > 1, what="it rings again")
        first, second = world.telegram.messages[:2]
        assert second.text.startswith("Still open · HIGH · answer by")
        await until(lambda: "Rang again" in first.text, what="the first card steps back")
        assert (["Claim", "Dismiss", "More…"], []) == (second.labels, first.labels)
        daemon.send_signal(signal.SIGKILL)
        await daemon.wait()
        before = len(world.telegram.messages)
        daemon = await started(world)
        await until(lambda: len(world.telegram.messages) > before, what="the next life rings on")
        shown = newest(world)
        world.telegram.press(shown.message_id, "Claim", user=1, name="Anna")
        await until(lambda: "Claimed by Anna" in newest(world).text, what="the newest card shows the claim")
        await until(lambda: effects(world)[-1][1:] == ("dropped", "taken"), what="it rings no more")
        await ended(daemon)
        keys = [key for key, _, _ in effects(world) if "telegram" in key]
        assert [keys[0], *(f"{keys[0]}#{number}" for number in range(2, len(keys) + 1))] == keys
        [copy] = told(world, "alert")
        assert ("Hi Ann Other, acme is on it.", "open") == (copy["data"]["draft"], copy["data"]["state"])
        assert "claimed" == told(world, "update")[-1]["data"]["state"]
        assert ["Hi Ann Other, acme is on it."] == newest(world).entity_texts("pre")
        assert "acme is on it" not in world.output


async def test_what_belongs_together_comes_as_one_card(tmp_path: Path) -> None:
    """Two people within the wait: one message that names both."""
    async with World(tmp_path) as world:
        (world.folder / "rules" / "rules.yaml").write_text(RULES)
        daemon = await started(world)
        for did, number in ((ANN, 1), (CARL, 2)):
            await world.jetstream.post(did, f"acme numbered {number}")
        await until(lambda: told(world, "group"), what="the card of both arrives")
        await ended(daemon)
        [group] = told(world, "group")
        assert "2 alerts that belong together · quiet" == group["headline"]
        assert ["“acme numbered 1”", "“acme numbered 2”"] == sorted(
            line["text"].rpartition(": ")[2] for line in group["lines"]
        )
        assert [] == told(world, "alert")
