"""Jetstream events as this program sees them, and how they are read from v1's wire. Pure.

Format: https://github.com/bluesky-social/jetstream-legacy (README, "Example events"); v2's is in
`connectors.bluesky.messages`. Knows no socket and no file: the live source and the recording both put their
frames in here.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated

import msgspec

from bot.model import Deletion, Post
from connectors.bluesky.record import (
    COLLECTION,
    PLATFORM,
    Origin,
    Pieces,
    Record,
    mended,
    post_id,
    to_post,
)

GONE = frozenset({"deleted", "takendown"})
"""Statuses of an inactive account whose posts must go from here too. Not: deactivated, suspended,
desynchronized, throttled, from which an account comes back.
https://github.com/bluesky-social/atproto/blob/main/lexicons/com/atproto/sync/subscribeRepos.json (#account)
"""

Micros = Annotated[int, msgspec.Meta(ge=10**15, lt=10**16)]
"""Unix microseconds from 2001 to 2286: what lies outside is no time that Jetstream can have meant."""
Did = Annotated[str, msgspec.Meta(max_length=2048)]
"""`is_did` says whether it is one: as a pattern of the type that would cost half as much as all the rest."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITES = frozenset({"create", "update"})
POSTS = f'"{COLLECTION}"'.encode()
"""What every frame about a post has in it, wherever: a string's own quotes are escaped in JSON."""
_CID = b'"cid":"'
COMMIT = (slice(-62 - len(_CID), -62), _CID)
"""What shows that a frame is a commit, and where: hosts write the CID last, and it is 59 characters long
(https://atproto.com/specs/data-model#link-and-cid-formats). No other kind has one; deletes have none either.
"""
_ACCOUNT = b'"account"'


class Envelope(msgspec.Struct, gc=False, frozen=True):
    """What every frame has. `time_us`: when the host saw it; `seq`: its own count (0: v1 has none)."""

    time_us: Micros
    kind: str
    seq: int = 0


class Commit(msgspec.Struct, gc=False, frozen=True):
    operation: str
    collection: str
    rkey: Annotated[str, msgspec.Meta(min_length=1)]
    rev: str = ""
    record: Record | None = None
    cid: str | None = None


class Account(msgspec.Struct, gc=False, frozen=True):
    active: bool
    status: str | None = None


class Event(msgspec.Struct, gc=False, frozen=True):
    """A frame about a post or an account."""

    did: Did
    time_us: Micros
    kind: str
    commit: Commit | None = None
    account: Account | None = None
    seq: int = 0


class OddCommit(msgspec.Struct, gc=False, frozen=True):
    """`Commit` with a record that has its text, and may be odd otherwise."""

    operation: str
    collection: str
    rkey: Annotated[str, msgspec.Meta(min_length=1)]
    record: Pieces
    rev: str = ""
    cid: str | None = None


class Odd(msgspec.Struct, gc=False, frozen=True):
    did: Did
    time_us: Micros
    kind: str
    commit: OddCommit


class Elsewhere(msgspec.Struct, gc=False, frozen=True):
    """A commit of which only the collection is read, because its record may have any shape."""

    collection: str


class Other(msgspec.Struct, gc=False, frozen=True):
    time_us: Micros
    kind: str
    commit: Elsewhere


class Malformed(ValueError):  # noqa: N818 - named like the errors of this program
    """A frame that is no Jetstream event."""


_decode_event = msgspec.json.Decoder(Event).decode
_decode_odd = msgspec.json.Decoder(Odd).decode
_decode_envelope = msgspec.json.Decoder(Envelope).decode
_decode_other = msgspec.json.Decoder(Other).decode


def parse(frame: bytes) -> Event | Envelope:
    """A post's or an account's event; for any other kind or collection only its envelope.

    Looks for the collection in the raw bytes first, anywhere in them: that is cheaper than to decode, and a
    long did:web or another order of keys is not missed. Raises: Malformed.
    """
    try:
        if frame.rfind(POSTS) < 0 and frame.find(_ACCOUNT) < 0:  # `in` raises and catches an error inside
            return _decode_envelope(frame)
        try:
            event = _decode_event(frame)
        except msgspec.ValidationError:
            return _odd(frame)
        commit = event.commit
        if commit is not None and commit.record is not None and event.did.startswith("did:"):
            return event  # nearly all: said here, at the price of no call
        return event if is_whole(event) else _odd(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(type(error).__name__) from error


def written(event: Event) -> Commit | None:
    """The commit of a post that was created or updated."""
    commit = event.commit
    if commit is None or commit.collection != COLLECTION or commit.operation not in WRITES:
        return None
    return commit


def is_post(event: Event) -> bool:
    return written(event) is not None


def post(event: Event, seen_at: datetime) -> Post:
    """The post of an event that `is_post`."""
    commit = event.commit
    if commit is None or commit.record is None:
        raise Malformed("no post in it")
    origin = Origin(
        did=event.did,
        rkey=commit.rkey,
        cid=commit.cid,
        known_at=at(event.time_us),
        seen_at=seen_at,
        is_edit=commit.operation == "update",
    )
    return to_post(commit.record, origin)


def deletion(event: Event) -> Deletion | None:
    """What an event takes away: a post, or (without `post_id`) all of an account; None: nothing."""
    commit, account = event.commit, event.account
    if commit and commit.operation == "delete" and commit.collection == COLLECTION:
        return Deletion(platform=PLATFORM, author_id=event.did, post_id=post_id(event.did, commit.rkey))
    if account and not account.active and account.status in GONE:
        return Deletion(platform=PLATFORM, author_id=event.did)
    return None


def key_of(event: Event | Envelope) -> str:
    """Eight characters that tell an event of a window from all others, on any host; "": it is never kept."""
    if type(event) is not Event:
        return ""
    commit, account = event.commit, event.account
    what = (commit.operation, commit.rkey, commit.rev) if commit else (account and account.status,)
    return urlsafe_b64encode(blake2b(repr((event.did, what)).encode(), digest_size=6).digest()).decode()


def at(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def micros(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(microseconds=1)


def _odd(frame: bytes) -> Event | Envelope:
    """An event of another shape than the lexicon's: what of it can be used."""
    other = _decode_other(frame)
    if other.commit.collection == COLLECTION:
        return _mended(_decode_odd(frame))
    return Envelope(time_us=other.time_us, kind=other.kind)


def _mended(odd: Odd) -> Event:
    if not is_did(odd.did):
        raise msgspec.ValidationError("a post of nobody")
    record = mended(odd.commit.record)
    commit = Commit(
        operation=odd.commit.operation,
        collection=odd.commit.collection,
        rkey=odd.commit.rkey,
        rev=odd.commit.rev,
        record=record,
        cid=odd.commit.cid,
    )
    return Event(did=odd.did, time_us=odd.time_us, kind=odd.kind, commit=commit)


def is_did(text: str) -> bool:
    return text.startswith("did:")


def is_whole(event: Event) -> bool:
    """An event is somebody's; a commit event has its commit, and a post its record."""
    if not is_did(event.did):
        return False
    commit = event.commit
    if commit is None:
        return event.kind != "commit"
    return commit.record is not None or not is_post(event)
