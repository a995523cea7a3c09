"""Compressed frames: the dictionary is fetched, renewed and done without; bad frames are counted."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import zstandard
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.errors import Reason, Unavailable
from bot.http import HttpClient
from bot.ports import Wiring
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.jetstream_wire import Dictionary
from bot.testing.loopback import Refuse
from bot.testing.source_contract import read
from connectors.bluesky import dictionary, jetstream
from connectors.bluesky.dictionary import StaleDictionary, Unpacker
from connectors.bluesky.frames import Malformed
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.position import cursor_at
from tests.unit.jetstream_world import trouble


@pytest.fixture
async def server() -> AsyncIterator[JetstreamServer]:
    async with JetstreamServer(first_seq=24_664_288_000) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


@pytest.fixture
def source(server: JetstreamServer, http: HttpClient) -> JetstreamSource:
    return JetstreamSource(Settings(jetstream=server.url_v2), Wiring(http=http, clock=SystemClock()))


def packed(server: JetstreamServer) -> bool:
    return "zstdDictionary=" in server.queries[-1]


async def test_frames_come_packed(server: JetstreamServer, source: JetstreamSource) -> None:
    """With the host's own dictionary, fetched once for all connections."""
    start = cursor_at(datetime.now(UTC))
    last = await server.post("did:plc:ann", "hello")
    for _ in range(3):
        assert (await read(source, start, until=last)).ids == [last]
        assert packed(server)
    assert server.requests == 4


async def test_a_new_dictionary_is_fetched(server: JetstreamServer, source: JetstreamSource) -> None:
    """`UnknownZstdDictionary`: the host has trained another one since."""
    start = cursor_at(datetime.now(UTC))
    last = await server.post("did:plc:ann", "hello")
    await read(source, start, until=last)
    server.retrain()
    assert (await read(source, start, until=last)).ids == [last]
    assert f"zstdDictionary={server.dictionary.id}" in server.queries[-1]


async def test_a_dictionary_changed_under_way(server: JetstreamServer, source: JetstreamSource) -> None:
    """Frames that name another dictionary end the connection at once; the next one has the right one."""
    start = cursor_at(datetime.now(UTC))
    first = await server.post("did:plc:ann", "hello")
    heard = await read(source, start, until=first)
    foreign = Dictionary(7).pack("{}")
    server.faults.append(Stumble(how="garbage", frames=(foreign,)))
    error = await trouble(source, after=heard.cursors[-1][0])
    assert (type(error), error.reason) == (Unavailable, Reason.PROTOCOL)
    server.retrain()
    second = await server.post("did:plc:ann", "there")
    assert (await read(source, heard.cursors[-1][0], until=second)).ids == [second]
    assert packed(server)


@pytest.mark.parametrize(
    "refuse",
    [
        Refuse(status=404),
        Refuse(status=503),
        Refuse(status=200, body="<html>"),
        Refuse(status=200, body="7¤0ì" * 9),
        Refuse(status=200, body="x" * (dictionary.MAX_DICTIONARY_BYTES + 1)),
    ],
)
async def test_without_a_dictionary_frames_come_plain(
    server: JetstreamServer, source: JetstreamSource, refuse: Refuse
) -> None:
    """Compression only saves traffic: where it cannot be had, it says so once, and reading goes on."""
    start = cursor_at(datetime.now(UTC))
    last = await server.post("did:plc:ann", "hello")
    server.faults.extend([replace(refuse, path="getZstdDictionary")] * 2)
    with capture_logs() as logs:
        for expected in (False, False, True):
            assert (await read(source, start, until=last)).ids == [last]
            assert packed(server) is expected
    assert [line["event"] for line in logs] == ["compression.unavailable"]
    assert logs[0]["host"] == server.host


async def test_a_host_that_is_not_there(server: JetstreamServer, source: JetstreamSource) -> None:
    """Then there is nothing to say about compression, and nobody is asked twice."""
    await server.stop()
    with capture_logs() as logs:
        error = await trouble(source)
    assert (type(error), error.reason, logs) == (Unavailable, Reason.CONNECTION, [])


async def test_a_host_that_refuses_its_own_dictionary(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """A fleet of mixed versions may hand out what it does not take: then plain."""
    start = cursor_at(datetime.now(UTC))
    last = await server.post("did:plc:ann", "hello")
    server.handed_out = Dictionary(5)
    with capture_logs() as logs:
        assert (await read(source, start, until=last)).ids == [last]
    assert not packed(server)
    assert [line["event"] for line in logs] == ["compression.unavailable"]


async def test_frames_that_cannot_be_unpacked(server: JetstreamServer, source: JetstreamSource) -> None:
    """Cut short, empty, not packed, far too large or lying about it: counted, and the stream goes on."""
    start = cursor_at(datetime.now(UTC))
    one = await server.post("did:plc:ann", "one")
    whole = server.dictionary.pack('{"$type":"message"}')
    bomb = zstandard.ZstdCompressor().compress(b"x" * (jetstream.MAX_MESSAGE_BYTES + 1))
    lie = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 10**12) + b"\x01\x00\x00"
    bad = (whole[:-3], whole[:5], b"", b"plain", whole + b"more", bomb, lie, "text")
    server.faults.append(Stumble(how="garbage", after=1, frames=bad))
    last = await server.post("did:plc:ann", "two")
    heard = await read(source, start, until=last)
    assert heard.ids == [one, last]
    assert sum(batch.undecodable for batch in heard.batches) == len(bad)
    assert sum(batch.seen for batch in heard.batches) == len(bad) + 2


async def test_a_dictionary_that_fits_nothing(server: JetstreamServer, source: JetstreamSource) -> None:
    """A hundred frames in a row that cannot be unpacked: another dictionary, and where there is none, plain."""
    server.faults.append(Stumble(how="garbage", frames=(b"junk",) * 100))
    error = await trouble(source)
    assert (type(error), error.reason) == (Unavailable, Reason.PROTOCOL)
    start = cursor_at(datetime.now(UTC))
    last = await server.post("did:plc:ann", "hello")
    with capture_logs():
        assert (await read(source, start, until=last)).ids == [last]
    assert not packed(server)


def test_an_unpacker() -> None:
    """It takes back what was packed, and knows a frame of another dictionary from a broken one."""
    ours, other = Dictionary(11), Dictionary(12)
    unpack = Unpacker(ours.blob, max_bytes=100)
    assert unpack.id == 11
    assert unpack(ours.pack("hello")) == b"hello"
    with pytest.raises(StaleDictionary):
        unpack(other.pack("hello"))
    with pytest.raises(Malformed, match="more than 100 bytes"):
        unpack(ours.pack("x" * 101))
    with pytest.raises(Malformed, match="unpacked"):
        unpack(ours.pack("hello")[:-1])


@pytest.mark.parametrize("blob", [b"", b"junk", b"\x37\xa4\x30\xec", b"\x37\xa4\x30\xec" + b"\x01" * 200])
def test_bytes_that_are_no_dictionary(blob: bytes) -> None:
    """They are told apart before anything is asked for with them."""
    with pytest.raises(ValueError, match="not a zstd dictionary"):
        Unpacker(blob, max_bytes=100)
