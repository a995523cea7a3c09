"""Answers in Telegram's groups: a message of the bot's as a reply to somebody's.

Knows which outcome of a send is sure: Telegram has no idempotency key, and a bot cannot read what it wrote.
https://core.telegram.org/bots/api#sendmessage. Our own cards are `notifier`'s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram import LinkPreviewOptions, ReplyParameters

from bot.errors import Reason, Rejected, Unavailable, Unknown
from bot.replies import Length, Published
from connectors.telegram.api import Api, asked, says
from connectors.telegram.message import MAX_TEXT, message_link, post_id, units
from connectors.telegram.message import Message as Card

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from datetime import datetime

    from telegram import Message

    from bot.model import Post
    from bot.replies import Outgoing

_ID = re.compile(r"(-?\d+)/(\d+)\Z")
_SURELY_NOT = frozenset({Reason.RATE_LIMITED, Reason.CONFLICT})
"""Telegram's own answers that nothing was done; the other ways of being unavailable say nothing of that."""


class Answering(Api):
    """`Api` that also answers other people's messages, and takes its own back."""

    async def reply(self, chat_id: int, message_id: int, text: str) -> tuple[int, str | None, int, datetime]:
        """Chat id, chat name, message id and time of the new message. Raises as `send`."""
        return await asked(
            _told(
                self._bot.send_message(
                    chat_id,
                    text,
                    reply_parameters=ReplyParameters(message_id, allow_sending_without_reply=False),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            )
        )

    async def delete(self, chat_id: int, message_id: int) -> None:
        """One that is gone is success. Raises as `send`."""
        try:
            await asked(self._bot.delete_message(chat_id, message_id))
        except Rejected as error:
            if not says(error, "message to delete not found", "message_id_invalid"):
                raise


@dataclass(kw_only=True)
class TelegramReplier:
    """`bot.replies.Replier` for the bot. It writes where it is a member, as one of them."""

    api: Answering
    account_id: str | None
    platform: str = "telegram"
    is_idempotent: bool = False

    def length(self, text: str) -> Length:
        """Blanks alone are no message."""
        return Length(used=units(text) if text.strip() else 0, limit=MAX_TEXT, unit="characters")

    def refusal(self, to: Post) -> str:
        """Whatever the bot can read it may try to answer; what the chat allows is known only then."""
        return ""

    async def publish(self, reply: Outgoing) -> Published:
        chat_id, message_id = _place(reply.to.id)
        self._must_fit(reply)
        try:
            chat_id, name, message_id, at = await self.api.reply(chat_id, message_id, reply.text)
        except Unavailable as error:
            if _is_sure(error):
                raise
            raise Unknown(f"whether the message was sent is not known: {error}") from error
        link = message_link(chat_id, name, message_id)
        return Published(post_id=post_id(chat_id, message_id), at=at, url=link)

    async def find(self, reply: Outgoing) -> Published | None:
        """A bot is not told of its own messages, and cannot read those that were."""
        raise Unknown(
            "Telegram does not let a bot look for its own message: see in the chat whether it is there"
        )

    async def correct(self, post_id: str, reply: Outgoing) -> None:
        """https://core.telegram.org/bots/api#editmessagetext"""
        chat_id, message_id = _place(post_id)
        self._must_fit(reply)
        try:
            await self.api.edit(chat_id, message_id, Card(text=reply.text))
        except Unavailable as error:
            if _is_sure(error):
                raise
            raise Unknown(f"whether the message was changed is not known: {error}") from error

    async def delete(self, post_id: str) -> None:
        """To ask twice does no harm: what is not known may be tried again."""
        await self.api.delete(*_place(post_id))

    def _must_fit(self, reply: Outgoing) -> None:
        length = self.length(reply.text)
        if not length.fits:
            raise Rejected(f"a message holds 1 to {length.limit} {length.unit}, this has {length.used}")


def _is_sure(error: Unavailable) -> bool:
    """Whether nothing came of a request."""
    return error.unsent or error.reason in _SURELY_NOT


async def _told(call: Awaitable[Message]) -> tuple[int, str | None, int, datetime]:
    sent = await call
    return sent.chat.id, sent.chat.username, sent.message_id, sent.date


def _place(post_id: str) -> tuple[int, int]:
    """Chat and message. Raises: Rejected."""
    found = _ID.match(post_id)
    if found is None:
        raise Rejected(f"{post_id!r} is no message of Telegram", reason=Reason.NOT_FOUND)
    return int(found[1]), int(found[2])
