"""The plain, obvious, exact matcher: the oracle that any faster one must equal.

`search` looks for every pattern in every text, one after the other; `matches`, which is asked of every post
of a network, passes over those that cannot be there. Knows nothing of brands, rules or posts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.matcher.text import FoldedText, fold, key, occurrences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LATIN = re.compile("[a-z0-9_]+")
"""In folded text. Each of these characters continues a word, so where a pattern stands as whole words, every
such run in it is a whole such run of the text too, whatever scripts are around it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Pattern number `pattern` stands at [start, end) of the original text, in code points."""

    pattern: int
    start: int
    end: int


class PlainMatcher:
    """Finds whole words and phrases by the rules of `bot.matcher.text`.

    `acme` is found in `acme`, `#acme`, `@acme`; `#acme` only in the hashtag; `C++` only where both signs
    stand. Raises ValueError for a blank pattern: it would be everywhere.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._numbers: dict[str, list[int]] = {}
        for number, pattern in enumerate(patterns):
            wanted = key(pattern)
            if not wanted:
                raise ValueError(f"pattern {number} is blank: {pattern!r}")
            self._numbers.setdefault(wanted, []).append(number)
        self._by_run: dict[str, list[str]] = {}
        self._without_run: list[str] = []
        for wanted in self._numbers:
            run = _LATIN.search(wanted)
            (self._by_run.setdefault(run[0], []) if run else self._without_run).append(wanted)

    def search(self, text: str) -> tuple[Hit, ...]:
        """Every hit, first in the text first; hits may overlap."""
        found = list(self._occurrences(fold(text), self._numbers))
        if not found:
            return ()
        whole = FoldedText(text)
        hits = (_hit(whole, start, end, number) for start, end, number in found)
        return tuple(sorted(hits, key=lambda hit: (hit.start, hit.end, hit.pattern)))

    def matches(self, text: str) -> bool:
        """Whether any pattern is found."""
        folded = fold(text)
        return next(self._occurrences(folded, self._possible(folded)), None) is not None

    def _possible(self, folded: str) -> Iterator[str]:
        """The patterns whose first run of Latin letters and digits is in the text, or that have none."""
        for run in self._by_run.keys() & _LATIN.findall(folded):
            yield from self._by_run[run]
        yield from self._without_run

    def _occurrences(self, folded: str, patterns: Iterable[str]) -> Iterator[tuple[int, int, int]]:
        for wanted in patterns:
            if wanted in folded:
                for start, end in occurrences(folded, wanted):
                    for number in self._numbers[wanted]:
                        yield start, end, number


def _hit(whole: FoldedText, start: int, end: int, number: int) -> Hit:
    span = whole.span(start, end)
    return Hit(pattern=number, start=span.start, end=span.end)
