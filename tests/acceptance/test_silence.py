"""A rule is silenced in the staff's chat: from the next mention on it counts for nothing, after a restart too."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import App
from bot.model import Urgency
from rules.ruleset import parse_rules
from tests.acceptance._world import ANN, CARL, World, until
from tests.acceptance.test_main_job import inbox, running, until_stored

RULES = """
rules:
  fire:
    why: Possible harm to a person
    when: {text: fire}
    at_least: critical
routes:
  default: {to: "telegram:care"}
"""
PEOPLE = {
    "anna": {"name": "Anna", "role": "agent", "telegram": 1},
    "li": {"name": "Li", "role": "lead", "telegram": 3},
}


async def judged(app: App, world: World, who: str, name: str, text: str) -> Urgency:
    """Post it; the urgency that it is stored with. The verdict is made again from what is stored with it."""
    await until_stored(app, await world.jetstream.post(who, text))
    (row, *_) = [row for row in await inbox(app, name) if row.text == text]
    stored = await app.store.verdict(row.mention_id)
    assert stored is not None
    assert stored.verdict == parse_rules(stored.rules_source).judge(stored.facts)
    return row.urgency


@pytest.mark.parametrize("again", [False, True], ids=["at once", "after a restart"])
async def test_a_silenced_rule_rings_nobody(tmp_path: Path, again: bool) -> None:
    """Not even for a critical; ended, it rings again. An agent can do neither."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        world.write_config(people=PEOPLE)
        chat = world.telegram
        async with running(world) as app:
            chat.say("/silence rule fire 8h a film of that name", user=1)
            await until(lambda: len(chat.messages) == 1, what="the agent is told")
            assert Urgency.CRITICAL is await judged(app, world, ANN, "ann", "acme is on fire")
            await until(lambda: len(chat.messages) == 2, what="the card")
            chat.say("/silence rule fire 8h a film of that name", user=3)
            await until(lambda: len(chat.messages) == 3, what="the lead is told")
            assert "fire counts for nothing until" in chat.messages[2].text
            if not again:
                await silent(app, world)
        if again:
            async with running(world) as app:
                await silent(app, world)


async def silent(app: App, world: World) -> None:
    """One mention under the silence, one after its end."""
    chat = world.telegram
    assert Urgency.LOW is await judged(app, world, CARL, "carl", "acme: fire walk with me")
    chat.say("/silence rule fire off", user=3)
    await until(lambda: "counts again" in chat.messages[-1].text, what="the lead is told of the end")
    told = len(chat.messages)
    assert Urgency.CRITICAL is await judged(app, world, CARL, "carl", "no, acme really is on fire")
    await until(lambda: len(chat.messages) > told, what="it rings again")
    assert 4 + 1 == len(chat.messages)
