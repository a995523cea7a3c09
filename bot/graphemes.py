"""How long a text is for those who read it: in graphemes, what a person takes for one character.

Extended grapheme clusters by https://www.unicode.org/reports/tr29/ (Unicode 18), which is how platforms count
that promise "300 characters". Pure; knows no platform. Own, because this Python's tables know no clusters.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from bot.grapheme_ranges import RANGES

_OWN = {0x0D: "CR", 0x0A: "LF", 0x200D: "ZWJ", 0x200C: "ZWNJ"}
_HANGUL = range(0xAC00, 0xD7A4)
_FLAGS = range(0x1F1E6, 0x1F200)
_ALONE = frozenset({"CR", "LF", "control"})
_JOINING = frozenset({"extend", "linker", "ZWJ", "ZWNJ", "spacing mark"})
_SYLLABLE = {"L": {"L", "V", "LV", "LVT"}, "LV": {"V", "T"}, "V": {"V", "T"}, "LVT": {"T"}, "T": {"T"}}


def count(text: str) -> int:
    """How many graphemes; any text has as many, half a surrogate pair counts as one."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    number, cluster = 0, _Cluster()
    for character in text:
        number += cluster.breaks_before(_kind(character))
    return number


class _Cluster:
    """What stands before: the kind of the last character, and what it may still be joined with."""

    def __init__(self) -> None:
        self._last = ""
        self._picture = ""
        self._is_linked = self._is_half_a_flag = False

    def breaks_before(self, kind: str) -> bool:
        """Whether a grapheme begins with a character of this kind, which then is the last one."""
        breaks = not self._joins(kind)
        self._note(kind)
        self._last = kind
        return breaks

    def _joins(self, kind: str) -> bool:
        last = self._last
        if not last or last in _ALONE or kind in _ALONE:
            return (last, kind) == ("CR", "LF")  # GB3 to GB5
        if kind in _JOINING or last == "prepend" or kind in _SYLLABLE.get(last, ()):
            return True  # GB6 to GB9b
        if kind == "consonant":
            return self._is_linked  # GB9c
        if kind == "pictographic":
            return self._picture == "joined"  # GB11
        return kind == "flag" and self._is_half_a_flag  # GB12, GB13

    def _note(self, kind: str) -> None:
        self._is_half_a_flag = kind == "flag" and not self._is_half_a_flag
        if kind == "pictographic":
            self._picture = "open"
        elif kind == "ZWJ" and self._picture == "open":
            self._picture = "joined"
        elif kind not in {"extend", "linker", "ZWNJ"} or self._picture == "joined":
            self._picture = ""
        self._is_linked = kind == "linker" or (self._is_linked and kind in {"extend", "ZWJ"})


def _table() -> tuple[list[int], list[int], list[str]]:
    """Where the ranges begin, where they end, and of which kind they are, in order."""
    rows = []
    for kind, ranges in RANGES.items():
        for one in ranges.split():
            first, _, last = one.partition("-")
            rows.append((int(first, 16), int(last or first, 16), kind))
    rows.sort()
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


_BEGINS, _ENDS, _KINDS = _table()


@lru_cache(maxsize=4096)
def _kind(character: str) -> str:
    code = ord(character)
    if code in _OWN:
        return _OWN[code]
    if code in _HANGUL:
        return "LVT" if (code - _HANGUL.start) % 28 else "LV"
    if code in _FLAGS:
        return "flag"
    place = bisect_right(_BEGINS, code) - 1
    return _KINDS[place] if place >= 0 and code <= _ENDS[place] else "other"
