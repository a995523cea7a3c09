"""What a real AppView tells an account: each mention, reply and quote once, whatever stands between them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.model import Cursor, Post
from bot.ports import Wiring
from bot.testing.source_contract import WatchAll
from bot.vault import MemoryVault
from connectors.bluesky import notifications
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.inbox_position import cursor_at
from connectors.bluesky.notifications import NotificationsSource
from tests.contract._http import counting
from tests.peers.bluesky.network import Network
from tests.peers.bluesky.people import LAG, Person, join, shown, soon

pytestmark = pytest.mark.timeout(300)


@dataclass
class Inbox:
    """A brand whose notifications are read, and Ann."""

    network: Network
    brand: Person
    ann: Person
    source: NotificationsSource

    async def read(self, after: Cursor | None) -> tuple[list[Post], Cursor | None]:
        posts: list[Post] = []
        async for batch in self.source.read(after, WatchAll()):
            posts += batch.posts
            after = batch.cursor or after
            assert (0, None) == (batch.undecodable, batch.gap)
        return posts, after

    async def read_until(self, count: int, after: Cursor | None) -> tuple[list[Post], Cursor | None]:
        """So many, however late the AppView hears of them; and none twice."""
        deadline, found = time.monotonic() + LAG, list[Post]()
        while len(found) < count:
            assert time.monotonic() < deadline, f"told of {[post.text for post in found]} alone"
            posts, after = await self.read(after)
            found += posts
            await asyncio.sleep(0.2)
        return found, after


@asynccontextmanager
async def inbox(network: Network) -> AsyncIterator[Inbox]:
    brand, ann = await join(network, "acme"), await join(network, "ann")
    password = SecretStr(await brand.app_password())
    settings = AccountSettings(handle=brand.handle, app_password=password, service=network.pds)
    async with counting() as client:
        wiring = Wiring(http=client, clock=SystemClock(), vault=MemoryVault())
        yield Inbox(network, brand, ann, NotificationsSource(settings, wiring))


async def test_mentions_replies_and_quotes_come_once(whole: Network) -> None:
    """In their order, with ids, authors and relations; likes and follows do not."""
    async with inbox(whole) as here:
        ours = await here.brand.post("our new lift")
        await shown(whole, ours)
        _, start = await here.read(None)
        await here.ann.like(ours)
        mention = await here.ann.post(f"hey @{here.brand.handle}, is it down?", of=here.brand)
        reply = await here.ann.reply("it is", root=ours, parent=ours)
        quote = await here.ann.post(
            "look at this", embed={"$type": "app.bsky.embed.record", "record": ours.value}
        )
        posts, after = await here.read_until(3, start)
        assert [mention.uri, reply.uri, quote.uri] == [post.id for post in posts]
        assert {here.ann.did} == {post.author_id for post in posts}
        assert {here.ann.handle} == {post.author_handle for post in posts}
        assert [mention.cid, reply.cid, quote.cid] == [post.revision for post in posts]
        assert (here.brand.did,) == posts[0].mentions
        assert [None, ours.uri, None] == [post.parent and post.parent.id for post in posts]
        assert [None, None, ours.uri] == [post.quoted and post.quoted.id for post in posts]
        assert [] == (await here.read(after))[0]


async def test_nobody_is_hidden_by_likes(whole: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """The AppView looks at ten pages, and gives out an empty one with a cursor where it found likes alone."""
    async with inbox(whole) as here:
        start = cursor_at(datetime.now(UTC) - timedelta(minutes=1))
        liked = [await here.brand.post(f"post {number}") for number in range(12)]
        await shown(whole, liked[-1])
        mention = await here.ann.post(f"hey @{here.brand.handle}, is it down?", of=here.brand)
        assert [mention.uri] == [post.id for post in (await here.read_until(1, start))[0]]
        for post in liked:
            await here.ann.like(post)
        await soon(lambda: all_are_told(here, len(liked)), what="all likes are told")
        monkeypatch.setattr(notifications, "PAGE", 1)
        assert [mention.uri] == [post.id for post in (await here.read(start))[0]]


async def all_are_told(here: Inbox, likes: int) -> bool:
    return [row["reason"] for row in await here.brand.told()].count("like") == likes


async def is_untold(here: Inbox, uri: str) -> bool:
    return uri not in {row["uri"] for row in await here.brand.told()}


async def test_a_slow_clock_hides_nobody(whole: Network) -> None:
    """A telephone that is half an hour late: sorted by what it says, and read all the same."""
    async with inbox(whole) as here:
        first = await here.ann.post(f"hey @{here.brand.handle}!", of=here.brand)
        _, after = await here.read_until(1, cursor_at(datetime.now(UTC) - timedelta(hours=2)))
        slow = datetime.now(UTC) - timedelta(minutes=30)
        late = await here.ann.post(f"@{here.brand.handle}, is it down?", of=here.brand, at=slow)
        posts, _ = await here.read_until(1, after)
        assert [late.uri] == [post.id for post in posts]
        assert first.uri != late.uri


async def test_what_is_deleted_is_not_told(whole: Network) -> None:
    """Its notification goes with it, and those around it come."""
    async with inbox(whole) as here:
        _, start = await here.read(None)
        gone = await here.ann.post(f"@{here.brand.handle} oops", of=here.brand)
        await shown(whole, gone)
        await here.ann.delete(gone)
        await soon(lambda: is_untold(here, gone.uri), what="the AppView takes its notification away")
        kept = await here.ann.post(f"@{here.brand.handle} is it down?", of=here.brand)
        posts, _ = await here.read_until(1, start)
        assert [kept.uri] == [post.id for post in posts]
