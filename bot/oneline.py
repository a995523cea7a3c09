"""Hostile text on one line, and addresses that may be opened. Pure.

Knows what invisible characters do to a line; not what the line is for.
"""

from __future__ import annotations

import re

NAME_CHARS = 64
_STEERS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters that are no white space, and direction overrides."""


def one_line(text: str, limit: int) -> str:
    """On one line, without invisible steering (control characters, direction overrides), cut to `limit`."""
    flat = " ".join(_STEERS.sub("", text).split())
    if len(flat) <= limit:
        return flat
    cut = flat[: limit - 1]
    at_word = cut.rfind(" ")
    return (cut[:at_word] if at_word > limit // 2 else cut).rstrip() + "…"


def excerpt(text: str, start: int, limit: int) -> str:
    """About `limit` characters: the beginning of `text`, or from just before `start` if that is far in."""
    opening = re.match(r"(?:@\S+\s+)*", text)
    skip = opening.end() if opening else 0
    if start - skip < limit - 10:
        return one_line(text[skip:], limit)
    before = text.rfind(" ", 0, max(start - 4, 0))
    return one_line("…" + text[before + 1 if before > start - 16 else start :], limit)


def link(url: str | None) -> str | None:
    """What may be opened: nothing but web addresses."""
    return url if url and url.startswith(("https://", "http://")) else None
