"""What only v2 of Jetstream says and does: numbers, notices, dictionaries."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Unavailable
from bot.http import HttpClient
from bot.model import Batch, Cursor
from bot.ports import Wiring
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.jetstream_wire import METHOD, Dictionary
from bot.testing.loopback import Refuse
from bot.testing.source_contract import Heard, WatchAll, read
from connectors.bluesky import dictionary, jetstream
from connectors.bluesky.dictionary import StaleDictionary, Unpacker
from connectors.bluesky.frames import Envelope, Event, Malformed, at, deletion, micros
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.messages import Notice, parse
from connectors.bluesky.position import Position, cursor_at
from connectors.bluesky.recording import RecordingSource

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
ENVELOPE = {
    "seq": 7,
    "did": "did:plc:ann",
    "time": "2026-01-05T08:59:00.000000Z",
    "witnessedAt": "2026-01-05T09:00:00.000001Z",
}
COMMIT = {"rev": "3r", "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k", "cid": "bafy"}
WITNESSED = micros(NINE) + 1


def message(kind: str, **more: Any) -> bytes:
    return json.dumps({"$type": "message", "payload": {"$type": f"{METHOD}#{kind}", **more}}).encode()


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


async def trouble(
    source: JetstreamSource, after: Cursor | None = None, heard: Heard | None = None
) -> BotError:
    with pytest.raises(BotError) as caught:
        await _read_on(source, after, heard or Heard())
    return caught.value


async def _read_on(source: JetstreamSource, after: Cursor | None, heard: Heard) -> None:
    async with asyncio.timeout(10):
        async for batch in source.read(after, WatchAll()):
            heard.take(batch)


def gaps(heard: Heard) -> list[tuple[datetime, datetime]]:
    return [(batch.gap.started_at, batch.gap.ended_at) for batch in heard.batches if batch.gap]


def last_of(heard: Heard) -> Cursor:
    return heard.cursors[-1][0]


# --- messages ---


def test_a_post() -> None:
    """Its time is when the host saw it, not the one that is shown; its number comes along."""
    event = parse(message("commit", **ENVELOPE, **COMMIT, record={"text": "hello"}))
    assert isinstance(event, Event)
    assert (event.did, event.time_us, event.kind, event.seq) == ("did:plc:ann", WITNESSED, "commit", 7)
    assert event.commit is not None
    assert event.commit.record is not None
    assert (event.commit.rkey, event.commit.cid, event.commit.record.text) == ("3k", "bafy", "hello")


def test_an_older_host_says_only_one_time() -> None:
    """Without `witnessedAt`, `time` is it."""
    shown = {name: value for name, value in ENVELOPE.items() if name != "witnessedAt"}
    event = parse(message("commit", **shown, **COMMIT, record={"text": "hello"}))
    assert isinstance(event, Event)
    assert event.time_us == micros(NINE) - 60_000_000


def test_an_odd_record_keeps_its_text() -> None:
    """A piece of somebody else's making does not hide the words beside it."""
    event = parse(message("commit", **ENVELOPE, **COMMIT, record={"text": "hello", "embed": 7, "langs": {}}))
    assert isinstance(event, Event)
    assert event.commit is not None
    assert event.commit.record is not None
    assert (event.commit.record.text, event.commit.record.embed) == ("hello", None)


@pytest.mark.parametrize(
    ("status", "is_gone"), [("deleted", True), ("takendown", True), ("deactivated", False)]
)
def test_an_account(status: str, is_gone: bool) -> None:
    """Only one that is deleted or taken down takes its posts along."""
    account = {
        "active": False,
        "did": "did:plc:ann",
        "seq": 3,
        "status": status,
        "time": "2026-01-05T08:00:00Z",
    }
    event = parse(message("account", **ENVELOPE, account=account))
    assert isinstance(event, Event)
    assert (event.seq, event.time_us) == (7, WITNESSED)
    assert is_gone == (deletion(event) is not None)


