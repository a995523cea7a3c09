"""Who wrote a Bluesky post and what stands above it, from the public AppView; no account needed.

Methods: https://docs.bsky.app/docs/api/app-bsky-actor-get-profile, com-atproto-identity-resolve-handle,
app-bsky-feed-get-post-thread, app-bsky-feed-get-posts. Errors come as 400 with an XRPC error name
(https://atproto.com/specs/xrpc#error-responses); 429 carries `Retry-After`, and until then nothing is asked.
The limits of the public host are not written down: so answers are kept, and only mentions are asked about.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot.errors import BotError, Reason, Rejected, Unavailable
from bot.measured import Engagement
from bot.model import Author, Post
from bot.refusals import place, refusal, retry_after
from connectors.bluesky.answers import Answers
from connectors.bluesky.chat import is_chat
from connectors.bluesky.record import PLATFORM, Origin, Pieces, mended, posted_at, to_post

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from bot.ports import Wiring
    from connectors.bluesky.jetstream import Settings

T = TypeVar("T")

PARENTS = 20
"""How far up a thread is read; the lexicon allows 1,000."""
KEEP_SECONDS = 3600.0
KEEP_REFUSAL_SECONDS = 600.0
KEEP_THREAD_SECONDS = 60.0
_SIZE = 1_000
_LIMIT = 1_000_000
_POST = "app.bsky.feed.defs#threadViewPost"
_INVALID_HANDLE = "handle.invalid"
"""What the AppView says for a handle that does not resolve back: https://atproto.com/specs/handle"""


class Verification(msgspec.Struct, gc=False, frozen=True):
    status: str | None = msgspec.field(name="verifiedStatus", default=None)


class Profile(msgspec.Struct, gc=False, frozen=True):
    """`app.bsky.actor.defs#profileViewDetailed`, and the basic view that threads hold."""

    did: str
    handle: str
    name: str | None = msgspec.field(name="displayName", default=None)
    bio: str | None = msgspec.field(name="description", default=None)
    followers: int | None = msgspec.field(name="followersCount", default=None)
    following: int | None = msgspec.field(name="followsCount", default=None)
    created_at: str | None = msgspec.field(name="createdAt", default=None)
    verification: Verification | None = None


class Resolved(msgspec.Struct, gc=False, frozen=True):
    did: str


class PostView(msgspec.Struct, gc=False, frozen=True):
    uri: str
    author: Profile
    record: Pieces
    cid: str | None = None
    indexed_at: str | None = msgspec.field(name="indexedAt", default=None)


class Node(msgspec.Struct, frozen=True):
    """A threadViewPost; of a notFoundPost or a blockedPost only the type is kept."""

    type: str = msgspec.field(name="$type", default="")
    post: PostView | None = None
    parent: Node | None = None
    replies: list[Node] = []


class Counts(msgspec.Struct, gc=False, frozen=True):
    """What a postView says of reactions."""

    likes: int | None = msgspec.field(name="likeCount", default=None)
    reposts: int | None = msgspec.field(name="repostCount", default=None)
    quotes: int | None = msgspec.field(name="quoteCount", default=None)
    replies: int | None = msgspec.field(name="replyCount", default=None)


class Views(msgspec.Struct, frozen=True):
    posts: list[Counts] = []


class Thread(msgspec.Struct, frozen=True):
    thread: Node


class Fault(msgspec.Struct, gc=False, frozen=True):
    error: str | None = None


