"""Which characters `fold` treats in ways that `str.lower` does not, and what may be left alone.

Derived from `fold` and this Python's Unicode tables, so that no list can be out of date. Knows no engine.

A text without any character of `needing_fold(keys)` may be looked through as `text.lower()`: wherever one of
the keys stands in `fold(text)`, it stands in the lowered text too, but for blanks that differ.
"""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bot.matcher.text import PART_BREAK, fold_characters, without_traps

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PLAIN_BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f"
"""The blanks of ASCII: a table of bytes sees to them."""

_BLOCK = 256
_SURROGATES = range(0xD800, 0xE000)
# Hangul vowels and finals compose by arithmetic, not by table (Unicode standard, section 3.12).
_HANGUL_SECONDS = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))


@dataclass(frozen=True, slots=True)
class Changed:
    """`alone`: characters that fold to something else than their lower case, whatever is around them.

    `with_others`: characters whose fold depends on, or changes, what stands before them.
    """

    alone: Mapping[str, str]
    with_others: frozenset[str]


@cache
def changed() -> Changed:
    """All characters that folding changes beyond `lower`. Takes about 0.2 s, once."""
    seconds = frozenset(_seconds())
    alone: dict[str, str] = {}
    with_others = set[str]()
    for character in (*_candidates(), *seconds):
        folded = fold_characters(character)
        if not _keeps_apart(character, seconds):
            with_others.add(character)
        elif folded != character.lower() or _is_odd_blank(character):
            alone[character] = " " if _is_odd_blank(character) else folded
    return Changed(alone=alone, with_others=frozenset(with_others))


def needing_fold(keys: Collection[str]) -> frozenset[str]:
    """The characters of a lowered text for which the whole text must be folded, to find these keys.

    Left out are those whose fold cannot overlap with any key: ！ becomes !, which is nothing to somebody who
    looks for words. (Joined by a line break, which is in no key, all keys are searched at once.)
    """
    every = changed()
    edges = frozenset(key[0] for key in keys) | frozenset(key[-1] for key in keys)
    alphabet = frozenset("".join(keys))
    joined = "\n".join(keys)
    needed = {shown for character in every.with_others for shown in _shown_by(character, every)}
    for character, folded in every.alone.items():
        if _overlaps(folded, alphabet, edges, joined):
            needed.update(_shown_by(character, every))
    return frozenset(needed)


def _overlaps(folded: str, alphabet: frozenset[str], edges: frozenset[str], joined: str) -> bool:
    """Whether a key could hold this, or a part of it together with what is around it.

    A piece with a blank may lose it to its neighbours' blanks, so one common character is enough.
    """
    if alphabet.isdisjoint(folded):
        return False
    if len(folded) == 1 or " " in folded or not edges.isdisjoint(folded):
        return True
    return alphabet.issuperset(folded) and folded in joined


def _shown_by(character: str, every: Changed) -> Iterator[str]:
    """What is left in the lowered text to know the character by: its lower case, or a part of that."""
    lowered = character.lower()
    told = [one for one in lowered if one in every.alone or one in every.with_others]
    yield told[0] if told else lowered[-1]


def _is_odd_blank(character: str) -> bool:
    return character.isspace() and character not in PLAIN_BLANKS and character != PART_BREAK


def _keeps_apart(character: str, seconds: frozenset[str]) -> bool:
    """Whether nothing before the character can reach it, at neither of the two normalisations of `fold`."""
    meant = without_traps(character)
    cased = unicodedata.normalize("NFKC", meant).casefold()
    firsts = {unicodedata.normalize("NFKD", piece)[0] for piece in (meant, cased)}
    return all(not unicodedata.combining(first) and first not in seconds for first in firsts)


def _seconds() -> Iterator[str]:
    """The characters that compose with one before them."""
    for code in _HANGUL_SECONDS:
        yield chr(code)
    for character in _candidates():
        parts = unicodedata.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            yield chr(int(parts[1], 16))


@cache
def _candidates() -> tuple[str, ...]:
    """All characters but those of blocks in which nothing whatever is special, which is most of Unicode."""
    found: list[str] = []
    for start in range(0, sys.maxunicode + 1, _BLOCK):
        if start not in _SURROGATES:
            block = "".join(map(chr, range(start, start + _BLOCK)))
            if _is_special(block):
                found += block
    return tuple(found)


def _is_special(block: str) -> bool:
    return (
        not block == block.lower() == fold_characters(block) == unicodedata.normalize("NFKD", block)
        or any(map(unicodedata.combining, block))
        or any(map(str.isspace, block))
    )
