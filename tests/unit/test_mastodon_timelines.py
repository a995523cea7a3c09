"""Hashtags and local timelines of several servers: each post once, one server that fails stops no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.errors import CursorLost, Rejected, Unavailable
from bot.model import Batch, Cursor, Deletion
from bot.testing.mastodon_server import MastodonServer
from bot.testing.source_contract import WatchAll
from connectors.mastodon.connector import CONNECTOR
from connectors.mastodon.inbox import InboxSource
from connectors.mastodon.position import Position, cursor_at
from connectors.mastodon.timelines import Settings, TimelinesSource, lookup
from tests.unit.mastodon_stand import Stand, stand


class Reader:
    """Reads on from where it stopped, as the daemon does."""

    def __init__(self, it: Stand, *others: MastodonServer, own: bool = True, **settings: Any) -> None:
        self.it = it
        servers = tuple(server.url for server in ((it.server,) if own else ()) + others)
        self.settings = Settings(**{"servers": servers, "hashtags": ("lift",), **settings})
        self.source = TimelinesSource(self.settings, it.wiring)
        self.after: Cursor | None = cursor_at(it.clock.now())
        self.batches: list[Batch] = []

    def forget(self) -> None:
        self.after = None

    async def read(self) -> list[str]:
        """The ids that are new."""
        self.batches = []
        async for batch in self.source.read(self.after, WatchAll()):
            self.batches.append(batch)
            self.after = batch.cursor or self.after
        return [post.id for batch in self.batches for post in batch.posts]


@asynccontextmanager
async def two() -> AsyncIterator[tuple[Stand, MastodonServer]]:
    """Servers whose addresses are those that their posts say."""
    async with stand() as it, MastodonServer(it.clock, domain="other.test") as other:
        it.server.world.url, other.world.url = it.server.url, other.url
        yield it, other


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"servers": []}, "at least 1"),
        ({"servers": ["https://a.example"]}, "name hashtags, or set local: true"),
        ({"servers": ["a.example"], "hashtags": ["a"]}, "write it like https://mastodon.example"),
        ({"servers": ["https://a.example"], "hashtags": ["a b"]}, "write it like acme"),
        ({"servers": ["https://a.example"], "hashtags": ["1984"]}, "write it like acme"),
        ({"servers": ["https://a.example"], "local": True, "every": "1s"}, "10s or longer"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, Any], said: str) -> None:
    """In a line that tells what to do."""
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate(given)


async def test_tags_are_read_without_an_account() -> None:
    """Nothing but what is public, and no token goes there."""
    async with stand() as it:
        reader = Reader(it, hashtags=("#Lift", "LIFT", "stairs"))
        found = [it.server.world.post("ann@else.example", f"the #lift {number}") for number in range(3)]
        it.server.world.post("ann@else.example", "the #lift", visibility="unlisted")
        it.server.world.post("ann@else.example", "no tag")
        found.append(it.server.world.post("ben", "the #Stairs"))
        both = it.server.world.post("ben", "the #stairs and the #lift")
        assert [it.id(one) for one in (*found[:3], both, found[3])] == await reader.read()
        assert ([], []) == (await reader.read(), reader.batches)
        assert "1 servers" == reader.source.place


async def test_a_first_reading_begins_now() -> None:
    """What stands there is not told; a tag that is added later begins where the others are."""
    async with stand() as it:
        it.server.world.post("ann@else.example", "the #lift")
        old = it.server.world.post("ann@else.example", "the #stairs")
        reader = Reader(it)
        reader.forget()
        await it.clock.advance(60)
        assert [] == await reader.read()
        await it.clock.advance(3600)
        fresh = it.server.world.post("ann@else.example", "the #lift again")
        assert [it.id(fresh)] == await reader.read()
        more = Reader(it, hashtags=("lift", "stairs"))
        more.after = reader.after
        later = it.server.world.post("ann@else.example", "the #stairs again")
        assert [it.id(later)] == await more.read()
        assert old in it.server.world.statuses
        assert CONNECTOR.cursor_at is not None
        more.after = CONNECTOR.cursor_at(it.clock.now() - timedelta(minutes=5))
        assert [it.id(fresh), it.id(later)] == await more.read()


async def test_what_arrives_late_is_not_missed() -> None:
    """Another server's post stands in the list where it belongs by its time."""
    async with stand() as it:
        world, reader = it.server.world, Reader(it)
        await it.clock.advance(600)
        first = world.post("ben", "the #lift one")
        for number in range(50):
            await it.clock.advance(1)
            world.post("ben", f"the #lift {number}")
        assert 51 == len(await reader.read())
        late = world.post(
            "ann@else.example", "the #lift late", at=world.statuses[first].at + timedelta(seconds=5)
        )
        world.order[late] = world.order[first] + 5.5
        fresh = world.post("ben", "the #lift two")
        assert [it.id(late), it.id(fresh)] == await reader.read()
        assert [] == await reader.read()


