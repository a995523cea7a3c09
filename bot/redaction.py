"""What must never be read in a log: known secret values, and what looks like one. Pure.

Knows text and plain values, and nothing of logging. In doubt it hides too much.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import Enum
from functools import lru_cache
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

MASK = "***"
SHORTEST = 6
"""Shorter values are not looked for: they turn up inside ordinary words."""

MAX_CHARACTERS = 20_000
MAX_DEPTH = 6
MAX_ITEMS = 200
_MARGIN = 4_000
_LARGEST_INT = 2**63

_NAME = r"tokens?|secrets?|passw(?:or)?ds?|passphrase|api[_-]?keys?|private[_-]?keys?|credentials?"
_SECRET_KEY = re.compile(rf"(?:{_NAME}|authorization|cookies?|signature)\Z", re.IGNORECASE)

# Every repetition is bounded or cannot give back what it took: hostile text must not slow a log line down.
_QUOTE = r"\\{0,3}['\"]"
_SEPARATOR = rf"(?:{_QUOTE})?[ \t]{{0,3}}(?:[:=]|%3D)[ \t]{{0,3}}"
_ESCAPED = r"\\{1,3}\"[^\"\\\r\n]{0,4000}(?:\\{1,3}\")?"  # JSON inside JSON
_QUOTED = r"b?(?:\"(?:[^\"\\\r\n]|\\.){0,4000}\"?|'(?:[^'\\\r\n]|\\.){0,4000}'?)"
_BARE = r"[^\s'\"&,;<>()\[\]{}\\]+"
_ASSIGNED = re.compile(rf"({_NAME})({_SEPARATOR})({_ESCAPED}|{_QUOTED}|{_BARE})", re.IGNORECASE)
_HEADER = rf"((?:authorization|cookie){_SEPARATOR}(?:b(?=['\"\\]))?(?:{_QUOTE})?)[^'\"\r\n]{{1,8000}}"
_PEM = r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}KEY-----|\Z)"
_PATTERNS = (
    (re.compile(_PEM, re.DOTALL), MASK),
    # The token is a part of the path: https://core.telegram.org/bots/api#making-requests
    (re.compile(r"(?<![A-Za-z])(bot\d{1,20})(?::|%3A)[\w-]+", re.IGNORECASE), rf"\1:{MASK}"),
    (re.compile(r"(?<!\w)\d{6,12}:[\w-]{30,}"), MASK),
    (re.compile(r"(?<=://)[^\s/?#\"'<>]{1,400}@"), f"{MASK}@"),
    (re.compile(_HEADER, re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"\b(bearer)(?:[ \t]{1,4}|%20)[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"([?&](?:key|sig|signature|code|auth)=)[^\s&#\"'<>]+", re.IGNORECASE), rf"\1{MASK}"),
)
_PLAIN = frozenset({bool, float, type(None)})
_HARMLESS = re.compile(r"[\w./-]*\Z")  # a word, an id, a path: most of what a line carries
_LOOKS_RANDOM = re.compile(r".{0,400}\d|.{20}")
_LOOKS_LIKE_A_KEY = re.compile(r"(?=.{0,400}\d).{16}|.{20}")


def redact(text: str) -> str:
    """The text without what looks like a secret: `token=…`, `Bearer …`, `bot123:…`, `user:pass@`, keys."""
    if _HARMLESS.match(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _ASSIGNED.sub(_assigned, text)


def _assigned(found: re.Match[str]) -> str:
    name, separator, value = found.groups()
    is_prose = separator.strip(" \t") == ":" and separator[-1] in " \t" and value[0] not in "'\"\\"
    if is_prose and not _LOOKS_RANDOM.match(value):
        return found.group()  # "token: expired"
    return f"{name}{separator}{MASK}"


class Redactor:
    """`redact`, and the secrets that we know, in every spelling that a URL, JSON or repr() gives them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret.strip())}
        longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
        pattern = "|".join(re.escape(spelling) for spelling in longest_first)
        self._known = re.compile(pattern) if pattern else None
        self._key = lru_cache(maxsize=1_000)(self._named)  # a program has few names for its fields

    def text(self, text: str) -> str:
        """Redacted, UTF-8 encodable, and at most `MAX_CHARACTERS` long (the middle is left out)."""
        if len(text) <= MAX_CHARACTERS:
            return self._clean(text)
        half = MAX_CHARACTERS // 2
        head = self._clean(text[: half + _MARGIN])[:half]
        tail = self._clean(text[-half - _MARGIN :])[-half:]
        return f"{head} …[{len(text) - MAX_CHARACTERS} characters left out]… {tail}"

    def value(self, value: Any, *, depth: int = 0) -> Any:
        """The same for what a log line carries: plain JSON values come back, nested ones included."""
        if type(value) in _PLAIN or isinstance(value, float):
            return value
        if isinstance(value, str):
            return self.text(str(value))
        if isinstance(value, int) and not isinstance(value, Enum):
            return _number(value)
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            return self.mapping(value, depth=depth + 1)
        if depth < MAX_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(item, depth=depth + 1) for item in list(value)[:MAX_ITEMS]]
        return self.text(_show(value))

    def mapping(self, mapping: Mapping[Any, Any], *, depth: int = 0) -> dict[str, Any]:
        """A mapping's values redacted; whole, where the key says that the value is a secret."""
        clean: dict[str, Any] = {}
        for key, value in list(mapping.items())[:MAX_ITEMS]:
            name, is_secret = self._key(str(key))
            is_hidden = is_secret and value is not None and not isinstance(value, bool)
            clean[name] = MASK if is_hidden else self.value(value, depth=depth)
        return clean

    def _named(self, key: str) -> tuple[str, bool]:
        """A key as it may be read, and whether it says that its value is a secret."""
        name = self.text(key)
        return name, _SECRET_KEY.search(name) is not None

    def _clean(self, text: str) -> str:
        if self._known:
            text = self._known.sub(MASK, text)
        if text.isascii() and _HARMLESS.match(text):
            return text
        text = redact(text)
        return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _spellings(secret: str) -> set[str]:
    if len(secret) < SHORTEST:
        return set()
    spell: tuple[Callable[[str], str], ...] = (str, quote, quote_plus, _quote_all, _in_json, _in_repr)
    spellings = {spelled(secret) for spelled in spell}
    half = secret.partition(":")[2]
    if "://" in secret:
        return spellings | {piece for piece in _pieces(secret) if len(piece) >= SHORTEST}
    return spellings | {half} if len(half) >= 20 else spellings  # a bot token without its public id


