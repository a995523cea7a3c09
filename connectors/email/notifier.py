"""Cards as mails to people.

Knows what a mail is for: one rings, and one more follows in its thread when nobody has to act on it any
more, or has to again. Other changes of a card are not mailed; the page shows them. The wire is in `smtp`, the
text in `message`. Answers to a mail are read by nobody: there is no decision feed.

SMTP has no idempotency keys. A server whose answer to the text is lost may have taken it, and gets it again:
under the same Message-ID, by which many mailboxes drop the second one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.errors import Reason, Rejected
from bot.model import ConversationState
from bot.staff import Receipt
from connectors.email.message import Letter, compose, message_id, needs_utf8
from connectors.email.settings import ChannelSettings
from connectors.email.smtp import Sending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Clock
    from bot.staff import Card
    from bot.texts.catalogue import Texts
    from connectors.email.settings import AccountSettings
    from connectors.email.smtp import Server

_REF = re.compile(r"(<[0-9a-f]{32}@[^\s<>@]+>)( settled)?")
_SETTLED = " settled"
"""Behind a receipt: the last mail of its thread said that nobody has to act."""

_NOBODY_ACTS = frozenset({ConversationState.CLAIMED, ConversationState.ANSWERED, ConversationState.DISMISSED})


@dataclass(kw_only=True)
class EmailNotifier:
    """`bot.ports.Notifier` by SMTP; a receipt's ref is the Message-ID of the first mail of a thread."""

    server: Server
    account: AccountSettings
    channels: Mapping[str, ChannelSettings]
    clock: Clock
    texts: Texts
    page: str = ""
    kind: str = "email"
    limits: tuple[tuple[int, timedelta], ...] = ()

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        first = key.partition("#")[0]  # what rings again stands in the thread of what rang first
        after = () if first == key else (self._id(first, card),)
        sent = self._id(key, card)
        await self._send(channel, card, sent, after)
        return Receipt(ref=_ref(sent, card), at=self.clock.now())

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        ref = _REF.fullmatch(receipt.ref)
        if ref is None:
            raise Rejected(f"{receipt.ref!r} is no mail of ours", reason=Reason.NOT_FOUND)
        self._recipients(channel)
        if needs_nobody(card) in {None, ref[2] is not None}:
            return receipt
        await self._send(channel, card, self._id(key, card), (ref[1],))
        return Receipt(ref=_ref(ref[1], card), at=self.clock.now())

    def direct(self, identity: str) -> str | None:
        try:
            return f"@{ChannelSettings(to=(identity,)).recipients[0]}"
        except ValueError:
            return None

    async def _send(self, channel: str, card: Card, sent: str, after: tuple[str, ...]) -> None:
        to, sender = self._recipients(channel), self.account.sender
        letter = Letter(
            sender=sender,
            name=self.account.name,
            to=to,
            id=sent,
            after=after,
            at=self.clock.now(),
            page=self.page,
            texts=self.texts,
        )
        content = compose(card, letter).as_bytes()
        is_utf8 = needs_utf8(sender, *to)
        await self.server.send(Sending(sender=sender, to=to, content=content, is_utf8=is_utf8))

    def _recipients(self, channel: str) -> tuple[str, ...]:
        if channel.startswith("@"):
            return (channel[1:],)
        if channel not in self.channels:
            raise Rejected(f"there is no channel email:{channel}", reason=Reason.NOT_FOUND)
        return self.channels[channel].recipients

    def _id(self, key: str, card: Card) -> str:
        domain = self.account.sender.rpartition("@")[2]
        return message_id(key, card.data.get("mention_id", ""), domain)


def needs_nobody(card: Card) -> bool | None:
    """Whether nobody has to act on it; None: it does not tell (many at once, a snooze, a card that moved)."""
    if card.data.get("is_deleted"):
        return True
    state = card.data.get("state")
    return True if state in _NOBODY_ACTS else (False if state == ConversationState.OPEN else None)


def _ref(first: str, card: Card) -> str:
    return f"{first}{_SETTLED}" if needs_nobody(card) else first
