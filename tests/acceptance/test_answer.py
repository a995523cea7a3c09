"""The whole way of an answer, with the real program and the real client libraries on loopback platforms."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.model import ConversationState
from bot.stages import Stage
from bot.testing.pds_server import PdsServer
from bot.testing.telegram_chats import Sent
from tests.acceptance._world import ACME, ANN, World, until
from tests.acceptance.test_main_job import running, state_of

PASSWORD = "aaaa-bbbb-cccc-dddd"
WORDS = "So sorry, Ann! Which order is it? Write to us at https://acme.example/help"


@asynccontextmanager
async def office(folder: Path, **more: object) -> AsyncIterator[tuple[World, PdsServer]]:
    """The daemon, with an account on Bluesky that may answer; `more` sections of its configuration."""
    async with World(folder) as world, PdsServer() as pds:
        pds.account(ACME, "acme.test", PASSWORD)
        world.secrets["OUTCARE_BLUESKY__APP_PASSWORD"] = PASSWORD
        world.write_config(bluesky={"handle": "acme.test", "service": pds.url}, **more)
        yield world, pds


def card(world: World) -> Sent:
    return world.telegram.messages[0]


async def asked(world: World, pds: PdsServer, **more: Any) -> str:
    """Ann asks, the card is there, and Anna has it; the post's address. `more`: what the AppView tells of it."""
    uri = await world.jetstream.post(ANN, "hey acme, how do I get my refund?")
    pds.appview.post(uri, "hey acme, how do I get my refund?", **more)
    await until(lambda: world.telegram.messages, what="the card arrives")
    world.telegram.press(card(world).message_id, "Claim", user=1, name="Anna")
    await until(shows(world, "To answer, reply to this card"), what="the card says how to answer")
    return uri


def shows(world: World, text: str) -> Callable[[], bool]:
    return lambda: text in card(world).text


async def test_an_answer_is_written_approved_and_published_once(tmp_path: Path) -> None:
    """Claim, a reply to the card, an edit, Publish: one post in Ann's thread, and the card tells it."""
    async with office(tmp_path) as (world, pds), running(world) as app:
        uri = await asked(world, pds)
        chat, number = world.telegram, card(world).message_id
        chat.say("Which order?", user=1, reply_to=number)
        await until(shows(world, "Which order?"), what="the draft is on the card")
        chat.say(WORDS, user=1, reply_to=number)
        await until(shows(world, WORDS), what="the other draft is on the card")
        assert [] == pds.posts(ACME)
        chat.press(number, "Publish", user=1, name="Anna")
        await until(lambda: pds.posts(ACME), what="it is published")
        await until(shows(world, "Published on Bluesky by Anna"), what="the card tells it")
        assert "nswered after" in card(world).text
        (post,) = pds.posts(ACME)
        assert (WORDS, uri, uri) == (
            post["text"],
            post["reply"]["parent"]["uri"],
            post["reply"]["root"]["uri"],
        )
        assert ["link"] == [one["features"][0]["$type"].rpartition("#")[2] for one in post["facets"]]
        assert {ConversationState.ANSWERED} == await state_of(app, "ann")
        shown = app.metrics.render().decode()
        counted = re.findall(r'^outcare_stage_seconds_count\{stage="(\w+)",.*\} (\S+)$', shown, re.MULTILINE)
        assert sorted(counted) == sorted((stage.value, "1.0") for stage in Stage)


async def test_cancel_in_time_publishes_nothing(tmp_path: Path) -> None:
    """Five seconds long a button stops it."""
    async with office(tmp_path) as (world, pds), running(world):
        await asked(world, pds)
        chat, number = world.telegram, card(world).message_id
        chat.say(WORDS, user=1, reply_to=number)
        await until(lambda: "Publish" in card(world).labels, what="the draft is on the card")
        chat.press(number, "Publish", user=1, name="Anna")
        await until(lambda: "Cancel" in card(world).labels, what="it can be stopped")
        chat.press(number, "Cancel", user=2, name="Ben")
        await until(shows(world, "Stopped before it was published"), what="the card tells it")
        await asyncio.sleep(6)
        assert [] == pds.posts(ACME)


async def test_a_refusal_is_told_with_the_words_kept(tmp_path: Path) -> None:
    """The thread is closed to us: the card says so, with the text to copy, and the clock runs on."""
    async with office(tmp_path) as (world, pds), running(world) as app:
        await asked(world, pds, shut=True)
        chat, number = world.telegram, card(world).message_id
        chat.say(WORDS, user=1, reply_to=number)
        await until(lambda: "Publish" in card(world).labels, what="the draft is on the card")
        chat.press(number, "Publish", user=1, name="Anna")
        await until(shows(world, "does not let us answer"), what="the card tells why")
        assert WORDS in card(world).text
        assert [] == pds.posts(ACME)
        assert {ConversationState.CLAIMED} == await state_of(app, "ann")


async def test_talk_in_the_chat_stays_there(tmp_path: Path) -> None:
    """Words that answer no card, and words that nobody approved, are never public."""
    async with office(tmp_path) as (world, pds), running(world):
        await asked(world, pds)
        world.telegram.say("I can't stand this customer", user=1)
        world.telegram.say("really", user=1, reply_to=card(world).message_id)
        await until(lambda: "Publish" in card(world).labels, what="it is only a draft")
        world.telegram.say("/pause publishing too hot", user=3)
        await asyncio.sleep(6)
        assert [] == pds.posts(ACME)
