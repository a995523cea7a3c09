"""A model that writes drafts, behind the real program: what it offers, and what is told when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.testing.completions_server import CompletionsServer
from tests.acceptance._world import ACME, World, until
from tests.acceptance.test_answer import asked, card, office
from tests.acceptance.test_doctor import findings
from tests.acceptance.test_main_job import running

KEY = "sk-planted-secret"


def drafts(server: CompletionsServer) -> dict[str, object]:
    return {"model": {"url": server.endpoint, "name": "small-1"}}


async def test_what_it_writes_is_offered_and_is_only_an_offer(tmp_path: Path) -> None:
    """After the claim, with a word that nobody has read it; one press makes it a draft, none publishes it."""
    async with (
        CompletionsServer() as server,
        office(tmp_path, drafts=drafts(server)) as (world, pds),
        running(world) as app,
    ):
        await asked(world, pds)
        await until(lambda: "Use 1" in card(world).labels, what="it is offered")
        assert "thank you for telling us" in card(world).text
        (check,) = [one for one in app.readiness.checks() if one.name == "model"]
        assert (True, "") == (check.ok, check.detail)
        world.telegram.press(card(world).message_id, "Use 1", user=1, name="Anna")
        await until(lambda: "Publish" in card(world).labels, what="it is a draft")
        assert [] == pds.posts(ACME)


async def test_a_model_that_refuses_is_told_and_stops_nobody(tmp_path: Path) -> None:
    """`/readyz` says why, and is ready all the same; the key is in no line."""
    async with CompletionsServer(key=KEY) as server, office(tmp_path, drafts=drafts(server)) as (world, pds):
        world.secrets["OUTCARE_DRAFTS__MODEL__KEY"] = "sk-another-secret"
        async with running(world) as app:
            await asked(world, pds)
            await until(lambda: app.proposing.trouble, what="it was asked")
            (check,) = [one for one in app.readiness.checks() if one.name == "model"]
            assert check.ok
            assert "401" in check.detail
        assert "sk-another-secret" not in world.output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("says", "health", "said"),
    [("Hello, we open at nine.", "fine", "draft"), ("A refund is yours!", "note", "promise")],
)
async def test_the_doctor_tries_it(tmp_path: Path, says: str, health: str, said: str) -> None:
    """By a question of its own; what would be no draft is worth a note."""
    async with CompletionsServer() as server, World(tmp_path) as world:
        server.say(says)
        world.write_config(drafts=drafts(server))
        status, found = await findings(world)
        assert (0, health) == (status, found["model small-1"]["health"])
        assert said in found["model small-1"]["says"]
        (sent,) = server.asked
        assert "opening hours" in str(sent)


@pytest.mark.slow
async def test_the_doctor_says_what_to_mend(tmp_path: Path) -> None:
    """A key that is refused."""
    async with CompletionsServer(key=KEY) as server, World(tmp_path) as world:
        world.secrets["OUTCARE_DRAFTS__MODEL__KEY"] = "sk-another-secret"
        world.write_config(drafts=drafts(server))
        status, found = await findings(world)
        assert (1, "mend") == (status, found["model small-1"]["health"])
        assert "OUTCARE_DRAFTS__MODEL__KEY" in found["model small-1"]["do"]
        assert "sk-another-secret" not in world.output
