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
from typing import TYPE_CHECKING, TypeVar

from bot.matcher.text import PART_BREAK, fold_characters, without_traps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

PLAIN_BLANKS = " \t\n\v\f\r\x1c\x1d\x1e\x1f"
"""The blanks of ASCII: a table of bytes sees to them."""

T = TypeVar("T")

_BETWEEN_BREATHS = 100
_BLOCK = 256
_SURROGATES = range(0xD800, 0xE000)
# Hangul vowels and finals compose by arithmetic, not by table (Unicode standard, section 3.12).
_HANGUL_SECONDS = (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))


def go_on() -> None:
    """Nobody waits."""


def at_ease(items: Iterable[T], breathe: Callable[[], None]) -> Iterator[T]:
    """The items, with a breath every now and then."""
    for number, item in enumerate(items):
        if number % _BETWEEN_BREATHS == 0:
            breathe()
        yield item


@dataclass(frozen=True, slots=True)
class Changed:
    """`alone`: characters that fold to something else than their lower case, whatever is around them.

    Putting what they fold to in place of their lower case is as good as folding, in any order.
    `with_others`: characters for which that is not so: most change, or are changed by, what is before them.
    `shown`, `folding`: what of `alone`, and of `with_others`, is left in the lowered text to know them by.
    """

    alone: Mapping[str, str]
    with_others: frozenset[str]
    shown: Mapping[str, str]
    folding: frozenset[str]


@cache
def changed() -> Changed:
    """All characters that folding changes beyond `lower`. Takes about 0.2 s, once."""
    seconds = frozenset(_seconds())
    alone: dict[str, str] = {}
    with_others = set[str]()
    for character in (*_candidates(), *seconds):
        folded = " " if _is_odd_blank(character) else fold_characters(character)
        if not _keeps_apart(character, seconds):
            with_others.add(character)
        elif folded != character.lower():
            alone[character] = folded
    with_others.update([one for one in alone if not _is_replaceable(one, alone)])
    alone = {one: folded for one, folded in alone.items() if one not in with_others}
    return Changed(
        alone=alone,
        with_others=frozenset(with_others),
        shown={one: _shown_by(one, alone, with_others) for one in alone},
        folding=frozenset(_shown_by(one, alone, with_others) for one in with_others),
    )


def _is_replaceable(character: str, alone: Mapping[str, str]) -> bool:
    """Whether its lower case folds like itself, and to nothing that is replaced in its turn."""
    folded = alone[character]
    by_parts = "".join(alone.get(one, one) for one in character.lower())
    return by_parts == folded and not any(one in alone for one in folded)


def needing_fold(
    keys: Collection[str], breathe: Callable[[], None] = go_on
) -> tuple[frozenset[str], dict[str, str]]:
    """Characters of a lowered text for which it is not as good as folded, to find these keys in it.

    First those for which the whole text must be folded, then those to be replaced, with what by. Left out are
    those whose fold cannot overlap with any key: ！ becomes !, which is nothing to somebody who looks for
    words. (Joined by a line break, which is in no key, all keys are searched at once.)
    """
    every = changed()
    edges = frozenset(key[0] for key in keys) | frozenset(key[-1] for key in keys)
    alphabet = frozenset("".join(keys))
    joined = "\n".join(keys)
    shown = {
        every.shown[character]
        for character, folded in at_ease(every.alone.items(), breathe)
        if _overlaps(folded, alphabet, edges, joined)
    }
    replaced = {one: every.alone[one] for one in shown if one in every.alone}
    return every.folding | shown.difference(replaced), replaced


def _overlaps(folded: str, alphabet: frozenset[str], edges: frozenset[str], joined: str) -> bool:
    """Whether a key could hold this, or a part of it together with what is around it.

    A piece with a blank may lose it to its neighbours' blanks, so one common character is enough.
    """
    if alphabet.isdisjoint(folded):
        return False
    if len(folded) == 1 or " " in folded or not edges.isdisjoint(folded):
        return True
    return alphabet.issuperset(folded) and folded in joined


def _shown_by(character: str, alone: Mapping[str, str], with_others: Collection[str]) -> str:
    """What is left in the lowered text to know the character by: its lower case, or a part of that."""
    lowered = character.lower()
    told = [one for one in lowered if one in with_others] or [one for one in lowered if one in alone]
    return told[0] if told else lowered[-1]


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
