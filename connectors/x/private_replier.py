"""Direct messages on X answered, each in its own conversation and nowhere else; posts as ever.

`POST /2/dm_conversations/with/:participant_id/messages`
(https://docs.x.com/x-api/direct-messages/manage/integrate): to whoever wrote to the account, never a post. X
knows no key of ours, so what was lost is looked for in that conversation. Nothing can be unsent: what is
deleted is gone for the account alone. Limits: 10,000 characters; 15 in 15 minutes, 1,440 a day. Terms:
https://help.x.com/en/rules-and-policies/x-automation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable, Unknown
from bot.publications import Publications
from bot.replies import Length, Published
from connectors.x import weight
from connectors.x.messages import FIELDS, PREFIX, conversation_of, is_message, message_of
from connectors.x.messages_inbox import PAGE, Purchase, read_page
from connectors.x.own import own_account
from connectors.x.replier import CLOCKS_DIFFER, XReplier, seen_not, undone

if TYPE_CHECKING:
    from datetime import datetime

    from bot.expenses import Price
    from bot.model import Post
    from bot.ports import Wiring
    from bot.replies import Outgoing
    from connectors.x.account import AccountSettings
    from connectors.x.messages import Message

SOURCE, LOOKING = "x-sent-messages", "x-looked-for-messages"
LIMIT = 10_000
LOOK_PAGES = 10
_KEPT = "x.messages"
_NUMBER = re.compile(r"[0-9]{1,19}")


class Event(msgspec.Struct, frozen=True):
    dm_event_id: str


class Created(msgspec.Struct, frozen=True):
    """What a 201 holds."""

    data: Event


class PrivateReplier:
    """What `XAnswering` does for messages."""

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._own = own_account(settings, wiring)
        self._budget = settings.budget
        self._clock = wiring.clock
        self._publications = Publications(wiring.vault, _KEPT)
        self._purchase = Purchase(LOOKING)

    @property
    def price(self) -> Price:
        return self._own.meter.price(self._budget.price_per_message)

    async def publish(self, reply: Outgoing) -> Published:
        check(reply)
        me = await self._own.me()
        price = self._budget.price_per_message
        async with self._own.meter.holding(price):
            await self._own.meter.add(SOURCE, price)
        path = f"/2/dm_conversations/with/{reply.to.author_id}/messages"
        try:
            answer = await self._own.api.write("POST", path, {"text": reply.text})
            if not 200 <= answer.status < 300:
                raise undone(answer)
        except Unknown:
            raise
        except BotError:
            await self._own.meter.add(SOURCE, price, -1)
            raise
        try:
            made = answer.read(Created).data.dm_event_id
        except Unavailable as error:
            raise Unknown(f"{error}; it may have been sent all the same") from error
        if not _NUMBER.fullmatch(made):
            raise Unknown(f"{answer.where} answered no id; it may have been sent all the same")
        return await self._kept(reply, made, me.id)

    async def find(self, reply: Outgoing) -> Published | None:
        """What we know to have been sent was sent, also where somebody deleted it for the account since."""
        known = await self._publications.all()
        me = await self._own.me()
        if reply.key in known:
            return await self._kept(reply, known[reply.key], me.id)
        try:
            said = await self._said_since(reply.to.author_id, reply.approved_at - CLOCKS_DIFFER)
        except Unauthorized:
            raise
        except BotError as error:
            raise seen_not(error) from error
        others, wanted = set(known.values()), weight.same(reply.text)
        for message in said:
            words = {weight.same(message.text), weight.same(message.said)}
            if message.sender_id == me.id and message.id not in others and wanted in words:
                return await self._kept(reply, message.id, me.id)
        return None

    async def _said_since(self, whom: str, since: datetime) -> list[Message]:
        """In that conversation. Raises: Unknown (there is more than can be looked through)."""
        said: list[Message] = []
        query = {**FIELDS, "max_results": str(PAGE)}
        path = f"/2/dm_conversations/with/{whom}/dm_events"
        for _ in range(LOOK_PAGES):
            page = await read_page(self._own, path, query, self._purchase, is_reading=False)
            for raw in page.data:
                message = message_of(bytes(raw))
                if message is None or message.created_at is None:
                    raise Unknown("not all of that conversation can be read: see in the app")
                said.append(message)
            is_over = any(one.created_at is not None and one.created_at < since for one in said)
            if is_over or not page.meta.next_token:
                return said
            query["pagination_token"] = page.meta.next_token
        raise Unknown("not all that was said since then can be looked through: see in the app")

    async def _kept(self, reply: Outgoing, number: str, our_id: str) -> Published:
        await self._publications.add(reply.key, number)
        url = f"https://x.com/messages/{conversation_of(our_id, reply.to.author_id)}"
        return Published(post_id=PREFIX + number, at=self._clock.now(), url=url)


class XAnswering(XReplier):
    """`bot.replies.Replier`: in private what was said in private, in public what was said there."""

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        super().__init__(settings, wiring)
        self._private = PrivateReplier(settings, wiring)

    def length_to(self, post_id: str, text: str) -> Length:
        """A message may be longer than a post."""
        return length(text) if is_message(post_id) else self.length(text)

    def price(self, text: str, to: str) -> Price:
        return self._private.price if is_message(to) else super().price(text, to)

    def refusal(self, to: Post) -> str:
        return "" if is_message(to.id) else super().refusal(to)

    async def publish(self, reply: Outgoing) -> Published:
        if is_message(reply.to.id):
            return await self._private.publish(reply)
        return await super().publish(reply)

    async def find(self, reply: Outgoing) -> Published | None:
        if is_message(reply.to.id):
            return await self._private.find(reply)
        return await super().find(reply)

    async def delete(self, post_id: str) -> None:
        if is_message(post_id):
            raise Rejected("a direct message cannot be taken back: it was sent", reason=Reason.FORBIDDEN)
        await super().delete(post_id)


def length(text: str) -> Length:
    return Length(used=len(text), limit=LIMIT, unit="characters")


def check(reply: Outgoing) -> None:
    """Raises: Rejected for what would be refused anyway, and for whom nothing private is said to."""
    size = length(reply.text)
    if not size.fits:
        message = f"{size.used} {size.unit}: a message has at least one and at most {size.limit}"
        raise Rejected(message, reason=Reason.INVALID)
    try:
        reply.text.encode()
    except UnicodeEncodeError:
        raise Rejected("half a character cannot be sent", reason=Reason.INVALID) from None
    if not _NUMBER.fullmatch(reply.to.author_id) or not is_message(reply.to.id):
        raise Rejected("only a direct message is answered in private", reason=Reason.INVALID)
