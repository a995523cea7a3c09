"""The repository of the loopback PDS: what a record must be, and what a write to a place does.

Lexicons: https://github.com/bluesky-social/atproto/tree/main/lexicons (app.bsky.feed.post,
app.bsky.richtext.facet). Stricter than the real one where a mistake would show only in an app: facets must
lie within the text and on whole characters. Imports no connector.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.graphemes import count

POSTS = "app.bsky.feed.post"
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_FACET = "app.bsky.richtext.facet"
_UNSET = object()


class Invalid(Exception):  # noqa: N818 - named as XRPC names it
    """A 400 with a name."""

    def __init__(self, message: str, name: str = "InvalidRequest") -> None:
        super().__init__(message)
        self.name = name


@dataclass
class Repository:
    """One account's posts, by record key. `written` counts those that were made."""

    did: str
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: int = 0

    def put(self, rkey: str, record: dict[str, Any], swap: object = _UNSET) -> str:
        """`putRecord`: makes, replaces, or nothing; `swap` is the CID that must be there, None: none."""
        check_key(rkey)
        check_post(record)
        before = self.records.get(rkey)
        if before == record:
            return cid(record)
        if swap is not _UNSET and swap != (cid(before) if before else None):
            raise Invalid(f"Record was at {cid(before) if before else None}", "InvalidSwap")
        self.records[rkey] = record
        self.written += before is None
        return cid(record)

    def create(self, rkey: str, record: dict[str, Any]) -> str:
        """`createRecord`; a key that is taken is a 500 on many servers: a KeyError here."""
        check_key(rkey)
        check_post(record)
        if rkey in self.records:
            raise KeyError(rkey)
        return self.put(rkey, record)

    def uri(self, rkey: str) -> str:
        return f"at://{self.did}/{POSTS}/{rkey}"


def as_read(record: dict[str, Any]) -> dict[str, Any]:
    """What comes back of what was written: a byte order mark before the text does not (TextDecoder)."""
    return {**record, "text": str(record["text"]).removeprefix("\ufeff")}


def cid(record: dict[str, Any]) -> str:
    """Looks like one, and is the same for the same record."""
    content = json.dumps(record, sort_keys=True).encode()
    return "bafyrei" + base64.b32encode(hashlib.sha256(content).digest()).decode().lower().rstrip("=")


def check_key(rkey: str) -> None:
    if not _TID.fullmatch(rkey):
        raise Invalid(f'Invalid record key for {POSTS}: "{rkey}" is not a TID')


def check_post(record: dict[str, Any]) -> None:
    """Raises: Invalid, as the lexicon says."""
    text, where = record.get("text"), f"Invalid {POSTS} record: Record"
    if record.get("$type") != POSTS or not isinstance(text, str):
        raise Invalid(f"{where} must have a $type and a text")
    if len(text.encode()) > 3000 or count(text) > 300:
        raise Invalid(f"{where}/text must not be longer than 300 graphemes")
    _check_time(record.get("createdAt"), where)
    if len(record.get("langs", [])) > 3:
        raise Invalid(f"{where}/langs must not have more than 3 elements")
    for end in ("root", "parent") if "reply" in record else ():
        _check_ref(record["reply"].get(end), f"{where}/reply/{end}")
    for facet in record.get("facets", []):
        _check_facet(facet, text.encode(), f"{where}/facets")


def _check_time(at: object, where: str) -> None:
    try:
        told = datetime.fromisoformat(str(at))
    except ValueError:
        told = None
    if told is None or told.tzinfo is None:
        raise Invalid(f"{where}/createdAt must be an valid atproto datetime")


def _check_ref(ref: Any, where: str) -> None:
    is_ref = isinstance(ref, dict) and str(ref.get("uri")).startswith("at://") and ref.get("cid")
    if not is_ref:
        raise Invalid(f"{where} must be a strong reference")


def _check_facet(facet: dict[str, Any], text: bytes, where: str) -> None:
    start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
    if not 0 <= start < end <= len(text):
        raise Invalid(f"{where} lies outside the text")
    try:
        text[start:end].decode()
        text[:start].decode()
    except UnicodeDecodeError:
        raise Invalid(f"{where} cuts a character") from None
    for feature in facet["features"]:
        kind = str(feature.get("$type")).removeprefix(f"{_FACET}#")
        needs = {"mention": "did", "link": "uri", "tag": "tag"}.get(kind)
        if needs is None or not isinstance(feature.get(needs), str):
            raise Invalid(f"{where} has a feature of no known kind")
        if kind == "tag" and (count(feature["tag"]) > 64 or len(feature["tag"].encode()) > 640):
            raise Invalid(f"{where}/tag must not be longer than 64 graphemes")
