"""The fast matcher: equal to the plain one in every hit, at nearly the same price for ten thousand patterns.

A text is brought to bytes in which every pattern that stands in the folded text stands literally. Where its
lower case is as good as its fold (`bot.matcher.classes`), it is not folded. One pass finds the literals;
their ASCII neighbours rule out most of them; what is left is judged by the rules of `bot.matcher.text`.
Nobody tidies the blanks of a text, unless a word of a phrase is somewhere in it (an anchor).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.matcher.cache import compiled
from bot.matcher.classes import PLAIN_BLANKS, at_ease, go_on, needing_fold
from bot.matcher.literals import LONGEST, Found, finder
from bot.matcher.plain import Hit, hits, numbers_by_key, numbers_in
from bot.matcher.text import FoldedText, fold, joins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_")
_ZERO = b"\xff"
"""Stands for a zero byte, which would end a literal; no UTF-8 has it."""

_AS_FOLDED = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" + PLAIN_BLANKS.encode() + b"\0",
    b"abcdefghijklmnopqrstuvwxyz" + b" " * len(PLAIN_BLANKS) + _ZERO,
)
_TWO_BLANKS = b"  "
_NONE: frozenset[int] = frozenset()
_TELLING = 4
"""A word of so many characters is seldom a part of others."""


class FastMatcher:
    """`PlainMatcher`, fast. Never changes once built; may be used from any thread.

    `cache`: a folder in which the compiled patterns are kept for the next start; None: nowhere. `breathe`:
    called every now and then while building, so that a thread that builds can leave the others some room.
    Raises ValueError for a blank pattern.
    """

    __slots__ = ("_find", "_folding", "_keys", "_long", "_numbers", "_replaced", "_shapes")

    def __init__(
        self, patterns: Sequence[str], *, cache: Path | None = None, breathe: Callable[[], None] = go_on
    ) -> None:
        self._numbers = numbers_by_key(at_ease(patterns, breathe))
        self._keys = tuple(self._numbers)
        whole = [_as_bytes(key) for key in at_ease(self._keys, breathe)]
        self._shapes = tuple(_shape(key) for key in at_ease(self._keys, breathe))
        self._long = {number: literal for number, literal in enumerate(whole) if len(literal) > LONGEST}
        anchors = [_as_bytes(word)[:LONGEST] for word in _anchors(self._keys, breathe)]
        words = dict.fromkeys(word for key in at_ease(self._keys, breathe) for word in key.split(" "))
        folding, replaced = needing_fold(tuple(words), breathe)
        self._replaced = [(_as_bytes(old), _as_bytes(new)) for old, new in sorted(replaced.items())]
        once = [*anchors, *map(_as_bytes, sorted(folding)), *(old for old, _ in self._replaced)]
        self._find = finder(compiled([literal[:LONGEST] for literal in whole], once, cache))
        begin = len(whole) + len(anchors)
        self._folding = range(begin, begin + len(folding))

    def pieces(self) -> Iterator[object]:
        """What it is made of, to be let go of one after the other."""
        yield from self._keys
        yield from self._shapes
        yield from self._numbers.values()
        yield from self._long.values()

    def search(self, text: str) -> tuple[Hit, ...]:
        """Every hit, first in the text first; hits may overlap."""
        whole = FoldedText(text)
        keys = self._candidates(_as_bytes(whole.folded))
        return hits(whole, {key: self._numbers[key] for key in keys})

    def found(self, text: str) -> AbstractSet[int]:
        """The numbers of the patterns that `search` finds, without where."""
        if text.isascii():
            return self._found_in_ascii(text.encode().translate(_AS_FOLDED))
        lowered = self._lowered(text)
        if lowered is not None and not lowered[1]:
            return _NONE  # most end here
        if lowered is None or self._has_more(lowered[1]):
            folded = fold(text)
            return numbers_in(folded, self._candidates(_as_bytes(folded)), self._numbers)
        keys = self._standing(*lowered)
        return numbers_in(fold(text), keys, self._numbers) if keys else _NONE

    def _found_in_ascii(self, data: bytes) -> AbstractSet[int]:
        """In bytes that are the folded text but for runs of blanks, who may stand does stand."""
        found = self._find(data)
        if not found:
            return _NONE
        if self._has_more(found) and _TWO_BLANKS in data:
            data = _one_blank_each(data)
            found = self._find(data)
        return {one for key in self._standing(data, found) for one in self._numbers[key]}

    def _lowered(self, text: str) -> tuple[bytes, Sequence[Found]] | None:
        """The text in lower case, in which every word that is looked for can be found, and what was; None:
        it must be folded.
        """
        if "\0" in text:  # stands for itself in no literal
            return None
        data = lowered = text.lower().encode("utf-8", "surrogatepass")
        found = self._find(data)
        for number, _ in found:
            if number in self._folding:
                return None
            if number >= self._folding.stop:
                data = data.replace(*self._replaced[number - self._folding.stop])
        return data, (found if data is lowered else self._find(data))

    def _has_more(self, found: Sequence[Found]) -> bool:
        """Whether there are others than keys in what was found, which is something: there may be a phrase."""
        return max(found)[0] >= len(self._keys)

    def _candidates(self, data: bytes) -> Sequence[str]:
        """The keys that are somewhere in these bytes, with nothing against them beside them."""
        return self._standing(data, self._find(data))

    def _standing(self, data: bytes, found: Sequence[Found]) -> Sequence[str]:
        """The keys among what was found that have nothing against them beside them."""
        several = len(self._keys)
        numbers = {number for number, end in found if number < several and self._may_stand(data, number, end)}
        return [self._keys[number] for number in sorted(numbers)]

    def _may_stand(self, data: bytes, number: int, end: int) -> bool:
        """Whether no letter, digit or _ of ASCII beside a key makes it a part of another word."""
        size, is_bound_before, is_bound_behind = self._shapes[number]
        start = end - size
        if number in self._long:
            if not data.startswith(self._long[number], start):
                return False
            end = start + len(self._long[number])
        if is_bound_before and start and data[start - 1] in _WORD:
            return False
        return not (is_bound_behind and end < len(data) and data[end] in _WORD)


def _anchors(keys: Iterable[str], breathe: Callable[[], None]) -> Iterable[str]:
    """One word of each phrase, as few as may be of as many letters as tell something.

    A text that has a phrase has its anchor, however its blanks are; what no anchor is in has no phrase.
    """
    phrases = [key.split(" ") for key in at_ease(keys, breathe) if " " in key]
    shared = Counter(word for words in phrases for word in words)
    return dict.fromkeys(
        max(words, key=lambda word: (min(len(word), _TELLING), shared[word], len(word)))
        for words in at_ease(phrases, breathe)
    )


def _shape(key: str) -> tuple[int, bool, bool]:
    """Size of the literal; whether a word before it, or behind it, would make it a part of that word."""
    size = min(len(_as_bytes(key)), LONGEST)
    return size, key[0] in "#@" or joins(key[0]), joins(key[-1])


def _as_bytes(folded: str) -> bytes:
    return folded.encode("utf-8", "surrogatepass").replace(b"\0", _ZERO)


def _one_blank_each(data: bytes) -> bytes:
    """One blank for each run of blanks."""
    while _TWO_BLANKS in data:
        data = data.replace(_TWO_BLANKS, b" ")
    return data
