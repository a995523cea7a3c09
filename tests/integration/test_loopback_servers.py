"""The fakes refuse what the real ones refuse: else tests against them would prove nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bot.testing.journal import Journal
from bot.testing.notifier_contract import until
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from bot.testing.webhook_server import WebhookServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DATA = "claim:01JD4ZQ8M0ABCDEFGHJKMNPQRS"


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer() as server:
        yield server


async def asked(server: TelegramServer, method: str, *, token: str = TOKEN, **params: Any) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{server.url}/bot{token}/{method}", json=params) as response,
    ):
        told: dict[str, Any] = await response.json()
        assert told["ok"] is (response.status == 200)
        assert response.status == told.get("error_code", 200)
        return told


def keyboard(data: str) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "Claim", "callback_data": data}]]}


@pytest.mark.parametrize(
    ("params", "code", "description"),
    [
        ({"chat_id": 5, "text": "x"}, 400, "Bad Request: chat not found"),
        ({"chat_id": CHAT, "text": " "}, 400, "Bad Request: message text is empty"),
        ({"chat_id": CHAT, "text": "😀" * 2049}, 400, "Bad Request: message is too long"),
        (
            {"chat_id": CHAT, "text": "x", "reply_markup": keyboard("x" * 65)},
            400,
            "Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            {"chat_id": CHAT, "text": "😀", "entities": [{"type": "bold", "offset": 0, "length": 1}]},
            400,
            "Bad Request: ENTITY_BOUNDS_INVALID",
        ),
        (
            {"chat_id": CHAT, "text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]},
            400,
            "Bad Request: ENTITY_BOUNDS_INVALID",
        ),
        ({"chat_id": CHAT, "text": "\ud83d"}, 400, "Bad Request: strings must be encoded in UTF-8"),
    ],
)
async def test_what_cannot_be_sent(
    telegram: TelegramServer, params: dict[str, Any], code: int, description: str
) -> None:
    """By Telegram's own words."""
    told = await asked(telegram, "sendMessage", **params)
    assert (code, description) == (told["error_code"], told["description"])


async def test_what_just_fits_is_sent(telegram: TelegramServer) -> None:
    """4,096 UTF-16 units and 64 bytes of data are allowed."""
    told = await asked(
        telegram, "sendMessage", chat_id=CHAT, text="😀" * 2048, reply_markup=keyboard("x" * 64)
    )
    assert told["ok"]


async def test_edits(telegram: TelegramServer) -> None:
    """A change is made, the same again is refused, and so is a message that is gone."""
    await asked(telegram, "sendMessage", chat_id=CHAT, text="x")
    edit: dict[str, Any] = {"chat_id": CHAT, "message_id": 1, "text": "y"}
    assert (await asked(telegram, "editMessageText", **edit))["ok"]
    again = await asked(telegram, "editMessageText", **edit)
    assert again["description"].startswith("Bad Request: message is not modified")
    gone = await asked(telegram, "editMessageText", **edit | {"message_id": 9})
    assert "Bad Request: message to edit not found" == gone["description"]


async def test_tokens(telegram: TelegramServer) -> None:
    """A wrong one is unauthorized, one that is none is not found."""
    assert 401 == (await asked(telegram, "getMe", token="1:wrong"))["error_code"]
    assert 404 == (await asked(telegram, "getMe", token="wrong"))["error_code"]
    assert "outcare_bot" == (await asked(telegram, "getMe"))["result"]["username"]


async def test_updates_stay_until_they_are_confirmed(telegram: TelegramServer) -> None:
    """The same again without an offset; gone with one behind them."""
    first, second = telegram.say("one"), telegram.say("two")
    for _ in range(2):
        told = await asked(telegram, "getUpdates")
        assert [first, second] == [update["update_id"] for update in told["result"]]
    told = await asked(telegram, "getUpdates", offset=second)
    assert [second] == [update["update_id"] for update in told["result"]]
    assert [first] == telegram.telegram.confirmed


async def test_a_long_poll_waits_for_news(telegram: TelegramServer) -> None:
    """It comes back with the update as soon as there is one."""
    poll = asyncio.create_task(asked(telegram, "getUpdates", timeout=5))
    await until(lambda: telegram.is_polled)
    update_id = telegram.say("now")
    assert [update_id] == [update["update_id"] for update in (await poll)["result"]]


