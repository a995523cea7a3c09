"""The real daemon in quiet hours: what is critical rings, the rest comes as one card when they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance._world import ANN, CARL, RULES, World, until
from tests.acceptance.test_life import ended, started
from tests.acceptance.test_reload import hangup, lines

FIRE = """  fire:
    why: Possible harm to a person
    when: {text: fire}
    at_least: critical
routes:"""


def around_now() -> dict[str, Any]:
    """Quiet hours that have begun and will not end while this runs."""
    now = datetime.now(UTC)
    times = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=2):%H:%M}"
    return {"night": {"hours": {"mon-sun": times}, "timezone": "UTC", "channels": ["telegram:care"]}}


async def heard(world: World, who: str, text: str) -> None:
    before = len(lines(world, "mention.stored"))
    await world.jetstream.post(who, text)
    await until(lambda: len(lines(world, "mention.stored")) > before, what=world.output)


async def test_a_quiet_night_and_what_comes_of_it(tmp_path: Path) -> None:
    """Through a restart; they end by a reload; the terminal tells that nothing critical was held back."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES.replace("routes:", FIRE, 1))
        world.write_config(quiet_hours=around_now())
        chat = world.telegram
        daemon = await started(world)
        await heard(world, ANN, "acme: where is my order, what can I do now?")
        await heard(world, CARL, "acme is on fire")
        await until(lambda: chat.messages, what="the critical card")
        await ended(daemon)
        daemon = await started(world)
        await heard(world, ANN, "acme: and where is the other one, please?")
        assert ["CRITICAL"] == [one.text.split(" ")[0] for one in chat.messages]
        world.write_config()
        await hangup(world, daemon, "reload.done")
        await until(lambda: len(chat.messages) == 2, what=world.output)
        assert "Quiet hours are over: 2 alerts waited" in chat.messages[1].text
        assert "where is my order" in chat.messages[1].text
        assert not lines(world, "reload.needs_restart")
        for words in (["status"], ["status", "--json"]):
            told = await world.outcare(*words)
            assert 0 == await told.wait()
        assert '"held": {\n        "quiet_hours": 2\n      },\n      "criticals": 0' in world.output
        line = "telegram:care: 1 by themselves, 2 held back in quiet hours; critical ones held back: 0"
        assert f"alerts         {line}\n" in world.output
        await ended(daemon)