class AppViewLookup:
    """`bot.ports.Lookup` over the public AppView."""

    platform = PLATFORM

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._base = f"{settings.appview}/xrpc"
        self._http = wiring.http
        self._clock = wiring.clock
        self._closed_until = 0.0
        self._authors = self._answers(Author, KEEP_SECONDS)
        self._handles = self._answers(str, KEEP_SECONDS)
        self._threads = self._answers(tuple[Post, ...], KEEP_THREAD_SECONDS)

    async def author(self, author_id: str) -> Author:
        async def ask() -> Author:
            answer = await self._get("app.bsky.actor.getProfile", {"actor": author_id}, Profile)
            return author(answer, self._clock.now())

        return await self._authors.get(author_id, ask)

    async def resolve(self, handle: str) -> str:
        name = handle.removeprefix("@").lower()

        async def ask() -> str:
            return (await self._get("com.atproto.identity.resolveHandle", {"handle": name}, Resolved)).did

        return await self._handles.get(name, ask)

    async def thread(self, post_id: str) -> tuple[Post, ...]:
        _must_be_public(post_id)

        async def ask() -> tuple[Post, ...]:
            query = {"uri": post_id, "depth": "0", "parentHeight": str(PARENTS)}
            answer = await self._get("app.bsky.feed.getPostThread", query, Thread)
            return posts_of(answer.thread, self._clock.now())

        return await self._threads.get(post_id, ask)

    async def answers(self, post_id: str) -> tuple[Post, ...]:
        _must_be_public(post_id)
        query = {"uri": post_id, "depth": "1", "parentHeight": "0"}
        node = (await self._get("app.bsky.feed.getPostThread", query, Thread)).thread
        if node.type != _POST:
            raise Rejected("this post is deleted, or its author blocks us", reason=Reason.NOT_FOUND)
        below = (reply.post for reply in node.replies if reply.type == _POST and reply.post)
        return tuple(view_post(view, self._clock.now()) for view in below)

    async def engagement(self, post_id: str) -> Engagement:
        _must_be_public(post_id)
        views = (await self._get("app.bsky.feed.getPosts", {"uris": post_id}, Views)).posts
        if not views:
            raise Rejected("this post is deleted, or nobody may see it", reason=Reason.NOT_FOUND)
        shared = [count for count in (views[0].reposts, views[0].quotes) if count is not None]
        return Engagement(
            likes=views[0].likes, shares=sum(shared) if shared else None, replies=views[0].replies
        )

    def _answers(self, _: type[T], keep: float) -> Answers[T]:
        return Answers(self._clock, size=_SIZE, keep=keep, keep_refusal=min(keep, KEEP_REFUSAL_SECONDS))

    async def _get(self, method: str, query: Mapping[str, str], shape: type[T]) -> T:
        closed_for = self._closed_until - self._clock.monotonic()
        if closed_for > 0:
            left = timedelta(seconds=closed_for)
            raise Unavailable("the AppView asked us to wait", reason=Reason.RATE_LIMITED, retry_after=left)
        async with self._http.request("GET", f"{self._base}/{method}", params=query) as response:
            body = await self._http.read(response, limit=_LIMIT)
            where = place(response.url)
            if response.status == 200:
                return decoded(body, shape, where)
            wait = retry_after(response.headers, self._clock.now())
        if response.status == 429 and wait:
            self._closed_until = self._clock.monotonic() + wait.total_seconds()
        raise refused(response.status, body, where, wait)


def _must_be_public(post_id: str) -> None:
    """Raises: Rejected for a direct message: what it is called is nobody else's business."""
    if is_chat(post_id):
        raise Rejected("a direct message stands in no public thread", reason=Reason.NOT_FOUND)


def decoded(body: bytes, shape: type[T], where: str) -> T:
    """Raises: Unavailable (protocol) for an answer that is something else."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{where} answered something that is not {shape.__name__.lower()} JSON"
        raise Unavailable(message, reason=Reason.PROTOCOL) from error


def refused(status: int, body: bytes, where: str, wait: timedelta | None) -> BotError:
    """The error of a status; 400 is XRPC's way to say that there is no such thing."""
    if status != 400:
        return refusal(status, where, wait=wait)
    try:
        name = msgspec.json.decode(body, type=Fault).error or "InvalidRequest"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        name = "InvalidRequest"
    known = name if name.isascii() and name.isalnum() and len(name) <= 40 else "InvalidRequest"
    return Rejected(f"{where} knows no such thing ({known})", reason=Reason.NOT_FOUND)


def author(profile: Profile, now: datetime) -> Author:
    """What a profile tells; a missing figure is unknown, not zero."""
    status = profile.verification.status if profile.verification else None
    return Author(
        platform=PLATFORM,
        id=profile.did,
        handle=None if profile.handle == _INVALID_HANDLE else profile.handle,
        name=profile.name or None,
        bio=profile.bio or None,
        followers=profile.followers,
        following=profile.following,
        created_at=posted_at(profile.created_at, now) if profile.created_at else None,
        verified=None if status is None else status == "valid",
    )


def posts_of(node: Node, now: datetime) -> tuple[Post, ...]:
    """The post and those above it, root first; what is deleted or blocked is left out.

    Raises: Rejected when the post itself is deleted or blocked.
    """
    if node.type != _POST:
        raise Rejected("this post is deleted, or its author blocks us", reason=Reason.NOT_FOUND)
    views = [parent.post for parent in _chain(node) if parent.post]
    return tuple(view_post(view, now) for view in reversed(views))


def view_post(view: PostView, now: datetime) -> Post:
    origin = Origin(
        did=view.author.did,
        rkey=view.uri.rpartition("/")[2],
        cid=view.cid,
        known_at=posted_at(view.indexed_at, now),
        seen_at=now,
        handle=None if view.author.handle == _INVALID_HANDLE else view.author.handle,
    )
    return to_post(mended(view.record), origin)


def _chain(node: Node | None) -> Iterator[Node]:
    while node is not None and node.type == _POST:
        yield node
        node = node.parent
