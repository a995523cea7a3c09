"""The stages of X's sources."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.model import Batch, Cursor
from bot.ports import Http, Source, Watch, Wiring
from bot.testing.loopback import Refuse
from bot.testing.x_server import XServer
from connectors.x.ids import cursor_at, first_id
from connectors.x.inbox import MentionsSource
from connectors.x.native import OwnPostsSource
from connectors.x.own import own_account
from connectors.x.search import SearchSource, Settings
from tests.unit.x_stand import settings

WORDS = ("acme corp", *(f"word number {number} that is long" for number in range(20)), "globex")
"""More than one query holds."""


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


class OwnPostsStage(MentionsStage):
    """Somebody has waited for long."""

    def source(self, http: Http) -> Source:
        async def waits_since(platform: str) -> datetime | None:
            return SystemClock().now() - timedelta(days=1000) if platform == "x" else None

        wiring = Wiring(http=http, clock=SystemClock(), waits_since=waits_since)
        return OwnPostsSource(settings(self.server), wiring)

    def _publish(self, number: int) -> str:
        """Of three, one is a first post, one an answer and one a quote."""
        world = self.server.world
        theirs = world.post("ann", "@acme is the lift broken?")
        more: dict[str, Any] = ({}, {"parent": theirs}, {"quoted": theirs})[number % 3]
        return world.post("acme", f"the lift works & goes {number}", **more)

    async def publish_malformed(self) -> None:
        self.server.world.post("acme", "well", is_broken=True)

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        body = f"secret: {self.secret}"
        self.server.faults.append(Refuse(status=status, headers=headers, body=body, path="tweets"))


class SearchStage(MentionsStage):
    def source(self, http: Http) -> Source:
        wiring = Wiring(http=http, clock=SystemClock())
        own_account(settings(self.server), wiring)
        return Watching(wiring)

    def _publish(self, number: int) -> str:
        """Found by either query; one of three answers another."""
        world = self.server.world
        parent = world.post("ben", "a lift is a lift")
        more: dict[str, Any] = {"parent": parent} if number % 3 == 1 else {}
        return world.post("ann", f"the {WORDS[-(number % 2)]} lift is broken & shut? {number}", **more)

    async def publish_malformed(self) -> None:
        self.server.world.post("ann", WORDS[0], is_broken=True)

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        body = f"secret: {self.secret}"
        self.server.faults.append(Refuse(status=status, headers=headers, body=body, path="recent"))


class Watching(SearchSource):
    """The search, with a watch that says what it looks for."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(Settings(), wiring)

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        vars(watch)["words"] = WORDS
        async with aclosing(_closable(super().read(after, watch))) as found:
            async for batch in found:
                yield batch


def _closable(found: AsyncIterator[Batch]) -> AsyncGenerator[Batch, None]:
    assert isinstance(found, AsyncGenerator)
    return found


@asynccontextmanager
async def search_stage(most: int = 100) -> AsyncIterator[SearchStage]:
    """`most`: so many posts on a page, whatever is asked for."""
    http = HttpClient(SystemClock())
    async with XServer() as server:
        server.most, server.granted = most, 10_000
        server.world.next_id = first_id(SystemClock().now() - timedelta(hours=1))
        stage = SearchStage(server, http)
        stage.start = cursor_at(SystemClock().now() - timedelta(hours=2))
        try:
            yield stage
        finally:
            await http.close()


@asynccontextmanager
async def own_posts_stage(most: int = 100) -> AsyncIterator[OwnPostsStage]:
    async with mentions_stage(most) as stage:
        yield OwnPostsStage(stage.server, stage.http)


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
