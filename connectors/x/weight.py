"""How long a text is on X: https://docs.x.com/fundamentals/counting-characters, as twitter-text's version 3
weighs it (https://github.com/twitter/twitter-text/blob/master/config/v3.json). Pure.

280 at most: a link is 23, an emoji 2 however many code points it has, Chinese, Japanese and Korean 2
each, most other letters 1. Whether something is a link also decides what it costs to say it.
"""

from __future__ import annotations

import re
import unicodedata

from bot.replies import Length

MOST_CASHTAGS = 1
LIMIT, PER_LINK, PER_EMOJI = 280, 23, 2
_LIGHT = (range(4352), range(8192, 8206), range(8208, 8224), range(8242, 8248))
_PICTURE = (
    "[\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_DRESSED = f"{_PICTURE}[\U0001f3fb-\U0001f3ff]?\ufe0f?"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    "|[\u00a9\u00ae]\ufe0f"
    "|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    f"|{_DRESSED}(?:\u200d{_DRESSED})*"
)
_NAME = r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+"
_TAIL = r"(?::[0-9]+)?(?:[/?#][^\s<>\"]*)?"
_TOP = (
    "com|net|org|edu|gov|info|biz|app|dev|blog|shop|store|online|site|tech|cloud|live|news|support|help|care|agency|"
    "[a-z]{2}"
)
_LINK = re.compile(
    rf"https?://{_NAME}[^\W\d_]{{2,}}{_TAIL}|(?<![@\w./$#-]){_NAME}(?:{_TOP})(?![\w@-]){_TAIL}", re.IGNORECASE
)
_CASHTAG = re.compile(r"(?<![\w$])\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?!\w)", re.IGNORECASE)
_ENDING = ".,!?:;'\"…»”’"


def links(text: str) -> list[str]:
    """What X takes for links: with `https://` in front, or names of hosts."""
    return [found for match in _LINK.finditer(text) if (found := _trimmed(match[0]))]


def cashtags(text: str) -> list[str]:
    """Names of shares, like $ACME: X lets a program say only `MOST_CASHTAGS` of them in a post."""
    return _CASHTAG.findall(text)


def length(text: str) -> Length:
    return Length(used=weight(text), limit=LIMIT, unit="characters")


def weight(text: str) -> int:
    text = unicodedata.normalize("NFC", text)
    total, at = 0, 0
    for match in _LINK.finditer(text):
        total += _plain(text[at : match.start()]) + PER_LINK
        at = match.start() + len(_trimmed(match[0]))
    return total + _plain(text[at:])


def same(text: str) -> str:
    """A text as it can be compared with what X shows of it: links are shortened there, and spaces lost."""
    bare = _LINK.sub(
        lambda match: "\0" + match[0][len(_trimmed(match[0])) :], unicodedata.normalize("NFC", text)
    )
    return " ".join(bare.split())


def _plain(text: str) -> int:
    rest, emoji = _EMOJI.subn("", text)
    return emoji * PER_EMOJI + sum(_weight_of(one) for one in rest)


def _weight_of(character: str) -> int:
    return 1 if any(ord(character) in light for light in _LIGHT) else 2


def _trimmed(link: str) -> str:
    """Without the punctuation behind it, and without a bracket that is closed there but not opened."""
    while True:
        bare = link.rstrip(_ENDING)
        if bare.endswith(")") and bare.count("(") < bare.count(")"):
            bare = bare[:-1]
        if bare == link:
            return link
        link = bare
