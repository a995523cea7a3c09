"""A feed's document, read: entries with plain texts and real links. Pure; alone in naming feedparser.

https://feedparser.readthedocs.io; RSS https://www.rssboard.org/rss-specification, Atom
https://www.rfc-editor.org/rfc/rfc4287. Everything in a feed is somebody else's: feedparser gets a stream and
nothing else, because text or bytes it would open as an address or as a file.
"""

from __future__ import annotations

import calendar
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser

from bot.errors import Reason, Unavailable
from bot.markup import Said, is_web, said
from connectors.feeds.document import xml_of

MAX_BODY_BYTES = 5_000_000
MOST_ENTRIES = 1_000
LONGEST_TEXT = 20_000
_LONGEST_TTL = timedelta(hours=24)
_CRASHES = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
)
"""What feedparser is known to let out for odd documents."""
_LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`guid` and `link` may be empty, `at` (when it was published) unknown; texts are plain.

    `rating`: the stars of an app store's review.
    """

    guid: str
    link: str
    title: str
    text: str
    author: str
    at: datetime | None
    links: tuple[str, ...] = ()
    alts: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    rating: float | None = None

    @property
    def says_something(self) -> bool:
        return bool(self.title or self.text or self.link)

    @property
    def digest(self) -> str:
        """A name for it that says what it says."""
        whole = repr((self.guid, self.link, self.title, self.text))
        return hashlib.sha256(whole.encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`entries`: as they stand in it, mostly newest first. `keep_for`: how long it wants not to be asked."""

    entries: tuple[Entry, ...]
    keep_for: timedelta = timedelta()


def parse(body: bytes, *, content_type: str, where: str) -> Document:
    """Raises: Unavailable (protocol) for what is no feed; `where` names it."""
    xml = xml_of(body, content_type=content_type, where=where)
    try:
        read = feedparser.parse(
            io.BytesIO(xml),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _CRASHES as error:
        raise Unavailable(f"{where} cannot be read", reason=Reason.PROTOCOL) from error
    if not read.get("version") and not read.entries:
        raise Unavailable(f"{where} is no RSS or Atom feed", reason=Reason.PROTOCOL)
    langs = _langs(read.feed.get("language"))
    entries = tuple(_entry(given, langs) for given in read.entries[:MOST_ENTRIES])
    return Document(entries=entries, keep_for=_ttl(read.feed.get("ttl")))


def _entry(given: Mapping[str, Any], langs: tuple[str, ...]) -> Entry:
    title, body = _said(given.get("title_detail")), _said(_body(given))
    link = next(filter(is_web, _texts(given.get("link"), given.get("id"))), "")
    pictures = _texts(
        *(one.get("alt") for one in given.get("media_content") or () if isinstance(one, Mapping))
    )
    return Entry(
        guid=_text(given.get("id")),
        link=link,
        title=title.text[:1_000],
        text=body.text[:LONGEST_TEXT],
        author=_author(given),
        at=_when(given),
        links=tuple(dict.fromkeys((*title.links, *body.links))),
        alts=(*body.alts, *pictures),
        langs=_langs((given.get("title_detail") or {}).get("language")) or langs,
        media=tuple(dict.fromkeys(_media(given))),
        rating=_rating(given.get("im_rating")),
    )


def _body(given: Mapping[str, Any]) -> Any:
    """The longest that an entry says of itself: whole content before a summary."""
    found = [*(given.get("content") or ()), given.get("summary_detail")]
    readable = [one for one in found if isinstance(one, Mapping) and _text(one.get("value"))]
    return max(readable, key=lambda one: len(one["value"]), default=None)


def _said(detail: Any) -> Said:
    """What a text of a feed says, written as text or as HTML (https://www.rfc-editor.org/rfc/rfc4287#section-3.1)."""
    value = _text(detail.get("value")) if isinstance(detail, Mapping) else ""
    if isinstance(detail, Mapping) and detail.get("type") == "text/plain":
        return Said(text=said(value.replace("&", "&amp;").replace("<", "&lt;")).text)
    return said(value)


def _author(given: Mapping[str, Any]) -> str:
    detail = given.get("author_detail")
    name = detail.get("name") if isinstance(detail, Mapping) else None
    return said(_text(name) or _text(given.get("author"))).text[:200]


def _when(given: Mapping[str, Any]) -> datetime | None:
    times = dict(given.items())  # `get` would take one for another, and warn of it
    for name in ("published_parsed", "updated_parsed", "created_parsed"):
        try:
            if times.get(name):
                return datetime.fromtimestamp(calendar.timegm(times[name]), UTC)
        except (ValueError, OverflowError, OSError, TypeError):
            continue
    return None


def _media(given: Mapping[str, Any]) -> Iterator[str]:
    """The kinds of what is enclosed (https://www.rssboard.org/media-rss#media-content)."""
    for one in (*(given.get("enclosures") or ()), *(given.get("media_content") or ())):
        if isinstance(one, Mapping):
            kinds = {_text(one.get("medium")).lower(), _text(one.get("type")).lower().partition("/")[0]}
            yield from (kind for kind in ("image", "video", "audio") if kind in kinds)


def _rating(stars: Any) -> float | None:
    """`im:rating` of Apple's feeds of reviews: one to five; anything else is no rating."""
    text = _text(stars)
    return float(text) if re.fullmatch("[1-5]", text) else None


def _ttl(minutes: Any) -> timedelta:
    text = _text(minutes)
    return min(timedelta(minutes=int(text[:6])), _LONGEST_TTL) if text.isdecimal() else timedelta()


def _langs(language: Any) -> tuple[str, ...]:
    text = _text(language)
    return (text,) if _LANG.fullmatch(text) else ()


def _texts(*values: Any) -> Iterator[str]:
    return filter(None, map(_text, values))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
