"""The Bot API as we use it: send, edit, answer, read updates. With `updates` and `about` the only files that
name python-telegram-bot.

https://core.telegram.org/bots/api. Only `telegram.Bot`, on the program's own Http: no second HTTP stack, no
Updater (its next getUpdates would confirm presses that nobody has stored). Knows nothing of cards or cursors.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    User,
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
from connectors.telegram.updates import PRESSES, incoming, readable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Mapping, Sequence

    from telegram import Message as Wire

    from bot.ports import Http
    from connectors.telegram.message import Message
    from connectors.telegram.updates import Incoming

# It logs the URL with the token in it, and whole updates. What goes wrong comes to us as exceptions anyway.
logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)

ANSWER_WITHIN = 10.0
"""Seconds; a long poll has its own time on top."""

_LONGEST_WAIT = 86_400
_REFUSALS = frozenset({400, 401, 403, 404, 409})
"""The statuses of Telegram's own refusals."""

_T = TypeVar("_T")


class Api:
    """One bot. Opens nothing of its own, so there is nothing to close. Its `bot_id` is part of its token."""

    def __init__(self, *, token: str, base_url: str, http: Http) -> None:
        request = _Request(http)
        self._username = ""
        self.bot_id = int(number) if (number := token.partition(":")[0]).isdecimal() else 0
        self._bot = Bot(
            token, base_url=f"{base_url.rstrip('/')}/bot", request=request, get_updates_request=request
        )

    async def send(
        self, chat: int | str, message: Message, *, thread: int | None, is_silent: bool
    ) -> tuple[int, int]:
        """Chat id and message id of the new message. Raises: Unavailable, Unauthorized, Rejected."""
        return await asked(
            _told(
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
        )

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
            if not says(error, "message is not modified"):
                raise

    async def answer(self, press_id: str, text: str, *, is_loud: bool) -> None:
        """End the spinner of a pressed button; one that is too old is no error."""
        try:
            await asked(
                self._bot.answer_callback_query(press_id, cut(text, MAX_TOAST) or None, show_alert=is_loud)
            )
        except Rejected as error:
            if not says(error, "query is too old", "query id is invalid", "query_id_invalid"):
                raise

    async def updates(
        self, offset: int | None, *, poll: timedelta, kinds: Collection[str] = PRESSES
    ) -> tuple[Incoming, ...]:
        """Wait up to `poll` for updates from `offset` on; all before it are confirmed, thus forgotten.

        Raises: Unavailable (reason conflict: another reader), Unauthorized.
        """
        updates = await asked(
            self._bot.get_updates(offset=offset, timeout=poll, allowed_updates=sorted(kinds), limit=100)
        )
        return tuple(incoming(update, self.bot_id, self._username) for update in updates)

    async def introduce(self, menus: Mapping[str | None, Sequence[tuple[str, str]]]) -> None:
        """Learn our own name, to tell commands for other bots from ours, and say which commands there are:
        what each does, by language; None: where there is none in the language of whoever looks.

        Raises as `send`.
        """
        self._username = (await asked(self._bot.get_me())).username or ""
        for language, commands in menus.items():
            await asked(self._bot.set_my_commands(list(commands), language_code=language))


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
    is_known = status in _REFUSALS or (status < 400 and isinstance(answer, dict) and "result" in answer)
    if not isinstance(answer, dict) or not is_known:
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


async def _told(call: Awaitable[Wire]) -> tuple[int, int]:
    """What a bad answer lacks shows while it is `asked`."""
    sent = await call
    return sent.chat.id, sent.message_id


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


def says(error: BotError, *words: str) -> bool:
    """Whether Telegram said any of this."""
    said = str(error).lower()
    return any(word in said for word in words)


# --- between the library's types and ours: pure ---------------------------------------------------


def _entities(message: Message) -> Sequence[MessageEntity]:
    return [
        MessageEntity(
            entity.kind,
            entity.offset,
            entity.length,
            url=entity.url,
            user=None if entity.user is None else User(entity.user, first_name="", is_bot=False),
        )
        for entity in message.entities
    ]


def _keyboard(message: Message) -> InlineKeyboardMarkup | None:
    rows = [
        [InlineKeyboardButton(button.label, callback_data=button.token) for button in row]
        for row in message.buttons
    ]
    return InlineKeyboardMarkup(rows) if rows else None
