"""A burst in the real daemon: one card that counts, changes in its place, and tells who still waits."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance._world import World, until
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
