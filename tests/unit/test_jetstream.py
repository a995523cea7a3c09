"""The live source against a loopback Jetstream: resuming, gaps, and servers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.clock import SystemClock
from bot.errors import CursorLost
from bot.http import HttpClient
from bot.model import Batch, Cursor
from bot.ports import Wiring
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.jetstream_wire import Stored
from bot.testing.source_contract import Heard, WatchAll, read
from connectors.bluesky.frames import at, micros
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.position import Position, cursor_at
from tests.unit.jetstream_world import from_now, trouble

BASE = 1_767_603_600_000_000  # 2026-01-05T09:00:00Z


class WatchWord:
    """Wants the posts that hold a word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del author_id, refs
        return self.word in text


V1_ONLY = pytest.mark.parametrize("wire", ["v1"], indirect=True)


@pytest.fixture(params=["v1", "v2", "packed"])
def wire(request: pytest.FixtureRequest) -> str:
    """Most of what is said here holds whatever a host speaks: "packed" is v2 with its dictionary."""
    return str(request.param)


@pytest.fixture
async def server(wire: str) -> AsyncIterator[JetstreamServer]:
    async with JetstreamServer() as server:
        server.has_dictionary = wire == "packed"
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


@pytest.fixture
def url(server: JetstreamServer, wire: str) -> str:
    return server.url if wire == "v1" else server.url_v2


@pytest.fixture
def source(url: str, http: HttpClient) -> JetstreamSource:
    return JetstreamSource(Settings(jetstream=url), Wiring(http=http, clock=SystemClock()))


