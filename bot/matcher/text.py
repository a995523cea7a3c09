"""One normal form for texts and patterns, and the way back to the original's offsets.

Knows Unicode and what a word is in scripts with and without blanks between words; knows no patterns, no
posts and no rules. Both sides of every comparison pass through `fold`: NFKC and casefold
(https://www.unicode.org/reports/tr15/), one apostrophe, one blank for any run of blanks.
U+2029, the separator of `bot.model.searchable`, is no blank: it stays, so that no phrase reaches across it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from functools import cached_property, lru_cache
from itertools import accumulate, repeat
from typing import TYPE_CHECKING

from bot.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

PART_BREAK = "\u2029"
PART_DISTANCE = 1000
"""How many words apart the parts of a post count as: farther than anybody asks for."""

# What NFKC would turn into something nobody means: ´ into a blank with an accent, ™ into the letters "tm".
_BEFORE = (("’", "'"), ("‘", "'"), ("ʼ", "'"), ("´", "'"), ("™", "®"), ("℠", "®"))
_UNTIDY_BLANKS = re.compile(r"[^\S\u2029]{2,}|[^\S \u2029]")
# Scripts written without blanks between words, or (Hangul) with particles joined to the word.
_SPACELESS = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Myanmar
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u303c"  # CJK radicals, marks and numerals
    "\u3040-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana, bopomofo, ideographs
    "\U0001aff0-\U0001b16f\U00020000-\U0003ffff"
    "]"
)
_RUNS = re.compile(r"\w+")
_STARTS = re.compile(r"(\w[\w']*|\u2029)")
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_INVISIBLE = frozenset("\u00ad\u200c\u200d\u2060\ufeff")
# Not marks, yet they compose with what stands before them: Hangul vowels and finals, Kirat Rai vowels.
_COMPOSING = re.compile("[\u1160-\u11ff\U00016d63-\U00016d6a]")


def fold(text: str) -> str:
    """The normal form that words are looked for in."""
    return _tidy(fold_characters(text))


def key(pattern: str) -> str:
    """The normal form of a word or phrase to look for; empty if there is nothing in it to look for."""
    return " ".join(fold_characters(pattern).split())


def fold_characters(text: str) -> str:
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", without_traps(text))
    return unicodedata.normalize("NFKC", composed.casefold())


def without_traps(text: str) -> str:
    for trap, meant in _BEFORE:
        text = text.replace(trap, meant)
    return text


def _tidy(text: str) -> str:
    if text.isprintable() and "  " not in text:
        return text
    return _UNTIDY_BLANKS.sub(" ", text)


@lru_cache(maxsize=8192)
def joins(character: str) -> bool:
    """Whether a character continues a word, in a script that puts blanks between words.

    Marks do (é written as e and a mark is not e); ideographs, kana, Hangul, Thai never do.
    """
    if character.isalnum() or character == "_":
        return not _SPACELESS.match(character)
    is_mark = unicodedata.category(character)[0] == "M"
    return is_mark and not _VARIATION.match(character) and not _SPACELESS.match(character)


@lru_cache(maxsize=8192)
def is_spaceless(character: str) -> bool:
    """Whether a character belongs to a script in which words are found as substrings."""
    return _SPACELESS.match(character) is not None


def occurrences(folded: str, wanted: str, *, is_prefix: bool = False) -> Iterator[tuple[int, int]]:
    """Where a folded word or phrase stands in a folded text, whole words only.

    A prefix runs on to its word's end.
    """
    start = folded.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if begins_word(folded, start) and (is_prefix or ends_word(folded, end)):
            yield start, word_end(folded, end) if is_prefix else end
        start = folded.find(wanted, start + 1)


def begins_word(folded: str, at: int) -> bool:
    """Whether no word is already under way at `at`.

    A leading # or @ counts as part of a word: `#acme` does not begin in `page#acme`.
    """
    if at == 0 or folded[at - 1] == " ":
        return True
    first = folded[at]
    return not ((first in "#@" or joins(first)) and _continues(folded, at - 1, -1))


def ends_word(folded: str, end: int) -> bool:
    """Whether the word before `end` does not go on."""
    if end == len(folded) or folded[end] == " ":
        return True
    return not (joins(folded[end - 1]) and _continues(folded, end, 1))


def word_end(folded: str, end: int) -> int:
    """Where the word that `end` stands in or behind is over."""
    while end < len(folded) and joins(folded[end - 1]) and joins(folded[end]):
        end += 1
    return end


def plain_words(folded: str) -> frozenset[str]:
    """Every word of a folded text, without signs, and without what stands in a script that has no blanks."""
    runs = _RUNS.findall(folded)
    if folded.isascii():
        return frozenset(runs)
    return frozenset(piece for run in runs for piece in _SPACELESS.split(run) if piece)


def _continues(folded: str, at: int, step: int) -> bool:
    """Whether a word goes on at `at`; a zero-width joiner or a soft hyphen does not end one."""
    while 0 <= at < len(folded) and folded[at] in _INVISIBLE:
        at += step
    return 0 <= at < len(folded) and joins(folded[at])


class FoldedText:
    """A text, folded once, that many words are looked for in; spans come back as offsets of the original."""

    def __init__(self, original: str) -> None:
        self.original = original
        self.folded = fold(original)
        self._found: dict[tuple[str, bool], tuple[tuple[int, int], ...]] = {}

    def span(self, start: int, end: int) -> Span:
        """The piece of the original that folded [start, end) came from, whole characters with their marks."""
        if self._is_in_step:
            return Span(start=start, end=end)
        starts, ends = self._places
        return Span(start=starts[start], end=ends[end - 1])

    def occurrences(self, wanted: str, *, is_prefix: bool = False) -> tuple[tuple[int, int], ...]:
        """Where a folded word or phrase stands in the folded text; looked for once, however often asked."""
        if wanted not in self.folded:
            return ()
        asked = (wanted, is_prefix)
        if asked not in self._found:
            self._found[asked] = tuple(occurrences(self.folded, wanted, is_prefix=is_prefix))
        return self._found[asked]

    def words_between(self, end: int, start: int) -> int:
        """How many words begin in folded [end, start); each character of a spaceless script is one.

        From one part of a post to another (body, title, alt text) it is `PART_DISTANCE` words and more.
        """
        return bisect_left(self._word_starts, start) - bisect_left(self._word_starts, end)

    @cached_property
    def _is_in_step(self) -> bool:
        """Whether each folded character came from the one at its own place: then none is looked up."""
        if len(self.original) != len(self.folded):
            return False
        return self.original.isascii() or all(map(_stays_alone, set(self.original)))

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        return _places(self.original)

    @cached_property
    def _word_starts(self) -> list[int]:
        return _word_starts(self.folded)


def _word_starts(folded: str) -> list[int]:
    if not folded.isascii() and any(map(_is_peculiar, set(folded))):
        return [*_word_starts_of_any(folded)]
    pieces = _STARTS.split(folded)
    starts = [*accumulate(map(len, pieces))][:-1:2]
    if PART_BREAK not in folded:
        return starts
    begun = zip(starts, pieces[1::2], strict=True)
    return [at for at, piece in begun for _ in range(PART_DISTANCE if piece == PART_BREAK else 1)]


def _word_starts_of_any(folded: str) -> Iterator[int]:
    """Character by character, for scripts in which letters alone don't say where a word begins."""
    inside = False
    for at, character in enumerate(folded):
        if character == PART_BREAK:
            yield from repeat(at, PART_DISTANCE)
            inside = False
        elif is_spaceless(character):
            if character.isalnum():
                yield at
            inside = False
        elif joins(character):
            if not inside:
                yield at
            inside = True
        elif character != "'" and character not in _INVISIBLE:
            inside = False


