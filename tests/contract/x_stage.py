"""The stage of X's mentions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.model import Cursor
from bot.ports import Http, Source, Wiring
from bot.testing.loopback import Refuse
from bot.testing.x_server import XServer
from connectors.x.ids import cursor_at
from connectors.x.inbox import MentionsSource
from tests.unit.x_stand import settings


class MentionsStage:
    def __init__(self, server: XServer, http: HttpClient) -> None:
        self.server = server
        self.http = http
        self.secret = server.keys.token_secret
        self.start: Cursor | None = cursor_at(SystemClock().now() - timedelta(days=1000))

    def source(self, http: Http) -> Source:
        return MentionsSource(settings(self.server), Wiring(http=http, clock=SystemClock()))

    async def publish(self, count: int) -> list[str]:
        return [self._publish(number) for number in range(count)]

    def _publish(self, number: int) -> str:
        """Of three, one is a first post, one an answer and one a quote."""
        world = self.server.world
        ours = world.post("acme", "the lift works")
        more: dict[str, Any] = ({}, {"parent": ours}, {"quoted": ours})[number % 3]
        return world.post("ann", f"@acme is the lift broken & shut? {number}", **more)

    async def publish_malformed(self) -> None:
        self.server.world.post("ann", "@acme", is_broken=True)

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        body = f"secret: {self.secret}"
        self.server.faults.append(Refuse(status=status, headers=headers, body=body, path="mentions"))

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def mentions_stage(most: int = 100) -> AsyncIterator[MentionsStage]:
    """`most`: so many posts on a page, whatever is asked for."""
    http = HttpClient(SystemClock())
    async with XServer() as server:
        server.most = most
        server.granted = 10_000
        try:
            yield MentionsStage(server, http)
        finally:
            await http.close()
