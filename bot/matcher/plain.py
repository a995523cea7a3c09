"""The plain, obvious, exact matcher: the oracle that any faster one must equal.

Looks for every pattern in every text, one after the other. Knows nothing of brands, rules or posts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.matcher.text import FoldedText, fold, key, occurrences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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

    def search(self, text: str) -> tuple[Hit, ...]:
        """Every hit, first in the text first; hits may overlap."""
        found = list(self._occurrences(fold(text)))
        if not found:
            return ()
        whole = FoldedText(text)
        hits = (_hit(whole, start, end, number) for start, end, number in found)
        return tuple(sorted(hits, key=lambda hit: (hit.start, hit.end, hit.pattern)))

    def matches(self, text: str) -> bool:
        """Whether any pattern is found."""
        return next(self._occurrences(fold(text)), None) is not None

    def _occurrences(self, folded: str) -> Iterator[tuple[int, int, int]]:
        for wanted, numbers in self._numbers.items():
            if wanted in folded:
                for start, end in occurrences(folded, wanted):
                    for number in numbers:
                        yield start, end, number


def _hit(whole: FoldedText, start: int, end: int, number: int) -> Hit:
    span = whole.span(start, end)
    return Hit(pattern=number, start=span.start, end=span.end)
