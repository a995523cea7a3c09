"""The whole program: a question on a network becomes a card in a chat, a claim, an answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import App
from bot.building import build
from bot.cli import setup
from bot.clock import SystemClock
from bot.errors import ConfigError
from bot.model import ConversationState
from bot.records import InboxRow
from bot.settings.load import load
from tests.acceptance._world import ACME, ANN, CARL, World, until


@asynccontextmanager
async def running(world: World) -> AsyncIterator[App]:
    """The program in this process, reading the network."""
    connectors = setup.connectors()
    settings = load(world.config, connectors, env=world.env)
    app = await build(settings, connectors, clock=SystemClock())
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    try:
        await until(lambda: world.jetstream.open_requests or task.done(), what="the source connects")
        await until(
            lambda: not app.accounts.unresolved() or task.done(), what="the brand's handle is resolved"
        )
        yield app
    finally:
        stop.set()
        await task


def ref(uri: str) -> dict[str, str]:
    return {"uri": uri, "cid": "bafyreiexample"}


def reply_to(parent: str, root: str) -> dict[str, Any]:
    return {"reply": {"root": ref(root), "parent": ref(parent)}}


async def inbox(app: App, author: str) -> list[InboxRow]:
    rows = await app.store.inbox(limit=100, include_closed=True)
    return [row for row in rows if author in row.author]


async def state_of(app: App, author: str) -> set[ConversationState]:
    return {row.state for row in await inbox(app, author)}


async def eventually(app: App, author: str, state: ConversationState) -> None:
    for _ in range(1000):
        if await state_of(app, author) == {state}:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"{author} is {await state_of(app, author)}, not {state}")


async def test_from_a_question_to_its_answer(tmp_path: Path) -> None:
    """The card arrives with the author's name; one of two claims wins; only the answer to the author counts."""
    async with World(tmp_path) as world, running(world) as app:
        network, chat = world.jetstream, world.telegram

        question = await network.post(ANN, "hey acme, how do I get my refund?")
        await until(lambda: chat.messages, what="the card arrives")
        card = chat.messages[0]
        assert "Ann Other" in card.text
        assert "how do I get my refund?" in card.text
        assert card.text.startswith("HIGH · answer by")

        chat.press(card.message_id, "Claim", user=1, name="Anna")
        chat.press(card.message_id, "Claim", user=2, name="Ben")
        await until(lambda: len(chat.answers) == 2, what="both presses are answered")
        winner, loser = chat.answers
        assert "Yours" in winner.text
        assert "Anna has it" in loser.text
        await until(lambda: "Claimed by Anna" in chat.messages[0].text, what="the card shows the claim")

        follower = await network.post(CARL, "same here, any news?", **reply_to(question, question))
        await network.post(ACME, "We are on it!", **reply_to(follower, question))
        await eventually(app, "carl", ConversationState.ANSWERED)
        assert {ConversationState.CLAIMED} == await state_of(app, "ann")
        assert "nswered after" not in chat.messages[0].text

        answer = await network.post(ACME, "Ann, it is on its way.", **reply_to(question, question))
        await until(lambda: "nswered after" in chat.messages[0].text, what="the card shows the answer")
        assert {ConversationState.ANSWERED} == await state_of(app, "ann")

        cards = len(chat.messages)
        thanks = await network.post(ANN, "Thank you so much!", **reply_to(answer, question))
        await until_stored(app, thanks)
        assert {ConversationState.ANSWERED} == await state_of(app, "ann")
        assert cards == len(chat.messages)

        await network.post(ANN, "But where do I see the status?", **reply_to(answer, question))
        await until(lambda: len(chat.messages) > cards, what="a new question rings again")
        open_again = await app.store.status(now=SystemClock().now())
        assert 1 == open_again.open_asks


async def until_stored(app: App, uri: str) -> None:
    for _ in range(1000):
        if await app.store.verdict(uri) is not None:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"{uri} is not stored")


async def test_a_stranger_decides_nothing(tmp_path: Path) -> None:
    """Somebody in the chat who is not in the configuration is told so; the card stays open."""
    async with World(tmp_path) as world, running(world) as app:
        await world.jetstream.post(ANN, "acme, are you there?")
        await until(lambda: world.telegram.messages)
        world.telegram.press(world.telegram.messages[0].message_id, "Claim", user=99, name="Mallory")
        await until(lambda: world.telegram.answers)
        assert "telegram:99" in world.telegram.answers[0].text
        assert {ConversationState.OPEN} == await state_of(app, "ann")