@lru_cache(maxsize=8192)
def _is_peculiar(character: str) -> bool:
    """Whether a word may begin, go on or end with it otherwise than with a letter or a blank."""
    is_mark = unicodedata.category(character)[0] == "M"
    return is_mark or is_spaceless(character) or character in _INVISIBLE


def _places(original: str) -> tuple[list[int], list[int]]:
    """For each folded character, where the piece of the original that it came from starts and ends."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for start, end in [*_changing(original), (len(original), len(original))]:
        pieces.append(fold_characters(original[done:start]))
        starts += range(done, start)
        ends += range(done + 1, start + 1)
        pieces.append(_fold_segment(original[start:end]))
        starts += repeat(start, len(pieces[-1]))
        ends += repeat(end, len(pieces[-1]))
        done = end
    for run in reversed(list(_UNTIDY_BLANKS.finditer("".join(pieces)))):
        first, last = run.start(), run.end()
        starts[first:last] = [starts[first]]
        ends[first:last] = [ends[last - 1]]
    return starts, ends


@lru_cache(maxsize=8192)
def _fold_segment(segment: str) -> str:
    """Few, for most are one character."""
    return fold_characters(segment)


def _changing(original: str) -> Iterator[tuple[int, int]]:
    """The pieces that do not become one character each: a character and all that may compose with it."""
    others = {character for character in set(original) if not _stays_alone(character)}
    composing = {character for character in others if _composes(character)}
    done = 0
    for at in [at for at, character in enumerate(original) if character in others]:
        if at < done:
            continue
        end = at + 1
        while end < len(original) and original[end] in composing:
            end += 1
        yield at - 1 if at and original[at] in composing else at, end
        done = end


@lru_cache(maxsize=8192)
def _stays_alone(character: str) -> bool:
    """Whether it becomes one character, whatever stands before it."""
    return not _composes(character) and len(_fold_segment(character)) == 1


@lru_cache(maxsize=8192)
def _composes(character: str) -> bool:
    first = unicodedata.normalize("NFKD", without_traps(character))[0]
    return unicodedata.category(first)[0] == "M" or _COMPOSING.match(first) is not None
