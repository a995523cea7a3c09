"""The line between us and a real server, which can break: before or after the server heard of it.

It passes everything on as it is, but for one thing: where the server names itself, this line is named, so that
whoever follows stays on it. Event streams pass piece by piece, sockets frame by frame.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bot.testing.loopback import Loopback
from bot.testing.pds_server import Mishap

_DROPPED = {
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "host",
    "keep-alive",
    "transfer-encoding",
}


class Line(Loopback):
    """`mishaps` befall the next writes; `asked` is what was asked for, in order."""

    def __init__(self, behind: str) -> None:
        super().__init__()
        self.mishaps: deque[Mishap] = deque()
        self.asked: list[str] = []
        self._behind = behind
        self._name = re.compile(rf"://(?:127\.0\.0\.1|localhost):{urlsplit(behind).port}\b".encode())
        self._stack = AsyncExitStack()
        self._session: aiohttp.ClientSession | None = None

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._passed)]

    def mishap(self, how: str | int, *, is_done: bool, **more: Any) -> None:
        self.mishaps.append(Mishap(how=how, is_done=is_done, **more))

    async def start(self, port: int = 0) -> None:
        self._session = await self._stack.enter_async_context(aiohttp.ClientSession())
        await super().start(port)

    async def stop(self) -> None:
        await super().stop()
        await self._stack.aclose()

    def name(self, request: web.Request) -> str:
        """What stands in `asked`."""
        return f"{request.method} {request.path}"

    def is_write(self, request: web.Request) -> bool:
        return request.method != "GET"

    async def instead(self, request: web.Request) -> web.Response | None:
        """What is not passed on."""
        return None

    async def _passed(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(self.name(request))
        answer = await self.instead(request)
        if answer is not None:
            return answer
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._joined(request)
        mishap = self.mishaps.popleft() if self.mishaps and self.is_write(request) else None
        if mishap and not mishap.is_done:
            return await mishap.answer(request)
        passed = await self._asked(request)
        return await mishap.answer(request) if mishap else passed

    async def _joined(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        given = request.headers
        spoken = [one.strip() for one in given.get("Sec-WebSocket-Protocol", "").split(",") if one.strip()]
        headers = {"Authorization": given["Authorization"]} if "Authorization" in given else {}
        url = f"{self._behind}{request.path_qs}"
        try:
            there = await self._session.ws_connect(url, headers=headers, protocols=spoken)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        here = web.WebSocketResponse(protocols=spoken)
        await here.prepare(request)
        try:
            await asyncio.gather(_pumped(there, here), _pumped(here, there))
        finally:
            await there.close()
        return here

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        content = await request.read()
        async with self._session.request(
            request.method,
            f"{self._behind}{request.path_qs}",
            headers=headers,
            data=content or None,
            allow_redirects=False,
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _DROPPED}
            if answer.content_type == "text/event-stream":
                return await _streamed(request, answer, kept)
            body = self._name.sub(f"://{self.host}".encode(), await answer.read())
            return web.Response(status=answer.status, body=body, headers=kept)


async def _pumped(
    source: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
    sink: aiohttp.ClientWebSocketResponse | web.WebSocketResponse,
) -> None:
    async for frame in source:
        await sink.send_str(str(frame.data))
    await sink.close()


async def _streamed(
    request: web.Request, answer: aiohttp.ClientResponse, headers: dict[str, str]
) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, headers=headers)
    await stream.prepare(request)
    async for piece in answer.content.iter_any():
        await stream.write(piece)
    return stream
