"""What v2 messages mean, and that a recording of them says the same as one of v1."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.model import Batch
from bot.testing.jetstream_server import JetstreamServer
from bot.testing.jetstream_wire import METHOD
from bot.testing.source_contract import WatchAll
from connectors.bluesky.frames import Envelope, Event, Malformed, deletion, micros
from connectors.bluesky.messages import Notice, parse
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


def test_a_time_is_what_the_standard_library_reads() -> None:
    """However it is written, and whatever it is that is written there."""
    usual = "2026-01-05T09:00:00.000001Z"
    written = {usual, "2026-01-05T09:00:00Z", "2026-01-05T09:00:00.5Z", "2026-01-05T09:00:00.123456789Z"}
    written |= {usual[:at] + sign + usual[at + 1 :] for at in range(len(usual)) for sign in "0195-:.+TZ _٣"}
    written |= {usual[:at] + usual[at + 1 :] for at in range(len(usual))}
    for text in written:
        shown = ENVELOPE | {"witnessedAt": text}
        assert _read(shown) == _as_the_library_reads(text), text


def _read(shown: dict[str, Any]) -> int | None:
    try:
        event = parse(message("commit", **shown, **COMMIT, record={"text": "hello"}))
    except Malformed:
        return None
    assert isinstance(event, Event)
    return event.time_us


def _as_the_library_reads(text: str) -> int | None:
    """None: it is no time, none with a zone, or one far away."""
    try:
        when = micros(datetime.fromisoformat(text))
    except (ValueError, TypeError):
        return None
    return when if 10**15 <= when < 10**16 else None


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


async def test_a_recording_of_either_wire(tmp_path: Path) -> None:
    """A recorded v2 stream replays to the same posts as one of v1, whatever else is between them."""
    server = JetstreamServer()
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
