"""Cards into Slack channels.

Knows which channel is which, and whom a ping names there; the wire is in `api`, the markup in `message`,
pacing and repeating belong to the outbox. chat.postMessage knows no idempotency key: a time-out after sending
may leave two cards, which is allowed for alerts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import Reason, Rejected
from bot.staff import Receipt
from bot.texts.en import ENGLISH
from connectors.slack.api import Sent
from connectors.slack.incoming import message_ref
from connectors.slack.message import render
from connectors.slack.settings import ChannelSettings, is_person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Clock
    from bot.staff import Card
    from bot.texts.catalogue import Texts
    from connectors.slack.api import Api
    from connectors.slack.message import Message

_REF = re.compile(r"([A-Z0-9]+):(\d+\.\d+)\Z")


@dataclass(kw_only=True)
class SlackNotifier:
    """`bot.ports.Notifier` on the Web API. `people`: the id of whom a card calls by name."""

    api: Api
    channels: Mapping[str, ChannelSettings]
    clock: Clock
    people: Mapping[str, str] = field(default_factory=dict)
    texts: Texts = ENGLISH
    kind: str = "slack"
    # https://docs.slack.dev/apis/web-api/rate-limits: one message a second to one channel.
    limits: tuple[tuple[int, timedelta], ...] = ((1, timedelta(seconds=1)),)

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        to = self._settings(channel)
        sent = await self.api.post(to.channel, self._rendered(card, to))
        return Receipt(ref=message_ref(sent.channel, sent.at), at=self.clock.now())

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        ref = _REF.match(receipt.ref)
        if ref is None:
            raise Rejected(f"{receipt.ref!r} is no message of Slack", reason=Reason.NOT_FOUND)
        await self.api.edit(Sent(channel=ref[1], at=ref[2]), self._rendered(card, self._settings(channel)))
        return Receipt(ref=receipt.ref, at=self.clock.now())

    def link(self, channel: str, receipt: str) -> str | None:
        """Known as soon as Slack has said which workspace it is."""
        me, ref = self.api.known, _REF.match(receipt)
        if me is None or ref is None or channel not in self.channels:
            return None
        return f"{me.url.rstrip('/')}/archives/{ref[1]}/p{ref[2].replace('.', '')}"

    def direct(self, identity: str) -> str | None:
        """A message to a person's id goes into their chat with the app:
        https://docs.slack.dev/reference/methods/chat.postMessage#channels
        """
        return f"@{identity}" if is_person(identity) else None

    def rings_again(self, channel: str) -> timedelta | None:
        to = self.channels.get(channel)
        return to.ping_again if to else None

    def _rendered(self, card: Card, to: ChannelSettings) -> Message:
        writes = self.texts.say("button.edit" if card.form else "page.answer_write")
        return render(card, ping=to.ping, people=self.people, writes=writes)

    def _settings(self, channel: str) -> ChannelSettings:
        if channel.startswith("@"):
            return ChannelSettings.model_construct(channel=channel[1:])
        if channel not in self.channels:
            raise Rejected(f"there is no channel slack:{channel}", reason=Reason.NOT_FOUND)
        return self.channels[channel]
