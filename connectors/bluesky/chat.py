"""Bluesky's chat as its service tells it: requests, conversations, messages, and who speaks in them.

Lexicons `chat.bsky.convo.*` (https://docs.bsky.app/docs/api/chat-bsky-convo-get-log,
https://github.com/bluesky-social/atproto/tree/main/lexicons/chat/bsky/convo). Every request goes to the
account's own server, which hands it on to the one chat service there is (`atproto-proxy`); an app password
needs the right to it ("Allow access to your direct messages"), else the server says `InvalidToken`, "Bad
token method". Knows no position and no reply.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote

import msgspec

from bot.errors import BotError, Reason, Rejected, Unauthorized
from bot.model import Post, PostRef
from connectors.bluesky.record import (
    PLATFORM,
    Embed,
    Facet,
    Quoted,
    Record,
    links,
    mentions,
    posted_at,
    quoted,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from connectors.bluesky.session import Session
    from connectors.bluesky.xrpc import Answer

T = TypeVar("T")

SERVICE = "did:web:api.bsky.chat#bsky_chat"
CONVO = "chat.bsky.convo"
PAGE = 100
BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
RIGHT = (
    "make a new app password with “Allow access to your direct messages”, or leave out `chat: true`"
    " (docs/connectors/bluesky.md tells where)"
)
_DISABLED = "Account is disabled"
_ID = re.compile(r"chat:([^/\s]+)/([^/\s]+)")
_INVALID_HANDLE = "handle.invalid"


class Sender(msgspec.Struct, frozen=True):
    did: str


class Message(msgspec.Struct, frozen=True):
    """`messageView`; where it was deleted or is the system's own, it has no text."""

    id: str
    sent_at: str = msgspec.field(name="sentAt")
    sender: Sender | None = None
    text: str | None = None
    facets: msgspec.Raw = msgspec.Raw(b"null")
    embed: msgspec.Raw = msgspec.Raw(b"null")


class Person(msgspec.Struct, frozen=True):
    did: str
    handle: str = _INVALID_HANDLE


class Kind(msgspec.Struct, frozen=True):
    type: str = msgspec.field(name="$type", default="")


class Convo(msgspec.Struct, frozen=True):
    """`convoView`, of us who ask. Those that are older than `kind` are all between two."""

    id: str
    members: list[Person]
    muted: bool = False
    kind: Kind | None = None
    last: msgspec.Raw = msgspec.field(name="lastMessage", default=msgspec.Raw(b"null"))

    def partner(self, me: str) -> Person | None:
        """Whom we talk to; None where there are several, or nobody."""
        if self.kind is not None and self.kind.type.endswith("#groupConvo"):
            return None
        others = [one for one in self.members if one.did != me]
        return others[0] if len(others) == 1 else None


class Asked(msgspec.Struct, frozen=True):
    convo: Convo


class Convos(msgspec.Struct, frozen=True):
    convos: list[msgspec.Raw]
    cursor: str | None = None


class Messages(msgspec.Struct, frozen=True):
    messages: list[msgspec.Raw]
    cursor: str | None = None


class Log(msgspec.Struct, frozen=True):
    logs: list[msgspec.Raw]
    cursor: str | None = None


class _Shared(msgspec.Struct, frozen=True):
    """`app.bsky.embed.record#view`: somebody's post, put under a message."""

    record: Quoted | None = None


