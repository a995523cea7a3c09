"""The live source against a loopback Jetstream: resuming, gaps, and servers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from bot.clock import SystemClock
from bot.errors import BotError, CursorLost, Reason, Unavailable
from bot.http import HttpClient
from bot.model import Batch, Cursor
from bot.ports import Wiring
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.loopback import Loopback, Refuse
from bot.testing.source_contract import Heard, WatchAll, read
from connectors.bluesky import inflow, jetstream
from connectors.bluesky.frames import at, micros
from connectors.bluesky.jetstream import (
    JetstreamSource,
    Position,
    Settings,
    check,
    cursor_at,
    page_url,
)

BASE = 1_767_603_600_000_000  # 2026-01-05T09:00:00Z


class WatchWord:
    """Wants the posts that hold a word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del author_id, refs
        return self.word in text


@pytest.fixture
async def server() -> AsyncIterator[JetstreamServer]:
    async with JetstreamServer() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


@pytest.fixture
def source(server: JetstreamServer, http: HttpClient) -> JetstreamSource:
    return JetstreamSource(Settings(jetstream=server.url), Wiring(http=http, clock=SystemClock()))


async def trouble(
    source: JetstreamSource, heard: Heard | None = None, after: Cursor | None = None
) -> BotError:
    """How reading ends; what came before it goes into `heard`."""
    with pytest.raises(BotError) as caught:
        await _read_on(source, heard or Heard(), after)
    return caught.value


async def _read_on(source: JetstreamSource, heard: Heard, after: Cursor | None) -> None:
    async with asyncio.timeout(10):
        async for batch in source.read(after, WatchAll()):
            heard.take(batch)


def from_now() -> Cursor:
    return cursor_at(datetime.now(UTC))


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
    assert [post.text for post in heard.posts] == ["lift broken", "lift still broken", "fine here"]
    gone = [deletion for batch in heard.batches for deletion in batch.deleted]
    assert [deletion.author_id for deletion in gone] == ["did:plc:ann", "did:plc:ben"]
    assert [
        sum(getattr(batch, name) for batch in heard.batches) for name in ("seen", "posts_seen", "undecodable")
    ] == [6, 3, 0]


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
    assert cursor_at(at(server.events[-1]["time_us"])) == batches[-1].cursor


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
    server._events.sort(key=lambda pair: pair[0]["time_us"])
    late = "at://did:plc:ann/app.bsky.feed.post/3klate"
    again = await read(source, heard.cursors[-1][0], until=late)
    assert [late] == again.ids
    assert sum(batch.seen for batch in again.batches) == 1


async def test_a_server_that_replays_too_much(server: JetstreamServer, source: JetstreamSource) -> None:
    """What is older than the window before the cursor was read long ago, and is skipped."""
    now = micros(datetime.now(UTC))
    old = await server.post("did:plc:ann", "an hour ago")
    server._events[0][0]["time_us"] = now
    text = server._events[0][1].replace(str(now), str(now - 3_600_000_000))
    server._events[0] = (
        server._events[0][0],
        text.replace('"time_us":', f'"time_us":{now - 3_600_000_000},"x":'),
    )
    new = await server.post("did:plc:ann", "now")
    heard = await read(source, cursor_at(at(now)), until=new)
    assert [new] == heard.ids
    assert old not in heard.ids


async def test_a_clamped_cursor_is_a_gap(server: JetstreamServer, source: JetstreamSource) -> None:
    """A server that silently begins later than asked leaves a gap, and the gap is told."""
    after = datetime.now(UTC) - timedelta(hours=30)
    last = await server.post("did:plc:ann", "all that is left")
    server.oldest_us = server.events[0]["time_us"]
    heard = await read(source, cursor_at(after), until=last)
    (gap,) = [batch.gap for batch in heard.batches if batch.gap]
    assert (after, at(server.events[0]["time_us"])) == (gap.started_at, gap.ended_at)
    assert (gap.source, gap.reason) == ("bluesky", "cursor_lost")


async def test_a_quiet_network_is_no_gap(server: JetstreamServer, source: JetstreamSource) -> None:
    """Where the event of the cursor is still there, nothing is missing, however long nobody wrote."""
    await server.post("did:plc:ann", "long ago")
    event = dict(server.events[0], time_us=micros(datetime.now(UTC)) - 7_200_000_000)
    server._events.clear()
    await server.publish(event)
    last = await server.post("did:plc:ann", "today")
    heard = await read(source, cursor_at(at(event["time_us"])), until=last)
    assert list({batch.gap for batch in heard.batches}) == [None]


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


@pytest.mark.parametrize("garbage", ["not json", "{", b"\x00\xff", '{"kind":"commit"}', ""])
async def test_frames_that_do_not_decode(
    server: JetstreamServer, source: JetstreamSource, garbage: str | bytes
) -> None:
    """They are counted, and the stream goes on."""
    start = from_now()
    await server.post("did:plc:ann", "one")
    last = await server.post("did:plc:ann", "two")
    server.faults.append(Stumble(how="garbage", after=1, frames=(garbage, garbage)))
    heard = await read(source, start, until=last)
    assert [post.text for post in heard.posts] == ["one", "two"]
    assert sum(batch.undecodable for batch in heard.batches) == 2
    assert sum(batch.seen for batch in heard.batches) == 4


