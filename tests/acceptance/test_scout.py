"""`outcare scout` over a network on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance._world import ACME, ANN, CARL, World

pytestmark = pytest.mark.slow


def ref(uri: str) -> dict[str, str]:
    return {"uri": uri, "cid": "bafyreiexample"}


async def scouted(world: World, *words: str) -> tuple[int | None, dict[str, Any]]:
    process = await world.outcare("scout", "--json", "--within", "20s", *words)
    status = await process.wait()
    document: dict[str, Any] = json.loads(world.output[world.output.index("{") :])
    return status, document


async def test_who_talks_and_who_answers(tmp_path: Path) -> None:
    """The past of the sample is read; our own posts are none; who answered is looked up; nothing is kept."""
    async with World(tmp_path) as world:
        question = await world.jetstream.post(ANN, "hey acme, how do I get my refund?")
        world.appview.post(question, "hey acme, how do I get my refund?")
        answer = f"at://{ACME}/app.bsky.feed.post/1"
        world.appview.post(answer, "Like this.", parent=question)
        await world.jetstream.post(
            ACME, "We are acme.", reply={"root": ref(question), "parent": ref(question)}
        )
        await world.jetstream.post(CARL, "globex is fine", langs=["en"])
        for number in range(10):
            await world.jetstream.post(CARL, f"good morning {number}")
        status, document = await scouted(
            world, "--brand", "acme", "--accounts", "@acme.test", "--rival", "Globex"
        )
        assert not world.database.exists()
    ours, rival = document["brands"]
    assert (0, True) == (status, document["ok"])
    assert 13 == document["sources"]["bluesky"]["posts"]
    assert (1, 1, 1.0) == (
        ours["by_source"]["bluesky"]["count"],
        ours["answered"]["of"],
        ours["answered"]["share"],
    )
    assert {"acme.test": 1} == ours["answerers"]
    assert (1, "rival") == (rival["by_source"]["bluesky"]["count"], rival["role"])


async def test_nobody_talks_about_it(tmp_path: Path) -> None:
    """It says so plainly, and the category's words are looked for beside it."""
    async with World(tmp_path) as world:
        await world.jetstream.post(CARL, "which espresso machine is good?")
        await world.jetstream.post(CARL, "good morning")
        process = await world.outcare("scout", "--within", "20s", "--category", "espresso machine")
        assert 0 == await process.wait()
    assert "acme (our brand): nobody talked about it in this sample" in world.output
    assert "category: espresso machine (category)" in world.output
    assert "100% are questions (1 of 1)" in world.output


async def test_without_a_network(tmp_path: Path) -> None:
    """One line, status 1, no traceback."""
    async with World(tmp_path) as world:
        await world.jetstream.stop()
        process = await world.outcare("scout", "--within", "5s")
        assert 1 == await process.wait()
    assert "No source could be heard" in world.output
    assert "Traceback" not in world.output
