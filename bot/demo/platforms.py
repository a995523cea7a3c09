"""The demo's platforms on loopback: who is there, and how a text of the day gets onto one of them.

Knows the wire formats by the fakes of `bot.testing` and the platforms' own documents; imports no connector,
so that the daemon reads it as it would read the real ones. Knows nothing of when things happen.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from bot.demo import accounts
from bot.testing.appview_server import AppViewServer
from bot.testing.feed_server import FeedServer
from bot.testing.hackernews_server import HackerNewsServer
from bot.testing.jetstream_server import JetstreamServer
from bot.testing.pds_server import PdsServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.demo.day import Member, Said, Scene
    from bot.testing.loopback import Loopback
    from bot.testing.mastodon_server import MastodonServer
    from bot.testing.x_server import XServer

_HANDLE = re.compile(r"@([a-z0-9-]+\.example)\b")
_SILENCE = 86_400
"""Seconds; the network of the demo has quiet hours."""
FEED = "/feed.xml"
PASSWORD = "demo-demo-demo-demo"  # noqa: S105 - opens nothing but the fake


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A post on its platform: `url` is where people find it, `thread` the id of the thread's first post."""

    id: str
    url: str
    thread: str


def did(key: str) -> str:
    """An id as Bluesky gives it: 24 characters of base32 (https://web.plc.directory/spec/v0.1/did-plc)."""
    digest = hashlib.sha256(key.encode()).digest()
    return "did:plc:" + base64.b32encode(digest).decode().lower()[:24]


def handle(key: str) -> str:
    return f"{key}.example"


