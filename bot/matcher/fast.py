"""The fast matcher: equal to the plain one in every hit, at nearly the same price for ten thousand patterns.

A text is brought to bytes in which every pattern that stands in the folded text stands literally. Where its
lower case is as good as its fold (`bot.matcher.classes`), it is not folded. One pass finds the literals;
their ASCII neighbours rule out most of them; what is left is judged by the rules of `bot.matcher.text`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.matcher.cache import cached_literals
from bot.matcher.classes import PLAIN_BLANKS, changed, needing_fold
from bot.matcher.literals import LONGEST, compile_classes, compile_literals, finder
from bot.matcher.plain import Hit, hits, numbers_by_key, stands_any
from bot.matcher.text import FoldedText, fold, joins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_")
_ZERO = b"\xff"
"""Stands for a zero byte, which would end a literal; no UTF-8 has it."""

_AS_FOLDED = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ" + PLAIN_BLANKS.encode() + b"\0",
    b"abcdefghijklmnopqrstuvwxyz" + b" " * len(PLAIN_BLANKS) + _ZERO,
)
_FOLDING = 0
"""The number of the class of characters for which a text is folded; 1 is that of those replaced."""

_REPLACED = frozenset("\u3000\u00a0’‘…！？～：（）")
"""So frequent, and so plain, that to replace them costs less than to fold the whole text."""

_BETWEEN_BREATHS = 100
_NOWHERE = b"\xfe"
"""A literal that no text has: an empty database cannot be made."""


def _go_on() -> None:
    """Nobody waits."""


class FastMatcher:
    """`PlainMatcher`, fast. Never changes once built; may be used from any thread.

    `cache`: a folder in which the compiled patterns are kept for the next start; None: nowhere. `breathe`:
    called every now and then while building, so that a thread that builds can leave the others some room.
    Raises ValueError for a blank pattern.
    """

    __slots__ = ("_find", "_find_classes", "_keys", "_long", "_numbers", "_replacements", "_shapes")

    def __init__(
        self, patterns: Sequence[str], *, cache: Path | None = None, breathe: Callable[[], None] = _go_on
    ) -> None:
        self._numbers = numbers_by_key(_at_ease(patterns, breathe))
        self._keys = tuple(self._numbers)
        whole = [_as_bytes(key) for key in _at_ease(self._keys, breathe)] or [_NOWHERE]
        self._shapes = tuple(_shape(key) for key in _at_ease(self._keys, breathe))
        self._long = {number: literal for number, literal in enumerate(whole) if len(literal) > LONGEST}
        literals = [literal[:LONGEST] for literal in whole]
        self._find = finder(compile_literals(literals) if cache is None else cached_literals(literals, cache))
        needing = needing_fold(self._keys)
        replaced = needing & _REPLACED
        self._replacements = tuple((one.encode(), changed().alone[one].encode()) for one in sorted(replaced))
        self._find_classes = finder(compile_classes([needing - replaced, replaced]))

    def search(self, text: str) -> tuple[Hit, ...]:
        """Every hit, first in the text first; hits may overlap."""
        whole = FoldedText(text)
        keys = self._candidates(_as_bytes(whole.folded))
        return hits(whole, {key: self._numbers[key] for key in keys})

    def matches(self, text: str) -> bool:
        """Whether any pattern is found."""
        if text.isascii():
            data = _tidy(text.encode())
            found = self._find(data)  # in bytes that are the folded text: who may stand does stand
            return bool(found) and any(self._may_stand(data, *one) for one in found)
        lowered = self._lowered(text)
        if lowered is not None:
            keys = self._candidates(lowered)
            return bool(keys) and stands_any(fold(text), keys)
        folded = fold(text)
        return stands_any(folded, self._candidates(_as_bytes(folded)))

    def _lowered(self, text: str) -> bytes | None:
        """The text in lower case, in which all of its patterns can be found; None: it must be folded."""
        try:
            data = text.lower().encode()
        except UnicodeEncodeError:  # half of a surrogate pair: nothing for a scan that reads UTF-8
            return None
        for number, _ in self._find_classes(data):
            if number == _FOLDING:
                return None
            for old, new in self._replacements:
                data = data.replace(old, new)
        return _tidy(data)

    def _candidates(self, data: bytes) -> Sequence[str]:
        """The keys that are somewhere in these bytes, with nothing against them beside them."""
        found = self._find(data)
        if not found:
            return ()
        numbers = {number for number, end in found if self._may_stand(data, number, end)}
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


def _at_ease(items: Iterable[str], breathe: Callable[[], None]) -> Iterator[str]:
    for number, item in enumerate(items):
        if number % _BETWEEN_BREATHS == 0:
            breathe()
        yield item


def _shape(key: str) -> tuple[int, bool, bool]:
    """Size of the literal; whether a word before it, or behind it, would make it a part of that word."""
    size = min(len(_as_bytes(key)), LONGEST)
    return size, key[0] in "#@" or joins(key[0]), joins(key[-1])


def _as_bytes(folded: str) -> bytes:
    return folded.encode("utf-8", "surrogatepass").replace(b"\0", _ZERO)


def _tidy(data: bytes) -> bytes:
    """In lower case where it is ASCII, one blank for each run of ASCII blanks."""
    data = data.translate(_AS_FOLDED)
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data
