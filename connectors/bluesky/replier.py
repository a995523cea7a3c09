"""Answers on Bluesky: `bot.replies.Replier` for the account that the configuration names.

A reply is a record in our own repository, under a key that follows from the reply, written with
`com.atproto.repo.putRecord` and `swapRecord: null`: that makes a record where there is none, does nothing
where the same one is, and never writes over another (`InvalidSwap`). `createRecord` would do as well but
for its answer to a repetition, a 500 on many servers (https://github.com/bluesky-social/atproto/pull/4728),
which says nothing. Whether it is there, `getRecord` on that server tells at once: it is the place itself,
not an index.

Our server takes a reply wherever it points: that a thread is closed to us, or its author blocks us, only
keeps the AppView from showing it, so that nobody would see our answer and we would hold it for given. So
the AppView is asked before. Limits: 300 graphemes, 3,000 bytes; 5,000 points an hour, 35,000 a day, of
which this takes two (https://docs.bsky.app/docs/advanced-guides/rate-limits). Terms: answers to people who
speak to the account or of it; no bulk (https://bsky.social/about/support/community-guidelines).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable, Unknown
from bot.replies import Published
from connectors.bluesky import richtext
from connectors.bluesky.chat import is_chat
from connectors.bluesky.record import COLLECTION, PLATFORM, authority, post_id, web_url
from connectors.bluesky.session import Session
from connectors.bluesky.thread import references
from connectors.bluesky.tid import record_key, stamp

if TYPE_CHECKING:
    from datetime import datetime

    from bot.model import Post
    from bot.ports import Wiring
    from bot.replies import Length, Outgoing
    from connectors.bluesky.account import AccountSettings
    from connectors.bluesky.xrpc import Answer

_LANG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Written(msgspec.Struct, frozen=True):
    """What `putRecord` answers."""

    uri: str
    cid: str


class Parent(msgspec.Struct, frozen=True):
    uri: str = ""


class Thread(msgspec.Struct, frozen=True):
    parent: Parent = Parent()


class Value(msgspec.Struct, frozen=True):
    text: str = ""
    created_at: str = msgspec.field(name="createdAt", default="")
    reply: Thread = Thread()


class Stored(msgspec.Struct, frozen=True):
    """What `getRecord` answers."""

    cid: str
    value: Value


class BlueskyReplier:
    """`bot.replies.Replier`."""

    platform = PLATFORM
    is_idempotent = True

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self.session = self._session = Session(settings, wiring)
        self._clock = wiring.clock

    @property
    def account_id(self) -> str | None:
        return self._session.did

    def length(self, text: str) -> Length:
        return richtext.length(text)

    def refusal(self, to: Post) -> str:
        """A direct message is never answered here: what stands in a thread stands in public."""
        return "no_direct_messages" if is_chat(to.id) else ""

    async def publish(self, reply: Outgoing) -> Published:
        check(reply)
        did = await self._session.signed_in()
        try:
            record = await self._record(reply)
        except Rejected:  # what cannot be answered now was perhaps answered by an earlier try
            if found := await self.find(reply):
                return found
            raise
        rkey = record_key(reply.approved_at, reply.key)
        body = {"repo": did, "collection": COLLECTION, "rkey": rkey, "record": record, "swapRecord": None}
        answer = await self._session.write("com.atproto.repo.putRecord", body)
        if answer.status == 200:
            return _published(did, rkey, reply, cid_of(answer))
        if answer.status == 400 and answer.fault.error == "InvalidSwap":
            return await self._there_already(reply, answer)
        raise undone(answer)

    async def find(self, reply: Outgoing) -> Published | None:
        did = await self._session.signed_in()
        rkey = record_key(reply.approved_at, reply.key)
        query = (("repo", did), ("collection", COLLECTION), ("rkey", rkey))
        answer = await self._session.query("com.atproto.repo.getRecord", query)
        if is_absent(answer):
            return None
        if answer.status != 200:
            raise seen_not(answer)
        stored = answer.read(Stored)
        return _published(did, rkey, reply, stored.cid) if is_same(stored.value, reply) else None

    async def delete(self, post_id: str) -> None:
        did = await self._session.signed_in()
        if authority(post_id) != did or f"/{COLLECTION}/" not in post_id:
            raise Rejected("only a post of our own can be taken back", reason=Reason.FORBIDDEN)
        body = {"repo": did, "collection": COLLECTION, "rkey": post_id.rpartition("/")[2]}
        answer = await self._session.write("com.atproto.repo.deleteRecord", body)
        if answer.status != 200:
            raise undone(answer)

    async def _there_already(self, reply: Outgoing, answer: Answer) -> Published:
        """A try that named something otherwise (a handle that leads elsewhere by now) is the same reply."""
        try:
            found = await self.find(reply)
        except Unavailable as error:
            raise Unknown(f"something stands in its place; {error}") from error
        if found is None:
            raise Rejected(f"{answer.where}: another post stands in its place", reason=Reason.CONFLICT)
        return found

    async def _record(self, reply: Outgoing) -> dict[str, Any]:
        """`app.bsky.feed.post`; the same one on each try."""
        thread = await references(self._session, reply.to, self._clock.now())
        text = richtext.plain(reply.text)
        marked = await marks(self._session, text)
        record: dict[str, Any] = {
            "$type": COLLECTION,
            "text": text,
            "createdAt": stamp(reply.approved_at),
            "reply": thread,
        }
        if reply.lang and _LANG.fullmatch(reply.lang):
            record["langs"] = [reply.lang]
        if marked:
            record["facets"] = marked
        return record


class Resolved(msgspec.Struct, frozen=True):
    did: str


async def marks(session: Session, text: str) -> list[dict[str, Any]]:
    """The facets of a text. Raises: Unavailable, Refused."""
    found = richtext.marks(text)
    handles = [mark.value for mark in found if mark.kind == "handle"]
    dids = {handle: await resolved(session, handle) for handle in handles}
    return richtext.facets(text, found, {name: did for name, did in dids.items() if did})


async def resolved(session: Session, handle: str) -> str | None:
    """A handle that nobody has is only text."""
    answer = await session.query("com.atproto.identity.resolveHandle", (("handle", handle),))
    if answer.status == 200:
        return answer.read(Resolved).did
    if answer.status == 400:
        return None
    raise answer.error()


def check_text(text: str, length: Length) -> None:
    """Raises: Rejected for what would be refused anyway."""
    if not length.fits:
        message = f"{length.used} {length.unit}: there must be at least one and at most {length.limit}"
        raise Rejected(message, reason=Reason.INVALID)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Rejected("half a character cannot be published", reason=Reason.INVALID) from None
    if "\0" in text:  # the server takes it; an AppView on PostgreSQL never shows it
        raise Rejected("a text with a NUL in it would be shown to nobody", reason=Reason.INVALID)


def check(reply: Outgoing) -> None:
    """Raises: Rejected for what would be refused anyway, and for what is not public."""
    check_text(reply.text, richtext.length(reply.text))
    if authority(reply.to.id) is None or f"/{COLLECTION}/" not in reply.to.id:
        raise Rejected("only a post can be answered", reason=Reason.INVALID)


def cid_of(answer: Answer) -> str:
    """Raises: Unknown for a 200 that is not our server's: it may have been somebody in between."""
    try:
        return answer.read(Written).cid
    except Unavailable as error:
        raise Unknown(f"{error}; it may have been published all the same") from error


