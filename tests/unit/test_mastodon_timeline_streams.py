"""Streams of tags and of a server's own posts: by the account's server, the others polled beside it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing.loopback import Refuse
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_streams import LINES_ONLY, LIVE, LIVE_GOTOSOCIAL, LIVE_PLEROMA
from bot.testing.mastodon_world import Manners
from connectors.mastodon.streaming import MOST_CONNECTIONS
from connectors.mastodon.timelines import Settings, TimelinesSource
from tests.unit.mastodon_live import live, until
from tests.unit.mastodon_stand import Stand, stand

EVERY = 60


def timelines(it: Stand, *others: MastodonServer, **settings: Any) -> TimelinesSource:
    """The account is known, as it is in the daemon."""
    assert it.own.streams
    servers = tuple(server.url for server in (it.server, *others))
    return TimelinesSource(Settings(**{"servers": servers, "hashtags": ("lift",), **settings}), it.wiring)


@pytest.mark.parametrize(
    ("manners", "connections"), [(LIVE, 1), (LINES_ONLY, 3), (LIVE_GOTOSOCIAL, 3), (LIVE_PLEROMA, 3)]
)
async def test_tags_and_local_posts_are_told_at_once(manners: Manners, connections: int) -> None:
    """Each once, though it stands in several lists; over one connection where the server can do that."""
    async with stand(manners) as it:
        source = timelines(it, hashtags=("lift", "stairs"), local=True)
        async with live(it, source, EVERY) as reading:
            await reading.stands(connections)
            polls = reading.polls
            post = it.server.world.post
            first = post("ann@else.example", "the #lift is broken")
            await reading.came(first)
            second = post("ben", "#Lift and #stairs, both")
            await reading.came(second)
            third = post("ben", "no tag at all")
            post("ann@else.example", "no tag, and not from here")
            await reading.came(third)
            assert polls == reading.polls
            assert connections == len(it.server.streams.connections)
            await it.clock.advance(3600)
            await reading.settled()
            assert [it.id(one) for one in (first, second, third)] == reading.ids


async def test_another_server_is_polled_beside_the_stream() -> None:
    """It has no account of ours."""
    async with stand(LIVE) as it, MastodonServer(it.clock, LIVE, domain="other.test") as other:
        it.server.world.url, other.world.url = it.server.url, other.url
        async with live(it, timelines(it, other), EVERY) as reading:
            await reading.stands()
            theirs = other.world.post("cleo", "the #lift over there")
            ours = it.server.world.post("ben", "the #lift here")
            await reading.came(ours)
            await it.clock.advance(EVERY)
            await until(lambda: f"{other.host}/{theirs}" in reading.ids, "the other server's post comes")
            assert 2 == len(reading.ids)
            assert 1 == len(it.server.streams.stood)
            assert [] == other.streams.tried


async def test_a_server_that_fails_stops_no_other_and_no_stream_for_long() -> None:
    """While it fails, the lists are polled; then the stream is asked for again."""
    async with stand(LIVE) as it, MastodonServer(it.clock, LIVE, domain="other.test") as other:
        it.server.world.url, other.world.url = it.server.url, other.url
        source = timelines(it, other)
        async with live(it, source, EVERY) as reading:
            await reading.stands()
            other.faults.append(Refuse(status=503, path="/tag/lift"))
            await it.clock.advance(EVERY)
            await until(lambda: reading.failures, "the failure is told")
            found = it.server.world.post("ben", "the #lift here")
            await it.clock.advance(EVERY)
            await reading.came(found)
            await reading.stands()
            assert [it.id(found)] == reading.ids


async def test_without_an_account_no_stream_is_asked_for() -> None:
    """Since Mastodon 4.2 there would be none."""
    async with stand(LIVE) as it:
        settings = Settings(servers=(it.server.url,), hashtags=("lift",))
        async with live(it, TimelinesSource(settings, it.wiring), EVERY) as reading:
            await until(lambda: reading.readings, "it was read")
            found = it.server.world.post("ben", "the #lift")
            await it.clock.advance(EVERY)
            await reading.came(found)
            assert 0 == reading.tried


async def test_a_stream_that_the_server_does_not_know_is_polled() -> None:
    """It says so in a frame without an event."""
    async with stand(LIVE) as it, live(it, timelines(it), EVERY) as reading:
        await reading.stands()
        it.server.streams.complain()
        await reading.settled()
        it.server.streams.leaves_out = 1
        found = it.server.world.post("ben", "the #lift")
        await it.clock.advance(EVERY)
        await reading.came(found)


async def test_the_first_reading_follows_too() -> None:
    """It begins now, and the stream stands at once."""
    async with stand(LIVE) as it:
        it.server.world.post("ben", "the #lift, long ago")
        source = timelines(it)
        async with live(it, source, EVERY) as reading:
            reading.after = None
            await reading.stands()
            found = it.server.world.post("ben", "the #lift")
            await reading.came(found)
            assert [it.id(found)] == reading.ids


@pytest.mark.parametrize("manners", [LINES_ONLY, LIVE_GOTOSOCIAL])
async def test_not_more_connections_than_there_is_room_for(manners: Manners) -> None:
    """The first few tags are streamed, the others polled: requests go to the same host."""
    async with stand(manners) as it:
        tags = [f"tag{number}" for number in range(20)]
        async with live(it, timelines(it, hashtags=tags), EVERY) as reading:
            await reading.stands(MOST_CONNECTIONS)
            first = it.server.world.post("ben", "on #tag1")
            await reading.came(first)
            last = it.server.world.post("ben", "on #tag19")
            await it.clock.advance(EVERY)
            await reading.came(last)
            assert MOST_CONNECTIONS == len(it.server.streams.connections)
