"""Jetstream v2 messages, read into the same events as v1's. Pure.

Format: https://github.com/bluesky-social/jetstream/blob/main/lexicons/network/bsky/jetstream/subscribeEvents.json:
a frame is `{"$type": "message", "payload": {"$type": "…#commit", …}}` or `{"$type": "error", "error": …}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated

import msgspec

from connectors.bluesky.frames import (
    POSTS,
    WRITES,
    Account,
    Commit,
    Did,
    Envelope,
    Event,
    Malformed,
    is_did,
    micros,
)
from connectors.bluesky.record import COLLECTION, Pieces, Record, mended

_START = b'{"$type":"message","payload":{"$type":"network.bsky.jetstream.subscribeEvents#commit"'
COMMIT = (slice(len(_START)), _START)
"""What shows that a frame is a commit, and where."""
_COMMIT = b'subscribeEvents#commit"'
_ACCOUNT = b'subscribeEvents#account"'
_UNKNOWN = Envelope(time_us=0, kind="unknown")
_KINDS = {f"network.bsky.jetstream.subscribeEvents#{kind}": kind for kind in ("commit", "account", "sync")}

Seq = Annotated[int, msgspec.Meta(ge=1, lt=10**15)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the host says about the stream itself: `#info`, or an error that ends it."""

    name: str
    is_error: bool = False


class Payload(msgspec.Struct, gc=False, frozen=True):
    """Of any message, as far as it is the same in all; `name` is a notice's."""

    type: str = msgspec.field(name="$type", default="")
    seq: Seq | None = None
    time: str | None = None
    witnessed_at: str | None = msgspec.field(name="witnessedAt", default=None)
    name: str = ""


class Message(msgspec.Struct, gc=False, frozen=True):
    type: str = msgspec.field(name="$type")
    payload: Payload = Payload()
    error: str = ""


class _Subject(msgspec.Struct, gc=False, frozen=True):
    type: str = msgspec.field(name="$type")
    did: Did
    seq: Seq
    time: str
    witnessed_at: str | None = msgspec.field(name="witnessedAt", default=None)
    account: Account | None = None
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    rev: str = ""
    cid: str | None = None


class _Full(_Subject, gc=False, frozen=True):
    record: Record | None = None


class _Odd(_Subject, gc=False, frozen=True):
    """A commit whose record has its text, and may be odd otherwise."""

    record: Pieces | None = None


class _FullMessage(msgspec.Struct, gc=False, frozen=True):
    payload: _Full


class _OddMessage(msgspec.Struct, gc=False, frozen=True):
    payload: _Odd


class _Elsewhere(msgspec.Struct, gc=False, frozen=True):
    payload: _Subject


_decode_message = msgspec.json.Decoder(Message).decode
_decode_full = msgspec.json.Decoder(_FullMessage).decode
_decode_odd = msgspec.json.Decoder(_OddMessage).decode
_decode_elsewhere = msgspec.json.Decoder(_Elsewhere).decode


def parse(frame: bytes) -> Event | Envelope | Notice:
    """A post's or an account's event; of another kind or collection only its envelope; or a notice.

    What nobody knows yet is an envelope without time and seq, so that it moves no cursor. Raises: Malformed.
    """
    try:
        if (frame.rfind(POSTS) >= 0 and frame.find(_COMMIT) >= 0) or frame.find(_ACCOUNT) >= 0:
            return _relevant(frame)
        return _other(_decode_message(frame))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(type(error).__name__) from error


def _other(message: Message) -> Envelope | Notice:
    payload = message.payload
    if message.type == "error":
        return Notice(name=message.error, is_error=True)
    if payload.type.endswith("#info"):
        return Notice(name=payload.name)
    if payload.seq is None or payload.time is None:
        if payload.type in _KINDS:
            raise Malformed("an event without seq or time")
        return _UNKNOWN
    kind = _KINDS.get(payload.type, "other")
    return Envelope(time_us=_time(payload.witnessed_at or payload.time), kind=kind, seq=payload.seq)


def _relevant(frame: bytes) -> Event | Envelope:
    try:
        full = _decode_full(frame).payload
        return _event(full, full.record)
    except msgspec.ValidationError:
        other = _decode_elsewhere(frame).payload
        if other.collection == COLLECTION:
            odd = _decode_odd(frame).payload
            return _event(odd, mended(odd.record) if odd.record else None)
        return _envelope(other)


def _event(subject: _Subject, record: Record | None) -> Event | Envelope:
    if not is_did(subject.did):
        raise msgspec.ValidationError("an event of nobody")
    if subject.account is not None:
        return Event(
            did=subject.did,
            time_us=_time(subject.witnessed_at or subject.time),
            kind="account",
            account=subject.account,
            seq=subject.seq,
        )
    if subject.collection != COLLECTION:
        return _envelope(subject)
    if not subject.rkey:
        raise msgspec.ValidationError("a commit without its record key")
    if record is None and subject.operation in WRITES:
        raise msgspec.ValidationError("a post without its record")
    commit = Commit(
        operation=subject.operation,
        collection=COLLECTION,
        rkey=subject.rkey,
        rev=subject.rev,
        record=record,
        cid=subject.cid,
    )
    when = _time(subject.witnessed_at or subject.time)
    return Event(did=subject.did, time_us=when, kind="commit", commit=commit, seq=subject.seq)


def _envelope(subject: _Subject) -> Envelope:
    when = _time(subject.witnessed_at or subject.time)
    return Envelope(time_us=when, kind=_KINDS.get(subject.type, "other"), seq=subject.seq)


def _time(text: str) -> int:
    """Unix microseconds. Raises: Malformed for what is no time that Jetstream can have meant."""
    try:
        fraction = text[20:-1]
        if text[16:20:3] == ":." and text[-1] == "Z" and fraction.isascii() and fraction.isdecimal():
            when = _second(text[:19]) + int((fraction + "00000")[:6])
        else:
            when = micros(datetime.fromisoformat(text))
    except (ValueError, TypeError) as error:
        raise Malformed("an unreadable time") from error
    if not 10**15 <= when < 10**16:
        raise Malformed("a time beyond all measure")
    return when


@lru_cache(maxsize=60)
def _second(text: str) -> int:
    """Unix microseconds of a whole second in UTC: many events share one."""
    return micros(datetime.fromisoformat(f"{text}+00:00"))