class Chat:
    """What an account may ask of the service."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def log(self, cursor: str | None) -> Log | None:
        """What happened after `cursor` (None: nothing, but from where on); None: it is no longer known.

        Raises: Unavailable, Refused, Rejected.
        """
        answer = await self._asked("getLog", [("cursor", cursor)] if cursor else [])
        if cursor and answer.status == 400 and answer.fault.error == "InvalidRequest":
            return None
        return read(answer, Log)

    async def convo(self, convo: str) -> Convo | None:
        """None: there is no such conversation any more, or we are not in it."""
        answer = await self._asked("getConvo", [("convoId", convo)])
        fault = answer.fault
        if answer.status == 400 and (fault.error == "InvalidConvo" or fault.message == "Convo not found"):
            return None
        return read(answer, Asked).convo

    async def convos(self, status: str, cursor: str | None) -> Convos:
        """A page of the conversations that we `accepted`, or of those that somebody asks (`request`) for."""
        query = [("limit", str(PAGE)), ("status", status), *([("cursor", cursor)] if cursor else [])]
        return read(await self._asked("listConvos", query), Convos)

    async def messages(self, convo: str, cursor: str | None) -> Messages:
        """A page of a conversation, the newest first."""
        query = [("convoId", convo), ("limit", str(PAGE)), *([("cursor", cursor)] if cursor else [])]
        return read(await self._asked("getMessages", query), Messages)

    async def send(self, body: object) -> Answer:
        """Raises: Unavailable, Unauthorized (nothing was sent), Unknown."""
        return await self.session.write(f"{CONVO}.sendMessage", body, proxy=SERVICE)

    async def _asked(self, method: str, query: Sequence[tuple[str, str]]) -> Answer:
        return await self.session.query(f"{CONVO}.{method}", query, proxy=SERVICE)


def read(answer: Answer, shape: type[T]) -> T:
    """What a 200 holds. Raises: Unavailable, Refused, Rejected."""
    if answer.status != 200:
        raise error(answer)
    return answer.read(shape)


def error(answer: Answer) -> BotError:
    """What an answer other than 200 says."""
    if answer.is_beyond or (answer.status == 403 and answer.fault.error.startswith("ScopeMissing")):
        return Unauthorized(f"{answer.where}: this app password may not read direct messages; {RIGHT}")
    if answer.status == 400 and answer.fault.message == _DISABLED:
        return Unauthorized(f"{answer.where}: chat is disabled for the account")
    return answer.error()


# --- messages as posts ----------------------------------------------------------------------------


def root_id(convo: str) -> str:
    """What a conversation is called: the thread of all that is said in it."""
    return f"chat:{quote(convo, safe='')}"


def post_id(convo: str, message: str) -> str:
    return f"{root_id(convo)}/{quote(message, safe='')}"


def is_chat(post: str) -> bool:
    """Whether a post is a message of the chat, by its id."""
    return post.startswith("chat:")


def place(post: str) -> tuple[str, str]:
    """The conversation and the message of a post. Raises: Rejected."""
    found = _ID.fullmatch(post)
    if found is None:
        raise Rejected("only a direct message is answered in the chat", reason=Reason.INVALID)
    return unquote(found[1]), unquote(found[2])


def web_url(convo: str) -> str:
    return f"https://bsky.app/messages/{quote(convo, safe='')}"


def message_of(raw: msgspec.Raw) -> Message | None:
    try:
        return msgspec.json.decode(raw, type=Message)
    except BAD:
        return None


def to_post(message: Message, convo: str, us: Person, them: Person, now: datetime) -> Post | None:
    """None where it says nothing (any more), or is by neither of the two.

    What we say answers whoever we talk to: between two there is nobody else.
    """
    sender = message.sender.did if message.sender else None
    if message.text is None or sender not in {us.did, them.did}:
        return None
    is_ours = sender == us.did
    handle = us.handle if is_ours else them.handle
    record = Record(text=message.text, facets=_facets(message))
    shared = _shared(message)
    root = PostRef(id=root_id(convo))
    return Post(
        platform=PLATFORM,
        id=post_id(convo, message.id),
        author_id=us.did if is_ours else them.did,
        author_handle=None if handle == _INVALID_HANDLE else handle,
        text=message.text,
        posted_at=posted_at(message.sent_at, now),
        seen_at=now,
        links=tuple(links(record)),
        mentions=() if is_ours else tuple(dict.fromkeys((us.did, *mentions(record)))),
        parent=PostRef(id=root.id, author_id=them.did) if is_ours else None,
        root=root,
        quoted=quoted(Embed(record=shared)) if shared else None,
        url=web_url(convo),
        is_private=True,
    )


def _facets(message: Message) -> list[Facet] | None:
    try:
        return msgspec.json.decode(message.facets, type=list[Facet] | None)
    except BAD:
        return None


def _shared(message: Message) -> Quoted | None:
    try:
        embed = msgspec.json.decode(message.embed, type=_Shared | None)
    except BAD:
        return None
    return embed.record if embed else None
