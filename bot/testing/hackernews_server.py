"""A loopback Hacker News search that behaves as documented, indexes late and fails on request.

https://hn.algolia.com/api: tags are ANDed, those in parentheses ORed; `numericFilters` take `<`, `<=`, `=`,
`>`, `>=`; newest first; at most 1,000 hits a query, whatever the page, and beyond them an empty page with a
message (https://github.com/algolia/hn-search/issues/230); 10,000 requests an hour. Bodies are HTML as the
site writes it, quotes and slashes escaped. Search is plainer than Algolia's: every word of `query` must
occur. Imports no connector.
`python -m bot.testing.hackernews_server --port 0` runs it as a process.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from aiohttp import web

from bot.testing.loopback import Loopback, serve

MOST_HITS = 1_000
REQUESTS_AN_HOUR = 10_000
_TOO_FAR = (
    "you can only fetch the 1000 hits for this query. You can extend the number of hits returned via the "
    "paginationLimitedTo index parameter or use the browse method."
)
_FILTER = re.compile(r"\s*(\w+)\s*(<=|>=|=|<|>)\s*(-?\d+(?:\.\d+)?)\s*")
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    "=": lambda value, bound: value == bound,
    ">=": lambda value, bound: value >= bound,
    ">": lambda value, bound: value > bound,
}
_NUMBERS = frozenset({"created_at_i", "points", "num_comments"})
_LINK = re.compile(r"https?://[^\s<>]+")


class BadFilterError(ValueError):
    """What Algolia answers 400 to."""


@dataclass(slots=True)
class Item:
    """A hit as the search gives it; `is_indexed`: it is found at all."""

    hit: dict[str, Any]
    is_indexed: bool = True

    @property
    def id(self) -> str:
        return str(self.hit.get("objectID", ""))


class HackerNewsServer(Loopback):
    """Fill it with `publish`; `now` gives the seconds since 1970 that items are stamped with."""

    def __init__(self, *, now: Callable[[], float] = time.time, first_id: int = 45_000_001) -> None:
        super().__init__()
        self.items: list[Item] = []
        self.users: dict[str, dict[str, Any]] = {}
        self.queries: list[dict[str, str]] = []
        self.limit = REQUESTS_AN_HOUR
        self._now = now
        self._ids = count(first_id)

    @property
    def base_url(self) -> str:
        """What `sources.hackernews.url` names."""
        return f"{self.url}/api/v1"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/search_by_date", self._search),
            web.get("/api/v1/items/{id}", self._item),
            web.get("/api/v1/users/{name}", self._user),
        ]

    # --- what a test does on the site ---

    def publish(
        self,
        text: str = "",
        *,
        author: str = "ann",
        title: str | None = None,
        url: str | None = None,
        parent: str | None = None,
        at: datetime | float | None = None,
        is_indexed: bool = True,
    ) -> str:
        """A comment under `parent`, else a story; its id. `text` is plain, blank lines part paragraphs.

        `at`: when, if not now. Not `is_indexed`: it is there, but not found before `index` is called.
        """
        number = next(self._ids)
        seconds = at.timestamp() if isinstance(at, datetime) else self._now() if at is None else at
        hit: dict[str, Any] = {
            "objectID": str(number),
            "author": author,
            "created_at_i": int(seconds),
            "children": [],
        }
        hit["created_at"] = hit["updated_at"] = (
            f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"
        )
        hit |= self._comment(number, text, parent) if parent else _story(number, text, title, url)
        hit["_tags"][1:1] = [f"author_{author}"]
        self.items.append(Item(hit, is_indexed))
        return str(number)

    def raw(self, hit: dict[str, Any]) -> None:
        """A hit as it is; what it lacks of a time and tags is added, so that it is found."""
        self.items.append(Item({"created_at_i": int(self._now()), "_tags": ["comment"], **hit}))

    def index(self, item_id: str) -> None:
        """From now on the search finds it."""
        self._by_id(item_id).is_indexed = True

    def delete(self, item_id: str) -> None:
        self.items.remove(self._by_id(item_id))

    def user(self, name: str, *, about: str = "", karma: int = 1) -> None:
        self.users[name] = {"username": name, "about": about, "karma": karma}

    async def control(self, command: Mapping[str, Any]) -> Any:
        if command.get("do") == "publish":
            return {"id": self.publish(**{name: value for name, value in command.items() if name != "do"})}
        return await super().control(command)

    # --- what a client sees ---

    async def _search(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.queries.append(asked)
        if self.requests > self.limit:
            return _fault(429, "Too many requests")
        try:
            found = list(self._found(asked))
            page, size = int(asked.get("page", "0")), min(int(asked.get("hitsPerPage", "20")), MOST_HITS)
        except ValueError as error:
            return _fault(400, str(error))
        told = _page(found, page, size, asked.get("query", ""))
        told["hits"] = [_retrieved(hit, asked.get("attributesToRetrieve", "*")) for hit in told["hits"]]
        return web.json_response(told)

    def _found(self, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Newest first."""
        filters = list(_filters(asked.get("numericFilters", "")))
        words = asked.get("query", "").casefold().split()
        every = sorted(self.items, key=lambda item: (item.hit["created_at_i"], item.id), reverse=True)
        for item in every:
            if not item.is_indexed or not _has_tags(item.hit["_tags"], asked.get("tags", "")):
                continue
            if not all(_HOLDS[sign](item.hit.get(name) or 0, bound) for name, sign, bound in filters):
                continue
            text = _text(item.hit, asked.get("restrictSearchableAttributes", ""))
            if all(word in text for word in words):
                yield item.hit

    async def _item(self, request: web.Request) -> web.Response:
        found = [item for item in self.items if item.id == request.match_info["id"]]
        return web.json_response(self._tree(found[0])) if found else _fault(404, "Not Found")

    async def _user(self, request: web.Request) -> web.Response:
        user = self.users.get(request.match_info["name"])
        return web.json_response(user) if user else _fault(404, "Not Found")

    def _tree(self, item: Item) -> dict[str, Any]:
        hit = item.hit
        below = [other for other in self.items if str(other.hit.get("parent_id", "")) == item.id]
        return {
            "id": int(item.id),
            "created_at": hit["created_at"].replace("Z", ".000Z"),
            "created_at_i": hit["created_at_i"],
            "type": hit["_tags"][0],
            "author": hit["author"],
            "title": hit.get("title"),
            "url": hit.get("url"),
            "text": hit.get("comment_text") or hit.get("story_text"),
            "points": hit.get("points"),
            "parent_id": hit.get("parent_id"),
            "story_id": hit.get("story_id"),
            "children": [self._tree(child) for child in below],
            "options": [],
        }

    def _comment(self, number: int, text: str, parent: str) -> dict[str, Any]:
        above = self._by_id(parent).hit
        story = self._by_id(str(above.get("story_id") or parent)).hit
        above["children"].append(number)
        story["num_comments"] = (story.get("num_comments") or 0) + 1
        return {
            "comment_text": as_html(text),
            "parent_id": int(parent),
            "story_id": int(story["objectID"]),
            "story_title": story.get("title"),
            "story_url": story.get("url"),
            "_tags": ["comment", f"story_{story['objectID']}"],
            "_highlightResult": {"comment_text": {"value": as_html(text), "matchLevel": "none"}},
        }

    def _by_id(self, item_id: str) -> Item:
        return next(item for item in self.items if item.id == item_id)


