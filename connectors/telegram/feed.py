"""Presses of buttons, commands and replies to cards, out of Telegram's updates.

Comes for the next updates only after the caller has taken the next item, having committed the one before:
then they may be confirmed (`reader`). A crash therefore loses no press. Knows nothing of what a press means.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from bot.errors import Rejected, Unavailable
from bot.model import Cursor
from bot.staff import COMMANDS, MOST_TEXT, Press, Presses
from bot.texts.en import ENGLISH
from bot.texts.languages import LANGUAGES
from connectors.telegram.message import Message, message_ref, told
from connectors.telegram.reader import POLL, Reader
from connectors.telegram.updates import PRESSES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from bot.ports import Clock
    from bot.texts.catalogue import Texts
    from connectors.telegram.api import Api
    from connectors.telegram.settings import ChannelSettings
    from connectors.telegram.updates import Incoming

_VERSION = "v1:"
_MOST_HELP = 3
"""Answers to commands between two polls: anybody may send them, and presses wait meanwhile."""
_SETUP_COMMANDS = frozenset({"id", "start"})
_COMMAND_ID = re.compile(r"m:(-?\d+):(\d+):\d+\Z")


@dataclass(kw_only=True)
class TelegramFeed:
    """`bot.ports.DecisionFeed` on getUpdates, by `reader` where somebody else reads as well."""

    api: Api
    channels: Mapping[str, ChannelSettings]
    clock: Clock
    texts: Texts = ENGLISH
    poll: timedelta = POLL
    reader: Reader | None = None
    name: str = "telegram"
    _is_introduced: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._reader = self.reader or Reader(self.api, self.clock, poll=self.poll)
        self._reader.join(self.name, PRESSES)

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        offset, soon = position(after), True
        while True:
            updates = await self._reader.after(self.name, offset, soon=soon)
            for presses in self._presses(updates):
                yield presses
            await self._help(updates)
            await self._introduce()
            # Not the highest number: after a week without updates they begin at random again
            # (https://core.telegram.org/bots/api#update).
            offset, soon = updates[-1].update_id + 1 if updates else offset, False

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        if (command := _COMMAND_ID.match(press.id)) is None:
            await self.api.answer(press.id, text, is_loud=is_loud)
        elif text:
            chat, thread = int(command[1]), int(command[2])
            await self.api.send(chat, told(text), thread=thread or None, is_silent=True)

    async def _introduce(self) -> None:
        """Once it works, and never in the way of presses."""
        if self._is_introduced:
            return
        menus: dict[str | None, list[tuple[str, str]]] = {None: _menu(self.texts)}
        menus |= {code: _menu(texts) for code, texts in LANGUAGES.items() if texts is not self.texts}
        with contextlib.suppress(Unavailable, Rejected):
            await self.api.introduce(menus)
            self._is_introduced = True

    def _presses(self, updates: Iterable[Incoming]) -> list[Presses]:
        """A press each with its own position; updates that are none only move it."""
        found: list[Presses] = []
        for update in updates:
            cursor = Cursor(f"{_VERSION}{update.update_id + 1}")
            presses = tuple(self._press(update, *said) for said in [self._said(update)] if said)
            if found and not presses and not found[-1].presses:
                found.pop()
            found.append(Presses(presses=presses, cursor=cursor))
        return found

    def _said(self, update: Incoming) -> tuple[str, str] | None:
        """What staff is told would be read by everybody in a group that is none of ours: there only buttons
        that were once sent there are theirs.
        """
        is_elsewhere = (update.chat_id or 0) < 0 and channel_of(update, self.channels).endswith(":?")
        return None if is_elsewhere and not update.press_id else _said(update)

    def _press(self, update: Incoming, press_id: str, token: str) -> Press:
        return Press(
            id=press_id,
            channel=channel_of(update, self.channels),
            person=f"{self.name}:{update.person_id}",
            token=token,
            at=self.clock.now(),
            name=update.person_name,
            text="" if token else update.text[:MOST_TEXT],
            receipt=receipt_of(update),
        )

    async def _help(self, updates: Iterable[Incoming]) -> None:
        """Say to /id and /start what belongs into the configuration: the ids of chat, topic and person."""
        asked = (update for update in updates if update.command in _SETUP_COMMANDS)
        for update in islice(asked, _MOST_HELP):
            if update.chat_id is not None:
                message = Message(text=self.texts.your_ids(update.chat_id, update.person_id, update.thread))
                with contextlib.suppress(Unavailable, Rejected):  # a help, never in the way of presses
                    await self.api.send(update.chat_id, message, thread=update.thread, is_silent=True)


def _menu(texts: Texts) -> list[tuple[str, str]]:
    """https://core.telegram.org/bots/api#setmycommands"""
    return [(command, texts.say(f"help.{command}")) for command in COMMANDS]


def _said(update: Incoming) -> tuple[str, str] | None:
    """The id and the token of a press; of a command, or a reply to a message of ours, the id says where to
    answer it.
    """
    if update.press_id:
        return update.press_id, update.token
    place = f"m:{update.chat_id}:{update.thread or 0}:{update.message_id}"
    if update.command in COMMANDS and update.chat_id is not None:
        return place, f"/{update.command} {update.argument}".rstrip()
    if update.replies_to is not None and update.text and update.command is None:
        return place, ""
    return None


def receipt_of(update: Incoming) -> str:
    """The card that a message is a reply to, as the notifier's receipts name it; empty: none."""
    return "" if update.replies_to is None else message_ref(update.chat_id or 0, update.replies_to)


def position(cursor: Cursor | None) -> int | None:
    """The update to read next; None: the earliest that Telegram still holds, so that nothing is lost."""
    text = (cursor or "").removeprefix(_VERSION)
    return int(text) if text.isdecimal() and text.isascii() else None


def channel_of(update: Incoming, channels: Mapping[str, ChannelSettings]) -> str:
    """The configured channel of a chat, its topic preferred; `telegram:?` for a chat that is none of ours."""
    chats = {update.chat_id, f"@{update.chat_name or ''}".lower()}
    names = [name for name, to in channels.items() if _chat(to) in chats]
    exact = [name for name in names if update.thread in channels[name].threads]
    return f"telegram:{next(iter([*exact, *names]), '?')}"


def _chat(to: ChannelSettings) -> int | str:
    return to.chat.lower() if isinstance(to.chat, str) else to.chat
