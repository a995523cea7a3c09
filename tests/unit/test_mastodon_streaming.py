"""Streams of the account: told at once, nothing twice, nothing lost, and few requests while they stand."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from aiohttp import web

from bot.testing.loopback import Loopback
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_streams import LINES_ONLY, LIVE, LIVE_GOTOSOCIAL, LIVE_PLEROMA
from bot.testing.mastodon_world import MASTODON, Manners
from connectors.mastodon.following import MOST_TOLD
from connectors.mastodon.inbox import InboxSource
from connectors.mastodon.streaming import address
from tests.unit.mastodon_live import live, until
from tests.unit.mastodon_stand import stand

STREAMING = [LIVE, LINES_ONLY, LIVE_GOTOSOCIAL, LIVE_PLEROMA]


@pytest.mark.parametrize("manners", STREAMING)
async def test_a_mention_is_told_at_once(manners: Manners) -> None:
    """Without a request, and reading later does not tell it again; so with what a colleague writes."""
    async with stand(manners) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        polls = reading.polls
        first, second = it.server.ask("@acme one"), it.server.ask("@acme two")
        await reading.came(first, second)
        ours = it.server.world.post("acme", "we are on it")
        it.server.world.post("ben", "not of us")
        await reading.came(ours)
        assert polls == reading.polls
        await it.clock.advance(3600)
        await reading.settled()
        assert [it.id(one) for one in (first, second, ours)] == reading.ids
        assert reading.polls > polls


async def test_lists_are_read_rarely_while_the_stream_stands() -> None:
    """Five requests in five minutes, not forty; and how far it was observed is told all the same."""
    async with stand(LIVE) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        polls = reading.polls
        for _ in range(20):
            await it.clock.advance(15)
            await reading.settled()
        assert 4 <= reading.polls - polls <= 6
        told = [batch.observed_to for batch in reading.batches if batch.observed_to]
        assert (it.clock.now() - told[-1]).total_seconds() <= 30
        assert told == sorted(told)


@pytest.mark.parametrize("manners", [MASTODON, LIVE])
async def test_without_a_stream_lists_are_polled(manners: Manners) -> None:
    """The server has none, or answers it with an error page: it is asked again ever so rarely."""
    async with stand(manners) as it:
        it.server.streams.refuses = 404
        settings = it.settings.model_copy(update={"stream": True})
        async with live(it, InboxSource(settings, it.wiring)) as reading:
            await until(lambda: reading.readings, "it was read")
            for number in range(1, 21):
                asked = it.server.ask(f"@acme {number}")
                await it.clock.advance(15)
                await reading.came(asked)
                await reading.settled()
            assert reading.readings >= 20
            assert reading.tried <= 2


async def test_a_token_that_is_not_for_streams_is_not_tried_all_the_time() -> None:
    """401, over a socket and as lines: the lists go on."""
    async with stand(LIVE) as it:
        it.server.streams.refuses = 401
        async with live(it, InboxSource(it.settings, it.wiring)) as reading:
            await until(lambda: reading.readings, "it was read")
            for _ in range(10):
                await it.clock.advance(15)
                await reading.settled()
            assert 2 == reading.tried


@pytest.mark.parametrize("manners", [LIVE, LINES_ONLY])
async def test_what_came_while_the_stream_was_away_is_read(manners: Manners) -> None:
    """Each in order, once."""
    async with stand(manners) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        asked = [it.server.ask("@acme before")]
        await reading.came(*asked)
        it.server.streams.hang_up()
        await until(lambda: not it.server.streams.connections, "the stream is gone")
        asked += [it.server.ask("@acme meanwhile")]
        for _ in range(8):
            await it.clock.advance(5)
            await reading.settled()
        await reading.stands()
        asked += [it.server.ask("@acme after")]
        await reading.came(*asked)
        assert [it.id(one) for one in asked] == reading.ids


@pytest.mark.parametrize("manners", [LIVE, LINES_ONLY])
async def test_a_stream_that_dies_every_few_seconds_is_left_alone_ever_longer(manners: Manners) -> None:
    """In ten minutes: one connection for each step of the back-off, and no mention late."""
    async with stand(manners) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        asked = []
        for second in range(0, 600, 5):
            await it.clock.advance(5)
            await reading.settled()
            it.server.streams.hang_up()
            if second % 60 == 0:
                asked.append(it.server.ask(f"@acme {second}"))
            await reading.settled()
        await it.clock.advance(15)
        await reading.came(*asked)
        assert [it.id(one) for one in asked] == reading.ids
        stood = it.server.streams.stood
        assert 5 <= len(stood) <= 10
        pauses = [later - earlier for earlier, later in pairwise(stood)]
        assert pauses[-1] > 60
        assert reading.polls <= 3 * (600 / 15 + len(stood) + 2)


@pytest.mark.parametrize("manners", [LIVE, LINES_ONLY])
async def test_half_an_event_costs_nothing(manners: Manners) -> None:
    """It was broken off; reading finds it."""
    async with stand(manners) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        it.server.streams.breaks_off = True
        asked = it.server.ask("@acme half")
        await until(lambda: not it.server.streams.connections, "the stream is gone")
        assert [] == reading.ids
        await it.clock.advance(15)
        await reading.came(asked)
        await it.clock.advance(3600)
        await reading.settled()
        assert [it.id(asked)] == reading.ids
        assert sum(batch.undecodable for batch in reading.batches) == 0


async def test_a_stream_that_forgets_is_not_believed() -> None:
    """What it left out is found, and the list is read as often as without; until it tells again."""
    async with stand(LIVE) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        it.server.streams.leaves_out = 6
        first = it.server.ask("@acme never told")
        await reading.settled()
        assert [] == reading.ids
        await it.clock.advance(120)
        await reading.came(first)
        await reading.settled()
        second = it.server.ask("@acme nor this")
        await it.clock.advance(15)
        await reading.came(second)
        it.server.streams.leaves_out = 0
        third = it.server.ask("@acme but this")
        await reading.came(third)
        assert [it.id(one) for one in (first, second, third)] == reading.ids


async def test_a_burst_costs_no_more_than_without_a_stream() -> None:
    """Five hundred in a minute: the first at once, all of them in order and once."""
    async with stand(LIVE) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        polls = reading.polls
        asked = []
        for number in range(20):
            asked += [it.server.ask(f"@acme {number} {one}") for one in range(25)]
            await reading.settled()
            if not number:
                assert 25 <= MOST_TOLD
                await reading.came(*asked)
            await it.clock.advance(3)
            await reading.settled()
        await it.clock.advance(15)
        await reading.came(*asked)
        assert [it.id(one) for one in asked] == reading.ids
        assert reading.polls - polls <= 20


async def test_edits_and_deletions_are_read_soon() -> None:
    """The stream says that there is one; the list tells it."""
    async with stand(LIVE) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        kept, gone = it.server.ask("@acme one"), it.server.ask("@acme two")
        await reading.came(kept, gone)
        ours = it.server.world.post("acme", "an answer")
        await reading.came(ours)
        await it.clock.advance(15)
        it.server.world.edit(ours, "a better answer")
        await until(lambda: reading.posts[-1].is_edit, "the edit comes")
        await it.clock.advance(15)
        it.server.streams.say("delete", gone)
        it.server.world.delete(gone)
        await until(lambda: reading.deleted, "the deletion comes")
        assert [it.id(gone)] == [one.post_id for one in reading.deleted]


async def test_what_is_not_known_is_passed_over() -> None:
    """Events of another kind, and of no kind; what cannot be read makes it read the list."""
    async with stand(LIVE) as it, live(it, InboxSource(it.settings, it.wiring)) as reading:
        await reading.stands()
        polls = reading.polls
        favourite = '{"id": "7", "type": "favourite", "created_at": "2026-01-05T09:00:00Z"}'
        for kind, payload in (
            ("filters_changed", ""), ("announcement", "{}"), ("conversation", "{}"), ("emoji_reaction", "x"),
            ("delete", "17"), ("status.update", "{"), ("notification", favourite),
        ):  # fmt: skip
            it.server.streams.say(kind, payload)
        asked = it.server.ask("@acme after all that")
        await reading.came(asked)
        await it.clock.advance(16)
        await reading.settled()
        assert polls == reading.polls
        it.server.streams.say("notification", "{")
        it.server.streams.say("notifications_merged", "1")
        await reading.settled()
        assert polls < reading.polls


async def test_a_stream_that_says_nothing_is_dead() -> None:
    """Lines: a minute without a heartbeat."""
    async with stand(LINES_ONLY) as it:
        it.server.streams.thump_every = 3600
        source = InboxSource(it.settings, it.wiring)
        source._stream._silence = 0.2
        async with live(it, source) as reading:
            await until(lambda: it.server.streams.stood, "a stream stands")
            await until(lambda: not source._stream.is_up, "the stream is given up")
            asked = it.server.ask("@acme in the silence")
            await it.clock.advance(15)
            await reading.came(asked)


async def test_heartbeats_keep_a_stream() -> None:
    """Lines that say nothing but that they live."""
    async with stand(LINES_ONLY) as it:
        it.server.streams.thump_every = 0.02
        source = InboxSource(it.settings, it.wiring)
        source._stream._silence = 0.2
        async with live(it, source) as reading:
            await reading.stands()
            await asyncio.sleep(0.5)
            assert 1 == len(it.server.streams.stood)


async def test_streams_can_be_left_alone() -> None:
    """`stream: false`."""
    async with stand(LIVE) as it:
        settings = it.settings.model_copy(update={"stream": False})
        async with live(it, InboxSource(settings, it.wiring)) as reading:
            await it.clock.advance(60)
            await until(lambda: reading.readings, "it was read")
            assert 0 == reading.tried


@pytest.mark.parametrize(
    ("named", "base", "where"),
    [
        ("wss://streaming.social.test", "https://social.test", "https://streaming.social.test"),
        ("https://streaming.social.test/", "https://social.test", "https://streaming.social.test"),
        ("", "https://social.test", "https://social.test"),
        ("ws://streaming.social.test", "https://social.test", "https://social.test"),
        ("ws://127.0.0.1:4000", "http://127.0.0.1:3000", "http://127.0.0.1:4000"),
        ("wss://user:word@streaming.social.test", "https://social.test", "https://social.test"),
        ("nonsense", "https://social.test", "https://social.test"),
        ("wss://[", "https://social.test", "https://social.test"),
    ],
)
def test_where_streams_are(named: str, base: str, where: str) -> None:
    """The host that the server names, but never one to which a token would go in the clear."""
    assert where == address(named, base)


class StreamHost(Loopback):
    """Another host, where a server has its streams."""

    def __init__(self, server: MastodonServer) -> None:
        super().__init__()
        self.server = server

    def routes(self) -> list[web.RouteDef]:
        return self.server.streams.routes()


@pytest.mark.parametrize("manners", [LIVE, LINES_ONLY, LIVE_PLEROMA])
async def test_streams_on_another_host(manners: Manners) -> None:
    """The server says where they are."""
    async with stand(replace(manners, streams="both")) as it, StreamHost(it.server) as host:
        it.server.streams_at = host.url.replace("http", "ws")
        async with live(it, InboxSource(it.settings, it.wiring)) as reading:
            await reading.stands()
            await reading.came(it.server.ask())
            assert 1 == host.requests


async def test_the_first_reading_is_streamed_too() -> None:
    """It begins now, and need not be asked for again before a mention is told."""
    async with stand(LIVE) as it:
        it.server.ask("@acme long ago")
        async with live(it, InboxSource(it.settings, it.wiring)) as reading:
            reading.after = None
            await reading.stands()
            asked = it.server.ask("@acme now")
            await reading.came(asked)
            assert [it.id(asked)] == reading.ids


async def test_a_socket_that_is_refused_leaves_the_lines() -> None:
    """403: some servers look for the token in the address of a WebSocket, where ours never stands."""
    async with stand(LIVE) as it:
        it.server.refuse(403, path="/api/v1/streaming")
        async with live(it, InboxSource(it.settings, it.wiring)) as reading:
            await reading.stands()
            await reading.came(it.server.ask())
