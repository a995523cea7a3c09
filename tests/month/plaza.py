"""The platform: a place where people write, and the connector that reads it as a stream.

What is written stays, in order; a reader resumes by number. It can be away for hours, and forget what was
written meanwhile. Knows nothing of who reads.
"""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.errors import CursorLost, Unavailable
from bot.model import Batch, Cursor, Gap, Post, PostRef
from bot.ports import Watch
from tests.month.virtual import WorldClock

NAME = "plaza"
BRAND = "did:acme"
AT_ONCE = 50
PULSE = timedelta(minutes=10)
"""So often somebody writes of something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """`forgets`: what is written meanwhile is not told to readers afterwards."""

    starts_at: datetime
    ends_at: datetime
    forgets: bool

    def covers(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(kw_only=True)
class Plaza:
    clock: WorldClock
    outages: tuple[Outage, ...] = ()
    posts: list[Post] = field(default_factory=list)
    by_id: dict[str, Post] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    asked: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, post: Post) -> None:
        self.posts.append(post)
        self.by_id[post.id] = post
        self.wake()

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def write(
        self, author: str, text: str, *, at: datetime | None = None, parent: Post | None = None
    ) -> Post:
        """Somebody writes, perhaps in answer to somebody; at the brand if its name is in the text."""
        at = at or self.clock.now()
        number = len(self.posts) + 1
        ref = PostRef(id=parent.id, author_id=parent.author_id) if parent else None
        post = Post(
            platform=NAME,
            id=f"p{number}",
            author_id=author,
            author_handle=author,
            text=text,
            posted_at=at,
            seen_at=at,
            langs=("en",),
            parent=ref,
            root=(parent.root or ref) if parent else None,
            url=f"https://plaza.example/p/p{number}",
        )
        self.publish(post)
        return post

    def answer(self, post_id: str, text: str) -> Post:
        """A colleague answers in the platform's own app."""
        self.answered.add(post_id)
        return self.write(BRAND, text, parent=self.by_id[post_id])

    def outage(self) -> Outage | None:
        return next((one for one in self.outages if one.covers(self.clock.now())), None)

    def forgotten(self, post: Post) -> bool:
        return any(one.forgets and one.covers(post.posted_at) for one in self.outages)

    async def changed(self, pulse: timedelta) -> None:
        """Until something was written, or for so long."""
        try:
            async with asyncio.timeout(pulse.total_seconds()):
                await self._changed.wait()
        except TimeoutError:
            return

    async def live(self) -> None:
        """Cut the lines when an outage begins."""
        for one in self.outages:
            await self.clock.until(one.starts_at)
            self.wake()


class PlazaSource:
    """Reads on from a number; one connection is one `read`."""

    name = NAME
    platform = NAME
    is_stream = True

    def __init__(self, plaza: Plaza) -> None:
        self.plaza = plaza

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        self._connect()
        position = len(self.plaza.posts) if after is None else int(after)
        self._check(position)
        yield Batch()
        while True:
            self._connect()
            posts = self.plaza.posts[position : position + AT_ONCE]
            position += len(posts)
            is_all = position == len(self.plaza.posts)
            yield self._batch(posts, position, watch, is_all=is_all)
            if is_all:
                await self.plaza.changed(PULSE)

    def _connect(self) -> None:
        self.plaza.asked += 1
        if self.plaza.outage() is not None:
            raise Unavailable("the plaza is closed")

    def _check(self, position: int) -> None:
        """What was forgotten cannot be read on from."""
        lost = [post for post in self.plaza.posts[position:] if self.plaza.forgotten(post)]
        if not lost:
            return
        outage = next(one for one in self.plaza.outages if one.covers(lost[0].posted_at))
        gap = Gap(
            source=NAME, started_at=outage.starts_at, ended_at=self.plaza.clock.now(), reason="cursor_lost"
        )
        raise CursorLost("the position is no longer kept", gap)

    def _batch(self, posts: list[Post], position: int, watch: Watch, *, is_all: bool) -> Batch:
        now = self.plaza.clock.now()
        wanted = (post for post in posts if watch.wants(post.searchable, post.author_id, post.refs))
        return Batch(
            posts=tuple(replace(post, seen_at=max(now, post.posted_at)) for post in wanted),
            cursor=Cursor(str(position)),
            seen=max(1, len(posts)),
            posts_seen=len(posts),
            observed_to=now if is_all else posts[-1].posted_at,
        )


def number_at(plaza: Plaza, at: datetime) -> int:
    """How many posts there were by then."""
    return bisect.bisect_right([post.posted_at for post in plaza.posts], at)
