"""What Telegram holds for one bot: chats, messages, updates; and what it refuses.

Behaves as https://core.telegram.org/bots/api says, down to the words of its errors. Knows no HTTP, and none
of our connectors, so that the two cannot share a mistake.
"""

from __future__ import annotations

import math
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_TEXT = 4096
MAX_TOAST = 200
MAX_CALLBACK_DATA = 64
_ADMIN = ("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages",
          "can_manage_video_chats", "can_restrict_members", "can_promote_members", "can_change_info",
          "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories")  # fmt: skip
_NAME = re.compile(r"(?<!\w)@([A-Za-z0-9_]{2,32})(?!\w)")


class ApiError(Exception):
    """How Telegram says no."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


@dataclass(kw_only=True)
class Chat:
    """`is_muted`: the bot is restricted there, so that it may not write; `is_admin`: it administers it."""

    id: int
    username: str | None = None
    title: str = "Care"
    is_kicked: bool = False
    is_forum: bool = False
    is_muted: bool = False
    is_admin: bool = False
    migrated_to: int | None = None

    @property
    def kind(self) -> str:
        return "private" if self.id > 0 else "supergroup"


@dataclass(kw_only=True)
class Sent:
    """A message as it stands now; `versions` counts its edits too. `at`: when it was sent, by the receiver's
    monotonic clock.
    """

    message_id: int
    chat: Chat
    text: str
    entities: list[dict[str, Any]]
    keyboard: list[list[dict[str, str]]]
    thread: int | None = None
    is_silent: bool = False
    has_preview: bool = True
    versions: int = 1
    reply_to: int | None = None
    at: float = field(default_factory=time.monotonic)

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.keyboard for button in row]

    @property
    def named(self) -> list[str]:
        """Whom Telegram tells that they are mentioned: it finds the names itself, whatever entities came.

        https://core.telegram.org/api/mentions (messageEntityMention); in `pre` there is no other entity:
        https://core.telegram.org/bots/api#formatting-options
        """
        text = self.text.encode("utf-16-le")
        for entity in (one for one in self.entities if one["type"] == "pre"):
            start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
            text = text[:start] + "\n".encode("utf-16-le") * ((end - start) // 2) + text[end:]
        return _NAME.findall(text.decode("utf-16-le"))

    def entity_texts(self, kind: str) -> list[str]:
        """The pieces of the text that are in a style, as a client would cut them out."""
        encoded = self.text.encode("utf-16-le")
        wanted = [(e["offset"], e["offset"] + e["length"]) for e in self.entities if e["type"] == kind]
        return [encoded[2 * start : 2 * end].decode("utf-16-le") for start, end in wanted]


@dataclass(kw_only=True)
class Answer:
    query_id: str
    text: str
    is_loud: bool


@dataclass(kw_only=True)
class Telegram:
    """One bot's side of Telegram. `chats` are those it may write to."""

    chats: dict[int, Chat] = field(default_factory=dict)
    messages: dict[tuple[int, int], Sent] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    updates: deque[dict[str, Any]] = field(default_factory=deque)
    confirmed: list[int] = field(default_factory=list)
    said: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    next_message_id: int = 1
    next_update_id: int = 700_000_001
    commands: dict[str, dict[str, str]] = field(default_factory=dict)
    open_queries: set[str] = field(default_factory=set)
    per_minute: int | None = None
    """So many messages a minute one group takes, new ones and edits; None: any number.
    https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """
    now: Callable[[], float] = time.monotonic
    refused: int = 0
    written: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    """When something was written into each chat."""

    def _pace(self, chat: Chat) -> None:
        if self.per_minute is None or chat.id > 0:
            return
        now, written = self.now(), self.written[chat.id]
        if len(written) >= self.per_minute and (wait := written[-self.per_minute] + 60 - now) > 0:
            self.refused += 1
            seconds = max(1, math.ceil(wait))
            raise ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        written.append(now)

    # --- what the bot does ---

    def send_message(self, params: Mapping[str, Any]) -> Sent:
        chat = self._writable(params.get("chat_id"))
        text, entities = _text(params, too_long="message is too long")
        self._pace(chat)
        sent = Sent(
            message_id=self.next_message_id,
            chat=chat,
            text=text,
            entities=entities,
            keyboard=_keyboard(params),
            thread=params.get("message_thread_id"),
            is_silent=bool(params.get("disable_notification")),
            reply_to=self._replied(chat, params.get("reply_parameters")),
            has_preview=not (params.get("link_preview_options") or {}).get("is_disabled"),
        )
        self.messages[chat.id, sent.message_id] = sent
        self.next_message_id += 1
        return sent

    def delete_message(self, params: Mapping[str, Any]) -> bool:
        """Messages of the bot's own; others' only an administrator may delete."""
        chat = self._chat(params.get("chat_id"))
        if self.messages.pop((chat.id, int(params.get("message_id", 0))), None) is None:
            raise ApiError(400, "Bad Request: message to delete not found")
        return True

    def edit_message_text(self, params: Mapping[str, Any]) -> Sent:
        chat = self._chat(params.get("chat_id"))
        sent = self.messages.get((chat.id, int(params.get("message_id", 0))))
        if sent is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        text, entities = _text(params, too_long="MESSAGE_TOO_LONG")
        keyboard = _keyboard(params)
        if (text, entities, keyboard) == (sent.text, sent.entities, sent.keyboard):
            raise ApiError(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message",
            )
        self._pace(chat)
        sent.text, sent.entities, sent.keyboard = text, entities, keyboard
        sent.versions += 1
        return sent

    def answer_callback_query(self, params: Mapping[str, Any]) -> Answer:
        query_id, text = str(params.get("callback_query_id", "")), str(params.get("text", ""))
        if query_id not in self.open_queries:
            raise ApiError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        if len(text) > MAX_TOAST:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        answer = Answer(query_id=query_id, text=text, is_loud=bool(params.get("show_alert")))
        self.answers.append(answer)
        return answer

    def get_updates(self, offset: int | None, *, limit: int) -> list[dict[str, Any]]:
        """What is unconfirmed; `offset` confirms all before it. One that lies in the future is not looked at.

        (After a quiet week the numbers begin elsewhere: https://core.telegram.org/bots/api#update.)
        """
        if offset is not None and offset <= self.next_update_id:
            while self.updates and self.updates[0]["update_id"] < offset:
                self.confirmed.append(self.updates.popleft()["update_id"])
        return list(self.updates)[:limit]

    def get_chat(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that https://core.telegram.org/bots/api#chatfullinfo always has, and a few more."""
        chat = self._chat(params.get("chat_id"))
        gifts = (
            "unlimited_gifts",
            "limited_gifts",
            "unique_gifts",
            "premium_subscription",
            "gifts_from_channels",
        )
        more = {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }
        rights = {"permissions": {"can_send_messages": True}} if chat.kind != "private" else {}
        return {**_chat(chat), **more, **rights, **({"is_forum": True} if chat.is_forum else {})}

    def get_chat_member(self, params: Mapping[str, Any], bot: Mapping[str, Any]) -> dict[str, Any]:
        """The bot itself; https://core.telegram.org/bots/api#chatmember."""
        chat = self._chat(params.get("chat_id"))
        if params.get("user_id") != bot["id"]:
            raise ApiError(400, "Bad Request: PARTICIPANT_ID_INVALID")
        if chat.is_admin:
            return {"status": "administrator", "user": bot, **dict.fromkeys(_ADMIN, True)}
        if not chat.is_muted:
            return {"status": "member", "user": bot}
        rights = ("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
                  "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls",
                  "can_send_other_messages", "can_add_web_page_previews", "can_change_info",
                  "can_invite_users", "can_pin_messages", "can_manage_topics", "can_edit_tag",
                  "can_react_to_messages")  # fmt: skip
        told = dict.fromkeys(rights, False)
        return {"status": "restricted", "user": bot, "is_member": True, "until_date": 0, **told}

    def set_my_commands(self, params: Mapping[str, Any]) -> bool:
        """https://core.telegram.org/bots/api#botcommand"""
        given = {str(one["command"]): str(one["description"]) for one in params["commands"]}
        for name, description in given.items():
            if not re.fullmatch(r"[a-z0-9_]{1,32}", name) or not 1 <= len(description) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        self.commands[str(params.get("language_code") or "")] = given
        return True

    # --- what people do ---

    def press(self, sent: Sent, label: str, *, user: int, name: str) -> str:
        """A person presses a button; the id of the callback query. Raises KeyError: no such button."""
        tokens = {button["text"]: button["callback_data"] for row in sent.keyboard for button in row}
        query_id = str(4_000_000_000 + self.next_update_id)
        self.open_queries.add(query_id)
        query = {
            "id": query_id,
            "from": _user(user, name),
            "message": self.shown(sent),
            "chat_instance": "1",
            "data": tokens[label],
        }
        self._update(callback_query=query)
        return query_id

    def say(self, chat: Chat, text: str, *, user: int, name: str, **more: Any) -> int:
        """A person writes a message that the bot can see; the id of the update. `more` are fields of it."""
        message = {
            "message_id": 1_000_000 + self.next_update_id,
            "date": int(time.time()),
            "chat": _chat(chat),
            "from": _user(user, name),
            "text": text,
            **more,
        }
        self.said[chat.id, message["message_id"]] = message
        return self._update(message=message)

    def shown(self, sent: Sent) -> dict[str, Any]:
        """A message as the API gives it."""
        return {
            "message_id": sent.message_id,
            "date": 1_700_000_000,
            "chat": _chat(sent.chat),
            "text": sent.text,
            "entities": sent.entities,
            **self.topic(sent),
        }

    def topic(self, sent: Sent) -> dict[str, Any]:
        """What a message in the topic of this one says of it."""
        return {"message_thread_id": sent.thread, "is_topic_message": True} if sent.thread else {}

    def _update(self, **content: Any) -> int:
        update_id = self.next_update_id
        self.updates.append({"update_id": update_id, **content})
        self.next_update_id += 1
        return update_id

    def _chat(self, chat_id: Any) -> Chat:
        """Raises ApiError as Telegram does."""
        known = {f"@{chat.username}": chat for chat in self.chats.values() if chat.username}
        chat = known.get(chat_id) if isinstance(chat_id, str) else self.chats.get(chat_id)
        if chat is None:
            raise ApiError(400, "Bad Request: chat not found")
        if chat.migrated_to is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, text, migrate_to_chat_id=chat.migrated_to)
        if chat.is_kicked:
            raise ApiError(403, "Forbidden: bot was kicked from the supergroup chat")
        return chat

    def _replied(self, chat: Chat, reply: Mapping[str, Any] | None) -> int | None:
        """https://core.telegram.org/bots/api#replyparameters"""
        if not reply:
            return None
        place = chat.id, int(reply["message_id"])
        if place in self.said or place in self.messages:
            return place[1]
        if not reply.get("allow_sending_without_reply"):
            raise ApiError(400, "Bad Request: message to be replied not found")
        return None

    def _writable(self, chat_id: Any) -> Chat:
        chat = self._chat(chat_id)
        if chat.is_muted:
            raise ApiError(400, "Bad Request: not enough rights to send text messages to the chat")
        return chat