async def test_a_chat_that_refuses_is_not_silent(tmp_path: Path) -> None:
    """The bot was removed from the group: the alert goes to the fallback, and readiness says so."""
    async with World(tmp_path) as world:
        rules = world.folder / "rules" / "rules.yaml"
        rules.write_text(
            rules.read_text().replace(
                'default: {to: "telegram:care"}', 'default: {to: "telegram:care", fallback: "webhook:desk"}'
            )
        )
        async with running(world) as app:
            world.telegram.fail(403, method="sendMessage", times=9, description="Forbidden: bot was kicked")
            await world.jetstream.post(ANN, "acme, are you there?")
            await until(lambda: len(world.webhook.deliveries) == 2, what="the fallback gets the alert")
            told = {one.told["event"]: one.body.decode() for one in world.webhook.deliveries}
            assert "are you there?" in told["alert"]
            assert "telegram:care refuses our messages" in told["notice"]
            failing = {check.name: check.detail for check in app.readiness.checks() if not check.ok}
            assert {"channel:telegram:care": "forbidden"} == failing


async def test_a_slow_directory_does_not_hold_the_card(tmp_path: Path) -> None:
    """Author facts that do not come in time are unknown, and the card still goes."""
    async with World(tmp_path) as world:
        world.write_config(lookup_budget="200ms")
        async with running(world):
            world.appview.delay = 3.0
            await world.jetstream.post(ANN, "acme, are you there?")
            await until(lambda: world.telegram.messages, within=3.0, what="the card comes without the name")
            assert "Ann Other" not in world.telegram.messages[0].text


async def test_a_deleted_post_leaves_no_text_behind(tmp_path: Path) -> None:
    """The author takes the post back: the card no longer shows it, and the database has forgotten it."""
    async with World(tmp_path) as world, running(world) as app:
        uri = await world.jetstream.post(ANN, "acme, my secret number is 12345, why?")
        await until(lambda: world.telegram.messages)
        await world.jetstream.delete(ANN, uri.rpartition("/")[2])
        await until(lambda: "12345" not in world.telegram.messages[0].text, what="the card forgets")
        rows = await app.store.inbox(limit=10, include_closed=True)
        assert not [row for row in rows if "12345" in row.text]
        stored = await app.store.verdict(uri)
        assert stored is None or "12345" not in stored.facts.text


async def test_the_outside_monitor_hears_of_us_only_while_all_is_well(tmp_path: Path) -> None:
    """Pings while every check passes; none once the network is gone: the silence is the alarm."""
    pings: list[float] = []

    async def ping(request: web.Request) -> web.Response:
        pings.append(asyncio.get_running_loop().time())
        return web.Response(text="ok")

    monitor = web.Application()
    monitor.router.add_get("/ping/secret-key", ping)
    async with World(tmp_path) as world, TestServer(monitor, host="127.0.0.1") as server:
        url = str(server.make_url("/ping/secret-key"))
        world.write_config(heartbeat_url=url, heartbeat_every="1s")
        async with running(world) as app:
            await until(lambda: len(pings) >= 2, what="it pings")
            await world.jetstream.stop()
            await until(lambda: not all(check.ok for check in app.readiness.checks()), what="it notices")
            before = len(pings)
            await asyncio.sleep(2.5)
            assert before == len(pings)


async def test_a_second_reader_of_the_bot_is_told_to_staff(tmp_path: Path) -> None:
    """Somebody else takes the presses: readiness says so, and a channel of another kind hears of it."""
    async with World(tmp_path) as world:
        world.telegram.fail(409, method="getUpdates", times=2, description="Conflict: terminated by other")
        async with running(world) as app:
            await until(lambda: world.webhook.deliveries, what="staff is told")
            assert "Buttons on telegram do not reach us" in world.webhook.deliveries[0].body.decode()
            world.telegram.say("hello")
            await until(
                lambda: all(check.ok for check in app.readiness.checks()), what="it recovers by itself"
            )


async def test_a_port_in_use_leaves_nothing_behind(tmp_path: Path) -> None:
    """One clear error; the database is free for the next start."""
    async with World(tmp_path) as world:
        taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        async with taken:
            port = taken.sockets[0].getsockname()[1]
            world.write_config(http={"host": "127.0.0.1", "port": port})
            with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
                async with running(world):
                    pytest.fail("it started")
        async with running(world) as app:
            assert app.listeners
