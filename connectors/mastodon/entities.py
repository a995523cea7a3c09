"""What a server says, as far as it is looked at (https://docs.joinmastodon.org/entities/). Pure.

Ids are opaque text: Mastodon's are numbers, GoToSocial's ULIDs, Pleroma's something else again. What may be
missing has a default; a piece that is odd and not needed stays raw, so that it costs nothing but itself.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec

T = TypeVar("T")

BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError)


class Person(msgspec.Struct, frozen=True):
    """An Account. `acct` has no domain where the account lives on the server that says this."""

    id: str
    acct: str
    username: str = ""
    url: str | None = None
    display_name: str | None = None
    note: str | None = None
    followers_count: int | None = None
    following_count: int | None = None
    created_at: str | None = None
    bot: bool | None = None
    locked: bool | None = None
    source: msgspec.Raw = msgspec.Raw()


class Preferences(msgspec.Struct, frozen=True):
    """`source` of one's own account."""

    privacy: str | None = None


class Named(msgspec.Struct, frozen=True):
    """A Status::Mention: whom a status speaks to."""

    id: str
    acct: str
    url: str | None = None


class Tag(msgspec.Struct, frozen=True):
    name: str = ""
    url: str | None = None


class Attachment(msgspec.Struct, frozen=True):
    type: str = "unknown"
    description: str | None = None


class Short(msgspec.Struct, frozen=True):
    """As much of a quoted status as a pointer to it needs."""

    id: str
    account: Person


class Quote(msgspec.Struct, frozen=True):
    """https://docs.joinmastodon.org/entities/Quote/, of Mastodon 4.5."""

    quoted_status: Short | None = None


class Status(msgspec.Struct, frozen=True):
    id: str
    account: Person
    created_at: str
    content: str = ""
    uri: str = ""
    url: str | None = None
    spoiler_text: str | None = None
    visibility: str = "public"
    language: str | None = None
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None
    edited_at: str | None = None
    mentions: list[Named] | None = None
    tags: list[Tag] | None = None
    media_attachments: list[Attachment] | None = None
    quote: msgspec.Raw = msgspec.Raw()
    reblog: msgspec.Raw = msgspec.Raw()
    favourites_count: int | None = None
    reblogs_count: int | None = None
    quotes_count: int | None = None
    replies_count: int | None = None

    @property
    def is_boost(self) -> bool:
        return bytes(self.reblog) not in {b"", b"null"}


class Notification(msgspec.Struct, frozen=True):
    id: str
    type: str
    created_at: str
    status: msgspec.Raw = msgspec.Raw()


class Context(msgspec.Struct, frozen=True):
    """What stands above a status, the first one first, and below it."""

    ancestors: list[msgspec.Raw] = []
    descendants: list[msgspec.Raw] = []


class Source(msgspec.Struct, frozen=True):
    """A status as it was written."""

    text: str
    spoiler_text: str = ""


class Found(msgspec.Struct, frozen=True):
    """What a search answers."""

    statuses: list[msgspec.Raw] = []


def piece(raw: msgspec.Raw, shape: type[T]) -> T | None:
    """None: it is not there, or is something else."""
    try:
        return msgspec.json.decode(raw, type=shape) if bytes(raw) else None
    except BAD:
        return None


def status_of(raw: msgspec.Raw) -> Status | None:
    """None: it cannot be read."""
    status = piece(raw, Status)
    try:
        return status if status is not None and status.id and moment(status.created_at) else None
    except BAD:
        return None


def moment(text: str) -> datetime:
    """Raises: ValueError, OverflowError."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def moment_or_none(text: str | None) -> datetime | None:
    try:
        return moment(text) if text else None
    except (ValueError, OverflowError):
        return None