def _text(params: Mapping[str, Any], *, too_long: str) -> tuple[str, list[dict[str, Any]]]:
    text = str(params.get("text", ""))
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ApiError(400, "Bad Request: strings must be encoded in UTF-8") from None
    if not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > MAX_TEXT:
        raise ApiError(400, f"Bad Request: {too_long}")
    entities = list(params.get("entities") or [])
    for entity in entities:
        _check_entity(entity, text.encode("utf-16-le"))
    return text, entities


def _check_entity(entity: Mapping[str, Any], encoded: bytes) -> None:
    """Inside the text, and not through the middle of a surrogate pair."""
    start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
    try:
        encoded[start:end].decode("utf-16-le")
    except UnicodeDecodeError:
        raise ApiError(400, "Bad Request: ENTITY_BOUNDS_INVALID") from None
    if not 0 <= start < end <= len(encoded):
        raise ApiError(400, "Bad Request: ENTITY_BOUNDS_INVALID")


def _keyboard(params: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = (params.get("reply_markup") or {}).get("inline_keyboard", [])
    for button in (button for row in rows for button in row):
        if not 1 <= len(button.get("callback_data", "").encode()) <= MAX_CALLBACK_DATA:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def _chat(chat: Chat) -> dict[str, Any]:
    name = {"username": chat.username} if chat.username else {}
    called = {"first_name": "Anna"} if chat.kind == "private" else {"title": chat.title}
    return {"id": chat.id, "type": chat.kind, **called, **name}


def _user(user: int, name: str) -> dict[str, Any]:
    first, _, last = name.partition(" ")
    return {"id": user, "is_bot": False, "first_name": first} | ({"last_name": last} if last else {})
