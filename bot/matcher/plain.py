"""The plain, obvious, exact matcher: the oracle that any faster one must equal.

`search` looks for every pattern in every text, one after the other; `found` passes over those that
cannot be there. Knows nothing of brands, rules or posts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.matcher.text import FoldedText, fold, key, occurrences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
        self._numbers = numbers_by_key(patterns)
        self._by_run: dict[str, list[str]] = {}
        self._without_run: list[str] = []
        for wanted in self._numbers:
            run = _LATIN.search(wanted)
            (self._by_run.setdefault(run[0], []) if run else self._without_run).append(wanted)

    def pieces(self) -> Iterator[object]:
        """What it is made of, to be let go of one after the other."""
        yield from self._numbers.values()

    def search(self, text: str) -> tuple[Hit, ...]:
        """Every hit, first in the text first; hits may overlap."""
        return hits(FoldedText(text), self._numbers)

    def found(self, text: str) -> set[int]:
        """The numbers of the patterns that `search` finds, without where."""
        folded = fold(text)
        return numbers_in(folded, self._possible(folded), self._numbers)

    def _possible(self, folded: str) -> Iterator[str]:
        """The patterns whose first run of Latin letters and digits is in the text, or that have none."""
        for run in self._by_run.keys() & _LATIN.findall(folded):
            yield from self._by_run[run]
        yield from self._without_run


def numbers_by_key(patterns: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Normal form → the numbers of its patterns. Raises ValueError for a blank pattern.

    Tuples: the garbage collector looks through a list of numbers each time, through a tuple of them once.
    """
    numbers: dict[str, list[int]] = {}
    for number, pattern in enumerate(patterns):
        wanted = key(pattern)
        if not wanted:
            raise ValueError(f"pattern {number} is blank: {pattern!r}")
        numbers.setdefault(wanted, []).append(number)
    return {wanted: tuple(its_numbers) for wanted, its_numbers in numbers.items()}


def numbers_in(folded: str, keys: Iterable[str], numbers: Mapping[str, Iterable[int]]) -> set[int]:
    """The numbers of those keys that stand in the folded text."""
    return {one for wanted in keys if wanted in folded and _stands(folded, wanted) for one in numbers[wanted]}


def hits(whole: FoldedText, numbers: Mapping[str, Iterable[int]]) -> tuple[Hit, ...]:
    """Every hit of the keys, under all of their numbers; first in the text first."""
    found = (
        _hit(whole, start, end, number)
        for wanted, its_numbers in numbers.items()
        if wanted in whole.folded
        for start, end in occurrences(whole.folded, wanted)
        for number in its_numbers
    )
    return tuple(sorted(found, key=lambda hit: (hit.start, hit.end, hit.pattern)))


def _stands(folded: str, wanted: str) -> bool:
    return bool(occurrences(folded, wanted))


def _hit(whole: FoldedText, start: int, end: int, number: int) -> Hit:
    span = whole.span(start, end)
    return Hit(pattern=number, start=span.start, end=span.end)
