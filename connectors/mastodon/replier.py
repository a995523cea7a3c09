"""Answers on a Mastodon server: `bot.replies.Replier` for the account that the configuration names.

`POST /api/v1/statuses` (https://docs.joinmastodon.org/methods/statuses/#create) with an `Idempotency-Key`.
Mastodon keeps that key for an hour, some of its versions answer a repetition with a 500
(https://github.com/mastodon/mastodon/issues/40399), others ignore it; so nothing is ever sent again because
of it (docs/decisions/0022): what was lost is looked for in the thread and among our own posts, which the
server tells from its database, not from an index. Limits: as long a post as the server says; 300 posts in
three hours, 30 deletions in half an hour. Terms: answers to people who speak to the account or of it, who are
named in them; nothing unasked, and an account that posts by itself says so (`bot`).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable, Unknown
from bot.markup import is_web, plain
from bot.publications import Publications
from bot.replies import Published
from connectors.mastodon.api import Request
from connectors.mastodon.entities import Context, Found, Source, Status, moment, status_of
from connectors.mastodon.inbox import own_statuses
from connectors.mastodon.paging import down_to
from connectors.mastodon.server import own_server, segment
from connectors.mastodon.statuses import PLATFORM, View, is_that, parts
from connectors.mastodon.wording import addressed, length, reworded, squeezed, worded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.model import Post
    from bot.ports import Wiring
    from bot.replies import Length, Outgoing
    from connectors.mastodon.account import OneAccount
    from connectors.mastodon.api import Answer
    from connectors.mastodon.server import Me

STATUSES = "/api/v1/statuses"
KEPT = "mastodon.published"
CLOCKS_DIFFER = timedelta(hours=1)
LOOK_PAGES = 10
_GONE = frozenset({404, 410})
_NO_SUCH_WAY = frozenset({403, 404, 405, 410, 501})


class MastodonReplier:
    """`bot.replies.Corrector`."""

    platform = PLATFORM
    is_idempotent = False

    def __init__(self, settings: OneAccount, wiring: Wiring, account: str = "") -> None:
        """`account`: what one beside the first is called."""
        self._server = own_server(settings, wiring)
        self._publications = Publications(wiring.vault, f"{KEPT}.{account}" if account else KEPT)

    @property
    def account_id(self) -> str | None:
        return self._server.known_me.acct if self._server.known_me else None

    def length(self, text: str) -> Length:
        return length(text, self._server.known_terms)

    def refusal(self, to: Post) -> str:
        return ""

    async def publish(self, reply: Outgoing) -> Published:
        me, terms = await self._server.me(), await self._server.terms()
        check(reply)
        to = await self._answered(reply.to)
        wording = worded(reply, to, me, terms)
        name = name_of(reply.key, me.acct)
        body = {**wording.fields, "visibility": wording.visibility, "in_reply_to_id": to.id}
        headers = {"Idempotency-Key": name}
        answer = await self._server.ask(Request(verb="POST", path=STATUSES, body=body, headers=headers))
        if answer.status != 200:
            raise undone(answer)
        made = status_of(msgspec.Raw(answer.body))
        if made is None:
            raise lost(answer)
        return await self._kept(name, made)

    async def find(self, reply: Outgoing) -> Published | None:
        try:
            return await self._found(reply)
        except Rejected as error:  # that we may not look says nothing of what is there
            raise Unavailable(str(error), reason=error.reason) from error

    async def _found(self, reply: Outgoing) -> Published | None:
        me = await self._server.me()
        name = name_of(reply.key, me.acct)
        kept = await self._publications.all()
        if name in kept:
            there = await self._looked_at(kept[name])
            return self._published(there) if there else None
        is_doubtful = False
        async for one in self._answers(reply, me, known=set(kept.values())):
            says = await self._says(one, reply, me)
            if says:
                return await self._kept(name, one)
            is_doubtful = is_doubtful or says is None
        if is_doubtful:
            raise Unknown(f"{self._server.name} does not tell what exactly our posts say: see in the thread")
        return None

    async def correct(self, post_id: str, reply: Outgoing) -> None:
        """https://docs.joinmastodon.org/methods/statuses/#edit"""
        me, terms = await self._server.me(), await self._server.terms()
        check(reply)
        path = self._own_path(post_id)
        ours = await self._looked_at(parts(post_id)[1])
        if ours is None:
            raise Rejected("the post that is to be corrected is gone", reason=Reason.NOT_FOUND)
        if ours.account.id != me.id:
            raise Rejected("only a post of our own can be corrected", reason=Reason.FORBIDDEN)
        wording = reworded(reply, ours, me, terms)
        answer = await self._server.ask(Request(verb="PUT", path=path, body=wording.fields))
        if answer.status in _NO_SUCH_WAY and not answer.is_scope:
            raise Rejected(f"{self._server.name} lets no post be changed", reason=Reason.INVALID)
        if answer.status != 200:
            raise undone(answer)
        if status_of(msgspec.Raw(answer.body)) is None:
            raise lost(answer)

    async def owns(self, post_id: str) -> bool:
        """Whether a post is there, and this account's. Raises: Unavailable, Refused."""
        me = await self._server.me()
        there = await self._looked_at(parts(post_id)[1])
        return there is not None and there.account.id == me.id

    async def delete(self, post_id: str) -> None:
        await self._server.me()
        answer = await self._server.ask(Request(verb="DELETE", path=self._own_path(post_id)))
        if answer.status not in {200, *_GONE}:
            raise undone(answer)

    # --- what is answered ---

    async def _answered(self, to: Post) -> Status:
        """As it is now: it may be gone, or say something else than what was read. Raises: Rejected."""
        server, status_id = parts(to.id)
        if server != self._server.name:
            return await self._known_here(to)
        status = await self._looked_at(status_id)
        if status is None:
            message = "the post that is to be answered is gone, or its author blocks us"
            raise Rejected(message, reason=Reason.NOT_FOUND)
        if (status.edited_at or None) != (to.revision or None):
            raise Rejected("the post was edited since it was read", reason=Reason.CONFLICT)
        return status

    async def _known_here(self, to: Post) -> Status:
        """A post that another server told us of, as the account's own server calls it.

        https://docs.joinmastodon.org/methods/search/#query-parameters: `resolve` fetches what is new to it.
        Some look for the address in texts too, and so find other posts.
        """
        query = [("q", to.url or ""), ("type", "statuses"), ("resolve", "true")]
        answer = await self._server.get("/api/v2/search", query)
        if answer.status != 200:
            raise sure(answer.error())
        view = View(server=self._server.name, domain=self._server.known_terms.domain)
        found = (status_of(raw) for raw in answer.read(Found).statuses)
        same = next((status for status in found if status and is_that(status, view, to)), None)
        if not to.url or same is None:
            message = f"{self._server.name} does not know this post of another server"
            raise Rejected(message, reason=Reason.NOT_FOUND)
        return same

    async def _looked_at(self, status_id: str) -> Status | None:
        """None: it is gone. Raises: Unavailable, Unauthorized, Rejected."""
        answer = await self._server.get(f"{STATUSES}/{segment(status_id)}")
        if answer.status in _GONE:
            return None
        if answer.status != 200:
            raise sure(answer.error())
        return answer.read(Status)

    # --- what we said ---

    async def _answers(self, reply: Outgoing, me: Me, *, known: set[str]) -> AsyncIterator[Status]:
        """Our answers to that post that are no reply we know of: below it, then among all our posts (one that
        is answered may be gone, and with it the thread).
        """
        seen = set(known)
        server, parent = parts(reply.to.id)
        if server != self._server.name:
            parent = (await self._known_here(reply.to)).id
        for one in await self._below(parent):
            if one.account.id == me.id and one.in_reply_to_id == parent and one.id not in seen:
                seen.add(one.id)
                yield one
        floor = reply.approved_at - CLOCKS_DIFFER
        found = await down_to(self._server, own_statuses(me), floor=floor, pages=LOOK_PAGES)
        for row in found.rows:
            if row.status.in_reply_to_id in {parent, None} and row.id not in seen:
                yield row.status
        if not found.is_whole:
            raise Unknown("we published more since than can be looked through: see in the thread")

    async def _below(self, parent: str) -> list[Status]:
        answer = await self._server.get(f"{STATUSES}/{segment(parent)}/context")
        if answer.status in _GONE:
            return []
        if answer.status != 200:
            raise sure(answer.error())
        return [status for raw in answer.read(Context).descendants if (status := status_of(raw))]

    async def _says(self, one: Status, reply: Outgoing, me: Me) -> bool | None:
        """Whether a post says just this; None: nobody can tell. Its source tells it to the letter."""
        wanted = addressed(reply, (await self._server.terms()).domain, me.acct)
        answer = await self._server.get(f"{STATUSES}/{segment(one.id)}/source")
        if answer.status == 200:
            return answer.read(Source).text.strip() == wanted.strip()
        if answer.status not in _NO_SUCH_WAY:
            raise sure(answer.error())
        if squeezed(plain(one.content)) == squeezed(wanted):
            return True
        is_older = moment(one.created_at) < reply.approved_at - CLOCKS_DIFFER
        return False if is_older or one.in_reply_to_id is None else None

    def _own_path(self, post_id: str) -> str:
        server, status_id = parts(post_id)
        if server != self._server.name or not status_id:
            raise Rejected("only a post of our own can be changed", reason=Reason.FORBIDDEN)
        return f"{STATUSES}/{segment(status_id)}"

    async def _kept(self, name: str, made: Status) -> Published:
        await self._publications.add(name, made.id)
        return self._published(made)

    def _published(self, made: Status) -> Published:
        view = View(server=self._server.name, domain=self._server.known_terms.domain)
        return Published(
            post_id=view.post_id(made.id),
            at=moment(made.created_at),
            url=made.url if is_web(made.url or "") else None,
        )


def check(reply: Outgoing) -> None:
    """Raises: Rejected for what no server takes."""
    try:
        reply.text.encode()
    except UnicodeEncodeError:
        raise Rejected("half a character cannot be published", reason=Reason.INVALID) from None


def sure(error: BotError) -> BotError:
    """What an answer says that surely did nothing."""
    if isinstance(error, Unauthorized | Rejected | Unavailable):
        return error
    return Rejected(str(error), reason=error.reason)


def undone(answer: Answer) -> BotError:
    """What an answer to a write says: nothing was done, or nobody knows."""
    if 400 <= answer.status < 500 and answer.status != 408:
        return sure(answer.error())
    return lost(answer)


def lost(answer: Answer) -> Unknown:
    """An answer that is not that of the server itself: somebody in between gave it."""
    return Unknown(f"{answer.where} answered {answer.status}; it may have been done all the same")


def name_of(key: str, account: str) -> str:
    """A key that is unique for us, as one that is unique on the server, and tells nothing."""
    return hashlib.blake2b(f"{account} {key}".encode(), digest_size=16).hexdigest()
