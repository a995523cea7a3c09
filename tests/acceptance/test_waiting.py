"""Who waits for too long is heard of again: by the daemon's own clock, once, also after a restart."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.acceptance._world import ACME, ANN, CARL, RULES, World, until
from tests.acceptance.test_life import ended, started

WAITING = """  nobody-answers:
    why: Nobody answers
    when: {thread: {waiting: "> 2s"}}
    score: 40
routes:
"""


def alerts(world: World, text: str) -> list[str]:
    """The messages in the staff's chat that show this text."""
    return [one.text for one in world.telegram.messages if text in one.text]


def urgencies(world: World) -> list[int]:
    """Of every verdict, in the order stored."""
    with closing(sqlite3.connect(world.database)) as connection:
        return [urgency for (urgency,) in connection.execute("SELECT urgency FROM verdicts ORDER BY id")]


async def test_who_waits_is_heard_of_again(tmp_path: Path) -> None:
    """A question rings; two seconds later a new message says so; one that was answered in time does not."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES.replace("routes:\n", WAITING))
        daemon = await started(world)
        answered = await world.jetstream.post(CARL, "acme, is it open?")
        await until(lambda: alerts(world, "is it open?"), what=world.output)
        above = {"uri": answered, "cid": "bafyopen"}
        await world.jetstream.post(ACME, "It is!", reply={"root": above, "parent": above})
        await world.jetstream.post(ANN, "acme, is anybody there?")
        await until(lambda: len(alerts(world, "is anybody there?")) == 2, what=world.output)
        assert 1 == len(alerts(world, "is it open?"))
        assert [2, 2, 3] == urgencies(world)
        await ended(daemon)


async def test_a_restart_repeats_nothing(tmp_path: Path) -> None:
    """What was looked at stays so; what began to wait before the restart is looked at after it."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES.replace("routes:\n", WAITING))
        daemon = await started(world)
        await world.jetstream.post(ANN, "acme, is anybody there?")
        await until(lambda: len(alerts(world, "is anybody there?")) == 2, what=world.output)
        await world.jetstream.post(CARL, "acme, and now?")
        await until(lambda: alerts(world, "and now?"), what=world.output)
        await ended(daemon)
        daemon = await started(world)
        await world.jetstream.post(ANN, "acme numbered 1")  # the network moves: all up to now has been read
        await until(lambda: len(alerts(world, "and now?")) == 2, what=world.output)
        assert 2 == len(alerts(world, "is anybody there?"))
        assert [2, 3, 2] == urgencies(world)[:3]
        await ended(daemon)