@dataclass(kw_only=True)
class Platforms:
    """`async with`: all are up. `variables` point a daemon at them."""

    cast: Mapping[str, Member]
    ours: str
    jetstream: JetstreamServer = field(default_factory=JetstreamServer)
    appview: AppViewServer = field(default_factory=AppViewServer)
    hackernews: HackerNewsServer = field(default_factory=HackerNewsServer)
    feeds: FeedServer = field(default_factory=FeedServer)
    pds: PdsServer = field(default_factory=PdsServer)
    """Where the brand's own account is at home, and what it may answer is asked."""
    mastodon: MastodonServer = field(default_factory=accounts.mastodon_server)
    x: XServer = field(init=False)
    _asides: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)

    def __post_init__(self) -> None:
        self.x = accounts.x_server(self.ours)

    async def __aenter__(self) -> Self:
        servers: tuple[Loopback, ...] = (
            self.jetstream, self.appview, self.hackernews, self.feeds, self.pds, self.mastodon, self.x,
        )  # fmt: skip
        for server in servers:
            server.is_steered = False
            await self._stack.enter_async_context(server)
        joined = datetime.now(UTC)
        for key, member in self.cast.items():
            self.appview.profile(did(key), handle(key), **_profile(member, joined))
            self.hackernews.user(key, about=member.bio, karma=member.followers)
        self.feeds.feed(FEED, title="The Lane Letter")
        self.pds.account(did(self.ours), handle(self.ours), PASSWORD)
        self.pds.on_change = self._answered
        accounts.fill_mastodon(self.mastodon, self.ours, self.cast)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._asides:
            task.cancel()
        await asyncio.gather(*self._asides, return_exceptions=True)
        await self._stack.aclose()

    def _answered(self, uri: str, record: dict[str, Any] | None) -> None:
        """What the daemon publishes is seen by everybody, as anybody's post is."""
        task = asyncio.create_task(self._spread(uri, record))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def _spread(self, uri: str, record: dict[str, Any] | None) -> None:
        owner, _, rkey = uri.removeprefix("at://").partition("/app.bsky.feed.post/")
        if record is None:
            await self.jetstream.delete(owner, rkey)
            return
        more = {name: value for name, value in record.items() if name not in {"text", "$type"}}
        parent = more.get("reply", {}).get("parent", {}).get("uri")
        self.appview.post(uri, record["text"], parent=parent, **more)
        await self.jetstream.post(owner, record["text"], rkey=rkey, **more)

    @property
    def variables(self) -> dict[str, str]:
        """The settings of the sources, as variables of the environment."""
        return {
            "OUTCARE_SOURCES__BLUESKY__JETSTREAM": self.jetstream.url_v2,
            "OUTCARE_SOURCES__BLUESKY__APPVIEW": self.appview.url,
            "OUTCARE_SOURCES__BLUESKY__SILENCE": str(_SILENCE),
            "OUTCARE_BLUESKY__HANDLE": handle(self.ours),
            "OUTCARE_BLUESKY__APP_PASSWORD": PASSWORD,
            "OUTCARE_BLUESKY__SERVICE": self.pds.url,
            "OUTCARE_SOURCES__HACKERNEWS__URL": self.hackernews.base_url,
            "OUTCARE_SOURCES__RSS__FEEDS": f"[{self.feeds.url}{FEED}]",
            **accounts.mastodon_variables(self.mastodon, self.ours),
            **accounts.x_variables(self.x),
        }

    async def publish(
        self, scene: Scene, said: Said | None, below: Published | None, at: datetime
    ) -> Published:
        """Put a scene's post, or what is said below it, onto its platform, at a time that may have passed."""
        by, text = (said.by, said.says) if said else (scene.by, scene.says)
        if scene.platform == "hackernews":
            return self._on_hackernews(by, text, scene.title, below, at)
        if scene.platform == "rss":
            return self._in_the_feed(self.cast[by].name, text, scene.title, at)
        if scene.platform in {"mastodon", "x"}:
            return self._by_an_account(scene.platform, by, text, below, at)
        return await self._on_bluesky(by, text, below, at)

    async def _on_bluesky(self, by: str, text: str, below: Published | None, at: datetime) -> Published:
        record: dict[str, Any] = {"createdAt": _time(at), "langs": [self.cast[by].lang]}
        if below:
            record["reply"] = {"root": _ref(below.thread), "parent": _ref(below.id)}
        if facets := _facets(text, {handle(key): did(key) for key in self.cast}):
            record["facets"] = facets
        uri = await self.jetstream.post(did(by), text, **record)
        self.appview.post(uri, text, parent=below.id if below else None, **record)
        self.pds.appview.post(uri, text, shut=self.cast[by].is_closed, **record)
        url = f"https://bsky.app/profile/{did(by)}/post/{uri.rpartition('/')[2]}"
        return Published(id=uri, url=url, thread=below.thread if below else uri)

    def _on_hackernews(
        self, by: str, text: str, title: str, below: Published | None, at: datetime
    ) -> Published:
        above = below.id if below else None
        item = self.hackernews.publish(text, author=by, title=title or None, parent=above, at=at)
        url = f"https://news.ycombinator.com/item?id={item}"
        return Published(id=item, url=url, thread=below.thread if below else item)

    def _by_an_account(
        self, platform: str, by: str, text: str, below: Published | None, at: datetime
    ) -> Published:
        above = below.id if below else None
        if platform == "x":
            made, url = accounts.post_on_x(self.x, by, text, above, at)
        else:
            made, url = accounts.post_on_mastodon(self.mastodon, self.ours, by, text, above, at)
        return Published(id=made, url=url, thread=below.thread if below else made)

    def _in_the_feed(self, author: str, text: str, title: str, at: datetime) -> Published:
        link = f"https://lane-letter.example/{re.sub('[^a-z0-9]+', '-', title.lower()).strip('-')}"
        entry = self.feeds.publish(text, feed=FEED, title=title, author=author, link=link, at=at)
        return Published(id=entry, url=link, thread=entry)


def _profile(member: Member, now: datetime) -> dict[str, Any]:
    return {
        "displayName": member.name,
        "description": member.bio,
        "followersCount": member.followers,
        "followsCount": 120,
        "createdAt": _time(now - timedelta(days=member.since)),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ref(uri: str) -> dict[str, str]:
    return {"uri": uri, "cid": f"bafyrei{hashlib.sha256(uri.encode()).hexdigest()[:52]}"}


def _facets(text: str, dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """The @handles in a text: https://docs.bsky.app/docs/advanced-guides/post-richtext (offsets in bytes)."""
    return [
        {
            "index": {"byteStart": _bytes(text[: found.start()]), "byteEnd": _bytes(text[: found.end()])},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": dids[found[1]]}],
        }
        for found in _HANDLE.finditer(text)
        if found[1] in dids
    ]


def _bytes(text: str) -> int:
    return len(text.encode())
