"""A receiver of webhooks on loopback: numbers what arrives and keeps it, or refuses it as told.

Knows the headers of Standard Webhooks (https://www.standardwebhooks.com), and checks signatures by its own
code, so that it cannot share a mistake with the sender.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from bot.testing.standalone import Journal, alone, serving


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`number` counts from 1; `at` is the receiver's monotonic clock in seconds."""

    number: int
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers.get("webhook-id", "")

    @property
    def told(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    def is_signed_with(self, key: bytes) -> bool:
        """`key` is the raw key: what stands after `whsec_`, decoded."""
        content = f"{self.id}.{self.headers.get('webhook-timestamp', '')}.".encode() + self.body
        expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers.get("webhook-signature", "").split()


@dataclass(kw_only=True)
class Refusal:
    """What the next deliveries get. Status 0: silence until the client gives up."""

    status: int
    times: int = 1
    headers: dict[str, str]
    body: bytes = b""


class WebhookServer:
    """`async with WebhookServer() as hook: hook.url`; deliveries that were refused are not kept."""

    def __init__(self, *, journal: Path | None = None) -> None:
        self.deliveries: list[Delivery] = []
        self.refusals: list[Refusal] = []
        self.journal = Journal(journal)
        self.url = ""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.url = await self._stack.enter_async_context(serving(self.app()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def refuse(
        self, status: int, *, times: int = 1, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> None:
        """Let the next deliveries fail."""
        self.refusals.append(Refusal(status=status, times=times, headers=headers or {}, body=body))

    def distinct(self) -> dict[str, Delivery]:
        """The first delivery of each webhook-id: what a receiver that drops repeats has."""
        first: dict[str, Delivery] = {}
        for delivery in self.deliveries:
            first.setdefault(delivery.id, delivery)
        return first

    def app(self) -> web.Application:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_get("/control/deliveries", self._listed)
        app.router.add_post("/control/refuse", self._told_to_refuse)
        app.router.add_post("/{path:.*}", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.refusals:
            return await self._refused(self.refusals[0])
        headers = {name.lower(): value for name, value in request.headers.items()}
        number = len(self.deliveries) + 1
        delivery = Delivery(number=number, path=request.path, headers=headers, body=body, at=time.monotonic())
        self.journal.write("delivered", number=number, id=delivery.id, body=body.decode())
        self.deliveries.append(delivery)
        return web.Response(status=204)

    async def _refused(self, refusal: Refusal) -> web.Response:
        refusal.times -= 1
        if refusal.times <= 0:
            self.refusals.remove(refusal)
        if refusal.status == 0:
            await asyncio.sleep(3600)
        return web.Response(status=refusal.status, headers=refusal.headers, body=refusal.body)

    async def _listed(self, _: web.Request) -> web.Response:
        rows = [{"number": one.number, "id": one.id, "at": one.at} for one in self.deliveries]
        return web.json_response(rows)

    async def _told_to_refuse(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.refuse(told["status"], times=told.get("times", 1), headers=told.get("headers"))
        return web.json_response({})


def main() -> None:
    parser = argparse.ArgumentParser(description="A receiver of webhooks on 127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="a journal of what arrived (JSON lines)")
    given = parser.parse_args()

    async def run() -> None:
        await alone(WebhookServer(journal=given.state).app(), port=given.port)

    asyncio.run(run())


if __name__ == "__main__":
    main()
