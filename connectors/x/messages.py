"""A direct message as X tells it, and as we know it. Pure.

https://docs.x.com/x-api/direct-messages/lookup/integrate. Only conversations between two are read: their id
is made of both accounts' ids, the smaller one first. What is encrypted (X's chat) comes in none of X's lists,
so nobody can read it but in the app.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import msgspec

from bot.model import Post, PostRef
from connectors.x.budget import PLATFORM

PREFIX = "dm:"
"""Before the ids of messages, which are numbers like those of posts."""
FIELDS = {"dm_event.fields": "created_at,dm_conversation_id,sender_id", "event_types": "MessageCreate"}
_PAIR = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
_NUMBER = re.compile(r"[0-9]{1,19}")


class Message(msgspec.Struct, frozen=True):
    id: str
    event_type: str = "MessageCreate"
    text: str = ""
    sender_id: str = ""
    dm_conversation_id: str = ""
    created_at: datetime | None = None

    @property
    def said(self) -> str:
        return html.unescape(self.text)

    def with_whom(self, our_id: str) -> str | None:
        """The other one; None: a group, or something that is no message."""
        match = _PAIR.fullmatch(self.dm_conversation_id)
        pair = set(match.groups()) if match else set()
        if self.event_type != "MessageCreate" or our_id not in pair or self.sender_id not in pair:
            return None
        return next(iter(pair - {our_id}), None)


class Numbered(msgspec.Struct, frozen=True):
    id: str = ""


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def id_of(raw: bytes) -> int | None:
    """Of anything, also where the rest of it cannot be read."""
    try:
        name = msgspec.json.decode(raw, type=Numbered).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return int(name) if is_number(name) else None


def message_of(raw: bytes) -> Message | None:
    """None: it cannot be read."""
    try:
        message = msgspec.json.decode(raw, type=Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    is_timed = message.created_at is not None and message.created_at.tzinfo is not None
    return message if is_timed and is_number(message.id) else None


def is_message(post_id: str) -> bool:
    return post_id.startswith(PREFIX)


def conversation_of(one: str, other: str) -> str:
    return "-".join(sorted((one, other), key=int))


def post_of(message: Message, now: datetime, our_id: str) -> Post | None:
    """What we say answers whoever we talk to. None: it is none of a conversation between two."""
    whom = message.with_whom(our_id)
    if whom is None or message.created_at is None:
        return None
    is_ours = message.sender_id == our_id
    root = PostRef(id=PREFIX + message.dm_conversation_id)
    return Post(
        platform=PLATFORM,
        id=PREFIX + message.id,
        author_id=message.sender_id,
        text=message.said,
        posted_at=min(message.created_at.astimezone(UTC), now),
        seen_at=now,
        mentions=() if is_ours else (our_id,),
        parent=PostRef(id=root.id, author_id=whom) if is_ours else None,
        root=root,
        url=f"https://x.com/messages/{message.dm_conversation_id}",
        is_private=True,
    )
