"""What we read of Telegram's updates: presses, commands, replies to our messages, what people say. Pure.

https://core.telegram.org/bots/api#update. Knows which fields are read and nothing of what they lead to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telegram import Update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from telegram import Chat
    from telegram import Message as Wire

_CHAT = dict.fromkeys(("id", "type", "username", "title"))
_USER = dict.fromkeys(("id", "is_bot", "first_name", "last_name", "username"))
_REPLIED: Mapping[str, Any] = {
    **dict.fromkeys(("message_id", "date")),
    "chat": _CHAT,
    "from": _USER,
    "sender_chat": _CHAT,
}
_MESSAGE: Mapping[str, Any] = {
    **_REPLIED,
    **dict.fromkeys(("text", "message_thread_id", "is_topic_message")),
    "reply_to_message": _REPLIED,
}
_ENTITY = dict.fromkeys(("type", "offset", "length", "url"))
_POST: Mapping[str, Any] = {
    **_MESSAGE,
    **dict.fromkeys(("caption", "edit_date")),
    "entities": _ENTITY,
    "caption_entities": _ENTITY,
}
PRESSES = ("callback_query", "message")
POSTS = ("message", "edited_message", "channel_post", "edited_channel_post")
_READ: Mapping[str, Any] = {
    "update_id": None,
    **dict.fromkeys(POSTS, _POST),
    "callback_query": {
        "id": None,
        "from": _USER,
        "chat_instance": None,
        "data": None,
        "message": _MESSAGE,
    },
}
"""What is read of an update: https://core.telegram.org/bots/api#update"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An update. `press_id` and `token` are set for a press of a button, `command` for a /command, with its
    `argument`, in the message `message_id`; `text` is what that message says, the styles left out.
    `replies_to`: the message of ours that it is a reply to.
    `is_anonymous`: a group's administrator who hides behind it, so that `person_id` is nobody's.
    `message`: whatever was written, in a group, a channel or in private; `is_edit`: it was there before, and
    so is no command or reply. `is_strange`: it could not be read.
    """

    update_id: int
    chat_id: int | None = None
    chat_name: str | None = None
    chat_title: str | None = None
    thread: int | None = None
    person_id: int = 0
    person_name: str = ""
    is_anonymous: bool = False
    message_id: int = 0
    press_id: str | None = None
    token: str = ""
    command: str | None = None
    argument: str = ""
    text: str = ""
    replies_to: int | None = None
    message: Wire | None = None
    is_edit: bool = False
    is_strange: bool = False


def readable(payload: bytes) -> bytes:
    """An answer to getUpdates with no more in each update than we read of it.

    The library reads all or nothing, and anybody may write to a bot: one message of a kind that it does not
    know well would come again with every poll, and no press would ever come through.
    """
    answer = json.loads(payload)
    rows = answer.get("result")
    if not isinstance(rows, list):
        return payload
    return json.dumps({**answer, "result": [_readable(row) for row in rows]}).encode()


def _readable(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    slim = _only(row, _READ)
    try:
        Update.de_json(slim, None)
    except (LookupError, TypeError, ValueError, AttributeError):
        return _only(row, {"update_id": None})
    return slim


def _only(part: Any, wanted: Mapping[str, Any] | None) -> Any:
    if wanted is not None and isinstance(part, list):
        return [_only(one, wanted) for one in part]
    if wanted is None or not isinstance(part, dict):
        return part
    return {name: _only(part[name], inside) for name, inside in wanted.items() if name in part}


def incoming(update: Update, bot_id: int, username: str) -> Incoming:
    """An update in our words; `bot_id` tells which messages are ours, `username` (empty: not known) which
    commands.
    """
    query, message = update.callback_query, update.message
    if query is not None:
        return Incoming(
            update_id=update.update_id,
            **_place(query.message.chat if query.message else None),
            thread=getattr(query.message, "message_thread_id", None),
            person_id=query.from_user.id,
            person_name=query.from_user.full_name,
            press_id=query.id if query.data else None,
            token=query.data or "",
        )
    if message is None or message.from_user is None:
        written = update.effective_message  # https://core.telegram.org/bots/api#update: at most one is there
        is_edit = update.edited_message is not None or update.edited_channel_post is not None
        is_strange = written is None
        return Incoming(update_id=update.update_id, message=written, is_edit=is_edit, is_strange=is_strange)
    command, argument = _command(message.text or "", username)
    return Incoming(
        update_id=update.update_id,
        **_place(message.chat),
        thread=message.message_thread_id if message.is_topic_message else None,
        person_id=message.from_user.id,
        person_name=message.from_user.full_name,
        is_anonymous=message.from_user.is_bot,
        message_id=message.message_id,
        command=command,
        argument=argument,
        text=message.text or "",
        message=message,
        replies_to=_replies_to(message, bot_id),
    )


def _replies_to(message: Wire, bot_id: int) -> int | None:
    """Whatever is written in a topic is a reply to the message that began it: that one is meant by nobody."""
    to = message.reply_to_message
    if to is None or to.from_user is None or to.from_user.id != bot_id:
        return None
    begins_topic = message.is_topic_message and to.message_id == message.message_thread_id
    return None if begins_topic else to.message_id


def _place(chat: Chat | None) -> dict[str, Any]:
    return {"chat_id": chat.id, "chat_name": chat.username, "chat_title": chat.title} if chat else {}


def _command(text: str, username: str) -> tuple[str | None, str]:
    """`id` and `please` of `/id@our_bot please`; one for another bot has no name."""
    first, *rest = text.split(maxsplit=1) or [""]
    if not first.startswith("/"):
        return None, ""
    name, _, bot = first[1:].partition("@")
    is_others = bot and username and bot.lower() != username.lower()
    return "" if is_others else name, "".join(rest).strip()