def _story(number: int, text: str, title: str | None, url: str | None) -> dict[str, Any]:
    body = {"story_text": as_html(text)} if text else {}
    return {
        "title": title or "Ask HN: a question",
        **({"url": url} if url else {}),
        **body,
        "points": 1,
        "num_comments": 0,
        "story_id": number,
        "_tags": ["story", f"story_{number}", *([] if url else ["ask_hn"])],
        "_highlightResult": {"title": {"value": title, "matchLevel": "none", "matchedWords": []}},
    }


def as_html(text: str) -> str:
    """Plain text as the site stores it: `'` and `/` escaped too, paragraphs parted by `<p>`, links marked."""
    paragraphs = (_LINK.sub(_anchor, html.escape(part, quote=False)) for part in re.split(r"\n\s*\n", text))
    escaped = "<p>".join(paragraphs)
    return escaped.replace("'", "&#x27;")


def _anchor(match: re.Match[str]) -> str:
    target = match.group().replace("/", "&#x2F;")
    return f'<a href="{target}" rel="nofollow">{target}</a>'


def _filters(text: str) -> Iterator[tuple[str, str, float]]:
    for part in filter(None, text.split(",")):
        match = _FILTER.fullmatch(part)
        if not match or match[1] not in _NUMBERS:
            raise BadFilterError(f"invalid numeric filter: {part}")
        yield match[1], match[2], float(match[3])


def _has_tags(tags: list[str], wanted: str) -> bool:
    """`author_pg,(story,poll)`: ANDed, in parentheses ORed."""
    groups = re.findall(r"\(([^)]*)\)|([^,()]+)", wanted)
    return all(any(tag.strip() in tags for tag in (either or one).split(",")) for either, one in groups)


def _retrieved(hit: dict[str, Any], names: str) -> dict[str, Any]:
    """What of a hit was asked for; its id and its tags always come."""
    wanted = {"objectID", "_tags", *names.split(",")}
    return hit if names == "*" else {name: value for name, value in hit.items() if name in wanted}


def _text(hit: Mapping[str, Any], only: str) -> str:
    every = ("title", "url", "story_text", "comment_text", "author", "story_title")
    names = only.split(",") if only else every
    return html.unescape(" ".join(str(hit.get(name) or "") for name in names)).casefold()


def _page(found: list[dict[str, Any]], page: int, size: int, query: str) -> dict[str, Any]:
    reachable = found[:MOST_HITS]
    if page * size >= MOST_HITS:
        return {"hits": [], "page": page, "nbHits": 0, "nbPages": 0, "hitsPerPage": size, "message": _TOO_FAR}
    return {
        "hits": reachable[page * size : (page + 1) * size],
        "nbHits": len(found),
        "page": page,
        "nbPages": -(-len(reachable) // size) if size else 0,
        "hitsPerPage": size,
        "exhaustiveNbHits": True,
        "exhaustiveTypo": True,
        "query": query,
        "processingTimeMS": 1,
    }


def _fault(status: int, message: str) -> web.Response:
    return web.json_response({"message": message, "status": status}, status=status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback Hacker News search")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(HackerNewsServer(), parser.parse_args().port))
