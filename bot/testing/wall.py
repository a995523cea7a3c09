"""A platform that can be written to, in memory: posts below posts, and every way in which a try may go wrong.

For tests of what happens around a replier; how a real platform's API behaves is its own loopback server's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.errors import BotError, Reason, Rejected, Unavailable, Unknown
from bot.expenses import Price
from bot.model import Post
from bot.replies import Length, Outgoing, Published


@dataclass(kw_only=True)
class Wall:
    """`posts` is what stands in public: (id, text, id of the post it answers). `faults` are used up one a
    try: an error to be raised before (`before`) or after it was accepted (`after`), or when it is looked for.

    `is_idempotent`: it knows a key again. `can_find`: it can be asked for what we wrote.
    """

    platform: str = "bluesky"
    account_id: str | None = "did:us"
    is_idempotent: bool = False
    can_find: bool = True
    limit: int = 300
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    posts: list[tuple[str, str, str]] = field(default_factory=list)
    before: deque[BotError | None] = field(default_factory=deque)
    after: deque[BotError | None] = field(default_factory=deque)
    looking: deque[BotError | None] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)
    cost: Price | None = None
    """Of each answer."""
    gone: set[str] = field(default_factory=set)
    """Posts that cannot be answered any more."""
    _keys: dict[str, Published] = field(default_factory=dict)

    def length(self, text: str) -> Length:
        return Length(used=len(text), limit=self.limit, unit="characters")

    def price(self, text: str, to: str) -> Price | None:
        return self.cost

    def refusal(self, to: Post) -> str:
        return ""

    async def publish(self, reply: Outgoing) -> Published:
        self.asked.append("publish")
        self._fail(self.before)
        if reply.to.id in self.gone:
            raise Rejected("the post is gone", reason=Reason.NOT_FOUND)
        known = self._keys.get(reply.key)
        if known is None or not self.is_idempotent:
            id_ = f"at://us/{len(self.posts) + 1}"
            self.posts.append((id_, reply.text, reply.to.id))
            known = self._keys[reply.key] = Published(
                post_id=id_, at=self.now(), url=f"https://wall.example/{len(self.posts)}"
            )
        self._fail(self.after)
        return known

    async def find(self, reply: Outgoing) -> Published | None:
        self.asked.append("find")
        self._fail(self.looking)
        if not self.can_find:
            raise Unknown("this platform cannot be asked for that")
        found = self._keys.get(reply.key)
        return found if found and any(id_ == found.post_id for id_, _, _ in self.posts) else None

    async def delete(self, post_id: str) -> None:
        self.asked.append("delete")
        self._fail(self.before)
        self.posts = [one for one in self.posts if one[0] != post_id]
        self._fail(self.after)

    def _fail(self, faults: deque[BotError | None]) -> None:
        error = faults.popleft() if faults else None
        if error is not None:
            raise error


class Board(Wall):
    """A wall on which what was published can be changed in its place."""

    async def correct(self, post_id: str, reply: Outgoing) -> None:
        self.asked.append("correct")
        self._fail(self.before)
        if all(id_ != post_id for id_, _, _ in self.posts):
            raise Rejected("there is no such post", reason=Reason.NOT_FOUND)
        self.posts = [(id_, reply.text if id_ == post_id else text, to) for id_, text, to in self.posts]
        self._fail(self.after)


def down() -> Unavailable:
    """Surely nothing was sent."""
    return Unavailable("no connection", reason=Reason.CONNECTION)


def cut() -> Unknown:
    """The connection broke before an answer came."""
    return Unknown("no answer")
