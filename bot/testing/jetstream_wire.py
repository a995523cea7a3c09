"""What a Jetstream host sends and what it is asked for, on both of its wires. No socket here.

v1: https://github.com/bluesky-social/jetstream-legacy (README); v2: the lexicon `subscribeEvents` and the
server's own code (internal/subscribe: `filterv2.go`, `cursor.go`, `compress.go`) in
https://github.com/bluesky-social/jetstream. Imports no connector.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import zstandard

if TYPE_CHECKING:
    from multidict import MultiMapping

METHOD = "network.bsky.jetstream.subscribeEvents"
DICTIONARY_METHOD = "network.bsky.jetstream.getZstdDictionary"
KINDS = frozenset({"commit", "identity", "account", "sync"})
FIRST_TIME = 10**15
"""From here on a cursor is a time in unix microseconds; below, a v2 host takes it for a `seq`."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEGACY = {"wantedDids": "dids", "wantedCollections": "collections"}
_GO = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)
"""What Go's encoding/json escapes beyond the standard, and all that it escapes."""


class BadRequest(ValueError):  # noqa: N818 - as HTTP calls it
    """Refused before the upgrade: an XRPC error's name and message, with 400."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(slots=True)
class Stored:
    """One event of a host's archive, in v1's shape; what it looks like on a wire is made when asked for.

    `raw`: sent as it is on both wires, whatever it is.
    """

    event: dict[str, Any]
    seq: int
    raw: str | None = None
    _texts: dict[bool, str] = field(default_factory=dict)
    _packed: tuple[int, bytes] = (0, b"")

    @property
    def time_us(self) -> int:
        return int(self.event["time_us"])

    def text(self, *, is_v2: bool) -> str:
        if self.raw is not None:
            return self.raw
        text = self._texts.get(is_v2)
        if text is None:
            shown = message(self.event, self.seq) if is_v2 else self.event
            text = self._texts[is_v2] = dump(shown)
        return text

    def packed(self, dictionary: Dictionary) -> bytes:
        if self._packed[0] != dictionary.id:
            self._packed = (dictionary.id, dictionary.pack(self.text(is_v2=True)))
        return self._packed[1]


def dump(shown: Mapping[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).translate(_GO)


def message(event: Mapping[str, Any], seq: int) -> dict[str, Any]:
    """An event in v1's shape as v2's message frame."""
    when = (_EPOCH + timedelta(microseconds=event["time_us"])).isoformat(timespec="microseconds")
    when = when.replace("+00:00", "Z")
    kind = event["kind"]
    envelope = {
        "$type": f"{METHOD}#{kind}",
        "seq": seq,
        "did": event["did"],
        "time": when,
        "witnessedAt": when,
    }
    body = dict(event.get(kind) or {})
    if kind != "commit":
        return {"$type": "message", "payload": {**envelope, kind: body}}
    fields = ("rev", "operation", "collection", "rkey", "record", "cid")
    return {
        "$type": "message",
        "payload": {**envelope, **{name: body[name] for name in fields if name in body}},
    }


def info(name: str, text: str) -> str:
    return dump({"$type": "message", "payload": {"$type": f"{METHOD}#info", "name": name, "message": text}})


def fault(name: str, text: str) -> str:
    """A terminal error frame."""
    return dump({"$type": "error", "error": name, "message": text})


class Dictionary:
    """A zstd dictionary as a host trains it; the id is part of it, and of every frame packed with it."""

    def __init__(self, id_: int) -> None:
        self.id = id_

    @cached_property
    def blob(self) -> bytes:
        samples: list[bytes | bytearray | memoryview] = [
            dump(message(_sample(number), 24_664_288_000 + number)).encode() for number in range(400)
        ]
        return zstandard.train_dictionary(16_384, samples, dict_id=self.id).as_bytes()

    @cached_property
    def _packer(self) -> zstandard.ZstdCompressor:
        return zstandard.ZstdCompressor(level=1, dict_data=zstandard.ZstdCompressionDict(self.blob))

    def pack(self, text: str) -> bytes:
        """One whole frame, which names its size and the dictionary."""
        return self._packer.compress(text.encode())


def _sample(number: int) -> dict[str, Any]:
    did = f"did:plc:{number * 7919:024d}"
    collection = "app.bsky.feed.post" if number % 3 else "app.bsky.feed.like"
    record = {
        "$type": collection,
        "createdAt": "2026-01-05T09:00:00.000Z",
        "langs": ["en"],
        "text": f"post {number}",
    }
    commit: dict[str, Any] = {"rev": f"3rev{number:09}", "operation": "create", "collection": collection}
    commit |= {"rkey": f"3key{number:09}", "record": record, "cid": f"bafyrei{number:052}"}
    return {"did": did, "time_us": 1_767_603_600_000_000 + number, "kind": "commit", "commit": commit}


@dataclass(slots=True)
class Selection:
    """What a subscriber wants; empty: everything."""

    kinds: frozenset[str] = frozenset()
    collections: frozenset[str] = frozenset()
    dids: frozenset[str] = frozenset()
    max_bytes: int = 0

    @classmethod
    def of_v1(cls, query: MultiMapping[str]) -> Selection:
        return cls(
            collections=frozenset(query.getall("wantedCollections", ())),
            dids=frozenset(query.getall("wantedDids", ())),
            max_bytes=size(query.get("maxMessageSizeBytes", "0")),
        )

    @classmethod
    def of_v2(cls, query: MultiMapping[str]) -> Selection:
        """Raises: BadRequest, where v1 would be silent."""
        for name, instead in _LEGACY.items():
            if name in query:
                raise BadRequest(
                    "InvalidRequest", f"{name} is the legacy /subscribe parameter; use {instead}"
                )
        if "requireHello" in query or query.get("compress") == "true":
            raise BadRequest(
                "InvalidRequest", "this endpoint is server-push only, and uses zstdDictionary=<id>"
            )
        kinds, collections = frozenset(query.getall("kinds", ())), frozenset(query.getall("collections", ()))
        if unknown := kinds - KINDS:
            raise BadRequest("InvalidRequest", f"unknown kind {min(unknown)!r}")
        if collections and kinds and "commit" not in kinds:
            raise BadRequest("InvalidRequest", "collections filter can never apply: kinds excludes commit")
        dids = frozenset(query.getall("dids", ()))
        max_bytes = size(query.get("maxMessageSizeBytes", "0"))
        return cls(kinds=kinds, collections=collections, dids=dids, max_bytes=max_bytes)

    def wants(self, stored: Stored, text: str, *, is_v2: bool) -> bool:
        event = stored.event
        if stored.raw is not None:
            return True
        if self.dids and event["did"] not in self.dids:
            return False
        if (self.kinds and event["kind"] not in self.kinds) or (event["kind"] == "sync" and not is_v2):
            return False
        if self.max_bytes and len(text.encode()) > self.max_bytes:
            return False
        return event["kind"] != "commit" or self._wants_collection(event["commit"]["collection"])

    def _wants_collection(self, collection: str) -> bool:
        if not self.collections or collection in self.collections:
            return True
        prefixes = (wanted[:-1] for wanted in self.collections if wanted.endswith(".*"))
        return any(collection.startswith(prefix) for prefix in prefixes)


def size(text: str) -> int:
    return max(0, int(text)) if text.lstrip("-").isdecimal() else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a subscription begins: an index into the archive, and what the host says about it first."""

    index: int
    notice: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What a host can replay: `oldest_us` is where its retention ends (None: all is kept)."""

    events: Sequence[Stored]
    next_seq: int
    now_us: int
    oldest_us: int | None = None

    def start_v1(self, cursor: str | None) -> Start:
        """A cursor is a time; too old is clamped silently, in the future is live tail."""
        newest = self.events[-1].time_us if self.events else 0
        if not cursor or int(cursor) > max(self.now_us, newest):
            return Start(index=len(self.events))
        return Start(index=self._index_at(max(int(cursor), self.oldest_us or 0)))

    def start_v2(self, cursor: str | None) -> Start:
        """Raises: BadRequest (CursorTooOld, or a cursor that is none)."""
        if not cursor:
            return Start(index=len(self.events))
        if not cursor.isdecimal():
            raise BadRequest("InvalidRequest", f"subscribe: invalid cursor: {cursor}")
        number = int(cursor)
        return self._start_at(number) if number >= FIRST_TIME else self._start_after(number)

    def _start_at(self, time_us: int) -> Start:
        if time_us > self.now_us:
            return Start(index=len(self.events))
        index = self._index_at(max(time_us, self.oldest_us or 0))
        if time_us >= (self.oldest_us or 0):
            return Start(index=index)
        seq = self.events[index].seq if index < len(self.events) else self.next_seq
        text = f"requested timestamp cursor below retention floor; starting at seq {seq}"
        return Start(index=index, notice=("OutdatedCursor", text))

    def _start_after(self, seq: int) -> Start:
        if seq > self.next_seq:
            text = f"requested seq cursor {seq} is beyond this archive's next seq; starting at the live tip"
            return Start(index=len(self.events), notice=("FutureCursor", text))
        oldest = self._index_at(self.oldest_us or 0)
        floor = self.events[oldest].seq if oldest < len(self.events) else self.next_seq
        if self.oldest_us is not None and seq < floor:
            text = f"subscribe: cursor too old: cursor {seq} below lookback floor {floor}"
            raise BadRequest("CursorTooOld", text)
        found = (index for index, stored in enumerate(self.events) if stored.seq >= seq)
        return Start(index=next(found, len(self.events)))

    def _index_at(self, time_us: int) -> int:
        found = (index for index, stored in enumerate(self.events) if stored.time_us >= time_us)
        return next(found, len(self.events))
