"""Where a reply hangs: root and parent with their CIDs, and whether we may hang it there.

Asked of the AppView through our own server, as ourselves: `app.bsky.feed.getPosts` says `replyDisabled` where
a threadgate shuts us out, and leaves out what is deleted or stands behind a block
(https://docs.bsky.app/docs/api/app-bsky-feed-get-posts). Knows nothing of what is replied.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Rejected, Unavailable
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
    if parent.author.viewer.blocked_by or parent.author.viewer.blocking:
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
    """Behind a block the record itself can still be read; what is deleted cannot."""
    did, _, rkey = to.id.removeprefix("at://").partition(f"/{COLLECTION}/")
    query = (("repo", did), ("collection", COLLECTION), ("rkey", rkey))
    answer = await session.query("com.atproto.repo.getRecord", query)
    if answer.status == 200:
        answer.read(Ref)
        return _blocked()
    error = answer.error()
    if not isinstance(error, Rejected):
        raise error
    if now - to.seen_at < LAG:
        message = "the AppView does not know the post yet that is to be answered"
        return Unavailable(message, reason=Reason.NOT_FOUND, retry_after=_AGAIN)
    return Rejected("the post that is to be answered is deleted", reason=Reason.NOT_FOUND)


def _blocked() -> Rejected:
    return Rejected("its author blocks us, or we them: nobody would see it there", reason=Reason.FORBIDDEN)
