"""The Bot API on loopback: `async with TelegramServer() as telegram:`, or alone with `python -m`.

Routes, statuses and envelopes of https://core.telegram.org/bots/api#making-requests; what the methods do is
in `telegram_chats`. Alone it is steered over `POST /_control` and keeps a journal, so that a test which kills
the daemon can audit what arrived.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.testing.journal import Journal
from bot.testing.loopback import Loopback, serve, silence
from bot.testing.telegram_chats import ApiError, Chat, Telegram

if TYPE_CHECKING:
    from bot.testing.telegram_chats import Answer, Sent

TOKEN = "123456789:AAloopback_token_of_nobody"  # noqa: S105 - opens nothing
CHAT = -1001234567890
BOT = {"id": 123456789, "is_bot": True, "first_name": "Outcare", "username": "outcare_bot"}


@dataclass(kw_only=True)
class Failure:
    """What the next requests get instead of an answer. Status 0: silence until the client gives up; -1: the
    connection breaks. `is_done`: what they ask for is done all the same.
    """

    status: int
    method: str | None = None
    times: int = 1
    description: str = "planted"
    retry_after: int | None = None
    body: bytes | None = None
    is_done: bool = False


class TelegramServer(Loopback):
    """One bot's Bot API. Attributes and methods are for the test; the bot comes over HTTP.

    `reads_all`: the bot's privacy mode is off. `webhook`: where updates go instead of to getUpdates.
    """

    def __init__(
        self, *, token: str = TOKEN, chats: tuple[int, ...] = (CHAT,), journal: Path | None = None
    ) -> None:
        super().__init__()
        self.token = token
        self.telegram = Telegram(chats={chat: Chat(id=chat) for chat in chats})
        self.journal = Journal(journal)
        self.failures: list[Failure] = []
        self.reads_all = False
        self.webhook = ""
        self._news = asyncio.Event()
        self._reader: asyncio.Future[None] | None = None

    # --- what the test sees and does ---

    @property
    def messages(self) -> list[Sent]:
        """All messages as they stand now, oldest first."""
        return list(self.telegram.messages.values())

    @property
    def answers(self) -> list[Answer]:
        return self.telegram.answers

    @property
    def is_polled(self) -> bool:
        """Whether a reader waits for updates just now."""
        return self._reader is not None and not self._reader.done()

    def press(self, message_id: int, label: str, *, user: int = 1, name: str = "Anna") -> str:
        """A person presses a button of a message; the callback query's id."""
        sent = next(sent for sent in self.messages if sent.message_id == message_id)
        query_id = self.telegram.press(sent, label, user=user, name=name)
        self.journal.write("press", id=query_id, message_id=message_id, label=label, user=user)
        self._news.set()
        return query_id

    def say(
        self, text: str, *, chat: int = CHAT, user: int = 1, name: str = "Anna", reply_to: int | None = None
    ) -> int:
        """A person writes something, perhaps as a reply to a message of the bot's; the update's id."""
        known = self.telegram.chats.setdefault(chat, Chat(id=chat))
        more: dict[str, Any] = {}
        if reply_to is not None:
            sent = self.telegram.messages[chat, reply_to]
            more = {"reply_to_message": {**self.telegram.shown(sent), "from": BOT}} | self.telegram.topic(
                sent
            )
        update_id = self.telegram.say(known, text, user=user, name=name, **more)
        self._news.set()
        return update_id

    def fail(self, status: int, **more: Any) -> None:
        """Let the next request (of `method`, `times`) fail; see `Failure`."""
        self.failures.append(Failure(status=status, **more))

    # --- HTTP ---

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/bot{token}/{method}", self._handle)]

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            self._authorize(request.match_info["token"])
            params = await _params(request)
            planted = await self._planted(method, params)
            return planted or _json({"ok": True, "result": await self._call(method, params)}, 200)
        except ApiError as error:
            more = {"parameters": error.parameters} if error.parameters else {}
            told = {"ok": False, "error_code": error.code, "description": error.description, **more}
            return _json(told, error.code)

    def _authorize(self, token: str) -> None:
        """A malformed token is not found, a wrong one unauthorized."""
        if token != self.token:
            raise ApiError(401, "Unauthorized") if ":" in token else ApiError(404, "Not Found")

    async def _planted(self, method: str, params: dict[str, Any]) -> web.Response | None:
        found = next((one for one in self.failures if one.method in {None, method}), None)
        if found is None:
            return None
        found.times -= 1
        if not found.times:
            self.failures.remove(found)
        if found.is_done:
            await self._call(method, params)
        if found.status == -1:
            self.cut()
        if found.status <= 0:
            await silence()
        if found.body is not None:
            return web.Response(status=found.status, body=found.body)
        wait = {"retry_after": found.retry_after} if found.retry_after is not None else {}
        raise ApiError(found.status, found.description, **wait)

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        match method.lower():
            case "sendmessage":
                sent = self.telegram.send_message(params)
                self._kept("sendMessage", sent)
                return self.telegram.shown(sent)
            case "editmessagetext":
                sent = self.telegram.edit_message_text(params)
                self._kept("editMessageText", sent)
                return self.telegram.shown(sent)
            case "answercallbackquery":
                answer = self.telegram.answer_callback_query(params)
                self.journal.write("answerCallbackQuery", id=answer.query_id, text=answer.text)
                return True
            case "deletemessage":
                return self.telegram.delete_message(params)
            case "getupdates":
                return await self._get_updates(params)
        return self._told(method, params)

    def _told(self, method: str, params: dict[str, Any]) -> Any:
        """What changes nothing, or only how the bot looks."""
        match method.lower():
            case "setmycommands":
                return self.telegram.set_my_commands(params)
            case "getme":
                return {**BOT, "can_join_groups": True, "can_read_all_group_messages": self.reads_all}
            case "getchat":
                return self.telegram.get_chat(params)
            case "getchatmember":
                return self.telegram.get_chat_member(params, BOT)
            case "getwebhookinfo":
                return {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": 0}
        raise ApiError(404, "Not Found: method not found")

    def _kept(self, event: str, sent: Sent) -> None:
        self.journal.write(event, chat=sent.chat.id, message_id=sent.message_id, text=sent.text)

    async def _get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        """A long poll. A second reader ends the one that waits: that one gets the 409."""
        if self.webhook:
            text = "can't use getUpdates method while webhook is active; use deleteWebhook to delete it first"
            raise ApiError(409, f"Conflict: {text}")
        offset, limit = params.get("offset"), int(params.get("limit", 100))
        if self._reader and not self._reader.done():
            self._reader.set_result(None)
        known = len(self.telegram.confirmed)
        updates = self.telegram.get_updates(offset, limit=limit)
        for update_id in self.telegram.confirmed[known:]:
            self.journal.write("confirmed", update_id=update_id)
        if updates or not params.get("timeout"):
            return updates
        ended = self._reader = asyncio.get_running_loop().create_future()
        await self._wait(ended, float(params["timeout"]))
        return self.telegram.get_updates(None, limit=limit)

    async def _wait(self, ended: asyncio.Future[None], seconds: float) -> None:
        self._news.clear()
        news = asyncio.create_task(self._heard())
        try:
            await asyncio.wait([ended, news], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance "
                    "is running",
                )
        finally:
            news.cancel()
            ended.cancel()

    async def _heard(self) -> None:
        await self._news.wait()

    async def control(self, command: Mapping[str, Any]) -> Any:
        told = dict(command)
        match told.pop("do", None):
            case "press":
                return {"id": self.press(told.pop("message_id"), told.pop("label"), **told)}
            case "say":
                return {"update_id": self.say(told.pop("text"), **told)}
            case "fail":
                self.fail(told.pop("status"), **told)
                return {}
            case "calm":
                self.failures.clear()
                return {}
            case "state":
                return self._state()
        return await super().control(command)

    def _state(self) -> dict[str, Any]:
        messages = [
            {**self.telegram.shown(sent), "labels": sent.labels, "versions": sent.versions}
            for sent in self.messages
        ]
        answers = [{"id": one.query_id, "text": one.text, "is_loud": one.is_loud} for one in self.answers]
        pending = [update["update_id"] for update in self.telegram.updates]
        confirmed = self.telegram.confirmed
        return {
            "messages": messages,
            "answers": answers,
            "pending": pending,
            "confirmed": confirmed,
            "said": [message_id for _, message_id in self.telegram.said],
        }


async def _params(request: web.Request) -> dict[str, Any]:
    """Parameters as Telegram takes them: query, JSON, or a form whose values may be JSON themselves."""
    if request.content_type == "application/json":
        return dict(json.loads(await request.read() or b"{}"))
    given = {**request.query, **await request.post()}
    return {name: _plain(str(value)) for name, value in given.items() if name != "text"} | {
        name: str(given[name]) for name in ("text",) if name in given
    }


def _plain(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _json(told: dict[str, Any], status: int) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(told).encode(), content_type="application/json", charset="utf-8"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The Telegram Bot API on 127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="a journal of what arrived (JSON lines)")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--chat", type=int, action="append", help=f"a chat that the bot is in ({CHAT})")
    given = parser.parse_args()
    server = TelegramServer(token=given.token, chats=tuple(given.chat or [CHAT]), journal=given.state)
    asyncio.run(serve(server, given.port))
