"""The demo's phone over a real socket, with a bot that speaks the Bot API to its chat."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bot.demo.chat import Chat, Colleague, url_of
from bot.demo.phone import phone
from bot.testing.telegram_server import CHAT

ALEX = Colleague(id=1, name="Alex")
URL = "https://bsky.app/profile/did:plc:ann/post/1"
HOSTILE = "<img src=x onerror=alert(1)> \u202e \x07 </script>"


@dataclass(kw_only=True)
class Hand:
    """A phone that is held: what its stream of events has told, and a bot's side of the chat."""

    chat: Chat
    base: str
    client: aiohttp.ClientSession
    events: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    @property
    def items(self) -> dict[str, dict[str, Any]]:
        return {item["id"]: item for _, item in self.events}

    async def bot(self, method: str, **params: Any) -> Any:
        url = f"{self.chat.server.url}/bot{self.chat.server.token}/{method}"
        async with self.client.post(url, json=params) as answer:
            told = await answer.json()
            assert told["ok"], told
            return told["result"]

    async def card(self, text: str, *labels: str) -> int:
        keyboard = [[{"text": label, "callback_data": f"{label}:1"} for label in labels]]
        link = {"type": "text_link", "offset": 0, "length": 1, "url": URL}
        markup = {"inline_keyboard": keyboard}
        sent = await self.bot("sendMessage", chat_id=CHAT, text=text, entities=[link], reply_markup=markup)
        number: int = sent["message_id"]
        return number

    async def press(self, **body: Any) -> tuple[int, dict[str, Any]]:
        return await self.post("press", body)

    async def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        async with self.client.post(f"{self.base}{path}", json=body) as answer:
            return answer.status, await answer.json()

    async def listen(self, last: str = "") -> None:
        headers = {"Last-Event-ID": last} if last else {}
        async with self.client.get(f"{self.base}events", headers=headers) as answer:
            number = 0
            async for line in answer.content:
                if line.startswith(b"id: "):
                    number = int(line[4:])
                elif line.startswith(b"data: "):
                    self.events.append((number, json.loads(line[6:])))

    async def until(self, ask: Callable[[], Any]) -> Any:
        async with asyncio.timeout(20):
            while not (answer := ask()):  # noqa: ASYNC110 - another process's news, as a browser sees them
                await asyncio.sleep(0.005)
        return answer


@pytest.fixture
async def hand() -> AsyncIterator[Hand]:
    chat = Chat(visitor=ALEX)
    async with (
        chat.server,
        TestServer(phone(chat), host="127.0.0.1") as server,
        aiohttp.ClientSession() as client,
    ):
        held = Hand(chat=chat, base=str(server.make_url("/")), client=client)
        listening = asyncio.create_task(held.listen())
        yield held
        listening.cancel()
        await asyncio.wait([listening])


async def test_cards_come_and_change_in_place(hand: Hand) -> None:
    """A message is one item, and stays in its place when it is edited; notes and people stand between."""
    number = await hand.card("first", "Claim")
    hand.chat.note("explained")
    hand.chat.say("Kim", "hello")
    await hand.until(lambda: len(hand.items) == 3)
    await hand.bot("editMessageText", chat_id=CHAT, message_id=number, text="changed")
    await hand.until(lambda: hand.items[f"card-{number}"]["text"] == "changed")
    shown = sorted(hand.items.values(), key=lambda item: int(item["order"]))
    assert ["changed", "explained", "hello"] == [item["text"] for item in shown]
    assert shown[0]["is_edited"]
    assert [] == shown[0]["buttons"]
    assert "Kim" == shown[2]["name"]


async def test_a_press_is_a_callback_query_of_the_visitor(hand: Hand) -> None:
    """The bot gets it by getUpdates, as from any person; the phone shows what the bot answers."""
    number = await hand.card("a card", "Claim", "Dismiss")
    pressing = asyncio.create_task(hand.press(message=number, label="Claim"))
    updates = await hand.bot("getUpdates", timeout=20)
    query = updates[0]["callback_query"]
    assert ("Claim:1", 1, "Alex") == (query["data"], query["from"]["id"], query["from"]["first_name"])
    await hand.bot("answerCallbackQuery", callback_query_id=query["id"], text="Yours.", show_alert=True)
    assert (200, {"text": "Yours.", "is_loud": True}) == await pressing


