"""An entry as a `Post`, with what is known of Google Alerts and of Reddit. Pure.

An Alert's entry (https://www.google.com/alerts) leads through google.com/url and marks the searched words;
its author is whoever runs the site. A subreddit's feed (https://www.reddit.com/wiki/rss) names posts `t3_…`
and comments `t1_…`, and writes "submitted by" below each.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from yarl import URL

from bot.markup import is_web
from bot.model import Post, PostRef

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.feeds.entries import Entry

NAME = PLATFORM = "rss"
_REDDIT_NAME = re.compile(r"t[1-6]_[0-9a-z]+")
_REDDIT_COMMENT = re.compile(r"/r/[^/]+/comments/([0-9a-z]+)/[^/]*/([0-9a-z]+)/?")
_SUBMITTED = re.compile(r"\s*submitted by\s+/u/\S+(\s+to\s+r/\S+)?\s*\[link\]\s*\[comments\]\s*\Z")
_EVERYWHERE = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
"""An id that is no other's anywhere: a URI, as Atom wants it and RSS may have it."""
_LONGEST_ID = 500


def post_of(entry: Entry, *, feed: str, seen_at: datetime) -> Post:
    """`feed`: where it stands, host and path (`bot.refusals.place`)."""
    entry = cleaned(entry)
    host = host_of(entry.link) or feed.partition("/")[0]
    parent = reddit_parent(entry)
    author = entry.author or host
    posted_at = min(entry.at, seen_at) if entry.at else seen_at
    return Post(
        platform=PLATFORM,
        id=post_id(entry, feed),
        author_id=author_id(entry.author, host),
        author_handle=author,
        text=entry.text,
        title="" if parent else entry.title,
        alts=entry.alts,
        links=tuple(dict.fromkeys((*filter(None, [entry.link]), *entry.links))),
        langs=entry.langs,
        posted_at=posted_at,
        seen_at=seen_at,
        parent=parent,
        root=parent,
        url=entry.link or None,
        media=entry.media,
        rating=entry.rating,
    )


def post_id(entry: Entry, feed: str) -> str:
    """The entry's own id where no other can have it, else with the feed's name before it."""
    if not entry.guid and not entry.link:
        return f"{feed}#{entry.digest}"
    guid = entry.guid or entry.link
    if len(guid) > _LONGEST_ID or re.search(r"[\x00-\x1f]", guid):
        guid = hashlib.sha256(guid.encode(errors="replace")).hexdigest()
    is_unique = _EVERYWHERE.fullmatch(guid) or (is_reddit(entry.link) and _REDDIT_NAME.fullmatch(guid))
    return guid if is_unique else f"{feed}#{guid}"


def author_id(name: str, host: str) -> str:
    """`anna-smith@blog.example`; the host alone where nobody is named."""
    slug = re.sub(r"[\s/@]+", "-", name.casefold()).strip("-")
    return f"{slug}@{host}" if slug else host


def cleaned(entry: Entry) -> Entry:
    """Without what Google and Reddit put around an entry."""
    target = alert_target(entry.link)
    if target:
        # the same article comes by several Alerts, each with an id of its own
        return replace(entry, link=target, guid=target)
    if is_reddit(entry.link):
        author = entry.author.removeprefix("/u/")
        return replace(entry, author=author, text=_SUBMITTED.sub("", entry.text))
    return entry


def alert_target(link: str) -> str:
    """Where a redirect of Google's leads; "": it is none."""
    url = _url(link)
    if url.path != "/url" or not re.fullmatch(r"(www\.)?google(\.[a-z]{2,3}){1,2}", url.host or ""):
        return ""
    found = (url.query.get(name, "") for name in ("url", "q"))
    return next(filter(is_web, found), "")


def is_reddit(link: str) -> bool:
    return bool(re.fullmatch(r"([a-z]+\.)?reddit\.com", _url(link).host or ""))


def reddit_parent(entry: Entry) -> PostRef | None:
    """The post that a comment stands below; the comment that it answers is not told."""
    match = _REDDIT_COMMENT.fullmatch(_url(entry.link).path) if is_reddit(entry.link) else None
    return PostRef(id=f"t3_{match[1]}") if match else None


def host_of(link: str) -> str:
    return (_url(link).host or "").removeprefix("www.")


def _url(link: str) -> URL:
    try:
        return URL(link)
    except ValueError:
        return URL()