async def test_posts_deletes_and_accounts_come_through(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """What concerns us of a live stream arrives in order, counted exactly."""
    start = from_now()
    await server.identity("did:plc:ann")
    await server.post("did:plc:ann", "lift broken", rkey="3ka")
    await server.edit("did:plc:ann", "3ka", "lift still broken")
    await server.delete("did:plc:ann", "3ka")
    await server.account("did:plc:ben", active=False, status="deleted")
    last = await server.post("did:plc:cat", "fine here")
    heard = await read(source, start, until=last)
    is_v1 = "wantedCollections" in server.queries[-1]  # v2 is asked to hold back what says nothing
    assert [post.text for post in heard.posts] == ["lift broken", "lift still broken", "fine here"]
    gone = [deletion for batch in heard.batches for deletion in batch.deleted]
    assert [deletion.author_id for deletion in gone] == ["did:plc:ann", "did:plc:ben"]
    assert [
        sum(getattr(batch, name) for batch in heard.batches) for name in ("seen", "posts_seen", "undecodable")
    ] == [5 + is_v1, 3, 0]


async def test_it_says_at_once_that_it_is_connected(source: JetstreamSource) -> None:
    """A first, empty batch tells that the server has accepted us."""
    batches = source.read(None, WatchAll())
    assert Batch() == await anext(batches)
    await batches.aclose()  # type: ignore[attr-defined]


async def test_only_posts_are_asked_for(server: JetstreamServer, source: JetstreamSource) -> None:
    """Other collections are filtered by the server."""
    start = from_now()
    like = {
        "rev": "3r",
        "operation": "create",
        "collection": "app.bsky.feed.like",
        "rkey": "3k",
        "record": {},
    }
    await server.publish({"did": "did:plc:ann", "kind": "commit", "commit": like})
    last = await server.post("did:plc:ann", "hello")
    heard = await read(source, start, until=last)
    assert sum(batch.seen for batch in heard.batches) == 1


async def test_without_a_cursor_it_begins_now(server: JetstreamServer, source: JetstreamSource) -> None:
    """The first start reads nothing of the past."""
    await server.post("did:plc:ann", "before")
    batches = source.read(None, WatchAll())
    await anext(batches)
    await server.post("did:plc:ann", "after")
    async with asyncio.timeout(10):
        batch = await anext(batches)
    assert [post.text for post in batch.posts] == ["after"]
    await batches.aclose()  # type: ignore[attr-defined]


async def test_unwanted_posts_move_the_cursor(server: JetstreamServer, source: JetstreamSource) -> None:
    """A reader who wants nothing still knows where it is when the stream ends."""
    start = from_now()
    await server.post("did:plc:ann", "nothing for us")
    server.faults.append(Stumble(how="close", after=1))
    batches = [batch async for batch in source.read(start, WatchWord("lift"))]
    assert [batch.seen for batch in batches] == [0, 1]
    position = Position.of(batches[-1].cursor or Cursor(""))
    last = server.archive[-1]
    seq = 0 if "wantedCollections" in server.queries[-1] else last.seq
    assert position == Position(time_us=last.time_us, seq=seq, host=server.host)


@V1_ONLY
async def test_an_event_that_arrives_late_is_not_lost(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """`time_us` may step back: what is a little older than the cursor still comes, and nothing twice."""
    now = micros(datetime.now(UTC))
    start = cursor_at(at(now - 1))
    first = await server.post("did:plc:ann", "one")
    newest = server.events[-1]["time_us"]
    heard = await read(source, start, until=first)
    await server.publish(
        {
            **server.events[0],
            "time_us": newest - 30_000,
            "commit": {**server.events[0]["commit"], "rkey": "3klate"},
        }
    )
    server.archive.sort(key=lambda stored: stored.time_us)
    late = "at://did:plc:ann/app.bsky.feed.post/3klate"
    again = await read(source, heard.cursors[-1][0], until=late)
    assert [late] == again.ids
    assert sum(batch.seen for batch in again.batches) == 1


@V1_ONLY
async def test_a_server_that_replays_too_much(server: JetstreamServer, source: JetstreamSource) -> None:
    """What is older than the window before the cursor was read long ago, and is skipped."""
    now = micros(datetime.now(UTC))
    old = await server.post("did:plc:ann", "an hour ago")
    early = server.archive[0]
    shown = Stored(dict(early.event, time_us=now - 3_600_000_000), early.seq)
    new = await server.post("did:plc:ann", "now")
    server.archive[0] = Stored(early.event, early.seq, raw=shown.text(is_v2=False))
    heard = await read(source, cursor_at(at(now)), until=new)
    assert [new] == heard.ids
    assert old not in heard.ids


async def test_a_clamped_time_is_a_gap(server: JetstreamServer, source: JetstreamSource) -> None:
    """A host that begins later than asked leaves a gap, whether it says so (v2) or not (v1)."""
    after = datetime.now(UTC) - timedelta(hours=30)
    last = await server.post("did:plc:ann", "all that is left")
    server.oldest_us = server.events[0]["time_us"]
    heard = await read(source, cursor_at(after), until=last)
    (gap,) = [batch.gap for batch in heard.batches if batch.gap]
    assert (after, at(server.events[0]["time_us"])) == (gap.started_at, gap.ended_at)
    assert (gap.source, gap.reason) == ("bluesky", "cursor_lost")


async def test_a_quiet_network_is_no_gap(server: JetstreamServer, source: JetstreamSource) -> None:
    """Where the event of the cursor is still there, nothing is missing, however long nobody wrote."""
    long_ago = micros(datetime.now(UTC)) - 7_200_000_000
    await server.publish(dict(await _an_event(server), time_us=long_ago))
    del server.archive[0]
    last = await server.post("did:plc:ann", "today")
    heard = await read(source, cursor_at(at(long_ago)), until=last)
    assert list({batch.gap for batch in heard.batches}) == [None]
    again = await read(source, heard.cursors[0][0], until=None)
    assert list({batch.gap for batch in again.batches}) == [None]


async def _an_event(server: JetstreamServer) -> dict[str, Any]:
    await server.post("did:plc:ann", "long ago")
    return server.events[-1]


async def test_a_cursor_never_runs_ahead_of_our_clock(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """One event dated into the future must not turn the next resume into a live tail."""
    start = from_now()
    await server.post("did:plc:ann", "now")
    await server.publish(dict(server.events[0], time_us=BASE + 10**14, commit=_renamed(server, "3kfuture")))
    future = "at://did:plc:ann/app.bsky.feed.post/3kfuture"
    heard = await read(source, start, until=future)
    assert Position.of(heard.cursors[-1][0]).time_us <= micros(datetime.now(UTC))
    assert all(post.posted_at <= post.seen_at for post in heard.posts)


def _renamed(server: JetstreamServer, rkey: str) -> dict[str, Any]:
    return {**server.events[0]["commit"], "rkey": rkey}


async def test_a_cursor_of_another_life(source: JetstreamSource) -> None:
    """A stored position that cannot be read is lost, not a crash."""
    error = await trouble(source, after=Cursor("line:12"))
    assert isinstance(error, CursorLost)
    assert error.gap.reason == "cursor_unreadable"


async def test_many_frames_at_once(server: JetstreamServer, source: JetstreamSource) -> None:
    """A backlog larger than what is held in memory comes whole, in order and counted."""
    start = from_now()
    for number in range(2_500):
        last = await server.post(f"did:plc:p{number}", "lift" if number % 100 == 99 else "other")
    heard = Heard()
    async with asyncio.timeout(10):
        async for batch in source.read(start, WatchWord("lift")):
            heard.take(batch)
            if last in heard.ids:
                break
    assert [f"did:plc:p{number}" for number in range(99, 2_500, 100)] == [p.author_id for p in heard.posts]
    assert sum(batch.posts_seen for batch in heard.batches) == 2_500


@pytest.mark.parametrize(
    "settings",
    [
        {"jetstream": "https://host/subscribe"},
        {"jetstream": "wss://host/subscribe?cursor=1"},
        {"jetstream": "wss:///subscribe"},
        {"jetstream": []},
        {"jetstream": ["wss://host/subscribe", "https://host/subscribe"]},
        {"appview": "ftp://host"},
        {"silence": 0},
        {"jetsream": "wss://host/subscribe"},
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any]) -> None:
    """A wrong address or an unknown key is refused when the settings are read."""
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)
