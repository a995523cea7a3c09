"""A burst in the real daemon: one card that counts, changes in its place, and tells who still waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.app import App
from bot.buttons import token
from bot.records import DigestState
from bot.staff import PAGE, Press, Verb
from tests.acceptance._world import World, until
from tests.acceptance.test_answer import office
from tests.acceptance.test_main_job import running


async def test_a_burst_is_one_card(tmp_path: Path) -> None:
    """Ten questions by ten people: a few ring by themselves, then one card has all of them."""
    async with World(tmp_path) as world:
        world.write_config(incidents={"at_least": 4, "within": "5m", "authors": 3})
        async with running(world) as app:
            for number in range(10):
                await world.jetstream.post(f"did:plc:w{number}", f"acme, where is order {number}x?")

            def card() -> str:
                found = [one.text for one in world.telegram.messages if "10" in one.text.splitlines()[0]]
                return found[-1] if found else ""

            await until(card, within=60, what="a card counts all ten")
            (incident,) = await app.store.running_incidents()
            assert (10, 10, 10) == (incident.posts, incident.authors, incident.open)
            alone = [one for one in world.telegram.messages if "order" in one.text.splitlines()[0]]
            assert len(alone) < 10


async def test_one_press_prepares_an_answer_for_all(tmp_path: Path) -> None:
    """The daemon's own task makes a draft for each, and what would come of them is told by platform."""
    more = {"incidents": {"at_least": 4, "within": "5m", "authors": 3}}
    async with office(tmp_path, **more) as (world, _), running(world) as app:
        for number in range(6):
            await world.jetstream.post(f"did:plc:w{number}", f"acme, where is order {number}x?")
        async with asyncio.timeout(20):
            found = await app.store.running_incidents()
            while not found or found[0].posts < 6:
                found = await app.store.running_incidents()
                await asyncio.sleep(0.05)
        await _answer_all(app, found[0].uid)


async def _answer_all(app: App, uid: str) -> None:
    for verb, text in ((Verb.ALL_EDIT, "Sorry, {author.name}!"), (Verb.ALL_PREPARE, "")):
        known = await app.store.incident(uid)
        assert known is not None
        argument = f"{known[1].answer.id}.6" if known[1].answer else ""
        now, given = app.clock.now(), token(verb, uid, argument)
        press = Press(id=verb.value, channel=PAGE, person="page:anna", token=given, at=now, text=text)
        assert (await app.desk.decide(PAGE, press)).outcome in {"proposed", "prepared"}

    async def drafts() -> int:
        state = await app.store.incident_state(uid)
        assert state is not None
        assert state.incident is not None
        answer = state.incident.answer
        return answer.drafts if answer and not answer.is_preparing else 0

    async with asyncio.timeout(20):
        while await drafts() < 6:  # noqa: ASYNC110 - they stand in the database
            await asyncio.sleep(0.05)
    shown = app.answering.shown(await app.store.incident_state(uid))
    assert isinstance(shown, DigestState)
    assert shown.incident is not None
    assert [("bluesky", 6)] == [(one.platform, one.to) for one in shown.incident.preview]
