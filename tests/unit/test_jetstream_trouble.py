"""The live source against hosts that misbehave, over each of their wires."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType, web

from benchmarks import corpus
from bot.clock import SystemClock
from bot.errors import Reason, Unavailable
from bot.http import HttpClient
from bot.model import Batch
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.loopback import Loopback, Refuse
from bot.testing.source_contract import Heard, WatchAll, read
from connectors.bluesky import inflow, jetstream, reading
from connectors.bluesky.inflow import Inflow
from connectors.bluesky.jetstream import JetstreamSource, Settings, check
from tests.unit.jetstream_world import from_now, trouble


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
    said = f"{source.place}: the last 100 frames are no Jetstream events"
    assert (error.reason, str(error)) == (Reason.PROTOCOL, said)
    assert sum(batch.undecodable for batch in heard.batches) == 100


async def test_half_a_frame(server: JetstreamServer, source: JetstreamSource) -> None:
    """A connection cut in the middle of a frame: what came before it is kept, and the cut is told."""
    start = from_now()
    await server.post("did:plc:ann", "one")
    server.faults.append(Stumble(how="reset", after=1))
    heard = Heard()
    error = await trouble(source, heard, start)
    assert (Unavailable, Reason.CONNECTION) == (type(error), error.reason)
    assert str(error).endswith(": the stream was cut")
    assert [post.text for post in heard.posts] == ["one"]


async def test_silence(server: JetstreamServer, url: str, http: HttpClient) -> None:
    """A stream that says nothing for too long counts as dead."""
    server.faults.append(Stumble(how="silence"))
    settings = Settings(jetstream=url, silence=0.2)
    error = await trouble(JetstreamSource(settings, Wiring(http=http, clock=SystemClock())))
    assert (type(error), error.reason) == (Unavailable, Reason.TIMEOUT)


async def test_a_polite_end(server: JetstreamServer, source: JetstreamSource) -> None:
    """A server that says goodbye ends the reading without an error."""
    server.faults.append(Stumble(how="close"))
    assert [Batch()] == [batch async for batch in source.read(None, WatchAll())]


async def test_a_web_page_instead_of_a_stream(server: JetstreamServer, source: JetstreamSource) -> None:
    """A captive portal's 200 is no WebSocket, and the message says what stands there."""
    portal = Refuse(status=200, body="<html>sign in</html>", content_type="text/html")
    server.faults.extend([portal] * 2)  # over v2, the dictionary is asked for first
    error = await trouble(source)
    assert (Unavailable, Reason.PROTOCOL) == (type(error), error.reason)
    assert str(error).startswith(f"{server.host}/")
    assert str(error).endswith(" is not a WebSocket: it answered 200")


async def test_nobody_there(http: HttpClient) -> None:
    """An address where nothing listens is unavailable, named by host and path."""
    async with JetstreamServer() as gone:
        url = gone.url
    error = await trouble(JetstreamSource(Settings(jetstream=url), Wiring(http=http, clock=SystemClock())))
    assert (Unavailable, Reason.CONNECTION) == (type(error), error.reason)
    assert gone.host in str(error)


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


@pytest.mark.parametrize("wire", ["packed"], indirect=True)
async def test_what_unpacks_to_much_is_handed_over_in_pieces(
    server: JetstreamServer, source: JetstreamSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heap of small frames may hold gigabytes: what was found is not gathered up to its end."""
    monkeypatch.setattr(reading, "UNPACKED_BYTES", 100_000)
    start = from_now()
    ids = [await server.post("did:plc:eve", f"{number}" * 40_000) for number in range(10)]
    heard = await read(source, start, until=ids[-1])
    assert ids == heard.ids
    assert max(len(batch.posts) for batch in heard.batches) <= 3


@pytest.mark.parametrize("packed", [False, True])
def test_others_have_turns_while_much_is_read(packed: bool) -> None:
    """A thousand frames at once are looked at in pieces; what was found in them is still one batch."""
    frames = list(corpus.spoken([f"acme {number}" for number in range(1_000)]))
    whole = reading.Reading(None, WatchAll(), SystemClock(), unpack=bytes if packed else None)
    heard = list(whole.batches(frames))
    assert len(heard) >= 4
    assert set(heard[:-1]) == {None}
    assert heard[-1] is not None
    assert len(heard[-1].posts) == 1_000


class Slow(SystemClock):
    """A machine on which whatever happens between two looks at the clock takes a millisecond."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds


@pytest.mark.parametrize("packed", [False, True])
def test_a_turn_is_short_also_where_each_post_is_slow(packed: bool) -> None:
    """While another thread has the interpreter, a few posts take as long as hundreds do else."""
    frames = list(corpus.spoken([f"acme {number}" for number in range(100)]))
    whole = reading.Reading(None, WatchAll(), Slow(), unpack=bytes if packed else None)
    *turns, batch = whole.batches(frames)
    assert set(turns) == {None}
    assert len(turns) >= 30
    assert batch is not None
    assert len(batch.posts) == 100


class Paused:
    """A socket with one frame, and then nothing for ever."""

    def __init__(self) -> None:
        self.frames = [WSMessage(WSMsgType.TEXT, b"{}", None)]

    async def receive(self) -> WSMessage:
        if self.frames:
            return self.frames.pop()
        await asyncio.Event().wait()
        raise AssertionError


async def test_frames_that_wait_here_are_no_silence() -> None:
    """Who is slow to store what it read must not take it for a dead connection."""
    clock = ManualClock()
    async with Inflow(cast("Any", Paused()), clock) as waiting:
        await clock.advance(100)
        silent = [waiting.silent_for]
        await waiting.take(1)
        silent.append(waiting.silent_for)
        await clock.advance(100)
        silent.append(waiting.silent_for)
    assert silent == [0, 0, 100]


def test_a_useful_stream_is_left_alone() -> None:
    """A few strange frames and a short silence are no trouble."""
    check(99, 59.9, 60.0)


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
