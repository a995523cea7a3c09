"""Regular expressions of queries: RE2, whose time grows with the text and with nothing else.

The only file that names the library. What it takes: https://github.com/google/re2/wiki/Syntax (nothing that
looks around, no references back). They look at the folded text: upper and lower case are the same anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Protocol

import re2

LARGEST = 1 << 20
"""Bytes that one compiled expression may take; repeated repetitions (`(a{99}){99}`) want more."""
_MOST_PLACES = 1_000


class BadPattern(Exception):  # noqa: N818 - named by what is the matter, as those below
    """`str()` is what is wrong with it."""


class TooLarge(BadPattern):
    """It is well formed, and would take too much memory."""


class FoundEverywhere(BadPattern):
    """It is found in every text, even in an empty one."""


class Finder(Protocol):
    def finditer(self, text: str) -> Iterable[_Found]: ...


class _Found(Protocol):
    def span(self) -> tuple[int, int]: ...


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Finder:
    """Raises: BadPattern."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = LARGEST
    try:
        finder: Finder = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        message = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise (TooLarge if "too large" in message else BadPattern)(message) from error
    if any(True for _ in finder.finditer("")):
        raise FoundEverywhere("it is found in every text, even in an empty one")
    return finder


def places(finder: Finder, text: str) -> Iterable[tuple[int, int]]:
    """Where it is found, first in the text first; what is found but empty (a boundary) is passed over."""
    spans = (found.span() for found in finder.finditer(text))
    return islice(((start, end) for start, end in spans if end > start), _MOST_PLACES)
