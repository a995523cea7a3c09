"""Silences with a scope in the staff's chat: what they hold is stored and counted, and the end is told."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

from bot.app import App
from bot.model import Urgency
from bot.silenced import Scope
from tests.acceptance._world import ANN, CARL, World, until
from tests.acceptance.test_main_job import inbox, running, until_stored
from tests.acceptance.test_silence import PEOPLE, judged

RULES = """
rules:
  fire: {why: Possible harm to a person, when: {text: fire}, at_least: critical}
  leak: {why: Something leaks, when: {text: leaks}, at_least: high}
routes:
  default: {to: "telegram:care"}
"""


async def said(world: World, text: str, *, user: int, hears: str) -> str:
    """Say it in chat; what the bot answers."""
    before = len(world.telegram.messages)
    world.telegram.say(text, user=user)
    await until(lambda: len(world.telegram.messages) > before, what=f"an answer to {text}")
    answer = world.telegram.messages[before].text.replace("\u2060", "")
    assert hears in answer
    return answer


async def cards(app: App, world: World, *texts: str) -> int:
    """Post these as Carl, in threads of their own; how many messages staff gets."""
    before = len(world.telegram.messages)
    for text in texts:
        await judged(app, world, CARL, "carl", text)
    await asyncio.sleep(0.5)
    return len(world.telegram.messages) - before


async def test_a_scope_is_silenced_from_the_chat(tmp_path: Path) -> None:
    """Words by a lead, the author by an agent, over a restart; critical rings; explain and CLI tell of it."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        world.write_config(people=PEOPLE)
        async with running(world) as app:
            assert 1 == await cards(app, world, "acme leaks, nobody knows")
            await said(
                world, '/silence words "known outage" 2h the provider is down', user=3, hears="Silenced"
            )
            assert 0 == await cards(app, world, "acme leaks since the known outage")
            assert 1 == await cards(app, world, "acme is on fire since the known outage")
            await said(world, "/silence author @carl.test 8h provokes", user=1, hears="Silenced")
        async with running(world) as app:
            assert 0 == await cards(app, world, "acme leaks again", "acme leaks as ever")
            listed = await said(world, "/silences", user=1, hears="the words “known outage”")
            assert "; 2 mentions so far" in listed
            assert "; 1 mention so far" in listed
            await _explained(app, world)
            hears = "Alerts about the author bluesky:@carl.test go out again. 2 mentions were silenced."
            await said(world, "/silence author @carl.test off", user=1, hears=hears)
            assert 1 == await cards(app, world, "acme leaks anew")


async def _explained(app: App, world: World) -> None:
    (row, *_) = [row for row in await inbox(app, "carl") if row.text == "acme leaks again"]
    assert Urgency.HIGH is row.urgency
    told = await world.outcare("rules", "explain", row.mention_id)
    assert 0 == await told.wait()
    assert "by Anna (author bluesky:@carl.test): provokes" in world.output
    listed = await world.outcare("silences", "--json")
    assert 0 == await listed.wait()
    found = json.loads(world.output[world.output.index("[") :])
    assert [("author", 2), ("words", 1)] == [(one["scope"], one["held"]) for one in found]


async def test_the_end_of_a_silence_is_told_once(tmp_path: Path) -> None:
    """In the staff's chat, with how much it held, also when nobody was running at that moment."""
    async with World(tmp_path) as world:
        (tmp_path / "rules" / "rules.yaml").write_text(RULES)
        world.write_config(people=PEOPLE)
        async with running(world) as app:
            await said(world, "/silence source bluesky 1m maintenance", user=3, hears="Silenced")
            await until_stored(app, await world.jetstream.post(ANN, "acme leaks"))
            (one,) = await app.store.silences(now=app.clock.now())
            assert (Scope.SOURCE, 1) == (one.scope, one.held)
        _over(world)
        for _ in range(2):
            async with running(world) as app:
                await app.ruling.silences_over()
                await until(lambda: len(world.telegram.messages) == 2, what="the end is told")
                await app.ruling.silences_over()
                await asyncio.sleep(0.3)
        assert 2 == len(world.telegram.messages)
        told = "A silence is over: Alerts about the source bluesky go out again. 1 mention was silenced."
        assert told == world.telegram.messages[1].text


def _over(world: World) -> None:
    """As if a minute had gone by."""
    with sqlite3.connect(world.database) as connection:
        connection.execute(
            "UPDATE silences SET until = until - ?", (timedelta(minutes=2).seconds * 1_000_000,)
        )
    connection.close()
