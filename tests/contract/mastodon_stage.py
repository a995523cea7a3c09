"""The stages of the Mastodon API's sources: each with the manners of one kind of server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.model import Batch, Cursor
from bot.ports import Http, Source, Watch, Wiring
from bot.testing.loopback import Refuse
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_world import Manners
from connectors.mastodon import position
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.inbox import InboxSource
from connectors.mastodon.searching import SearchSource
from connectors.mastodon.server import own_server
from connectors.mastodon.timelines import Settings, TimelinesSource

SECRET = "hunter2-hunter2"


def account(server: MastodonServer) -> AccountSettings:
    return AccountSettings(server=server.url, handle="acme", token=SecretStr(SECRET))


class FollowedInbox(InboxSource):
    """One whose readings do not end, for its streams stand."""

    is_stream = True


class FollowedTimelines(TimelinesSource):
    """The same."""

    is_stream = True


class TimelinesStage:
    """Two tags on one server. Without streams its token is nobody's: a secret stands in the bodies of
    refusals alone.
    """

    secret = SECRET

    def __init__(self, server: MastodonServer, http: HttpClient) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = position.cursor_at(SystemClock().now())
        self._settings = Settings(servers=(server.url,), hashtags=("#Lift", "acme"))

    def source(self, http: Http) -> Source:
        wiring = Wiring(http=http, clock=SystemClock())
        if not self.server.manners.streams:
            return TimelinesSource(self._settings, wiring)
        own_server(account(self.server), wiring)
        return FollowedTimelines(self._settings, wiring)

    async def publish(self, count: int) -> list[str]:
        return [self._publish(number) for number in range(count)]

    def _publish(self, number: int) -> str:
        world = self.server.world
        parent = world.post("ben@else.example", "no tag at all")
        more = {"parent": parent} if number % 3 == 1 else {}
        made = world.post("ann@else.example", f"the #lift is broken again? {number}", **more)
        return f"{self.server.host}/{made}"

    async def publish_malformed(self) -> None:
        made = self.server.world.post("ann@else.example", "the #lift")
        self.server.world.broken.add(made)

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        refuse = Refuse(status=status, headers=headers, body=f"secret: {SECRET}", path="/tag/lift")
        self.server.faults.append(refuse)

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


class SearchedSource(SearchSource):
    """One whose watch looks for a word."""

    def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        return super().read(after, Worded(watch))


class Worded:
    words = ("lift",)

    def __init__(self, watch: Watch) -> None:
        self.wants = watch.wants


class SearchStage(TimelinesStage):
    """A word on one server."""

    def source(self, http: Http) -> Source:
        return SearchedSource(account(self.server), Wiring(http=http, clock=SystemClock()))

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        refuse = Refuse(status=status, headers=headers, body=f"secret: {SECRET}", path="/search")
        self.server.faults.append(refuse)


class InboxStage:
    secret = SECRET

    def __init__(self, server: MastodonServer, http: HttpClient) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = position.cursor_at(SystemClock().now())

    def source(self, http: Http) -> Source:
        made = FollowedInbox if self.server.manners.streams else InboxSource
        return made(account(self.server), Wiring(http=http, clock=SystemClock()))

    async def publish(self, count: int) -> list[str]:
        return [self._publish(number) for number in range(count)]

    def _publish(self, number: int) -> str:
        """Of three, one is a first post, one an answer and one a quote; likes lie between them."""
        world = self.server.world
        parent = world.post("ben@else.example", "the lift!")
        kind = "quote" if number % 3 == 2 and self.server.manners.api else "mention"
        more = {"parent": parent} if number % 3 == 1 else {}
        made = world.post("ann@else.example", f"@acme is the lift broken again? {number}", **more)
        world.tell("favourite", parent)
        world.tell(kind, made)
        return f"{self.server.host}/{made}"

    async def publish_malformed(self) -> None:
        row = self.server.world.tell("mention", self.server.world.post("ann@else.example", "@acme"))
        row["status"] = ["no", "status"]

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        body = f"secret: {SECRET}"
        refuse = Refuse(status=status, headers=headers, body=body, path="notifications")
        self.server.faults.append(refuse)

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def inbox_stage(manners: Manners, page: int | None = None) -> AsyncIterator[InboxStage]:
    """`page`: so many rows at most, whatever is asked for."""
    http = HttpClient(SystemClock())
    async with MastodonServer(manners=manners) as server:
        server.sign_in(SECRET, "acme")
        server.granted.most = 10_000
        server.most = page
        try:
            yield InboxStage(server, http)
        finally:
            await http.close()


@asynccontextmanager
async def search_stage(manners: Manners) -> AsyncIterator[SearchStage]:
    async with timelines_stage(manners) as stage:
        stage.server.world.finds_text = True
        yield SearchStage(stage.server, stage.http)


@asynccontextmanager
async def timelines_stage(manners: Manners, page: int | None = None) -> AsyncIterator[TimelinesStage]:
    """`page`: so many rows at most, whatever is asked for."""
    http = HttpClient(SystemClock())
    async with MastodonServer(manners=manners) as server:
        server.sign_in(SECRET, "acme")
        server.granted.most = 10_000
        server.most = page
        try:
            yield TimelinesStage(server, http)
        finally:
            await http.close()
