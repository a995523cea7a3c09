"""The least that any reader of Jetstream decodes of an event: what others are measured against."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, gc=False):
    text: str = ""
    created_at: str = msgspec.field(name="createdAt", default="")
    langs: list[str] | None = None
    facets: msgspec.Raw = msgspec.Raw(b"null")
    embed: msgspec.Raw = msgspec.Raw(b"null")
    reply: msgspec.Raw = msgspec.Raw(b"null")


class Commit(msgspec.Struct, gc=False):
    operation: str
    collection: str
    rkey: str
    record: Record | None = None


class Event(msgspec.Struct, gc=False):
    did: str
    time_us: int
    kind: str
    commit: Commit | None = None


decode = msgspec.json.Decoder(Event).decode
