"""The program's own way to the network, counting what it is asked for and what is in flight."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bot.clock import SystemClock
from bot.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from aiohttp import ClientResponse


class CountingHttp(HttpClient):
    """`bot.http.HttpClient`; no channel opens a WebSocket. `patience`: seconds that any answer may take.

    What it guards is counted here too, and not guarded: the platforms of these tests are on loopback.
    """

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.in_flight = 0
        self.requests = 0
        self.patience: float | None = None

    def guarded(self, allow: Collection[str] = ()) -> HttpClient:
        return self

    @asynccontextmanager
    async def request(self, method: str, url: str, **more: Any) -> AsyncIterator[ClientResponse]:
        self.requests += 1
        self.in_flight += 1
        more |= {"timeout": self.patience} if self.patience else {}
        try:
            async with super().request(method, url, **more) as response:
                yield response
        finally:
            self.in_flight -= 1

    def websocket(self, url: str, **_: Any) -> Any:
        raise AssertionError(f"no channel opens a WebSocket: {url}")


@asynccontextmanager
async def counting() -> AsyncIterator[CountingHttp]:
    http = CountingHttp()
    try:
        yield http
    finally:
        await http.close()