async def test_a_reply_is_a_message_of_the_visitors_in_answer_to_the_card(hand: Hand) -> None:
    """The bot gets it by getUpdates, privacy mode or not; the chat shows it, with what it is about."""
    number = await hand.card("a card\nwith text", "Claim")
    assert (200, {"text": "", "is_loud": False}) == await hand.post(
        "reply", {"message": number, "text": " Sorry!\nWhich one? "}
    )
    (update,) = await hand.bot("getUpdates", timeout=20)
    said = update["message"]
    assert ("Sorry!\nWhich one?", CHAT) == (said["text"], said["chat"]["id"])
    assert (1, "Alex") == (said["from"]["id"], said["from"]["first_name"])
    assert (number, True) == (
        said["reply_to_message"]["message_id"],
        said["reply_to_message"]["from"]["is_bot"],
    )
    await hand.until(lambda: len(hand.items) == 2)
    shown = next(item for item in hand.items.values() if item["kind"] == "person")
    assert ("Sorry!\nWhich one?", "a card", "Alex", True) == (
        shown["text"],
        shown["about"],
        shown["name"],
        shown["is_mine"],
    )


async def test_what_is_no_reply_is_refused(hand: Hand) -> None:
    """Nothing, too much for Telegram (in its own unit), a card that is not there, what a foreign page may send."""
    number = await hand.card("a card", "Claim")
    for text in ("", " \n", "x" * 4097, "🫖" * 2049):
        assert 400 == (await hand.post("reply", {"message": number, "text": text}))[0]
    assert 409 == (await hand.post("reply", {"message": number + 1, "text": "x"}))[0]
    for wrong in ([1], {"message": "x", "text": "y"}, {"text": "y"}, "x"):
        assert 400 == (await hand.post("reply", wrong))[0]
    async with hand.client.post(f"{hand.base}reply", data='{"message": 1, "text": "x"}') as answer:
        assert 415 == answer.status
        assert {"error": "send JSON"} == await answer.json()
    assert [] == await hand.bot("getUpdates")
    assert 200 == (await hand.post("reply", {"message": number, "text": "🫖" * 2048}))[0]


def _has(held: Hand, count: int) -> bool:
    return len(held.items) == count


async def test_whoever_comes_back_gets_what_they_missed(hand: Hand) -> None:
    """By the last event's id; from the beginning when that is of another life."""
    for number in range(3):
        hand.chat.note(f"note {number}")
    await hand.until(lambda: len(hand.items) == 3)
    for last, expected in ((str(hand.chat.version - 1), 1), ("999999", 3), ("\u0663x", 3)):
        other = Hand(chat=hand.chat, base=hand.base, client=hand.client)
        listening = asyncio.create_task(other.listen(last.encode("ascii", "ignore").decode() or "x"))
        await other.until(partial(_has, other, expected))
        listening.cancel()
        await asyncio.wait([listening])


async def test_what_is_no_press_is_refused(hand: Hand) -> None:
    """What a foreign page could send without asking, nonsense, and buttons that are not there."""
    number = await hand.card("a card", "Claim")
    body = json.dumps({"message": number, "label": "Claim"})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        async with hand.client.post(f"{hand.base}press", data=body, headers={"Content-Type": kind}) as answer:
            assert 415 == answer.status
    for wrong in ([1], {"message": "x", "label": "Claim"}, {"label": "Claim"}, "claim"):
        async with hand.client.post(f"{hand.base}press", json=wrong) as answer:
            assert 400 == answer.status
    assert 409 == (await hand.press(message=number, label="Delete"))[0]
    assert 409 == (await hand.press(message=number + 1, label="Claim"))[0]
    assert [] == await hand.bot("getUpdates")


async def test_the_page_runs_nothing_but_its_own_script(hand: Hand) -> None:
    """A strict policy, no inline script or style; a hostile text travels as data only."""
    for path in ("", "phone.js", "phone.css"):
        async with hand.client.get(f"{hand.base}{path}") as answer:
            assert 200 == answer.status
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self';")
            assert "unsafe" not in policy
    async with hand.client.get(hand.base) as answer:
        assert not re.search(r"<script>|style=|\son\w+=", await answer.text())
    async with hand.client.get(f"{hand.base}phone.js") as answer:
        assert not re.search(r"innerHTML|insertAdjacentHTML|eval\(", await answer.text())
    await hand.card(HOSTILE, "Claim")
    await hand.until(lambda: hand.items)
    assert [HOSTILE] == [item["text"] for item in hand.items.values()]


async def test_a_card_is_found_by_its_post(hand: Hand) -> None:
    """Whoever waits for the card of a post gets it when it comes."""
    waiting = asyncio.create_task(hand.chat.card(URL))
    await hand.card("a card", "Claim")
    assert URL == url_of(await waiting)
