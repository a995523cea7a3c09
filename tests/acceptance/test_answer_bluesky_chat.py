"""The whole way of a direct message on Bluesky, with the real program on loopback servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.model import ConversationState, Kind
from bot.testing.pds_server import PdsServer
from tests.acceptance._world import ACME, ANN, World, until
from tests.acceptance.test_answer import PASSWORD, card, office, shows
from tests.acceptance.test_main_job import eventually, running
from tests.integration import store_samples as s

CONVO = "3lconvo"
WORDS = "So sorry, Ann! Write to us at https://acme.example/help. " + "It will not happen again. " * 15


@asynccontextmanager
async def desk(folder: Path, *, chat: bool = True) -> AsyncIterator[tuple[World, PdsServer]]:
    """An office that reads what it is written in private, every five seconds."""
    async with office(folder) as (world, pds):
        pds.may_chat(ACME)
        pds.chat.begin(CONVO, ANN, status="request")
        account = {"handle": "acme.test", "service": pds.url, "every": "5s", "chat": chat}
        world.write_config(bluesky=account, replies={"hold": "1s"})
        yield world, pds


async def asked(world: World, pds: PdsServer) -> None:
    """Ann asks in private, the card is there, and Anna has it."""
    await until(lambda: pds.asked.count("chat.bsky.convo.getLog") > 1, what="the chat is read")
    pds.chat.say(CONVO, ANN, "hey, how do I get my refund for order 4711?")
    await until(lambda: world.telegram.messages, what="the card arrives")
    world.telegram.press(card(world).message_id, "Claim", user=1, name="Anna")
    await until(shows(world, "To answer, reply to this card"), what="the card says how to answer")


async def written(world: World) -> None:
    chat, number = world.telegram, card(world).message_id
    chat.say(WORDS, user=1, reply_to=number)
    await until(lambda: "Publish" in card(world).labels, what="the draft is on the card")
    chat.press(number, "Publish", user=1, name="Anna")


async def test_a_direct_message_is_answered_in_its_conversation(tmp_path: Path) -> None:
    """It is one on the card and in the database; longer than a post may be; and the public reads nothing."""
    async with desk(tmp_path) as (world, pds), running(world) as app:
        await asked(world, pds)
        assert "Direct message: nobody else can read it" in card(world).text
        assert [(Kind.DM.value,)] == s.rows(world.database, "SELECT kind FROM mentions")
        await written(world)
        await until(lambda: pds.chat.sent, what="it is sent")
        await until(shows(world, "Published on Bluesky by Anna"), what="the card tells it")
        ([sent], posts) = (pds.chat.sent, pds.posts(ACME))
        assert (CONVO, WORDS.strip(), []) == (sent["convo"], sent["text"], posts)
        assert ["link"] == [one["features"][0]["$type"].rpartition("#")[2] for one in sent["facets"]]
        await eventually(app, "ann", ConversationState.ANSWERED)
        before = pds.asked.count("chat.bsky.convo.getLog")
        await until(lambda: pds.asked.count("chat.bsky.convo.getLog") > before + 1, what="it is read again")
        assert [(1,)] == s.rows(world.database, "SELECT count(*) FROM answers")
        assert [(1,)] == s.rows(world.database, "SELECT count(*) FROM mentions")


async def test_what_a_colleague_answers_in_the_app_is_seen(tmp_path: Path) -> None:
    """The ask ends, and nobody is asked to answer again."""
    async with desk(tmp_path) as (world, pds), running(world) as app:
        await asked(world, pds)
        pds.chat.say(CONVO, ACME, "By the form, Ann.")
        await eventually(app, "ann", ConversationState.ANSWERED)
        assert [] == pds.posts(ACME)


async def test_who_takes_no_messages_gets_no_post_instead(tmp_path: Path) -> None:
    """The refusal is told with the words kept; the clock runs on."""
    async with desk(tmp_path) as (world, pds), running(world):
        await asked(world, pds)
        pds.chat.convos[CONVO].refuses = ("InvalidRequest", "block between recipient and sender")
        await written(world)
        await until(shows(world, "does not let us answer"), what="the card tells why")
        assert WORDS.strip() in card(world).text
        assert ([], []) == (pds.chat.sent, pds.posts(ACME))


async def test_without_a_wish_nothing_private_is_read(tmp_path: Path) -> None:
    """The right of the app password alone is no wish."""
    async with desk(tmp_path, chat=False) as (world, pds), running(world):
        await until(lambda: pds.asked.count("app.bsky.notification.listNotifications") > 1, what="two polls")
        assert not [one for one in pds.asked if one.startswith("chat.")]
    assert PASSWORD not in world.output
