"""Who wrote, and what they answer: asked of the platforms, within a time, for mentions alone.

What does not come in time is unknown, and the card goes without it. Knows no platform.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from bot.errors import BotError
from bot.model import Author, Mention, Post
from bot.ports import Dear, Lookup
from bot.records import Answer, Judged

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the lookups told in time; None where they did not."""

    author: Author | None = None
    parent: Post | None = None


@dataclass(frozen=True, kw_only=True)
class Knowing:
    """`lookups` by platform; each question has `within` for its answer."""

    lookups: Mapping[str, Lookup]
    within: timedelta

    async def of(self, mentions: Iterable[Mention]) -> Mapping[str, Known]:
        """By post id."""
        posts = {
            mention.post.id: mention.post for mention in mentions if mention.post.platform in self.lookups
        }
        if not posts:
            return {}
        if len(posts) == 1:
            [(post_id, post)] = posts.items()
            return {post_id: await self._ask(post)}
        told = await asyncio.gather(*map(self._ask, posts.values()))  # cancelled with us, all of them
        return dict(zip(posts, told, strict=True))

    async def _ask(self, post: Post) -> Known:
        lookup = self.lookups[post.platform]
        if isinstance(lookup, Dear):
            return Known(author=lookup.known(post.author_id))
        if post.parent is None:
            return Known(author=await self._in_time(partial(lookup.author, post.author_id)))
        author, thread = await asyncio.gather(
            self._in_time(partial(lookup.author, post.author_id)),
            self._in_time(partial(lookup.thread, post.parent.id)),
        )
        return Known(author=author, parent=thread[-1] if thread else None)

    async def name(self, items: Sequence[Answer | Judged]) -> list[Answer | Judged]:
        """With the authors of those that ring, where a platform wants money for telling who they are."""
        wanted: dict[tuple[str, str], Dear] = {}
        for item in items:
            if isinstance(item, Judged) and item.routes and item.author is None:
                post = item.mention.post
                lookup = self.lookups.get(post.platform)
                if isinstance(lookup, Dear):
                    wanted[post.platform, post.author_id] = lookup
        if not wanted:
            return list(items)
        asked = (self._in_time(partial(lookup.author, id_)) for (_, id_), lookup in wanted.items())
        found = dict(zip(wanted, await asyncio.gather(*asked), strict=True))
        return [item if isinstance(item, Answer) else _named(item, found) for item in items]

    async def _in_time(self, call: Callable[[], Awaitable[T]]) -> T | None:
        """Called here, not by the caller: what is made for a task that is cancelled is never awaited."""
        try:
            async with asyncio.timeout(self.within.total_seconds()):
                return await call()
        except (BotError, TimeoutError):
            return None


def _named(item: Judged, found: Mapping[tuple[str, str], Author | None]) -> Judged:
    post = item.mention.post
    return replace(item, author=item.author or found.get((post.platform, post.author_id)))
