"""The line between us and the real PDS, which can break: before or after the server heard of it.

It passes everything on as it is, but for one thing: sessions name this line as the account's server, so that
whoever signs in stays on it. Where there is no AppView it stands in for its `getPosts`, out of what the
repositories hold.
"""

from __future__ import annotations

import json
from collections import deque
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from aiohttp import web

from bot.testing.loopback import Loopback
from bot.testing.pds_server import Mishap
from tests.peers.network import Network
from tests.peers.people import POST, Refused, get

_WRITES = ("putRecord", "createRecord", "deleteRecord")
_DROPPED = {
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "host",
    "keep-alive",
    "transfer-encoding",
}


class Wire(Loopback):
    """`mishaps` befall the next writes; `asked` is what was asked for, in order."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.mishaps: deque[Mishap] = deque()
        self.asked: list[str] = []
        self._network = network
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

    async def _passed(self, request: web.Request) -> web.Response:
        method = request.path.rpartition("/")[2]
        self.asked.append(method)
        if method == "app.bsky.feed.getPosts" and self._network.appview is None:
            return await self._looked_up(request)
        is_write = method.rpartition(".")[2] in _WRITES
        mishap = self.mishaps.popleft() if self.mishaps and is_write else None
        if mishap and not mishap.is_done:
            return await mishap.answer(request)
        answer = await self._asked(request)
        return await mishap.answer(request) if mishap else answer

    async def _asked(self, request: web.Request) -> web.Response:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        url = f"{self._network.pds}{request.path_qs}"
        content = await request.read()
        async with self._session.request(
            request.method, url, headers=headers, data=content or None, allow_redirects=False
        ) as answer:
            body = (await answer.read()).replace(self._network.pds.encode(), self.url.encode())
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _DROPPED}
            return web.Response(status=answer.status, body=body, headers=kept)

    async def _looked_up(self, request: web.Request) -> web.Response:
        posts = [await self._view(uri) for uri in request.query.getall("uris", [])]
        return web.Response(
            text=json.dumps({"posts": [post for post in posts if post]}), content_type="application/json"
        )

    async def _view(self, uri: str) -> dict[str, Any] | None:
        did, _, rkey = uri.removeprefix("at://").partition(f"/{POST}/")
        try:
            found = await get(
                self._network.pds, "com.atproto.repo.getRecord", repo=did, collection=POST, rkey=rkey
            )
        except Refused:
            return None
        view = {"uri": uri, "cid": found["cid"], "record": found["value"]}
        return {
            **view,
            "author": {"did": did, "handle": "handle.invalid"},
            "indexedAt": "2026-01-01T00:00:00Z",
        }
