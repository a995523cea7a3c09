"""Telegram's source passes the suite for sources, alone and beside the feed that reads the same updates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.model import Cursor
from bot.testing.source_contract import STATUSES, NetworkSourceContract, failure
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from connectors.telegram.api import Api
from connectors.telegram.reader import Reader
from connectors.telegram.source import TelegramSource, cursor
from tests.contract._rigs import BODY_SECRET

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bot.ports import Http, Source

POLL = timedelta(seconds=2)


class TelegramStage:
    """`secret` stands in what Telegram answers; the token is looked for as well."""

    secret = BODY_SECRET

    def __init__(self, server: TelegramServer, http: HttpClient) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = cursor(1, SystemClock().now())

    def source(self, http: Http) -> Source:
        api = Api(token=TOKEN, base_url=self.server.url, http=http)
        reader = Reader(api, SystemClock(), poll=POLL)
        return TelegramSource(reader=reader, chats=(CHAT,), clock=SystemClock())

    async def publish(self, count: int) -> list[str]:
        for number in range(count):
            self.server.say(f"is the lift broken again? {number}", user=70 + number)
        return [f"{chat}/{number}" for chat, number in list(self.server.telegram.said)[-count:]]

    async def publish_malformed(self) -> None:
        self.server.telegram._update(message={"message_id": 1, "date": "yesterday"})

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        words = {400: "Bad Request: x", 401: "Unauthorized", 403: "Forbidden: x", 404: "Not Found"}
        self.server.fail(status, description=words.get(status, f"secret: {BODY_SECRET}"))

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def telegram_stage() -> AsyncIterator[TelegramStage]:
    http = HttpClient(SystemClock())
    async with TelegramServer() as server:
        try:
            yield TelegramStage(server, http)
        finally:
            await http.close()


class TestTelegram(NetworkSourceContract):
    """The Bot API never answers 408, 410 or 418: that is somebody else."""

    statuses: Mapping[int, tuple[type[BotError], Reason]] = {
        **STATUSES,
        403: (Rejected, Reason.FORBIDDEN),
        404: (Unauthorized, Reason.UNAUTHORIZED),
        **dict.fromkeys((408, 410, 418), (Unavailable, Reason.PROTOCOL)),
    }

    def stage(self) -> AbstractAsyncContextManager[TelegramStage]:
        return telegram_stage()

    async def test_rule_5_retry_after_is_read(self) -> None:
        """Telegram says it in the body of its answer, in seconds."""
        async with self.stage() as stage:
            stage.server.fail(429, retry_after=7)
            error = await failure(stage.source(stage.http), stage.start)
            assert isinstance(error, Unavailable)
            assert timedelta(seconds=7) == error.retry_after