async def test_a_server_that_speaks_something_else(server: JetstreamServer, source: JetstreamSource) -> None:
    """A hundred frames in a row that are no events: this is no Jetstream, and it says so."""
    server.faults.append(Stumble(how="garbage", frames=("<p>hello</p>",) * 100))
    heard = Heard()
    error = await trouble(source, heard)
    assert (error.reason, str(error)) == (Reason.PROTOCOL, "the last 100 frames are no Jetstream events")
    assert sum(batch.undecodable for batch in heard.batches) == 100


async def test_half_a_frame(server: JetstreamServer, source: JetstreamSource) -> None:
    """A connection cut in the middle of a frame: what came before it is kept, and the cut is told."""
    start = from_now()
    await server.post("did:plc:ann", "one")
    server.faults.append(Stumble(how="reset", after=1))
    heard = Heard()
    error = await trouble(source, heard, start)
    assert (Unavailable, Reason.CONNECTION) == (type(error), error.reason)
    assert str(error) == "the stream was cut"
    assert [post.text for post in heard.posts] == ["one"]


async def test_silence(server: JetstreamServer, http: HttpClient) -> None:
    """A stream that says nothing for too long counts as dead."""
    server.faults.append(Stumble(how="silence"))
    settings = Settings(jetstream=server.url, silence=0.2)
    error = await trouble(JetstreamSource(settings, Wiring(http=http, clock=SystemClock())))
    assert (type(error), error.reason) == (Unavailable, Reason.TIMEOUT)


async def test_a_polite_end(server: JetstreamServer, source: JetstreamSource) -> None:
    """A server that says goodbye ends the reading without an error."""
    server.faults.append(Stumble(how="close"))
    assert [Batch()] == [batch async for batch in source.read(None, WatchAll())]


async def test_a_web_page_instead_of_a_stream(server: JetstreamServer, source: JetstreamSource) -> None:
    """A captive portal's 200 is no WebSocket, and the message says what stands there."""
    server.faults.append(Refuse(status=200, body="<html>sign in</html>", content_type="text/html"))
    error = await trouble(source)
    assert (Unavailable, Reason.PROTOCOL) == (type(error), error.reason)
    assert f"{server.host}/subscribe is not a WebSocket: it answered 200" == str(error)


async def test_nobody_there(http: HttpClient) -> None:
    """An address where nothing listens is unavailable, named by host and path."""
    async with JetstreamServer() as gone:
        url = gone.url
    error = await trouble(JetstreamSource(Settings(jetstream=url), Wiring(http=http, clock=SystemClock())))
    assert (Unavailable, Reason.CONNECTION) == (type(error), error.reason)
    assert "/subscribe" in str(error)


async def test_a_frame_beyond_all_measure(server: JetstreamServer, source: JetstreamSource) -> None:
    """A frame that is larger than any event ends the connection instead of filling the memory."""
    server.faults.append(Stumble(how="garbage", frames=("x" * (jetstream.MAX_MESSAGE_BYTES + 1),)))
    error = await trouble(source)
    assert (Unavailable, Reason.PROTOCOL) == (type(error), error.reason)


async def test_the_largest_post_does_not_stop_the_stream(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """Else one hostile post would silence us for good: it comes again after every resume."""
    start = from_now()
    large = await server.post("did:plc:eve", "\u0001" * 1_900_000)
    last = await server.post("did:plc:ann", "hello")
    assert [large, last] == (await read(source, start, until=last)).ids


async def test_large_frames_wait_outside(
    server: JetstreamServer, source: JetstreamSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held in memory is bounded in bytes too; nothing is lost by waiting."""
    monkeypatch.setattr(inflow, "HEAP_BYTES", 100_000)
    start = from_now()
    ids = [await server.post("did:plc:eve", f"{number}" * 40_000) for number in range(10)]
    assert ids == (await read(source, start, until=ids[-1])).ids


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


def test_the_address() -> None:
    """Posts only, from two seconds before the position."""
    assert page_url("wss://h/subscribe", None) == "wss://h/subscribe?wantedCollections=app.bsky.feed.post"
    assert page_url("wss://h/subscribe", Position(time_us=BASE)).endswith(f"&cursor={BASE - 2_000_000}")


def test_a_useful_stream_is_left_alone() -> None:
    """A few strange frames and a short silence are no trouble."""
    check(99, 59.9, 60.0)


@pytest.mark.parametrize(
    "settings",
    [
        {"jetstream": "https://host/subscribe"},
        {"jetstream": "wss://host/subscribe?cursor=1"},
        {"jetstream": "wss:///subscribe"},
        {"appview": "ftp://host"},
        {"silence": 0},
        {"jetsream": "wss://host/subscribe"},
    ],
)
def test_settings_that_cannot_work(settings: dict[str, Any]) -> None:
    """A wrong address or an unknown key is refused when the settings are read."""
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)


class SlowToAnswer(Loopback):
    def routes(self) -> list[web.RouteDef]:
        return [web.get("/subscribe", self._never)]

    async def _never(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise web.HTTPGatewayTimeout


async def test_a_server_that_never_upgrades(http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handshake that does not end is given up."""
    monkeypatch.setattr("bot.http.HANDSHAKE_SECONDS", 0.1)
    async with SlowToAnswer() as slow:
        settings = Settings(jetstream=f"ws://{slow.host}/subscribe")
        error = await trouble(JetstreamSource(settings, Wiring(http=http, clock=SystemClock())))
    assert (Unavailable, Reason.TIMEOUT) == (type(error), error.reason)
