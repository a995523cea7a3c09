"""What people say in the groups and channels that the bot is in, out of the updates that bring presses too.

https://core.telegram.org/bots/api#update. A bot in a group hears everything only where its privacy mode is
off, or where it is an administrator (https://core.telegram.org/bots/features#privacy-mode); in a channel it
must be one. It hears of edits, but not of deletions, and neither other bots nor itself. Telegram keeps
updates for 24 hours; what is older is lost, and told as a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.model import Batch, Cursor, Gap, Post, PostRef
from connectors.telegram.message import message_link, post_id
from connectors.telegram.updates import POSTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from telegram import Message

    from bot.ports import Clock, Watch
    from connectors.telegram.reader import Reader
    from connectors.telegram.updates import Incoming

NAME = "telegram-groups"
PLATFORM = "telegram"
KEPT_FOR = timedelta(hours=24)
FORGOTTEN = "forgotten"
"""The reason of a gap: Telegram does not have it any more."""
_VERSION = "v1"


@dataclass(kw_only=True)
class TelegramSource:
    """`bot.ports.Source` on getUpdates. `chats` are ids and @names; others are not listened to."""

    reader: Reader
    chats: Collection[int | str]
    clock: Clock
    name: str = NAME
    platform: str = PLATFORM
    is_stream: bool = True

    def __post_init__(self) -> None:
        self.reader.join(self.name, POSTS)
        self._chats = frozenset(chat.lower() if isinstance(chat, str) else chat for chat in self.chats)

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        """Without a cursor, what was said before now is left out: Telegram may hold a day of it."""
        offset, read_at = position(after)
        begins_at = self.clock.now().replace(microsecond=0) if after is None else None
        gap, soon = self._forgotten(read_at), True
        while True:
            updates = await self.reader.after(self.name, offset, soon=soon)
            yield replace(self._batch(updates, watch, begins_at), gap=gap)
            gap, soon = None, False
            offset = updates[-1].update_id + 1 if updates else offset

    def _forgotten(self, read_at: datetime | None) -> Gap | None:
        now = self.clock.now()
        if read_at is None or now - read_at <= KEPT_FOR:
            return None
        return Gap(source=self.name, started_at=read_at, ended_at=now - KEPT_FOR, reason=FORGOTTEN)

    def _batch(self, updates: Sequence[Incoming], watch: Watch, begins_at: datetime | None) -> Batch:
        """Whatever Telegram had is in it, so that all up to now has been read."""
        now = self.clock.now()
        said = [post for update in updates if (post := self._post(update, now))]
        posts = (post for post in said if begins_at is None or post.posted_at >= begins_at)
        return Batch(
            posts=tuple(post for post in posts if watch.wants(post.searchable, post.author_id, post.refs)),
            cursor=cursor(updates[-1].update_id + 1, now) if updates else None,
            seen=len(updates),
            posts_seen=len(said),
            undecodable=sum(update.is_strange for update in updates),
            observed_to=now,
        )

    def _post(self, update: Incoming, now: datetime) -> Post | None:
        message = update.message
        if message is None or update.command is not None:
            return None
        chat = message.chat
        is_ours = self._chats & {chat.id, f"@{chat.username or ''}".lower()}
        return to_post(message, now, is_edit=update.is_edit) if is_ours else None


# --- positions: pure ------------------------------------------------------------------------------


def cursor(offset: int, at: datetime) -> Cursor:
    """The update to read next, and when the one before it was read."""
    return Cursor(f"{_VERSION}:{offset}:{int(at.timestamp())}")


def position(text: Cursor | None) -> tuple[int | None, datetime | None]:
    """What cannot be read is as if nothing had been read: all that Telegram holds comes again."""
    parts = (text or "").split(":")
    numbers = [int(part) for part in parts[1:] if part.isascii() and part.isdecimal()]
    if len(parts) != 3 or len(numbers) != 2 or parts[0] != _VERSION:
        return None, None
    return numbers[0], datetime.fromtimestamp(numbers[1], UTC)


# --- messages: pure -------------------------------------------------------------------------------


def to_post(message: Message, seen_at: datetime, *, is_edit: bool) -> Post | None:
    """None: nobody wrote anything in it (a sticker, somebody who joined)."""
    text = message.text or message.caption or ""
    author = _author(message)
    if not text or author is None:
        return None
    posted_at = min(message.date.astimezone(UTC), seen_at)
    return Post(
        platform=PLATFORM,
        id=post_id(message.chat.id, message.message_id),
        author_id=author[0],
        author_handle=author[1],
        text=text,
        posted_at=posted_at,
        seen_at=seen_at,
        links=_links(message),
        parent=_parent(message),
        root=_root(message),
        url=message_link(message.chat.id, message.chat.username, message.message_id),
        is_edit=is_edit,
        revised_at=message.edit_date.astimezone(UTC) if is_edit and message.edit_date else None,
    )


def _author(message: Message) -> tuple[str, str | None] | None:
    """A channel, or a group whose administrator hides behind it, comes before whoever stands in for it."""
    if message.sender_chat is not None:
        return str(message.sender_chat.id), message.sender_chat.username
    if message.from_user is not None:
        return str(message.from_user.id), message.from_user.username
    return None


def _parent(message: Message) -> PostRef | None:
    """In a topic everything is a reply to the message that began it."""
    to = message.reply_to_message
    if to is None or (message.is_topic_message and to.message_id == message.message_thread_id):
        return None
    author = _author(to)
    return PostRef(id=post_id(message.chat.id, to.message_id), author_id=author[0] if author else None)


def _root(message: Message) -> PostRef | None:
    """Where replies to replies began; a topic is a place, not a thread."""
    if message.is_topic_message or message.message_thread_id is None:
        return _parent(message)
    return PostRef(id=post_id(message.chat.id, message.message_thread_id))


def _links(message: Message) -> tuple[str, ...]:
    """Where words lead to that do not say so themselves."""
    entities = (*message.entities, *message.caption_entities)
    return tuple(dict.fromkeys(entity.url for entity in entities if entity.url))
