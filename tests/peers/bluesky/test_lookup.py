"""What the directory reads from a real AppView: people, threads, answers, reactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import SystemClock
from bot.errors import Reason, Rejected
from bot.measured import Engagement
from bot.ports import Wiring
from connectors.bluesky.jetstream import Settings
from connectors.bluesky.lookup import AppViewLookup
from tests.contract._http import counting
from tests.peers.bluesky.network import Network
from tests.peers.bluesky.people import Person, join, shown, soon

pytestmark = pytest.mark.timeout(300)


@dataclass
class Directory:
    network: Network
    ann: Person
    ben: Person
    lookup: AppViewLookup


@asynccontextmanager
async def directory(network: Network) -> AsyncIterator[Directory]:
    assert network.appview is not None
    ann, ben = await join(network, "ann"), await join(network, "ben")
    async with counting() as client:
        wiring = Wiring(http=client, clock=SystemClock())
        yield Directory(network, ann, ben, AppViewLookup(Settings(appview=network.appview), wiring))


async def test_who_somebody_is(whole: Network) -> None:
    """By id and by handle; nobody is refused by name."""
    async with directory(whole) as here:
        assert here.ann.did == await here.lookup.resolve(f"@{here.ann.handle}")
        author = await here.lookup.author(here.ann.did)
        assert (here.ann.handle, "Ann", 0, 0) == (
            author.handle,
            author.name,
            author.followers,
            author.following,
        )
        assert author.created_at is not None
        assert datetime.now(UTC) - author.created_at < timedelta(hours=1)
        for ask in (here.lookup.author("did:plc:nobody"), here.lookup.resolve("nobody.test")):
            with pytest.raises(Rejected) as caught:
                await ask
            assert Reason.NOT_FOUND is caught.value.reason


async def test_what_stands_above_and_below(whole: Network) -> None:
    """Root first; what is deleted is left out, and refused where it is asked for itself."""
    async with directory(whole) as here:
        root = await here.ann.post("my lift")
        middle = await here.ben.reply("what of it?", root=root, parent=root)
        last = await here.ann.reply("it is down", root=root, parent=middle)
        await shown(whole, last)
        assert [root.uri, middle.uri, last.uri] == [post.id for post in await here.lookup.thread(last.uri)]
        (below,) = await here.lookup.answers(root.uri)
        assert (middle.uri, here.ben.did, "what of it?") == (below.id, below.author_id, below.text)
        await here.ben.delete(middle)

        async def is_gone() -> bool:
            return not await here.lookup.answers(root.uri)

        await soon(is_gone, what="the deletion is known")
        with pytest.raises(Rejected) as caught:
            await here.lookup.answers(middle.uri)
        assert Reason.NOT_FOUND is caught.value.reason


async def test_how_many_reacted(whole: Network) -> None:
    """Likes, replies, reposts and quotes together; none of what is not there."""
    async with directory(whole) as here:
        post = await here.ann.post("is it down?")
        await shown(whole, post)
        assert Engagement(likes=0, shares=0, replies=0) == await here.lookup.engagement(post.uri)
        await here.ben.like(post)
        await here.ben.write("app.bsky.feed.repost", subject=post.value)
        await here.ben.post("look", embed={"$type": "app.bsky.embed.record", "record": post.value})
        await here.ben.reply("it is", root=post, parent=post)

        async def is_counted() -> bool:
            return Engagement(likes=1, shares=2, replies=1) == await here.lookup.engagement(post.uri)

        await soon(is_counted, what="all of it is counted")
        with pytest.raises(Rejected):
            await here.lookup.engagement(post.uri.replace(post.rkey, "3kznmn7xqxl22"))
