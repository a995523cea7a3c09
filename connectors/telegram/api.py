"""The Bot API as we use it: send, edit, answer, read updates. The one file that names python-telegram-bot.

https://core.telegram.org/bots/api. Only `telegram.Bot`, on the program's own Http: no second HTTP stack, no
Updater (its next getUpdates would confirm presses that nobody has stored). Knows nothing of cards or cursors.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from connectors.telegram.message import MAX_TOAST, cut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from telegram import Chat

    from bot.ports import Http
    from connectors.telegram.message import Message

# It logs the URL with the token in it, and whole updates. What goes wrong comes to us as exceptions anyway.
logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)

ANSWER_WITHIN = 10.0
"""Seconds; a long poll has its own time on top."""

_LONGEST_WAIT = 86_400

_CHAT = dict.fromkeys(("id", "type", "username", "title"))
_USER = dict.fromkeys(("id", "is_bot", "first_name", "last_name"))
_MESSAGE: Mapping[str, Any] = dict.fromkeys(
    ("message_id", "date", "text", "message_thread_id", "is_topic_message")
) | {"chat": _CHAT, "from": _USER}
_READ: Mapping[str, Any] = {
    "update_id": None,
    "message": _MESSAGE,
    "callback_query": {
        "id": None,
        "from": _USER,
        "chat_instance": None,
        "data": None,
        "message": _MESSAGE,
    },
}
"""What is read of an update: https://core.telegram.org/bots/api#update"""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An update. `press_id` and `token` are set for a press of a button, `command` for a /command, with its
    `argument`, in the message `message_id`.
    `is_anonymous`: a group's administrator who hides behind it, so that `person_id` is nobody's.
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


