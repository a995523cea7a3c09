"""A loopback web server with feeds: RSS, Atom, Google Alerts and Reddit, with all that HTTP says of them.

Conditional requests (https://httpwg.org/specs/rfc9110.html#conditional.requests: a matching ETag decides,
the date only where no ETag was sent), moves (301, 302, 307, 308), 410, compressed bodies, and refusals on
request. The shapes are those of https://www.rssboard.org/rss-specification,
https://www.rfc-editor.org/rfc/rfc4287, an Alert's feed (links lead through google.com/url) and a subreddit's
`.rss`; newest first, and only the newest `shown`. Imports no connector.
`python -m bot.testing.feed_server --port 0` runs it as a process.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from aiohttp import web

from bot.testing.loopback import Loopback, serve

RSS = "application/rss+xml; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
KINDS = ("rss", "atom", "alerts", "reddit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`text` and `title` are plain; they are written as HTML, escaped, as most feeds do."""

    id: str
    title: str
    text: str
    link: str
    author: str
    at: datetime


@dataclass(slots=True)
class Feed:
    """One document: entries, or `body` as it is. `status`: what is answered instead, with `location`."""

    path: str
    kind: str = "rss"
    title: str = "A blog"
    shown: int = 25
    ttl: int | None = None
    """Minutes for which a reader may keep it."""
    entries: list[Entry] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    changed_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    status: int = 200
    location: str = ""
    has_validators: bool = True


