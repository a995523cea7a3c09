"""`outcare doctor` against platforms on loopback: what works, what must be mended, and no secret in sight."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.testing.telegram_server import CHAT, TOKEN
from tests.acceptance._world import ACME, World

pytestmark = pytest.mark.slow


async def doctor(world: World, *words: str) -> int | None:
    """The exit status, of a run while the network is busy."""

    async def talk() -> None:
        while True:
            await world.jetstream.post(ACME, "hello")
            await asyncio.sleep(0.05)

    talking = asyncio.create_task(talk())
    try:
        return await (await world.outcare("doctor", *words)).wait()
    finally:
        talking.cancel()


async def findings(world: World, *words: str) -> tuple[int | None, dict[str, dict[str, Any]]]:
    """Exit status, and the findings by what they are about (the last one of each)."""
    status = await doctor(world, "--json", *words)
    document = json.loads(world.output[world.output.index("{") :])
    assert document["ok"] is (status == 0)
    return status, {one["about"]: one for one in document["findings"]}


async def test_all_is_well(tmp_path: Path) -> None:
    """Every credential and address works; a lean profile is worth a note, and sending shows itself."""
    async with World(tmp_path) as world:
        status, found = await findings(world, "--send")
        sent = [message.text for message in world.telegram.messages]
        delivered = [one.path for one in world.webhook.deliveries]
    assert (0, []) == (status, [about for about, one in found.items() if one["health"] == "mend"])
    assert "@outcare_bot" in found["telegram"]["says"]
    assert "picture" in found["bluesky @acme.test"]["do"]
    assert {"clock", "configuration", "webhook:desk", "page 127.0.0.1:0"} <= found.keys()
    assert 1 == len(sent)
    assert "Outcare reaches this chat" in sent[0]
    assert ["/desk"] == delivered


async def test_each_trouble_is_said_with_what_to_do(tmp_path: Path) -> None:
    """A bot that was removed, a receiver that is gone, a handle that nobody has, a host that is away."""
    async with World(tmp_path) as world:
        world.telegram.telegram.chats[CHAT].is_kicked = True
        await world.webhook.stop()
        await world.jetstream.stop()
        world.write_config(
            brand={"name": "acme", "words": ["acme"], "accounts": {"bluesky": ["nobody.test"]}}
        )
        status, found = await findings(world)
        output = world.output
    troubled = {about for about, one in found.items() if one["health"] == "mend"}
    assert (1, {"telegram:care", "webhook:desk", "bluesky", "bluesky @nobody.test"}) == (status, troubled)
    assert all(found[about]["do"] for about in troubled)
    assert TOKEN not in output
    assert "/desk" not in output


async def test_a_broken_configuration_is_a_finding(tmp_path: Path) -> None:
    """Nothing is tried with it, and nothing breaks."""
    async with World(tmp_path) as world:
        world.write_config(languages=["english please"])
        status, found = await findings(world)
    assert (1, {"configuration"}) == (status, set(found))
    assert "languages" in found["configuration"]["says"]


async def test_for_people_it_prints_lines(tmp_path: Path) -> None:
    """The same without JSON: a sign, what it is about, how it is."""
    async with World(tmp_path) as world:
        assert 0 == await doctor(world)
        lines = world.output.splitlines()
    assert any(line.startswith("ok    telegram:care: cards go to") for line in lines)
