"""The staff's chat of the demo: the fake Telegram's one group, as people in it see it.

Knows which messages came, in what order and how they stand now; presses buttons and writes replies for
people, and hears what they are told. The bot's side goes over the real Bot API. Knows nothing of the day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.demo.place import TOKEN
from bot.testing.journal import Journal
from bot.testing.telegram_chats import Sent
from bot.testing.telegram_server import CHAT, TelegramServer

ANSWER_WITHIN = 5.0
"""Seconds in which a press is usually answered; later nobody looks any more."""


class StaleButtonError(LookupError):
    """The card has changed since: that button is no longer there."""


class NoCardError(LookupError):
    """There is no such message of the bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody of the staff; `id` is their Telegram id in the demo's configuration."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Toast:
    """What a person is told after a press; `is_loud`: in a box that they must close."""

    text: str
    is_loud: bool


@dataclass(slots=True, kw_only=True)
class Item:
    """One thing in the chat: a `card` of the bot, a `person`'s message, or a `note` of the demo itself.

    `about`: the first line of the card that a person's message is a reply to; `is_mine`: it is the visitor's.
    `order` is its place. `version` counts what has happened to the chat: items above N are what somebody who
    saw N has missed.
    """

    id: str
    kind: str
    at: datetime
    order: int = 0
    version: int = 0
    name: str = ""
    text: str = ""
    about: str = ""
    is_mine: bool = False
    card: Sent | None = None

    def shown(self) -> dict[str, Any]:
        """As the phone takes it."""
        told = {"id": self.id, "order": self.order, "kind": self.kind, "at": self.at.isoformat()}
        if self.card is None:
            said = {"name": self.name, "text": self.text, "about": self.about, "is_mine": self.is_mine}
            return told | said
        buttons = [[button["text"] for button in row] for row in self.card.keyboard]
        return told | {
            "message": self.card.message_id,
            "text": self.card.text,
            "entities": self.card.entities,
            "buttons": buttons,
            "is_edited": self.card.versions > 1,
            "is_silent": self.card.is_silent,
        }


class _Heard(Journal):
    """The fake tells its journal what the bot did; this one passes it on."""

    def __init__(self, heard: Callable[[str, dict[str, Any]], None]) -> None:
        super().__init__(None)
        self._heard = heard

    def write(self, event: str, **fields: Any) -> None:
        self._heard(event, fields)


@dataclass(kw_only=True)
class Chat:
    """What `visitor` sees, who presses by the phone; `on_card` hears of each new card."""

    visitor: Colleague
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    on_card: Callable[[Sent], None] | None = None
    on_visitor: Callable[[str, Sent], None] | None = None
    """Hears which button the visitor presses, and of which card."""
    items: dict[str, Item] = field(default_factory=dict)
    version: int = 0

    def __post_init__(self) -> None:
        self.server = TelegramServer(token=TOKEN)
        self.server.is_steered = False
        self.server.journal = _Heard(self._hear)
        self._news = asyncio.Condition()
        self._toasts: dict[str, Toast] = {}
        self._telling: set[asyncio.Task[None]] = set()

    # --- what is seen ---

    async def changed(self, since: int) -> list[Item]:
        """What is newer than version `since`, once there is something, oldest first."""
        async with self._news:
            await self._news.wait_for(lambda: self.version > since)
        newer = (item for item in self.items.values() if item.version > since)
        return sorted(newer, key=lambda item: item.version)

    async def card(self, url: str) -> Sent:
        """The card whose post is at `url`, once it is there."""
        async with self._news:
            await self._news.wait_for(lambda: self._card(url) is not None)
        found = self._card(url)
        assert found is not None  # noqa: S101 - just waited for
        return found

    def _card(self, url: str) -> Sent | None:
        cards = (item.card for item in self.items.values() if item.card)
        return next((card for card in cards if url_of(card) == url), None)

    # --- what people do ---

    def say(self, name: str, text: str) -> None:
        """A person writes into the chat. (The bot does not see it: its privacy mode is on.)"""
        self._add(Item(id=f"person-{self.version}", kind="person", at=self.now(), name=name, text=text))

    def reply(self, message_id: int, text: str, by: Colleague) -> None:
        """A person replies to a card: that comes to the bot in privacy mode too, as it does on Telegram
        (https://core.telegram.org/bots/features#privacy-mode). What the bot says to it is one more message.

        Raises: NoCardError.
        """
        item = self.items.get(f"card-{message_id}")
        if item is None or item.card is None:
            raise NoCardError(message_id)
        self._add(
            Item(
                id=f"person-{self.version}",
                kind="person",
                at=self.now(),
                name=by.name,
                text=text,
                about=item.card.text.partition("\n")[0],
                is_mine=by == self.visitor,
            )
        )
        self.server.say(text, user=by.id, name=by.name, reply_to=message_id)

    def note(self, text: str) -> None:
        """The demo explains what just happened."""
        self._add(Item(id=f"note-{self.version}", kind="note", at=self.now(), text=text))

    async def press(self, message_id: int, label: str, by: Colleague) -> Toast | None:
        """Press a button; what the person is told, None when nothing comes in time.

        Raises: StaleButtonError.
        """
        item = self.items.get(f"card-{message_id}")
        if item is None or item.card is None or label not in item.card.labels:
            raise StaleButtonError(label)
        query = self.server.press(message_id, label, user=by.id, name=by.name)
        if by == self.visitor and self.on_visitor:
            self.on_visitor(label, item.card)
        try:
            async with asyncio.timeout(ANSWER_WITHIN), self._news:
                await self._news.wait_for(lambda: query in self._toasts)
        except TimeoutError:
            return None
        return self._toasts.pop(query)

    # --- what the bot does ---

    def _hear(self, event: str, fields: dict[str, Any]) -> None:
        if event == "answerCallbackQuery":
            self._toasts[fields["id"]] = Toast(text=fields["text"], is_loud=self.server.answers[-1].is_loud)
            self._tell()
        elif event == "sendMessage":
            card = self.server.telegram.messages[CHAT, fields["message_id"]]
            self._add(Item(id=f"card-{card.message_id}", kind="card", at=self.now(), card=card))
            if self.on_card:
                self.on_card(card)
        elif event == "editMessageText":
            self._add(self.items[f"card-{fields['message_id']}"])

    def _add(self, item: Item) -> None:
        self.version += 1
        item.version = self.version
        item.order = item.order or self.version
        self.items[item.id] = item
        self._tell()

    def _tell(self) -> None:
        task = asyncio.create_task(self._wake())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()


def url_of(card: Sent) -> str:
    """Where the post of a card is; empty for a message about no post."""
    links = (entity["url"] for entity in card.entities if entity["type"] == "text_link")
    return next(links, "")