class Api:
    """One bot. Opens nothing of its own, so there is nothing to close."""

    def __init__(self, *, token: str, base_url: str, http: Http) -> None:
        request = _Request(http)
        self._bot = Bot(
            token, base_url=f"{base_url.rstrip('/')}/bot", request=request, get_updates_request=request
        )

    async def send(
        self, chat: int | str, message: Message, *, thread: int | None, is_silent: bool
    ) -> tuple[int, int]:
        """Chat id and message id of the new message. Raises: Unavailable, Unauthorized, Rejected."""
        sent = await asked(
            self._bot.send_message(
                chat,
                message.text,
                entities=_entities(message),
                reply_markup=_keyboard(message),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                disable_notification=is_silent,
                message_thread_id=thread,
            )
        )
        return sent.chat.id, sent.message_id

    async def edit(self, chat_id: int, message_id: int, message: Message) -> None:
        """Change a message; the same content again is success. Raises as `send`."""
        try:
            await asked(
                self._bot.edit_message_text(
                    message.text,
                    chat_id=chat_id,
                    message_id=message_id,
                    entities=_entities(message),
                    reply_markup=_keyboard(message),
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            )
        except Rejected as error:
            if not _says(error, "message is not modified"):
                raise

    async def answer(self, press_id: str, text: str, *, is_loud: bool) -> None:
        """End the spinner of a pressed button; one that is too old is no error."""
        try:
            await asked(
                self._bot.answer_callback_query(press_id, cut(text, MAX_TOAST) or None, show_alert=is_loud)
            )
        except Rejected as error:
            if not _says(error, "query is too old", "query id is invalid", "query_id_invalid"):
                raise

    async def updates(self, offset: int | None, *, poll: timedelta) -> tuple[Incoming, ...]:
        """Wait up to `poll` for updates from `offset` on; all before it are confirmed, thus forgotten.

        Raises: Unavailable (reason conflict: another reader), Unauthorized.
        """
        updates = await asked(
            self._bot.get_updates(
                offset=offset, timeout=poll, allowed_updates=["callback_query", "message"], limit=100
            )
        )
        return tuple(_incoming(update) for update in updates)


class _Request(BaseRequest):
    """How the library reaches the network: through `bot.ports.Http`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def read_timeout(self) -> float:
        return ANSWER_WITHIN

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(  # noqa: PLR0913, PLR0917 - the library's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = None,
        write_timeout: Any = None,
        connect_timeout: Any = None,
        pool_timeout: Any = None,
    ) -> tuple[int, bytes]:
        body = json.dumps(request_data.parameters if request_data else {}).encode()
        headers = {"content-type": "application/json"}
        timeout = read_timeout if isinstance(read_timeout, int | float) else ANSWER_WITHIN
        async with self._http.request(method, url, headers=headers, body=body, timeout=timeout) as response:
            payload = await self._http.read(response)
            check(response.status, response.headers, payload)
            return response.status, readable(payload) if url.endswith("/getUpdates") else payload


# --- errors: pure -------------------------------------------------------------------------------


def check(status: int, headers: Mapping[str, str], payload: bytes) -> None:
    """What the library would not tell us well: its errors quote bodies, and lose how long to wait.

    Raises: Unavailable.
    """
    try:
        answer = json.loads(payload)
    except ValueError:
        answer = None
    parameters = answer.get("parameters") if isinstance(answer, dict) else None
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else headers.get("retry-after")
    seconds = min(int(wait), _LONGEST_WAIT) if wait and str(wait).isdecimal() else None
    retry_after = timedelta(seconds=seconds) if seconds else None
    if status == 429 or (retry_after and status < 500):
        raise Unavailable("Telegram asks us to wait", reason=Reason.RATE_LIMITED, retry_after=retry_after)
    if status >= 500:
        raise Unavailable(f"Telegram answers {status}", reason=Reason.SERVER, retry_after=retry_after)
    if not isinstance(answer, dict) or not ("result" in answer or status >= 400):
        raise Unavailable(f"this is not the Bot API (status {status})", reason=Reason.PROTOCOL)


async def asked(call: Awaitable[_T]) -> _T:
    """The result of a call, its errors in our words."""
    try:
        return await call
    except TelegramError as error:
        wrapped = error.__cause__
        if isinstance(wrapped, BotError):
            error.__cause__ = None  # our own error came through the library: a loop in the chain helps nobody
            raise wrapped from wrapped.__cause__
        raise meaning(error) from error
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unavailable("Telegram's answer can't be read", reason=Reason.PROTOCOL) from error


def meaning(error: TelegramError) -> BotError:
    """What the caller does next."""
    said = f"Telegram: {' '.join(str(error).split())[:150]}"
    match error:
        case ChatMigrated():
            new = error.new_chat_id
            text = f"the group became a supergroup; write `chat: {new}` into the configuration"
            return Rejected(text, reason=Reason.NOT_FOUND)
        case InvalidToken():
            return Unauthorized("Telegram does not know this token: it is wrong, or it was revoked")
        case Forbidden():
            return Rejected(said, reason=Reason.FORBIDDEN)
        case BadRequest():
            return Rejected(said, reason=Reason.NOT_FOUND if "not found" in said else Reason.INVALID)
        case Conflict():
            text = "another program reads this bot's updates (or a webhook is set): a token has one reader"
            return Unavailable(text, reason=Reason.CONFLICT)
    reason = Reason.TIMEOUT if isinstance(error, TimedOut) else Reason.CONNECTION
    return Unavailable("Telegram can't be reached", reason=reason)


def _says(error: BotError, *words: str) -> bool:
    said = str(error).lower()
    return any(word in said for word in words)


# --- updates: pure --------------------------------------------------------------------------------


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
    if wanted is None or not isinstance(part, dict):
        return part
    return {name: _only(part[name], inside) for name, inside in wanted.items() if name in part}


# --- between the library's types and ours: pure ---------------------------------------------------


def _entities(message: Message) -> Sequence[MessageEntity]:
    return [
        MessageEntity(entity.kind, entity.offset, entity.length, url=entity.url)
        for entity in message.entities
    ]


def _keyboard(message: Message) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(button.label, callback_data=button.token) for button in row]
        for row in message.buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None


def _incoming(update: Update) -> Incoming:
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
        return Incoming(update_id=update.update_id)
    command, argument = _command(message.text or "")
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
    )


def _place(chat: Chat | None) -> dict[str, Any]:
    return {"chat_id": chat.id, "chat_name": chat.username, "chat_title": chat.title} if chat else {}


def _command(text: str) -> tuple[str | None, str]:
    """`id` and `please` of `/id@our_bot please`."""
    first, *rest = text.split(maxsplit=1) or [""]
    if not first.startswith("/"):
        return None, ""
    return first[1:].partition("@")[0], "".join(rest).strip()
