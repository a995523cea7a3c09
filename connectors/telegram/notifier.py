"""Cards into Telegram chats.

Knows which chat a channel is and how loud an alert sounds there; the wire is in `api`, the markup in
`message`, pacing and repeating belong to the outbox. Telegram has no idempotency keys: a time-out after
sending may leave two cards, which is allowed for alerts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import Reason, Rejected
from bot.model import Alert
from bot.staff import Receipt
from connectors.telegram.message import message_link, message_ref, render
from connectors.telegram.settings import ChannelSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Clock
    from bot.staff import Card
    from connectors.telegram.api import Api

_REF = re.compile(r"(-?\d+):(\d+)\Z")


@dataclass(kw_only=True)
class TelegramNotifier:
    """`bot.ports.Notifier` on the Bot API."""

    api: Api
    channels: Mapping[str, ChannelSettings]
    clock: Clock
    kind: str = "telegram"
    # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: a group takes 20 a
    # minute. The other limit, one a second, allows short bursts, and an alert should not wait for it.
    limits: tuple[tuple[int, timedelta], ...] = ((20, timedelta(minutes=1)),)

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        to = self._settings(channel)
        chat_id, message_id = await self.api.send(
            to.chat,
            render(card, ping=to.ping),
            thread=_topic(to, card),
            is_silent=card.alert is not Alert.PING,
        )
        return Receipt(ref=message_ref(chat_id, message_id), at=self.clock.now())

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        ref = _REF.match(receipt.ref)
        if ref is None:
            raise Rejected(f"{receipt.ref!r} is no message of Telegram", reason=Reason.NOT_FOUND)
        message = render(card, ping=self._settings(channel).ping)
        await self.api.edit(int(ref[1]), int(ref[2]), message)
        return Receipt(ref=receipt.ref, at=self.clock.now())

    def link(self, channel: str, receipt: str) -> str | None:
        to, ref = self.channels.get(channel), _REF.match(receipt)
        if to is None or ref is None:
            return None
        name = to.chat[1:] if isinstance(to.chat, str) else None
        return message_link(int(ref[1]), name, int(ref[2]))

    def direct(self, identity: str) -> str | None:
        """The chat of a person with the bot has the person's id: https://core.telegram.org/bots/api#chat."""
        return f"@{identity}" if identity.isascii() and identity.isdigit() else None

    def rings_again(self, channel: str) -> timedelta | None:
        to = self.channels.get(channel)
        return to.ping_again if to else None

    def _settings(self, channel: str) -> ChannelSettings:
        if channel.startswith("@"):
            return ChannelSettings(chat=int(channel[1:]))
        if channel not in self.channels:
            raise Rejected(f"there is no channel telegram:{channel}", reason=Reason.NOT_FOUND)
        return self.channels[channel]


def _topic(to: ChannelSettings, card: Card) -> int | None:
    """Where a card goes within the chat; one that changes stays where it is."""
    topics = {str(level): topic for level, topic in to.topics.items()}
    return topics.get(str(card.data.get("urgency")), to.thread)
