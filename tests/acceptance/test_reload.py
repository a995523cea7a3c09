"""`kill -HUP` on the running daemon: other words and rules without a restart, and no harm by a mistake."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from tests.acceptance._nursery import Daemon
from tests.acceptance._world import ANN, CARL, RULES, World, until
from tests.acceptance.test_life import ended, started


def lines(world: World, event: str) -> list[dict[str, Any]]:
    """The log lines of one event."""
    told = [json.loads(line) for line in world.output.splitlines() if line.startswith("{")]
    return [line for line in told if line["event"] == event]


async def hangup(world: World, daemon: Daemon, event: str) -> dict[str, Any]:
    """Ask for a reload; the line that tells how it ended."""
    before = len(lines(world, event))
    daemon.send_signal(signal.SIGHUP)
    await until(lambda: len(lines(world, event)) > before, what=world.output)
    return lines(world, event)[-1]


def brand(*words: str, handles: tuple[str, ...] = ("acme.test",)) -> dict[str, Any]:
    return {"name": "acme", "words": [*words], "accounts": {"bluesky": [*handles]}}


def kept(world: World) -> list[Path]:
    """The compiled patterns on the disk."""
    return list(Path(f"{world.database}.cache").iterdir())


async def delivered(world: World, text: str) -> str:
    """Post it, and wait until the desk hears of it."""
    await world.jetstream.post(ANN, text)
    await until(lambda: any(text in str(one) for one in world.webhook.deliveries), what=f"{text} is told")
    return text


async def test_other_words_without_a_restart(tmp_path: Path) -> None:
    """New words are heard, old ones are not any more; the next start reads the patterns from the disk."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        await delivered(world, "acme numbered 1")
        world.write_config(brand=brand("zebra", "blue horse"))
        done = await hangup(world, daemon, "reload.done")
        assert done["patterns"] == 4
        await world.jetstream.post(ANN, "acme numbered 2")
        await delivered(world, "my Blue  Horse numbered 3")
        await delivered(world, "ZEBRA numbered 4")
        assert "numbered 2" not in str(world.webhook.deliveries)
        assert not lines(world, "reload.needs_restart")
        assert len(kept(world)) == 1
        await ended(daemon)


async def test_a_broken_file_changes_nothing(tmp_path: Path) -> None:
    """The mistake is logged with its place and told to staff once; the old words go on; mended, all is new."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        whole = world.config.read_text()
        world.config.write_text(whole.replace("words:", "wrods:"))
        for _ in range(2):
            failed = await hangup(world, daemon, "reload.failed")
            assert 'did you mean "words"?' in str(failed["problems"])
        await delivered(world, "acme numbered 1")
        await until(lambda: any("outcare.yaml NOT loaded" in one.text for one in world.telegram.messages))
        world.config.write_text(whole.replace("- acme\n", "- zebra\n"))
        await hangup(world, daemon, "reload.done")
        await delivered(world, "zebra numbered 2")
        notices = [one for one in world.telegram.messages if "NOT loaded" in one.text]
        assert len(notices) == 1
        await ended(daemon)


async def test_rules_follow_and_the_rest_waits_for_a_restart(tmp_path: Path) -> None:
    """Rule files are judged by at once, a mistake in them keeps the old ones; what cannot change is named."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        rules = world.folder / "rules" / "rules.yaml"
        rules.write_text(RULES.replace("text: numbered", "txet: numbered"))
        failed = await hangup(world, daemon, "reload.failed")
        assert "rules.yaml:" in str(failed["problems"])
        await delivered(world, "acme numbered 1")
        rules.write_text(RULES.replace("text: numbered", "text: counted"))
        world.write_config(timezone="Europe/Paris", people=None)
        await hangup(world, daemon, "reload.done")
        await until(lambda: lines(world, "reload.needs_restart"))
        waits = lines(world, "reload.needs_restart")[-1]["keys"]
        assert {"timezone", "people"} == set(waits)
        await world.jetstream.post(ANN, "acme numbered 2")
        await delivered(world, "acme counted 3")
        assert "numbered 2" not in str(world.webhook.deliveries)
        await ended(daemon)


async def test_an_account_that_came_is_resolved(tmp_path: Path) -> None:
    """A new handle of the brand gets its id, and answers by it are answers."""
    async with World(tmp_path) as world:
        daemon = await started(world)
        await until(lambda: lines(world, "account.resolved"))
        world.write_config(brand=brand("acme", handles=("acme.test", "carl.test")))
        await hangup(world, daemon, "reload.done")
        await until(lambda: len(lines(world, "account.resolved")) == 2, what=world.output)
        assert ["carl.test"] == lines(world, "account.resolved")[-1]["handles"]
        await world.jetstream.post(CARL, "acme numbered 1, says one of us")
        await delivered(world, "acme numbered 2")
        assert "numbered 1" not in str(world.webhook.deliveries)
        await ended(daemon)
