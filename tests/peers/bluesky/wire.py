"""The line between us and the real PDS, which can break.

Where there is no AppView it stands in for its `getPosts`, out of what the repositories hold.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.peers.bluesky.network import Network
from tests.peers.bluesky.people import POST, Refused, get
from tests.peers.line import Line

_WRITES = ("putRecord", "createRecord", "deleteRecord")


class Wire(Line):
    """`asked` holds the names of methods."""

    def __init__(self, network: Network) -> None:
        super().__init__(network.pds)
        self._network = network

    def name(self, request: web.Request) -> str:
        return request.path.rpartition("/")[2]

    def is_write(self, request: web.Request) -> bool:
        return self.name(request).rpartition(".")[2] in _WRITES

    async def instead(self, request: web.Request) -> web.Response | None:
        if self._network.appview is None and self.name(request) == "app.bsky.feed.getPosts":
            return await self._looked_up(request)
        return None

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
