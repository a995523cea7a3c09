"""`outcare scout` and `doctor` where there is more than Bluesky: whatever is installed and needs no account."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bot.testing.hackernews_server import HackerNewsServer
from tests.acceptance._world import ANN, World

pytestmark = pytest.mark.slow


async def test_a_polled_source_is_read_from_a_day_ago(tmp_path: Path) -> None:
    """What was written hours ago counts, with the rate of a day; the doctor reads it for a moment."""
    async with World(tmp_path) as world, HackerNewsServer() as news:
        news.publish("How do I get my refund?", title="Acme, anybody?", at=time.time() - 5 * 3600)
        news.publish("Nothing to see", title="Other things", at=time.time() - 60)
        await world.jetstream.post(ANN, "acme is fine")
        bluesky = {"jetstream": world.jetstream.url, "appview": world.appview.url}
        world.write_config(sources={"bluesky": bluesky, "hackernews": {"url": news.base_url}})
        process = await world.outcare("scout", "--json", "--within", "20s")
        assert 0 == await process.wait()
        document = json.loads(world.output)
        (world.folder / "output.log").unlink()
        process = await world.outcare("doctor", "--json")
        await process.wait()
        findings = {one["about"]: one["health"] for one in json.loads(world.output)["findings"]}
    (ours,) = document["brands"]
    assert {"bluesky": 1, "hackernews": 1} == {name: one["count"] for name, one in ours["by_source"].items()}
    assert 86_000 < document["sources"]["hackernews"]["seconds"] < 87_000
    assert "fine" == findings["hackernews"]