def undone(answer: Answer) -> BotError:
    """What an answer to a write says: nothing was done, or nobody knows."""
    error = answer.error()
    is_sure = 400 <= answer.status < 500 and answer.status != 408
    if not is_sure:
        return Unknown(f"{answer.where} answered {answer.status}; it may have been done all the same")
    if isinstance(error, Unauthorized | Rejected | Unavailable):
        return error
    return Rejected(str(error), reason=error.reason)


def seen_not(answer: Answer) -> BotError:
    """What an answer to a look says; that something is not there was asked before."""
    error = answer.error()
    if isinstance(error, Unauthorized | Unavailable):
        return error
    return Unavailable(str(error), reason=error.reason)


def is_absent(answer: Answer) -> bool:
    """Older servers have no name for it: https://github.com/bluesky-social/atproto/tree/main/packages/pds."""
    fault = answer.fault
    is_named = fault.error == "RecordNotFound"
    return answer.status == 400 and (is_named or fault.message.startswith("Could not locate record"))


def is_same(value: Value, reply: Outgoing) -> bool:
    said = (value.text, value.created_at, value.reply.parent.uri)
    return said == (richtext.plain(reply.text), stamp(reply.approved_at), reply.to.id)


def _published(did: str, rkey: str, reply: Outgoing, cid: str) -> Published:
    return Published(
        post_id=post_id(did, rkey),
        at=_to_the_millisecond(reply.approved_at),
        url=web_url(did, rkey),
        revision=cid,
    )


def _to_the_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
