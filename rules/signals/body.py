"""What of a mention's text its author said: the body, without links and @handles, cut into words.

It knows Unicode and the habits of posts. It knows no language and no cue.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

PART = "\u2029"
"""Separates body, title, alt texts and link targets (`bot.model.searchable`)."""

QUESTION_MARKS = "?؟՞፧⸮❓❔"
"""All that NFKC leaves of them; the Greek one (U+037E, or a semicolon) means more in other languages."""

_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<![\w@.])[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE)
_HANDLE = re.compile(r"(?<!\w)(?:@\w+(?:[.-]\w+)*)+")
_WORD = re.compile(r"[^\W_]")
_STRAIGHT = str.maketrans("\u2018\u2019\u02bc\u00b4`\u201c\u201d\u201e\u00ab\u00bb", "'''''\"\"\"\"\"")
_ELONGATED = re.compile(r"(.)\1{2,}")

_MARKS = rf"[!{QUESTION_MARKS}]+|[.…,;:()¿¡\n]|[\u2190-\u2bff\U0001f000-\U0001faff]"
_TOKEN = re.compile(rf"\w+(?:'\w+)*|{_MARKS}")
_TOKEN_ELIDED = re.compile(rf"\w+'?|{_MARKS}")

MAX_CHARS = 4000
"""Of a longer text the beginning is measured: a post says early what it wants."""


@dataclass(frozen=True, slots=True)
class Body:
    """`plain`: as written, without links and handles; `folded`: the same, to compare words with.

    `links` were cut out of the body, and so many `handles`, whatever part speaks.
    """

    plain: str
    folded: str
    links: tuple[str, ...] = ()
    handles: int = 0

    @property
    def has_words(self) -> bool:
        return _WORD.search(self.plain) is not None


def read(text: str) -> Body:
    """The first part of a text that holds a word, else the first that holds a sign; total."""
    parts = text.split(PART, 8)[:8]
    plain, links, handles = _clean(parts[0])
    if not _WORD.search(plain):
        rest = [_clean(part)[0] for part in parts[1:]]
        spoken = next((part for part in rest if _WORD.search(part)), None)
        plain = spoken or plain or next((part for part in rest if part), "")
    return Body(plain, plain.casefold(), links, handles)


def tokens(folded: str, *, elided: bool = False) -> list[str]:
    """Words, runs of question and exclamation marks, breaks, emoji; `elided` cuts after l' and d'."""
    return (_TOKEN_ELIDED if elided else _TOKEN).findall(folded)


def shorten(word: str) -> tuple[str, ...]:
    """How an elongated word may have been meant: "sooo" is "so" or "soo"; others are only themselves."""
    if not _ELONGATED.search(word):
        return (word,)
    return (_ELONGATED.sub(r"\1", word), _ELONGATED.sub(r"\1\1", word))


def _clean(part: str) -> tuple[str, tuple[str, ...], int]:
    """A part without links and handles, and what was taken out."""
    part = part[:MAX_CHARS]
    links: tuple[str, ...] = ()
    handles = 0
    if not part.isascii():
        # The Greek question mark would become a mere semicolon.
        part = unicodedata.normalize("NFKC", part.replace("\u037e", "?").translate(_STRAIGHT))
    if ("/" in part or "www." in part) and (links := tuple(_LINK.findall(part))):
        part = _LINK.sub(" ", part)
    if "@" in part:
        part, handles = _HANDLE.subn(" ", part)
    return part.strip(), links, handles
