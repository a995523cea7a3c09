"""The least that implements `bot.ports.Http`, and counts what is in flight."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from bot.errors import Reason, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


class CountingHttp:
    """One session per request keeps it simple; closing is then nobody's business."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.requests = 0

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        self.requests += 1
        self.in_flight += 1
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout)) as session:
                try:
                    response = await session.request(
                        method, url, headers=headers, params=params, data=body, allow_redirects=False
                    )
                except TimeoutError:
                    raise Unavailable("no answer in time", reason=Reason.TIMEOUT) from None
                except aiohttp.ClientError as error:
                    raise Unavailable(f"no connection ({type(error).__name__})") from None
                async with response:
                    yield response
        finally:
            self.in_flight -= 1

    async def read(self, response: aiohttp.ClientResponse, *, limit: int = 5_000_000) -> bytes:
        body = await response.content.read(limit + 1)
        while not response.content.at_eof() and len(body) <= limit:
            body += await response.content.read(limit + 1 - len(body))
        if len(body) > limit:
            raise Unavailable("too much", reason=Reason.PROTOCOL)
        return body

    def websocket(self, url: str, **_: Any) -> Any:
        raise AssertionError(f"no channel opens a WebSocket: {url}")
