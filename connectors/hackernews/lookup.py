"""Who wrote an item and what stands above it, from the same search.

https://hn.algolia.com/api: `users/:username` (names are case-sensitive there, the configuration's are not, so
that a name is searched for when it is not found), `items/:id` (with everything below it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from bot.errors import Reason, Rejected, Unavailable
from bot.markup import plain
from bot.measured import Engagement
from bot.model import Author, Post
from bot.refusals import place, refusal, retry_after
from connectors.hackernews.hits import FIELDS, PLATFORM, Bad, Hit, Page, post_of, sorted_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Wiring
    from connectors.hackernews.source import Settings

T = TypeVar("T")

_LIMIT = 5_000_000


class User(msgspec.Struct, gc=False, frozen=True):
    username: str
    about: str | None = None


class Item(msgspec.Struct, gc=False, frozen=True):
    """What `items/:id` says of the item itself; what stands below it is passed over."""

    id: int
    author: str | None = None
    created_at_i: int = 0
    title: str | None = None
    url: str | None = None
    text: str | None = None
    parent_id: int | None = None
    story_id: int | None = None


class Points(msgspec.Struct, gc=False, frozen=True):
    id: str = msgspec.field(name="objectID")
    points: int | None = None
    comments: int | None = msgspec.field(name="num_comments", default=None)


class Tree(msgspec.Struct, frozen=True):
    """`items/:id` with all that stands below it."""

    points: int | None = None
    children: list[Tree] = []


class HackerNewsLookup:
    """`bot.ports.Lookup`. Karma is no count of followers, so these stay unknown."""

    platform = PLATFORM

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._base = settings.url
        self._http, self._clock = wiring.http, wiring.clock

    async def author(self, author_id: str) -> Author:
        user = await self._get(f"users/{_one(author_id)}", {}, User)
        return Author(
            platform=PLATFORM, id=user.username, handle=user.username, bio=plain(user.about or "") or None
        )

    async def resolve(self, handle: str) -> str:
        name = handle.removeprefix("@")
        try:
            return (await self._get(f"users/{_one(name)}", {}, User)).username
        except Rejected as error:
            found = await self._written_by(name)
            if found is None:
                raise Rejected(f"nobody is called {name} there", reason=Reason.NOT_FOUND) from error
            return found

    async def thread(self, post_id: str) -> tuple[Post, ...]:
        """The post and the story above it; comments between them are left out."""
        story = await self._story(post_id)
        if story is not None:
            return (story,)
        item = await self._get(f"items/{_one(post_id)}", {}, Item)
        post = post_of(hit_of_item(item), self._clock.now())
        above = await self._story(post.root.id) if post.root else None
        return (above, post) if above else (post,)

    async def engagement(self, post_id: str) -> Engagement:
        """Points as likes, where they are told (of stories), and every comment below as a reply."""
        query = {"tags": f"story,story_{_one(post_id)}", "attributesToRetrieve": "points,num_comments"}
        for row in (await self._get("search_by_date", query, Page)).hits:
            told = _read(row, Points)
            if told is not None and told.id == post_id:
                return Engagement(likes=told.points, replies=told.comments)
        tree = await self._get(f"items/{_one(post_id)}", {}, Tree)
        return Engagement(likes=tree.points, replies=_below(tree))

    async def _story(self, item_id: str) -> Post | None:
        """The story of that id, without the thousand comments below it; None: it is none."""
        query = {"tags": f"story,story_{_one(item_id)}", "attributesToRetrieve": FIELDS}
        hits, _ = sorted_out((await self._get("search_by_date", query, Page)).hits)
        found = (post_of(hit, self._clock.now()) for hit in hits if hit.id == item_id)
        return next(found, None)

    async def _written_by(self, name: str) -> str | None:
        query = {"query": name, "restrictSearchableAttributes": "author", "hitsPerPage": "100"}
        hits, _ = sorted_out((await self._get("search_by_date", query, Page)).hits)
        return next((hit.author for hit in hits if hit.author.casefold() == name.casefold()), None)

    async def _get(self, path: str, query: Mapping[str, str], shape: type[T]) -> T:
        """Raises: Unavailable, Refused (Rejected: there is no such thing)."""
        async with self._http.request("GET", f"{self._base}/{path}", params=query) as response:
            where = place(response.url)
            if response.status != 200:
                raise refusal(response.status, where, wait=retry_after(response.headers, self._clock.now()))
            body = await self._http.read(response, limit=_LIMIT)
        try:
            return msgspec.json.decode(body, type=shape)
        except Bad as error:
            raise Unavailable(f"{where} answered something else", reason=Reason.PROTOCOL) from error


def _below(tree: Tree) -> int:
    """How many comments, whatever the depth."""
    count, waiting = 0, [*tree.children]
    while waiting:
        waiting += waiting.pop().children
        count += 1
    return count


def _read(row: msgspec.Raw, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(row, type=shape)
    except Bad:
        return None


def hit_of_item(item: Item) -> Hit:
    """Raises: Rejected for what was deleted."""
    if item.author is None or not item.created_at_i:
        raise Rejected("this item is deleted", reason=Reason.NOT_FOUND)
    return Hit(
        id=str(item.id),
        author=item.author,
        created_at_i=item.created_at_i,
        title=item.title,
        url=item.url,
        story_text=item.text,
        parent_id=item.parent_id,
        story_id=item.story_id,
    )


def _one(name: str) -> str:
    """A name that is one piece of a path. Raises: Rejected, for what no user or item is called."""
    if not (name.isascii() and name.replace("_", "").replace("-", "").isalnum()):
        raise Rejected("that is no name there", reason=Reason.NOT_FOUND)
    return name