def _pieces(url: str) -> Iterator[str]:
    """What else a secret URL is known by: errors name host and path, libraries a part of it."""
    try:
        parts = urlsplit(url)
    except ValueError:  # no URL after all: known as a whole only
        return
    host = parts.netloc.rpartition("@")[2]
    if parts.path.strip("/"):
        yield f"{host}{parts.path}"
    if parts.query:
        yield f"{parts.path}?{parts.query}"
    yield parts.netloc.rpartition("@")[0].partition(":")[2]
    values = (pair.partition("=")[2] for pair in parts.query.split("&"))
    yield from (piece for piece in (*parts.path.split("/"), *values) if _LOOKS_LIKE_A_KEY.match(piece))


def _quote_all(text: str) -> str:
    return quote(text, safe="")


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _in_repr(text: str) -> str:
    return repr(text)[1:-1]


def _number(value: int) -> int | str:
    """JSON writers refuse integers of more than 64 bits."""
    return value if abs(value) < _LARGEST_INT else str(value)


def _show(value: object) -> str:
    """Text for a value that JSON has no word for; a broken `__str__` must not cost the log line."""
    if isinstance(value, Enum):
        return value.name.lower()
    is_plain = isinstance(value, (BaseException, PurePath, date, timedelta))
    try:
        return (str if is_plain else repr)(value)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return f"<unprintable {type(value).__name__}>"
