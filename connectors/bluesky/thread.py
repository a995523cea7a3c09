"""Where a reply hangs: root and parent with their CIDs, and whether we may hang it there.

Asked of the AppView through our own server, as ourselves: `app.bsky.feed.getPosts` says `replyDisabled` where
a threadgate shuts us out, and leaves out what is deleted, stands behind a block or is not indexed yet
(https://docs.bsky.app/docs/api/app-bsky-feed-get-posts). Knows nothing of what is replied.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Rejected, Unauthorized, Unavailable
from connectors.bluesky.record import COLLECTION, Pieces, Ref, mended

if TYPE_CHECKING:
    from datetime import datetime

    from bot.model import Post, PostRef
    from connectors.bluesky.session import Session

LAG = timedelta(minutes=2)
"""So long after it was seen, a post that the AppView does not know is rather not indexed yet than gone."""
_AGAIN = timedelta(seconds=10)


class Gate(msgspec.Struct, frozen=True):
    """`viewerState` of a post: of us, who ask."""

    shut: bool | None = msgspec.field(name="replyDisabled", default=None)


class Terms(msgspec.Struct, frozen=True):
    """`viewerState` of an author."""

    blocked_by: bool | None = msgspec.field(name="blockedBy", default=None)
    blocking: str | None = None

    @property
    def is_block(self) -> bool:
        return bool(self.blocked_by or self.blocking)


class Person(msgspec.Struct, frozen=True):
    viewer: Terms = Terms()


class View(msgspec.Struct, frozen=True):
    uri: str
    cid: str
    record: Pieces
    author: Person = Person()
    viewer: Gate = Gate()


class Views(msgspec.Struct, frozen=True):
    posts: list[View] = []


async def references(session: Session, to: Post, now: datetime) -> dict[str, dict[str, str]]:
    """`reply` of the record. Raises: Rejected where nobody would see it, Unavailable, Refused."""
    asked = [to.id, *([to.root.id] if to.root and not to.root.revision else [])]
    views = await session.read("app.bsky.feed.getPosts", [("uris", uri) for uri in asked], Views)
    found = {view.uri: view for view in views.posts}
    parent = found.get(to.id)
    if parent is None:
        raise await _why_not(session, to, now)
    if parent.viewer.shut:
        raise Rejected("this thread is closed to us: its author says who may reply", reason=Reason.FORBIDDEN)
    if parent.author.viewer.is_block:
        raise _blocked()
    root = _known(to.root) or _root(parent, found)
    if root is None:
        raise Rejected("the first post of this thread is gone", reason=Reason.NOT_FOUND)
    return {"root": root, "parent": {"uri": to.id, "cid": to.revision or parent.cid}}


def _known(root: PostRef | None) -> dict[str, str] | None:
    return {"uri": root.id, "cid": root.revision} if root and root.revision else None


def _root(parent: View, found: dict[str, View]) -> dict[str, str] | None:
    """As the parent's own record says; one that answers nobody is the root itself."""
    above = mended(parent.record).reply
    if above is None:
        return {"uri": parent.uri, "cid": parent.cid}
    cid = above.root.cid or (found[above.root.uri].cid if above.root.uri in found else None)
    return {"uri": above.root.uri, "cid": cid} if cid else None


async def _why_not(session: Session, to: Post, now: datetime) -> Rejected | Unavailable:
    """What is deleted has no record any more. Where there is one, a block hides it, or an index that lags: an
    account on our own server can be read there before the AppView has heard of what it wrote.
    """
    did, _, rkey = to.id.removeprefix("at://").partition(f"/{COLLECTION}/")
    query = (("repo", did), ("collection", COLLECTION), ("rkey", rkey))
    answer = await session.query("com.atproto.repo.getRecord", query)
    is_there = answer.status == 200
    if is_there:
        answer.read(Ref)
        if await _is_between_us(session, did):
            return _blocked()
    elif not isinstance(error := answer.error(), Rejected):
        raise error
    if now - to.seen_at < LAG:
        message = "the AppView does not know the post yet that is to be answered"
        return Unavailable(message, reason=Reason.NOT_FOUND, retry_after=_AGAIN)
    if is_there:
        return Rejected("Bluesky does not show the post that is to be answered", reason=Reason.FORBIDDEN)
    return Rejected("the post that is to be answered is deleted", reason=Reason.NOT_FOUND)


async def _is_between_us(session: Session, did: str) -> bool:
    """Whether one of us blocks the other: a profile is shown all the same, and says so."""
    answer = await session.query("app.bsky.actor.getProfile", (("actor", did),))
    if answer.status == 200:
        return answer.read(Person).viewer.is_block
    error = answer.error()
    if not isinstance(error, Rejected | Unauthorized):
        raise error
    return False


def _blocked() -> Rejected:
    return Rejected("its author blocks us, or we them: nobody would see it there", reason=Reason.FORBIDDEN)
