"""A status as a `Post`. Pure; knows no transport.

An id means something on its own server only, so that a post is called by both: `server/id`. An account is
called by its whole name, `ann@else.example`, which is the same wherever it is seen. Texts are HTML
(https://docs.joinmastodon.org/spec/activitypub/#sanitization); a content warning is the title.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.markup import is_web, said
from bot.model import Post, PostRef
from connectors.mastodon.entities import Quote, moment, moment_or_none, piece
from connectors.mastodon.server import whole

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.mastodon.entities import Status

NAME = PLATFORM = "mastodon"
PRIVATE = "direct"
_KINDS = {"image": "image", "video": "video", "gifv": "video", "audio": "audio"}
_SAME = timedelta(seconds=1)
"""Between servers times go as whole seconds."""
_TAG_FOLDERS = frozenset({"tag", "tags"})


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who tells: a server by its name, and what names of its own accounts end in."""

    server: str
    domain: str

    def post_id(self, status_id: str) -> str:
        return f"{self.server}/{status_id}"

    def acct(self, acct: str) -> str:
        return whole(acct, self.domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a status answers, and where its thread began. `is_private`: what it answers is."""

    parent: PostRef | None = None
    root: PostRef | None = None
    is_private: bool = False


ALONE = Place()


def parts(post_id: str) -> tuple[str, str]:
    """The server and the id there of a post."""
    server, _, status_id = post_id.partition("/")
    return server, status_id


def to_post(
    status: Status, view: View, seen_at: datetime, place: Place = ALONE, *, is_edit: bool = False
) -> Post:
    """Raises: ValueError, OverflowError for a time that is none."""
    body = said(status.content)
    author = view.acct(status.account.acct)
    mentions = status.mentions or []
    return Post(
        platform=PLATFORM,
        id=view.post_id(status.id),
        author_id=author,
        author_handle=author,
        text=body.text,
        title=(status.spoiler_text or "").strip(),
        alts=tuple(one.description.strip() for one in status.media_attachments or [] if one.description),
        links=tuple(_links(status, body.links)),
        langs=(status.language,) if status.language else (),
        mentions=tuple(dict.fromkeys(view.acct(one.acct) for one in mentions)),
        posted_at=min(moment(status.created_at), seen_at),
        seen_at=seen_at,
        parent=place.parent,
        root=place.root,
        quoted=_quoted(status, view),
        revision=status.edited_at,
        url=status.url if is_web(status.url or "") else None,
        is_edit=is_edit,
        revised_at=moment_or_none(status.edited_at),
        media=_media(status),
        is_private=status.visibility == PRIVATE,
    )


def is_that(status: Status, view: View, post: Post) -> bool:
    """Whether it is a post that another server told of: by its address, which servers may give two of, or
    else by its author and time.
    """
    if post.url in {status.url, status.uri}:
        return True
    by = view.acct(status.account.acct)
    return by == post.author_id and abs(moment(status.created_at) - post.posted_at) <= _SAME


def _media(status: Status) -> tuple[str, ...]:
    kinds = (_KINDS.get(one.type) for one in status.media_attachments or [])
    return tuple(dict.fromkeys(kind for kind in kinds if kind))


def _links(status: Status, links: Iterable[str]) -> Iterable[str]:
    """Where it leads; that a name or a tag is a link too says nothing."""
    people = {one.url for one in status.mentions or []}
    tags = status.tags or []
    names, places = {one.name.lower() for one in tags}, {one.url for one in tags}
    return (link for link in links if link not in people | places and not _is_tag(link, names))


def _is_tag(link: str, names: set[str]) -> bool:
    """On another server a tag has another address."""
    folder, _, name = urlsplit(link).path.lower().strip("/").rpartition("/")
    return folder in _TAG_FOLDERS and name in names


def _quoted(status: Status, view: View) -> PostRef | None:
    quote = piece(status.quote, Quote)
    if quote is None or quote.quoted_status is None:
        return None
    quoted = quote.quoted_status
    return PostRef(id=view.post_id(quoted.id), author_id=view.acct(quoted.account.acct))
