"""Direct messages answered, each in its own conversation and nowhere else.

`chat.bsky.convo.sendMessage` (https://docs.bsky.app/docs/api/chat-bsky-convo-send-message). It knows no key
of ours: what was lost is looked for in the conversation, which the service tells from its own database, and a
reply that was sent before is told from one in the same words by what we keep. Nothing can be unsent: what the
app deletes is gone for the account alone. Limits: 1,000 graphemes, 10,000 bytes. Terms: answers to those who
wrote to the account.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.errors import Reason, Rejected, Unauthorized, Unavailable, Unknown
from bot.publications import Publications
from bot.replies import Length, Published
from connectors.bluesky import chat, richtext
from connectors.bluesky.chat import Chat, Message, is_chat, message_of
from connectors.bluesky.record import PLATFORM, posted_at
from connectors.bluesky.replier import BlueskyReplier, check_text, marks, undone
from connectors.bluesky.session import Session

if TYPE_CHECKING:
    from datetime import datetime

    from bot.errors import BotError
    from bot.model import Post
    from bot.ports import Wiring
    from bot.replies import Outgoing
    from connectors.bluesky.account import AccountSettings
    from connectors.bluesky.xrpc import Answer

MOST_GRAPHEMES, MOST_BYTES = 1_000, 10_000
KEPT = "bluesky.messages"
CLOCKS_DIFFER = timedelta(minutes=10)
LOOK_PAGES = 10
_BLOCK = "one of us blocks the other: nobody can be written to"
_REFUSED = {
    "BlockedActor": _BLOCK,
    "BlockedSubject": _BLOCK,
    "block between recipient and sender": _BLOCK,
    "MessagesDisabled": "they take no direct messages",
    "recipient has disabled incoming messages": "they take no direct messages",
    "NotFollowedBySender": "they take direct messages only of those whom they follow",
    "recipient requires incoming messages to come from someone they follow": (
        "they take direct messages only of those whom they follow"
    ),
    "ConvoLocked": "this conversation is locked",
}
"""By the name of an error, or by its message where its name is only InvalidRequest
(bluesky-social/social-app, `state/messages/convo/agent.ts`).
"""
_GONE = {
    "InvalidConvo": "this conversation is gone, or we have left it",
    "Convo not found": "this conversation is gone, or we have left it",
    "RecipientNotFound": "their account is gone",
    "recipient does not exist": "their account is gone",
    "Account does not exist": "their account is gone",
}


class ChatReplies:
    """Of one account: what `bot.replies.Replier` asks for, of direct messages."""

    def __init__(self, session: Session, wiring: Wiring) -> None:
        self._session = session
        self._chat = Chat(session)
        self._clock = wiring.clock
        self._publications = Publications(wiring.vault, KEPT)

    async def publish(self, reply: Outgoing) -> Published:
        check_text(reply.text, length(reply.text))
        convo, _ = chat.place(reply.to.id)
        me = await self._session.signed_in()
        answer = await self._chat.send({"convoId": convo, "message": await self._worded(reply)})
        if answer.status != 200:
            raise _unsent(answer)
        try:
            message = answer.read(Message)
        except Unavailable as error:
            raise Unknown(f"{error}; it may have been sent all the same") from error
        return await self._kept(name_of(reply.key, me), convo, message)

    async def find(self, reply: Outgoing) -> Published | None:
        """In its conversation, down to before it was approved. What we know to have been sent was sent, also
        where somebody deleted it for the account since then.
        """
        convo, _ = chat.place(reply.to.id)
        me = await self._session.signed_in()
        name, kept = name_of(reply.key, me), await self._publications.all()
        if name in kept:
            return self._published(convo, kept[name], reply.approved_at)
        others, wanted = set(kept.values()), richtext.plain(reply.text).strip()
        for message in await self._said_since(convo, reply.approved_at - CLOCKS_DIFFER):
            is_ours = message.sender is not None and message.sender.did == me
            if is_ours and (message.text or "").strip() == wanted and message.id not in others:
                return await self._kept(name, convo, message)
        return None

    async def _worded(self, reply: Outgoing) -> dict[str, Any]:
        """`messageInput`."""
        text = richtext.plain(reply.text)
        marked = await marks(self._session, text)
        return {"text": text, **({"facets": marked} if marked else {})}

    async def _said_since(self, convo: str, floor: datetime) -> list[Message]:
        """Newest first. Raises: Unavailable, Unauthorized, Unknown (it does not tell, or not all)."""
        said: list[Message] = []
        cursor = None
        for _ in range(LOOK_PAGES):
            try:
                page = await self._chat.messages(convo, cursor)
            except Rejected as error:
                raise Unknown(f"the conversation cannot be read: {error}") from error
            messages = [message for raw in page.messages if (message := message_of(raw))]
            fresh = [one for one in messages if posted_at(one.sent_at, floor) >= floor]
            said += fresh
            if not page.cursor or page.cursor == cursor or len(fresh) < len(messages):
                return said
            cursor = page.cursor
        raise Unknown("more was said there since than can be looked through: see in the chat")

    async def _kept(self, name: str, convo: str, message: Message) -> Published:
        await self._publications.add(name, message.id)
        at = posted_at(message.sent_at, self._clock.now())
        return self._published(convo, message.id, at)

    def _published(self, convo: str, message: str, at: datetime) -> Published:
        return Published(post_id=chat.post_id(convo, message), at=at, url=chat.web_url(convo))


class PrivateToo:
    """`bot.replies.Measuring` of an account that is written to in private as well: a direct message is
    answered as one, everything else in public, and neither ever the other way.
    """

    platform = PLATFORM
    is_idempotent = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._public = BlueskyReplier(settings, wiring)
        self._private = ChatReplies(self._public.session, wiring)

    @property
    def account_id(self) -> str | None:
        return self._public.account_id

    def length(self, text: str) -> Length:
        """Of a post: that is what fits everywhere."""
        return self._public.length(text)

    def length_to(self, post_id: str, text: str) -> Length:
        return length(text) if is_chat(post_id) else self._public.length(text)

    def refusal(self, to: Post) -> str:
        return "" if is_chat(to.id) else self._public.refusal(to)

    async def publish(self, reply: Outgoing) -> Published:
        return await (self._private if is_chat(reply.to.id) else self._public).publish(reply)

    async def find(self, reply: Outgoing) -> Published | None:
        return await (self._private if is_chat(reply.to.id) else self._public).find(reply)

    async def delete(self, post_id: str) -> None:
        if is_chat(post_id):
            raise Rejected("a direct message cannot be taken back: it was sent", reason=Reason.FORBIDDEN)
        await self._public.delete(post_id)


def length(text: str) -> Length:
    """In graphemes, unless the bytes are the narrower limit."""
    return richtext.length(text, graphemes=MOST_GRAPHEMES, most_bytes=MOST_BYTES)


def name_of(key: str, account: str) -> str:
    return hashlib.blake2b(f"{account} {key}".encode(), digest_size=16).hexdigest()


def _unsent(answer: Answer) -> BotError:
    """What an answer to a message says: nothing was sent, and why, or nobody knows."""
    fault = answer.fault
    for told in (fault.error, fault.message) if answer.status in {400, 403} else ():
        if told in _REFUSED:
            return Rejected(_REFUSED[told], reason=Reason.FORBIDDEN)
        if told in _GONE:
            return Rejected(_GONE[told], reason=Reason.NOT_FOUND)
    said = chat.error(answer)
    return said if isinstance(said, Unauthorized) else undone(answer)
