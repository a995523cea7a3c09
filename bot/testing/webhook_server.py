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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.testing.journal import Journal
from bot.testing.loopback import Loopback, serve


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


class WebhookServer(Loopback):
    """`async with WebhookServer() as hook: hook.url`; deliveries that were refused are not kept."""

    def __init__(self, *, journal: Path | None = None) -> None:
        super().__init__()
        self.deliveries: list[Delivery] = []
        self.journal = Journal(journal)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{path:.*}", self._receive)]

    async def control(self, command: Mapping[str, Any]) -> Any:
        if command.get("do") == "deliveries":
            return [{"number": one.number, "id": one.id, "at": one.at} for one in self.deliveries]
        return await super().control(command)

    def distinct(self) -> dict[str, Delivery]:
        """The first delivery of each webhook-id: what a receiver that drops repeats has."""
        first: dict[str, Delivery] = {}
        for delivery in self.deliveries:
            first.setdefault(delivery.id, delivery)
        return first

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        number = len(self.deliveries) + 1
        delivery = Delivery(number=number, path=request.path, headers=headers, body=body, at=time.monotonic())
        self.journal.write("delivered", number=number, id=delivery.id, body=body.decode())
        self.deliveries.append(delivery)
        return web.Response(status=204)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A receiver of webhooks on 127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="a journal of what arrived (JSON lines)")
    given = parser.parse_args()
    asyncio.run(serve(WebhookServer(journal=given.state), given.port))