@pytest.mark.parametrize("kind", ["identity", "sync", "something.new"])
def test_kinds_that_say_nothing_to_us(kind: str) -> None:
    """They count, and they move the position: also those that are not invented yet."""
    told = parse(message(kind, **ENVELOPE, **{kind: {"did": "did:plc:ann", "seq": 1}}))
    assert isinstance(told, Envelope)
    assert (told.seq, told.time_us) == (7, WITNESSED)


@pytest.mark.parametrize(
    "frame", [message("weather", text="fine"), b'{"$type":"ping"}', b'{"$type":"message"}']
)
def test_what_nobody_knows(frame: bytes) -> None:
    """Without number and time it is counted, and moves nothing."""
    assert Envelope(time_us=0, kind="unknown", seq=0) == parse(frame)


def test_notices() -> None:
    """What a host says about the stream is no event."""
    assert Notice(name="OutdatedCursor") == parse(message("info", name="OutdatedCursor", message="seq 5"))
    assert Notice(name="Slow", is_error=True) == parse(b'{"$type":"error","error":"Slow","message":"x"}')


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"[]",
        b"{",
        b'{"$type":7}',
        message("commit", **ENVELOPE, **COMMIT),
        message("commit", **ENVELOPE, **{**COMMIT, "rkey": ""}, record={"text": "x"}),
        message("commit", **{**ENVELOPE, "seq": 0}, **COMMIT, record={"text": "x"}),
        message("commit", **{**ENVELOPE, "witnessedAt": "yesterday"}, **COMMIT, record={"text": "x"}),
        message(
            "commit", **{**ENVELOPE, "witnessedAt": "2026-01-05T09:00:00"}, **COMMIT, record={"text": "x"}
        ),
        message(
            "commit", **{**ENVELOPE, "witnessedAt": "1970-01-05T09:00:00Z"}, **COMMIT, record={"text": "x"}
        ),
        message("commit", seq=7, collection="app.bsky.feed.like"),
        message("account", **ENVELOPE, account={"active": "perhaps"}),
    ],
)
def test_messages_that_are_none(frame: bytes) -> None:
    """A post without its record, a number or a time that cannot be: malformed."""
    with pytest.raises(Malformed):
        parse(frame)


# --- cursors ---


async def test_resuming_by_number_is_exact(server: JetstreamServer, source: JetstreamSource) -> None:
    """On the host that gave it, the position's number is asked for, and nothing comes twice."""
    start = cursor_at(datetime.now(UTC))
    first = await server.post("did:plc:ann", "one")
    heard = await read(source, start, until=first)
    second = await server.post("did:plc:ann", "two")
    again = await read(source, last_of(heard), until=second)
    assert again.ids == [second]
    assert sum(batch.seen for batch in again.batches) == 1
    assert f"cursor={server.archive[0].seq}" in server.queries[-1]


async def test_a_clamped_time_is_told_and_is_a_gap(server: JetstreamServer, source: JetstreamSource) -> None:
    """`OutdatedCursor`: even a short gap is one, since the host says that there is one."""
    after = datetime.now(UTC) - timedelta(seconds=20)
    last = await server.post("did:plc:ann", "all that is left")
    server.oldest_us = server.events[0]["time_us"]
    heard = await read(source, cursor_at(after), until=last)
    assert gaps(heard) == [(after, at(server.events[0]["time_us"]))]