async def test_of_two_readers_the_first_gets_the_conflict(telegram: TelegramServer) -> None:
    """As Telegram does it: the newer request ends the older one."""
    first = asyncio.create_task(asked(telegram, "getUpdates", timeout=5))
    await until(lambda: telegram.is_polled)
    second = asyncio.create_task(asked(telegram, "getUpdates", timeout=0.2))
    assert 409 == (await first)["error_code"]
    assert [] == (await second)["result"]


async def test_planted_failures(telegram: TelegramServer) -> None:
    """As often as told, for the method told, with how long to wait."""
    telegram.fail(429, method="sendMessage", times=2, retry_after=3)
    assert (await asked(telegram, "getMe"))["ok"]
    for _ in range(2):
        told = await asked(telegram, "sendMessage", chat_id=CHAT, text="x")
        assert {"retry_after": 3} == told["parameters"]
    assert (await asked(telegram, "sendMessage", chat_id=CHAT, text="x"))["ok"]


async def test_form_parameters_are_taken_too(telegram: TelegramServer) -> None:
    """Other clients send forms whose values are JSON; a text that looks like JSON stays text."""
    form = {"chat_id": str(CHAT), "text": "5", "reply_markup": json.dumps(keyboard(DATA))}
    url = f"{telegram.url}/bot{TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
        assert 200 == response.status
    assert ("5", ["Claim"]) == (telegram.messages[0].text, telegram.messages[0].labels)


async def test_a_receiver_keeps_what_it_takes(tmp_path: Path) -> None:
    """Numbered, in order; what it refused is not kept; repeats of an id can be told."""
    journal = tmp_path / "hook.jsonl"
    async with WebhookServer(journal=journal) as hook, aiohttp.ClientSession() as session:
        hook.refuse(503, headers={"Retry-After": "2"})
        statuses = []
        for _ in range(3):
            async with session.post(f"{hook.url}/in", json={}, headers={"webhook-id": "a"}) as response:
                statuses.append(response.status)
        assert [503, 204, 204] == statuses
        assert [1, 2] == [delivery.number for delivery in hook.deliveries]
        assert ["a"] == list(hook.distinct())
    assert [1, 2] == [row["number"] for row in Journal(journal).read()]


@asynccontextmanager
async def alone(module: str, journal: Path) -> AsyncIterator[str]:
    """A fake as a program of its own, killed at the end; its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--state", str(journal), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            yield json.loads(await process.stdout.readline())["url"]
    finally:
        process.kill()
        await process.wait()


async def test_a_receiver_alone_takes_orders(tmp_path: Path) -> None:
    """It refuses as often as told, and says what it has; the same is on disk."""
    journal = tmp_path / "hook.jsonl"
    async with alone("bot.testing.webhook_server", journal) as url, aiohttp.ClientSession() as session:
        await session.post(f"{url}/_control", json={"do": "refuse", "status": 503, "times": 2})
        statuses = [
            (await session.post(f"{url}/in", json={}, headers={"webhook-id": i})).status for i in "abc"
        ]
        assert [503, 503, 204] == statuses
        told = await (await session.post(f"{url}/_control", json={"do": "deliveries"})).json()
        assert ["c"] == [row["id"] for row in told]
    assert ["c"] == [row["id"] for row in Journal(journal).read()]


async def test_telegram_alone_keeps_its_journal_through_a_kill(tmp_path: Path) -> None:
    """As a program of its own it takes orders over HTTP, and what it took is on disk when it is killed."""
    journal = tmp_path / "telegram.jsonl"
    async with alone("bot.testing.telegram_server", journal) as url:
        await _orders(url)
    events = [row["event"] for row in Journal(journal).read()]
    assert ["sendMessage", "press", "confirmed", "answerCallbackQuery"] == events


async def _orders(url: str) -> None:
    bot, control = f"{url}/bot{TOKEN}", f"{url}/_control"
    async with aiohttp.ClientSession() as session:
        message = {"chat_id": CHAT, "text": "x", "reply_markup": keyboard(DATA)}
        await session.post(f"{bot}/sendMessage", json=message)
        order = {"do": "press", "message_id": 1, "label": "Claim", "user": 42, "name": "Anna"}
        press = await (await session.post(control, json=order)).json()
        told = await (await session.get(f"{bot}/getUpdates")).json()
        await session.get(f"{bot}/getUpdates?offset={told['result'][0]['update_id'] + 1}")
        answer = {"callback_query_id": press["id"], "text": "Yours."}
        await session.post(f"{bot}/answerCallbackQuery", json=answer)
        state = await (await session.post(control, json={"do": "state"})).json()
        assert (["Claim"], []) == (state["messages"][0]["labels"], state["pending"])
