"""The whole way of an answer by the Mastodon API, with the real program on loopback servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.model import ConversationState, Kind
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, Manners, Status
from tests.acceptance._world import World, until
from tests.acceptance.test_answer import card, shows
from tests.acceptance.test_main_job import eventually, running
from tests.integration import store_samples as s

ANN = "ann@else.example"
WORDS, BETTER = "So sorry, Ann! Which order is it?", "So sorry, Ann! It is on its way."
ACCOUNTS = {"bluesky": ["acme.test"], "mastodon": ["acme@social.test"]}


@asynccontextmanager
async def office(folder: Path, manners: Manners = MASTODON) -> AsyncIterator[tuple[World, MastodonServer]]:
    """The daemon, with an account on a server of the Mastodon API."""
    async with World(folder) as world, MastodonServer(manners=manners) as server:
        server.sign_in("token-of-acme", "acme")
        world.secrets["OUTCARE_MASTODON__TOKEN"] = "token-of-acme"
        world.write_config(
            brand={"name": "acme", "words": ["acme"], "accounts": ACCOUNTS},
            mastodon={"server": server.url, "handle": "acme@social.test", "every": "5s"},
            replies={"hold": "1s"},
        )
        yield world, server


async def asked(world: World, server: MastodonServer, text: str, **more: Any) -> str:
    """Ann asks, and the card is there; the status."""
    await until(lambda: any("notifications" in one for one in server.asked), what="the inbox is read")
    status = server.ask(text, **more)
    await until(lambda: world.telegram.messages, what="the card arrives")
    return status


def ours(server: MastodonServer) -> list[Status]:
    return server.said("acme")


async def published(world: World, server: MastodonServer, words: str) -> Status:
    """Anna has it, writes and approves."""
    chat, number = world.telegram, card(world).message_id
    chat.press(number, "Claim", user=1, name="Anna")
    await until(shows(world, "To answer, reply to this card"), what="the card says how to answer")
    chat.say(words, user=1, reply_to=number)
    await until(lambda: "Publish" in card(world).labels, what="the draft is on the card")
    assert [] == ours(server)
    chat.press(number, "Publish", user=1, name="Anna")
    await until(lambda: ours(server), what="it is published")
    await until(shows(world, "Published on Mastodon by Anna"), what="the card tells it")
    (status,) = ours(server)
    return status


@pytest.mark.parametrize("manners", [MASTODON, GOTOSOCIAL])
async def test_an_answer_is_published_once_and_corrected(tmp_path: Path, manners: Manners) -> None:
    """Card, reply to it, Publish; then other words, which take the place of the first ones."""
    async with office(tmp_path, manners) as (world, server), running(world) as app:
        status = await asked(world, server, "@acme how do I get my refund?", spoiler="money")
        assert "Ann" in card(world).text
        answer = await published(world, server, WORDS)
        assert (f"@{ANN} {WORDS}", status, "public") == (answer.text, answer.parent, answer.visibility)
        assert "money" == answer.spoiler
        await eventually(app, "ann", ConversationState.ANSWERED)
        chat, number = world.telegram, card(world).message_id
        chat.say(BETTER, user=1, reply_to=number)
        await until(lambda: "Correct our answer" in card(world).labels, what="it can be corrected")
        chat.press(number, "Correct our answer", user=1, name="Anna")
        await until(lambda: ours(server)[0].text == f"@{ANN} {BETTER}", what="it says the other words")
        assert 1 == len(ours(server))


async def test_a_direct_message_is_answered_directly(tmp_path: Path) -> None:
    """It is one on the card and in the database, and the answer is seen by nobody else."""
    async with office(tmp_path) as (world, server), running(world):
        await asked(world, server, "@acme where is my order 4711?", visibility="direct")
        assert "Direct message: nobody else can read it" in card(world).text
        assert [(Kind.DM.value,)] == s.rows(world.database, "SELECT kind FROM mentions")
        answer = await published(world, server, WORDS)
        assert ("direct", [ANN]) == (
            answer.visibility,
            [one["acct"] for one in server.world.mentioned(answer)],
        )


async def test_what_a_colleague_answers_in_the_app_is_seen(tmp_path: Path) -> None:
    """The ask ends, and nobody is asked to answer again."""
    async with office(tmp_path) as (world, server), running(world) as app:
        status = await asked(world, server, "@acme how do I get my refund?")
        server.world.post("acme", f"@{ANN} by the form", parent=status)
        await eventually(app, "ann", ConversationState.ANSWERED)


async def test_an_acknowledgement_whose_answer_is_lost_ends_nothing(tmp_path: Path) -> None:
    """The account's own list brings it back, with Ann's name in front, before anybody looks for it."""
    async with office(tmp_path) as (world, server):
        config = yaml.safe_load(world.config.read_text())
        config["acknowledge"] = {"platforms": ["mastodon"], "rules": {"question": "We have seen this."}}
        world.config.write_text(yaml.safe_dump(config, sort_keys=False))
        server.mishap("cut", is_done=True)
        async with running(world) as app:
            await asked(world, server, "@acme how do I get my refund?")
            await until(shows(world, "Acknowledged automatically"), within=60, what="the card tells it")
            (status,) = ours(server)
            assert f"@{ANN} [automatic] We have seen this." == status.text
            (row,) = await app.store.inbox(limit=9, include_closed=True)
            assert (ConversationState.OPEN, None, True) == (row.state, row.answered_at, row.is_waiting)
