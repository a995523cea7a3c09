"""A prepared answer with its fields filled in, as text to copy. Pure.

The fields are a closed list and nothing computes. What fills them is hostile input: the caller puts it on one
line; here it is put in once, so that braces in a name stay braces. It knows no channel and publishes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

FIELDS = ("author.name", "author.handle", "brand", "link")
_FIELD = re.compile(rf"([ \t]*@?)\{{({'|'.join(map(re.escape, FIELDS))})\}}")
_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_LEADS_AWAY = re.compile(r"://|www\.|@|\w\.\w{2}", re.IGNORECASE)
"""A name that our own answer had better not repeat: some make it a link or ring for somebody."""
_LEFT_OVER = " \t,;:.!?"


def called(text: str) -> Iterator[str]:
    """What stands in braces, be it a field or not."""
    return (found[1] for found in _IN_BRACES.finditer(text))


def filled(text: str, *, name: str, handle: str, brand: str, link: str) -> str:
    """Empty is unknown: the handle stands in for a name; without either, the sentence goes without it."""
    shown = handle if not name or _LEADS_AWAY.search(name) else name
    values = {"author.name": shown, "author.handle": handle, "brand": brand, "link": link}

    def fill(found: re.Match[str]) -> str:
        value = values[found[2]]
        return found[1] + value if value else ""

    answer = _FIELD.sub(fill, text)
    first = _FIELD.match(text)
    if first is not None and not values[first[2]]:
        answer = answer.lstrip(_LEFT_OVER)
        answer = answer[:1].upper() + answer[1:]
    return answer.strip()
