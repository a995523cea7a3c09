"""A hit of the search, and how it becomes a `Post`. Pure; knows no transport.

https://hn.algolia.com/api; the fields: https://github.com/algolia/hn-search/blob/master/app/models/item.rb.
Bodies are HTML. A comment's `story_title` is left out: words in it would make every comment below a mention.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Unavailable
from bot.markup import is_web, plain, said
from bot.model import Post, PostRef

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = PLATFORM = "hackernews"
SITE = "https://news.ycombinator.com"
FIELDS = "author,created_at_i,title,url,story_text,comment_text,parent_id,story_id"
"""`attributesToRetrieve`: what is asked for; `objectID` always comes."""
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
Bad = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Hit(msgspec.Struct, gc=False, frozen=True):
    """A story or a comment; whoever lacks an author or a time was deleted."""

    id: str = msgspec.field(name="objectID")
    author: str
    created_at_i: int
    title: str | None = None
    url: str | None = None
    story_text: str | None = None
    comment_text: str | None = None
    parent_id: int | None = None
    story_id: int | None = None


class Page(msgspec.Struct, gc=False, frozen=True):
    """`total`: how many there are; at most 1,000 of them can be had, the newest."""

    hits: list[msgspec.Raw]
    total: int = msgspec.field(name="nbHits")


def page_of(body: bytes, where: str) -> Page:
    """Raises: Unavailable (protocol) for an answer that is something else."""
    try:
        return msgspec.json.decode(body, type=Page)
    except Bad as error:
        raise Unavailable(f"{where} answered no search result", reason=Reason.PROTOCOL) from error


def hit_of(raw: bytes | msgspec.Raw) -> Hit | None:
    """None: it cannot be read, or says nothing."""
    try:
        hit = msgspec.json.decode(raw, type=Hit)
        at(hit.created_at_i)
    except (*Bad, ValueError, OverflowError, OSError):
        return None
    has_names = _ID.fullmatch(hit.id) and hit.author.strip()
    return hit if has_names and (hit.title or hit.comment_text or hit.story_text) else None


def sorted_out(rows: Iterable[msgspec.Raw]) -> tuple[list[Hit], list[str]]:
    """The hits oldest first (of the same second, the lower number first), and a name for each other row."""
    read = [(hit_of(row), row) for row in rows]
    hits = [hit for hit, _ in read if hit]
    strange = [hashlib.sha256(row).hexdigest() for hit, row in read if not hit]
    return sorted(hits, key=lambda hit: (hit.created_at_i, len(hit.id), hit.id)), strange


def post_of(hit: Hit, seen_at: datetime) -> Post:
    parent = str(hit.parent_id) if hit.parent_id is not None else None
    root = str(hit.story_id) if hit.story_id is not None else parent
    body = said(hit.comment_text or hit.story_text or "")
    links = tuple(dict.fromkeys((*filter(is_web, [hit.url or ""]), *body.links)))
    return Post(
        platform=PLATFORM,
        id=hit.id,
        author_id=hit.author,
        author_handle=hit.author,
        text=body.text,
        title=plain(hit.title or ""),
        links=links,
        posted_at=min(at(hit.created_at_i), seen_at),
        seen_at=seen_at,
        parent=PostRef(id=parent) if parent else None,
        root=PostRef(id=root) if parent and root else None,
        url=web_url(hit.id),
        media=("link",) if is_web(hit.url or "") else (),
    )


def web_url(item_id: str) -> str:
    return f"{SITE}/item?id={item_id}"


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
