"""Links, handles and hashtags in a text as facets, and how long a text is (`app.bsky.richtext.facet`).

https://docs.bsky.app/docs/advanced-guides/post-richtext. A facet names its place in bytes of UTF-8. The text
itself stays as it is: what is found is what an app would find, so that a reply reads like a person's. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.graphemes import count
from bot.replies import Length

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_GRAPHEMES, MOST_BYTES = 300, 3000
"""https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json"""
MOST_TAG_GRAPHEMES, MOST_TAG_BYTES = 64, 640
_FACET = "app.bsky.richtext.facet"
_LINK = re.compile(r"(?:^|(?<=[\s(\[<\"'“„«]))https?://\S+", re.IGNORECASE)
_HANDLE = re.compile(
    r"(?:^|(?<=[\s(\[\"'“„«]))@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)(?![\w-])",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?:^|(?<=\s))[#＃](?!\ufe0f)([^\s\u00ad\u2060\u200a-\u200d\u20e2]+)")
_CLOSING = {")": "(", "]": "[", ">": "<"}
_ENDING = ".,;:!?\"'”“»…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A piece [start, end) of a text, in characters, and what it is: a `uri`, a `handle` or a `tag`."""

    start: int
    end: int
    kind: str
    value: str


def plain(text: str) -> str:
    """Without a byte order mark before it: the servers forget that when they read a record again (their
    TextDecoder does), and every place in the text would be named wrongly.
    """
    return text.lstrip("\ufeff")


def length(text: str, *, graphemes: int = MOST_GRAPHEMES, most_bytes: int = MOST_BYTES) -> Length:
    """In graphemes, unless the bytes are the narrower limit (emoji of many parts)."""
    text = plain(text)
    size = _size(text)
    used = count(text)
    if size > most_bytes and used <= graphemes:
        return Length(used=size, limit=most_bytes, unit="bytes")
    return Length(used=used, limit=graphemes, unit="graphemes")


def marks(text: str) -> tuple[Mark, ...]:
    """Everything that an app would mark up, in order; a link's own inside is left alone."""
    found: list[Mark] = []
    for mark in sorted(chain(_links(text), _handles(text), _tags(text)), key=lambda mark: mark.start):
        if not found or mark.start >= found[-1].end:
            found.append(mark)
    return tuple(found)


def facets(text: str, found: tuple[Mark, ...], dids: Mapping[str, str]) -> list[dict[str, Any]]:
    """The facets of a text; a handle without a DID in `dids` stays plain."""
    return [
        {
            "index": {"byteStart": _bytes(text, mark.start), "byteEnd": _bytes(text, mark.end)},
            "features": [feature],
        }
        for mark in found
        if (feature := _feature(mark, dids))
    ]


def _feature(mark: Mark, dids: Mapping[str, str]) -> dict[str, str] | None:
    if mark.kind == "handle":
        did = dids.get(mark.value)
        return {"$type": f"{_FACET}#mention", "did": did} if did else None
    kind = {"uri": "link", "tag": "tag"}[mark.kind]
    return {"$type": f"{_FACET}#{kind}", mark.kind: mark.value}


def _bytes(text: str, place: int) -> int:
    return _size(text[:place])


def _size(text: str) -> int:
    """In bytes; half a character has some too, though it cannot be published."""
    return len(text.encode("utf-8", "surrogatepass"))


def _links(text: str) -> Iterator[Mark]:
    for match in _LINK.finditer(text):
        uri = _trimmed(match[0])
        try:
            is_link = bool(urlsplit(uri).hostname)
        except ValueError:
            continue
        if is_link:
            yield Mark(start=match.start(), end=match.start() + len(uri), kind="uri", value=uri)


def _trimmed(uri: str) -> str:
    """Without the sentence's own punctuation, and without a bracket that was opened before the link."""
    while uri:
        last = uri[-1]
        opening = _CLOSING.get(last)
        if last not in _ENDING and (opening is None or uri.count(opening) >= uri.count(last)):
            break
        uri = uri[:-1]
    return uri


def _handles(text: str) -> Iterator[Mark]:
    for match in _HANDLE.finditer(text):
        if len(match[1]) <= 253:
            yield Mark(start=match.start(), end=match.end(), kind="handle", value=match[1].lower())


def _tags(text: str) -> Iterator[Mark]:
    """Not a number alone (`#1`), as apps have it."""
    for match in _TAG.finditer(text):
        tag = match[1].rstrip(_ENDING + ")]")
        if not any(_is_word(character) for character in tag):
            continue
        if count(tag) <= MOST_TAG_GRAPHEMES and _size(tag) <= MOST_TAG_BYTES:
            yield Mark(start=match.start(), end=match.start(1) + len(tag), kind="tag", value=tag)


def _is_word(character: str) -> bool:
    return not character.isdigit() and not unicodedata.category(character).startswith("P")
