"""The stages that the contract suite plays on: Jetstream, a recording, and a message board made for twins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.model import Cursor
from bot.ports import Http, Source, Wiring
from bot.testing.feed_server import Entry, FeedServer
from bot.testing.hackernews_server import HackerNewsServer
from bot.testing.jetstream_server import JetstreamServer
from bot.testing.loopback import Refuse
from bot.testing.pds_server import PdsServer
from bot.vault import MemoryVault
from connectors.bluesky import inbox_position
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.notifications import NotificationsSource
from connectors.bluesky.position import cursor_at
from connectors.bluesky.recording import RecordingSource
from connectors.feeds import position as feeds_position
from connectors.feeds.settings import Settings as FeedsSettings
from connectors.feeds.source import FeedsSource
from connectors.hackernews import position as hackernews_position
from connectors.hackernews.source import HackerNewsSource
from connectors.hackernews.source import Settings as HackerNewsSettings

SECRET = "hunter2-hunter2"


class JetstreamStage:
    secret = SECRET

    def __init__(self, server: JetstreamServer, http: HttpClient, *, is_v2: bool = False) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = cursor_at(SystemClock().now())
        self._url = server.url_v2 if is_v2 else server.url

    def source(self, http: Http) -> Source:
        return JetstreamSource(Settings(jetstream=self._url), Wiring(http=http, clock=SystemClock()))

    async def publish(self, count: int) -> list[str]:
        return [await self.server.post("did:plc:ann", f"is the lift broken again? {n}") for n in range(count)]

    async def publish_malformed(self) -> None:
        await self.server.raw('{"did":"did:plc:ann","kind":"commit","commit":{"collection":')

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        """The next stream is refused, not the dictionary that is asked for before it."""
        path = urlsplit(self._url).path
        self.server.faults.append(Refuse(status=status, headers=headers, body=f"secret: {SECRET}", path=path))

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def jetstream_stage(wire: str = "v1") -> AsyncIterator[JetstreamStage]:
    """`wire`: "v1", "v2", or "packed" (v2 with its dictionary)."""
    http = HttpClient(SystemClock())
    async with JetstreamServer() as server:
        server.has_dictionary = wire == "packed"
        try:
            yield JetstreamStage(server, http, is_v2=wire != "v1")
        finally:
            await http.close()


class RecordingStage:
    secret = SECRET
    start: Cursor | None = None

    def __init__(self, path: Path, server: JetstreamServer, http: Http) -> None:
        self.path = path
        self.http = http
        self._server = server

    def source(self, http: Http) -> Source:
        del http
        return RecordingSource(self.path)

    async def publish(self, count: int) -> list[str]:
        ids = [await self._server.post("did:plc:ben", f"how do I return this? {n}") for n in range(count)]
        with self.path.open("ab") as file:
            file.writelines(msgspec.json.encode(event) + b"\n" for event in self._server.events[-count:])
        return ids

    async def publish_malformed(self) -> None:
        with self.path.open("ab") as file:
            file.write(b'{"did": "did:plc:ben", "time_us"\n')

    def contacts(self) -> int:
        return 0

    def open_handles(self) -> int:
        links = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return sum(link.readlink() == self.path for link in links)


def recording_stage(path: Path) -> Callable[[], AsyncIterator[RecordingStage]]:
    async def stage() -> AsyncIterator[RecordingStage]:
        yield RecordingStage(path, JetstreamServer(), HttpClient(SystemClock()))

    return stage


class HackerNewsStage:
    secret = SECRET

    def __init__(self, server: HackerNewsServer, http: HttpClient) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = hackernews_position.cursor_at(SystemClock().now())

    def source(self, http: Http) -> Source:
        settings = HackerNewsSettings(url=self.server.base_url)
        return HackerNewsSource(settings, Wiring(http=http, clock=SystemClock()))

    async def publish(self, count: int) -> list[str]:
        return [self.server.publish(f"is the lift broken again? {n}", title="Lifts") for n in range(count)]

    async def publish_malformed(self) -> None:
        self.server.raw({"objectID": 7, "author": ["nobody"]})

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        self.server.refuse(status, headers=headers, body=f"secret: {SECRET}")

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def hackernews_stage() -> AsyncIterator[HackerNewsStage]:
    http = HttpClient(SystemClock())
    async with HackerNewsServer() as server:
        try:
            yield HackerNewsStage(server, http)
        finally:
            await http.close()


class NotificationsStage:
    """The account is signed in anew by each source: what was kept is shared, as in the daemon."""

    secret = SECRET

    def __init__(self, server: PdsServer, http: HttpClient) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = inbox_position.cursor_at(SystemClock().now())
        self._vault = MemoryVault()
        self._numbers = count()

    def source(self, http: Http) -> Source:
        account = AccountSettings(handle="acme.test", app_password=SecretStr(SECRET), service=self.server.url)
        return NotificationsSource(account, Wiring(http=http, clock=SystemClock(), vault=self._vault))

    async def publish(self, count: int) -> list[str]:
        return [self._publish(("mention", "reply", "quote")[number % 3]) for number in range(count)]

    def _publish(self, reason: str) -> str:
        self.server.appview.notify("like", f"at://did:plc:ben/app.bsky.feed.like/{next(self._numbers)}")
        uri = f"at://did:plc:ann/app.bsky.feed.post/{next(self._numbers)}"
        self.server.appview.notify(reason, uri, "is the lift broken again?")
        return uri

    async def publish_malformed(self) -> None:
        row = self.server.appview.notify(
            "reply", f"at://did:plc:ann/app.bsky.feed.post/{next(self._numbers)}"
        )
        row["record"] = ["no", "record"]

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        body = f"secret: {SECRET}"
        refuse = Refuse(status=status, headers=headers, body=body, path="listNotifications")
        self.server.faults.append(refuse)

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def notifications_stage(page: int = 100) -> AsyncIterator[NotificationsStage]:
    """`page`: so many rows at most, whatever is asked for."""
    http = HttpClient(SystemClock())
    async with PdsServer() as server:
        server.account("did:plc:acme", "acme.test", SECRET)
        server.appview.most = page
        try:
            yield NotificationsStage(server, http)
        finally:
            await http.close()


class FeedStage:
    """One feed, of the kind that is given; the secret stands in its address too."""

    secret = SECRET

    def __init__(self, server: FeedServer, http: HttpClient, kind: str) -> None:
        self.server = server
        self.http = http
        self.start: Cursor | None = feeds_position.cursor_at(SystemClock().now())
        self._feed = server.feed("/feed.xml", kind=kind)
        self._kind = kind

    def source(self, http: Http) -> Source:
        address = f"{self.server.url}/feed.xml?key={SECRET}"
        settings = FeedsSettings(feeds=(address,), allow_private=True)
        return FeedsSource(settings, Wiring(http=http, clock=SystemClock()))

    async def publish(self, count: int) -> list[str]:
        return [self._publish(number) for number in range(count)]

    def _publish(self, number: int) -> str:
        link = f"https://blog.example/posts/{len(self._feed.entries)}"
        name = self.server.publish(f"is the lift broken again? {number}", link=link)
        return link if self._kind == "alerts" else name

    async def publish_malformed(self) -> None:
        now = self._feed.changed_at
        self._feed.entries.insert(0, Entry(id="", title="", text="", link="", author="", at=now))

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        self.server.refuse(status, headers=headers, body=f"secret: {SECRET}")

    def contacts(self) -> int:
        return self.server.requests

    def open_handles(self) -> int:
        return self.server.open_requests


@asynccontextmanager
async def feed_stage(kind: str) -> AsyncIterator[FeedStage]:
    http = HttpClient(SystemClock())
    async with FeedServer() as server:
        try:
            yield FeedStage(server, http, kind)
        finally:
            await http.close()