async def test_a_refused_number_is_asked_for_by_time(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """`CursorTooOld`: reading goes on with the oldest that is left, and what is missing is a gap."""
    first = await server.post("did:plc:ann", "one")
    began = server.events[0]["time_us"]
    heard = await read(source, cursor_at(at(began)), until=first)
    await server.post("did:plc:ann", "two, which is forgotten")
    await asyncio.sleep(0.01)
    third = await server.post("did:plc:ann", "three")
    server.oldest_us = server.events[-1]["time_us"]
    again = await read(source, last_of(heard), until=third)
    assert again.ids == [third]
    assert gaps(again) == [(at(began), at(server.events[-1]["time_us"]))]
    assert Position.of(last_of(again)).seq == server.archive[-1].seq


async def test_a_host_that_counts_anew_is_asked_by_time(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """`FutureCursor`: another archive stands there now; nothing of it is missed, and nothing comes twice."""
    first = await server.post("did:plc:ann", "one")
    heard = await read(source, cursor_at(at(server.events[0]["time_us"])), until=first)
    server.begin_anew()
    error = await trouble(source, last_of(heard))
    assert (type(error), error.reason) == (Unavailable, Reason.CURSOR_LOST)
    assert str(error) == f"{server.host}: the host has begun to count anew"
    second = await server.post("did:plc:ann", "two")
    again = await read(source, last_of(heard), until=second)
    assert (again.ids, gaps(again)) == ([second], [])
    assert Position.of(last_of(again)).seq == 2


async def test_a_host_that_ends_the_stream(server: JetstreamServer, source: JetstreamSource) -> None:
    """An error frame is terminal, and its name is told."""
    start = cursor_at(datetime.now(UTC))
    server.faults.append(Stumble(how="error", after=1, frames=("ConsumerTooSlow",)))
    await server.post("did:plc:ann", "one")
    heard = Heard()
    error = await trouble(source, start, heard)
    assert (type(error), error.reason) == (Unavailable, Reason.SERVER)
    assert str(error) == f"{server.host}: the server ended the stream (ConsumerTooSlow)"
    assert [post.text for post in heard.posts] == ["one"]


async def test_what_nobody_knows_moves_no_cursor(server: JetstreamServer, source: JetstreamSource) -> None:
    """An unknown kind is counted and skipped, at the start of a replay too."""
    start = cursor_at(datetime.now(UTC))
    server.faults.append(Stumble(how="garbage", frames=(message("weather", text="fine").decode(),)))
    server.has_dictionary = False
    last = await server.post("did:plc:ann", "one")
    heard = await read(source, start, until=last)
    assert sum(batch.seen for batch in heard.batches) == 2
    assert sum(batch.undecodable for batch in heard.batches) == 0
    assert Position.of(last_of(heard)).seq == server.archive[-1].seq


# --- compression ---


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
    error = await trouble(source, last_of(heard))
    assert (type(error), error.reason) == (Unavailable, Reason.PROTOCOL)
    server.retrain()
    second = await server.post("did:plc:ann", "there")
    assert (await read(source, last_of(heard), until=second)).ids == [second]
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


# --- recordings ---


async def test_a_recording_of_either_wire(server: JetstreamServer, tmp_path: Path) -> None:
    """A recorded v2 stream replays to the same posts as one of v1, whatever else is between them."""
    for number in range(3):
        await server.post("did:plc:ann", f"post {number}")
    await server.sync("did:plc:ann")
    await server.account("did:plc:ann", active=False, status="deleted")
    like = {
        "rev": "3r",
        "operation": "create",
        "collection": "app.bsky.feed.like",
        "rkey": "3k",
        "record": {},
    }
    await server.publish({"did": "did:plc:ann", "kind": "commit", "commit": like})
    read_back: list[list[Batch]] = []
    for is_v2 in (False, True):
        lines = [stored.text(is_v2=is_v2) for stored in server.archive]
        path = tmp_path / f"{is_v2}.jsonl"
        path.write_text(
            "\n".join([*lines, message("info", name="OutdatedCursor").decode()] if is_v2 else lines)
        )
        read_back.append([batch async for batch in RecordingSource(path).read(None, WatchAll())])
    ((one,), (two,)) = read_back
    assert (one.posts, one.deleted, one.seen, one.posts_seen) == (two.posts, two.deleted, 6, 3)
    assert (two.seen, two.posts_seen, two.undecodable) == (6, 3, 0)