async def test_edits_and_deletions() -> None:
    """As in the inbox."""
    async with stand() as it:
        world, reader = it.server.world, Reader(it)
        made = [world.post("ann@else.example", f"the #lift {number}") for number in range(3)]
        await reader.read()
        await it.clock.advance(60)
        world.edit(made[0], "the #lift works")
        world.delete(made[1])
        assert [it.id(made[0])] == await reader.read()
        deleted = [one for batch in reader.batches for one in batch.deleted]
        assert [
            Deletion(platform="mastodon", author_id="ann@else.example", post_id=it.id(made[1]))
        ] == deleted


async def test_a_post_on_two_servers_is_one() -> None:
    """It is told by the server on which it was published, and others' by the first one."""
    async with two() as (it, other):
        reader = Reader(it, other)
        home = it.server.world.post("ann", "the #lift here")
        there = other.world.post("ben", "the #lift there")
        it.server.world.post(f"ben@{other.host}", "the #lift there", at=it.clock.now())
        it.server.world.account(f"ben@{other.host}", url=f"{other.url}/@ben")
        other.world.post("cleo@third.example", "the #lift elsewhere")
        third = it.server.world.post("cleo@third.example", "the #lift elsewhere")
        assert [it.id(home), it.id(third), f"{other.host}/{there}"] == await reader.read()


async def test_one_server_that_fails_stops_no_other() -> None:
    """The others are read; that it fails is said."""
    async with two() as (it, other):
        reader = Reader(it, other)
        it.server.refuse(503, path="/tag/lift")
        there = other.world.post("ben", "the #lift there")
        with pytest.raises(Unavailable):
            await reader.read()
        assert [f"{other.host}/{there}"] == [post.id for batch in reader.batches for post in batch.posts]
        places = [reader.source.place]
        home = it.server.world.post("ann", "the #lift here")
        assert [it.id(home)] == await reader.read()
        assert ["1 of 2 servers", "2 servers"] == [*places, reader.source.place]


async def test_a_first_reading_with_one_server_down() -> None:
    """It begins all the same, from where the others are."""
    async with two() as (it, other):
        reader = Reader(it, other)
        reader.forget()
        other.world.post("ben", "the #lift old")
        await it.clock.advance(60)
        it.server.refuse(503, path="/tag/lift")
        with pytest.raises(Unavailable):
            await reader.read()
        assert reader.after is not None
        await it.clock.advance(60)
        home = it.server.world.post("ann", "the #lift here")
        assert [it.id(home)] == await reader.read()


async def test_what_the_account_is_told_is_not_told_twice() -> None:
    """When another server shows what mentions the account, or what it published, under another id."""
    async with two() as (it, other):
        inbox = InboxSource(it.settings, it.wiring)
        async for _ in inbox.read(None, WatchAll()):
            pass
        reader = Reader(it, other, own=False)
        other.world.account("acme@social.test")
        other.world.post("ben", "@acme@social.test the #lift")
        other.world.post("acme@social.test", "our #lift")
        about = other.world.post("ben", "the #lift of acme")
        assert [f"{other.host}/{about}"] == await reader.read()


async def test_the_accounts_own_server_is_asked_as_the_account() -> None:
    """Also when the source was made first."""
    async with stand() as it:
        reader = Reader(it)
        asked = it.server.ask("@acme the #lift")
        await it.own.me()
        assert it.own is reader.source._watched[0].server
        assert [it.id(asked)] == await reader.read()


async def test_a_local_timeline() -> None:
    """Whatever is published on a server itself."""
    async with stand() as it:
        reader = Reader(it, hashtags=(), local=True)
        it.server.world.post("ann@else.example", "from elsewhere")
        local = it.server.world.post("ben", "from here")
        assert [it.id(local)] == await reader.read()


async def test_who_and_what_is_asked_without_an_account() -> None:
    """Of the servers that are read, and of no other."""
    async with two() as (it, other):
        found = lookup(Settings(servers=(it.server.url, other.url), local=True), it.wiring)
        status = other.world.post("ben", "hello")
        it.server.world.account("globex")
        assert "globex@social.test" == await found.resolve("globex")
        (post,) = await found.thread(f"{other.host}/{status}")
        assert "ben@other.test" == post.author_id
        with pytest.raises(Rejected):
            await found.thread("third.example/1")


async def test_a_position_that_nobody_can_read() -> None:
    """Is lost, and said to be."""
    async with stand() as it:
        reader = Reader(it)
        reader.after = Cursor("v9")
        with pytest.raises(CursorLost):
            await reader.read()
        assert Position() == Position.of(Position().text, "")