class FeedServer(Loopback):
    """Fill it with `publish`; `now` gives the seconds since 1970 that entries are stamped with."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.feeds: dict[str, Feed] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        """Path (with its query) and headers of each request."""
        self.answers: list[int] = []
        self._now = now
        self._numbers = count(1)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{path:.*}", self._serve)]

    # --- what a test does ---

    def feed(self, path: str = "/feed.xml", *, kind: str = "rss", **more: Any) -> Feed:
        """The feed at a path; made with its kind and `more` (as in `Feed`) when it is new."""
        if kind not in KINDS:
            raise ValueError(f"a feed is one of {KINDS}")
        return self.feeds.setdefault(path, Feed(path=path, kind=kind, **more))

    def publish(
        self,
        text: str,
        *,
        feed: str = "/feed.xml",
        title: str = "A post",
        author: str = "",
        link: str | None = None,
        guid: str | None = None,
        at: datetime | float | None = None,
    ) -> str:
        """A new entry on top of the feed at that path (an RSS one if there is none yet); the entry's id.

        `link`: an address of `blog.example` if not given. `at`: when, if not now.
        """
        number = next(self._numbers)
        seconds = at.timestamp() if isinstance(at, datetime) else self._now() if at is None else at
        place = link if link is not None else f"https://blog.example/posts/{number}"
        entry = Entry(
            id=guid if guid is not None else f"tag:blog.example,2026:{number}",
            title=title,
            text=text,
            link=place,
            author=author,
            at=datetime.fromtimestamp(int(seconds), UTC),
        )
        into = self.feed(feed)
        into.entries.insert(0, entry)
        into.changed_at = datetime.fromtimestamp(int(self._now()), UTC)
        return entry.id

    def raw(self, path: str, body: bytes, **headers: str) -> None:
        """Serve these bytes; `headers` with `_` for `-`."""
        feed = self.feed(path)
        feed.body, feed.headers = body, {name.replace("_", "-"): value for name, value in headers.items()}

    def move(self, path: str, to: str, *, status: int = 301) -> None:
        """`to`: a path or an address."""
        feed = self.feed(path)
        feed.status, feed.location = status, to

    def gone(self, path: str, *, status: int = 410) -> None:
        self.feed(path).status = status

    async def control(self, command: Mapping[str, Any]) -> Any:
        given = {name: value for name, value in command.items() if name != "do"}
        if command.get("do") == "publish":
            return {"id": self.publish(**given)}
        if command.get("do") == "feed":
            self.feed(**given)
            return {}
        return await super().control(command)

    # --- what a client sees ---

    async def _serve(self, request: web.Request) -> web.Response:
        self.asked.append((request.path_qs, dict(request.headers)))
        answer = self._answer(request)
        self.answers.append(answer.status)
        return answer

    def _answer(self, request: web.Request) -> web.Response:
        feed = self.feeds.get(request.path)
        if feed is None:
            return web.Response(status=404, text="there is nothing here")
        if feed.status != 200:
            headers = {"Location": feed.location} if feed.location else {}
            return web.Response(status=feed.status, headers=headers, text="not here")
        body = document(feed)
        headers = {
            "Content-Type": RSS if feed.kind == "rss" else ATOM,
            **_validators(feed, body),
            **feed.headers,
        }
        if _is_unchanged(request.headers, headers):
            validators = ("ETag", "Last-Modified")
            kept: dict[str, str] = {name: headers[name] for name in validators if name in headers}
            return web.Response(status=304, headers=kept)
        if feed.body is None and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=gzip.compress(body), headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=body, headers=headers)


def _validators(feed: Feed, body: bytes) -> dict[str, str]:
    if not feed.has_validators:
        return {}
    tag = hashlib.sha256(body).hexdigest()[:16]
    return {"ETag": f'"{tag}"', "Last-Modified": format_datetime(feed.changed_at, usegmt=True)}


def _is_unchanged(asked: Mapping[str, str], has: Mapping[str, str]) -> bool:
    if "If-None-Match" in asked:
        known = {tag.strip().removeprefix("W/") for tag in asked["If-None-Match"].split(",")}
        return has.get("ETag", "").removeprefix("W/") in known
    since, changed = asked.get("If-Modified-Since"), has.get("Last-Modified")
    return bool(since and changed) and parsedate_to_datetime(changed or "") <= parsedate_to_datetime(
        since or ""
    )


def document(feed: Feed) -> bytes:
    """The feed as its kind is written."""
    if feed.body is not None:
        return feed.body
    shown = feed.entries[: feed.shown]
    ttl = f"<ttl>{feed.ttl}</ttl>" if feed.ttl else ""
    if feed.kind == "rss":
        items = "".join(map(_rss_item, shown))
        text = (
            '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
            f"<title>{escape(feed.title)}</title><link>https://blog.example/</link>"
            f"<description>{escape(feed.title)}</description>{ttl}{items}</channel></rss>"
        )
    else:
        entries = "".join(_entry(feed.kind, entry) for entry in shown)
        stamp = feed.changed_at.isoformat()
        text = (
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:idx="urn:atom-extension:indexing">'
            f"<id>tag:blog.example,2026:{escape(feed.path)}</id><title>{escape(feed.title)}</title>"
            f"<updated>{stamp}</updated>{entries}</feed>"
        )
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def _html(text: str) -> str:
    """Plain text as the HTML that stands, escaped once more, in a feed."""
    return escape(f"<p>{escape(text)}</p>")


def _rss_item(entry: Entry) -> str:
    author = f"<dc:creator>{escape(entry.author)}</dc:creator>" if entry.author else ""
    guid = f'<guid isPermaLink="false">{escape(entry.id)}</guid>' if entry.id else ""
    link = f"<link>{escape(entry.link)}</link>" if entry.link else ""
    return (
        f"<item><title>{escape(escape(entry.title))}</title>{link}{guid}{author}"
        f"<description>{_html(entry.text)}</description>"
        f"<pubDate>{format_datetime(entry.at, usegmt=True)}</pubDate></item>"
    )


def _entry(kind: str, entry: Entry) -> str:
    title, content, link, author = f">{escape(entry.title)}", _html(entry.text), entry.link, ""
    if entry.author:
        author = f"<author><name>{escape(entry.author)}</name></author>"
    if kind == "alerts":
        given = {"rct": "j", "sa": "t", "url": entry.link, "ct": "ga", "cd": "CAIyGm", "usg": "AOvVaw"}
        link = f"https://www.google.com/url?{urlencode(given)}" if entry.link else ""
        author = "<author><name></name></author>"
        title = f' type="html">{escape(_bold(entry.title))}'
        content = escape(_bold(entry.text))
    if kind == "reddit":
        name = entry.author or "a_redditor"
        author = f"<author><name>/u/{name}</name><uri>https://www.reddit.com/user/{name}</uri></author>"
        content = escape(_submitted(entry, name))
    stamp = entry.at.isoformat()
    return (
        f"<entry><id>{escape(entry.id)}</id><title{title}</title>"
        f'<link href="{escape(link, {chr(34): "&quot;"})}"/><published>{stamp}</published>'
        f'<updated>{stamp}</updated><content type="html">{content}</content>{author}</entry>'
    )


def _submitted(entry: Entry, name: str) -> str:
    """What Reddit writes around a post's text."""
    return (
        f'<!-- SC_OFF --><div class="md"><p>{escape(entry.text)}</p></div><!-- SC_ON --> &#32; submitted by '
        f'&#32; <a href="https://www.reddit.com/user/{name}"> /u/{name} </a> <br/> '
        f'<span><a href="{entry.link}">[link]</a></span> &#32; '
        f'<span><a href="{entry.link}">[comments]</a></span>'
    )


def _bold(text: str) -> str:
    """An Alert marks what was searched for; which word that is matters to nobody here."""
    first, _, rest = escape(text).partition(" ")
    return f"<b>{first}</b> {rest}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback server of feeds")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(FeedServer(), parser.parse_args().port))
