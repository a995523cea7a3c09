"""Stands in for Bluesky's chat service behind a real PDS, which signs what it hands on to it.

Whoever asks is told by a token of service auth (https://atproto.com/specs/xrpc#inter-service-authentication-jwt):
for which account, for which service, for which method.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from aiohttp import web

from bot.clock import SystemClock
from bot.testing.loopback import Loopback
from bot.testing.pds_chat import CONVO, ChatFault, ChatService
from tests.peers.people import Person


class ChatPeer(Loopback):
    """The chat of one account."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.chat = ChatService(SystemClock(), did=person.did, handle=person.handle)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"/xrpc/{CONVO}.{{method}}", self._answered),
            web.post(f"/xrpc/{CONVO}.sendMessage", self._answered),
        ]

    async def _answered(self, request: web.Request) -> web.Response:
        method = request.path.rpartition(".")[2]
        told = _claims(request)
        wanted = (self.chat.did, "did:web:api.bsky.chat", f"{CONVO}.{method}")
        if (told.get("iss"), str(told.get("aud")).partition("#")[0], told.get("lxm")) != wanted:
            return _fault(401, "AuthenticationRequired", "not for us")
        try:
            if request.method == "POST":
                return web.json_response(self.chat.send(await request.json()))
            return web.json_response(self.chat.queries[method](request))
        except ChatFault as fault:
            return _fault(400, fault.name, str(fault))


def _claims(request: web.Request) -> dict[str, Any]:
    part = request.headers.get("Authorization", "..").split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) or "{}")
    return claims


def _fault(status: int, name: str, message: str) -> web.Response:
    return web.json_response({"error": name, "message": message}, status=status)
