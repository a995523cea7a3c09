"""One normal form for texts and patterns, and the way back to the original's offsets.

Knows Unicode and what a word is in scripts with and without blanks between words; knows no patterns, no
posts and no rules. Both sides of every comparison pass through `fold`: NFKC and casefold
(https://www.unicode.org/reports/tr15/), one apostrophe, one blank for any run of blanks.
U+2029, the separator of `bot.model.searchable`, is no blank: it stays, so that no phrase reaches across it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate, repeat
from typing import TYPE_CHECKING

from bot.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PART_BREAK = "\u2029"
PART_DISTANCE = 1000
"""How many words apart the parts of a post count as: farther than anybody asks for."""
_FEW, _SHORT = 16, 64
"""So many times, in so many characters, words are counted where they stand; else it is quicker to know where
all of them begin."""

# What NFKC would turn into something nobody means: ´ into a blank with an accent, ™ into the letters "tm".
_BEFORE = (("’", "'"), ("‘", "'"), ("ʼ", "'"), ("´", "'"), ("™", "®"), ("℠", "®"))
_ODD_BLANKS = re.compile(r"[^\S \u2029]")
_BLANKS = re.compile(" {2,}")
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
_SIGNS_AS_BLANKS = {code: " " for code in range(128) if not _RUNS.match(chr(code))}
_BEYOND_ASCII = re.compile("[^\0-\x7f]")
_STARTS = re.compile(r"(\w[\w']*|\u2029)")
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_INVISIBLE = frozenset("\u00ad\u200c\u200d\u2060\ufeff")
# Not marks, yet they compose with what stands before them: Hangul vowels and finals, Kirat Rai vowels.
_COMPOSING = re.compile("[\u1160-\u11ff\U00016d63-\U00016d6a]")


def fold(text: str) -> str:
    """The normal form that words are looked for in."""
    return _one_each(_plain_blanks(fold_characters(text)))


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


def _plain_blanks(text: str) -> str:
    """Each blank a space, by far the most common one first."""
    text = text.replace("\n", " ")
    return text if text.isprintable() else _ODD_BLANKS.sub(" ", text)


def _one_each(text: str) -> str:
    """One space for each run of them."""
    return _BLANKS.sub(" ", text) if "  " in text else text


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


def occurrences(folded: str, wanted: str, *, is_prefix: bool = False) -> list[tuple[int, int]]:
    """Where a folded word or phrase stands in a folded text, whole words only.

    A prefix runs on to its word's end.
    """
    found: list[tuple[int, int]] = []
    start = folded.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if begins_word(folded, start) and (is_prefix or ends_word(folded, end)):
            found.append((start, word_end(folded, end) if is_prefix else end))
        start = folded.find(wanted, start + 1)
    return found


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
    if folded.isascii():
        return frozenset(folded.translate(_SIGNS_AS_BLANKS).split())
    return frozenset(_RUNS.findall(_SPACELESS.sub(" ", folded)))


def _continues(folded: str, at: int, step: int) -> bool:
    """Whether a word goes on at `at`; a zero-width joiner or a soft hyphen does not end one."""
    while 0 <= at < len(folded) and folded[at] in _INVISIBLE:
        at += step
    return 0 <= at < len(folded) and joins(folded[at])


class FoldedText:
    """A text, folded once, that many words are looked for in; spans come back as offsets of the original."""

    def __init__(self, original: str) -> None:
        self.original = original
        self._loose = _plain_blanks(fold_characters(original))
        self.folded = _one_each(self._loose)
        self._found: dict[tuple[str, bool], Sequence[tuple[int, int]]] = {}
        self._counted = 0

    def span(self, start: int, end: int) -> Span:
        """The piece of the original that folded [start, end) came from, whole characters with their marks."""
        for step in self._steps_back:
            start, end = step.start(start), step.end(end)
        return Span(start=start, end=end)

    def occurrences(self, wanted: str, *, is_prefix: bool = False) -> Sequence[tuple[int, int]]:
        """Where a folded word or phrase stands in the folded text; looked for once, however often asked."""
        if wanted not in self.folded:
            return ()
        asked = (wanted, is_prefix)
        found = self._found.get(asked)
        if found is None:
            found = self._found[asked] = occurrences(self.folded, wanted, is_prefix=is_prefix)
        return found

    def is_near(self, end: int, start: int, words: int) -> bool:
        """Whether no more than so many words begin in folded [end, start).

        Each character of a spaceless script is one; from one part of a post to another (body, title, alt
        text) it is `PART_DISTANCE` words and more.
        """
        if start - end <= words and PART_BREAK not in self.folded[end:start]:
            return True  # no two words begin at one character
        return self._words_between(end, start) <= words

    def _words_between(self, end: int, start: int) -> int:
        blank = max(0, self.folded.rfind(" ", 0, end + 1))  # no word goes on over one
        self._counted += 1
        if self._counted > _FEW or start - blank > _SHORT:
            return bisect_left(self._word_starts, start) - bisect_left(self._word_starts, end)
        starts = _word_starts(self.folded[blank:start])
        return len(starts) - bisect_left(starts, end - blank)

    @cached_property
    def _steps_back(self) -> Sequence[_Step]:
        """From the folded text to the original: to blanks as they were, then to characters as they were."""
        steps: list[_Step] = []
        if len(self.folded) < len(self._loose):
            steps.append(_Step((*run.span(), 1) for run in _BLANKS.finditer(self._loose)))
        changed = () if self.original.isascii() else tuple(_changing(self.original))
        if changed:
            steps.append(_Step(changed))
        return steps

    @cached_property
    def _word_starts(self) -> list[int]:
        return _word_starts(self.folded)


class _Step:
    """From places in a text back to those in the one that it was made of.

    `pieces`: [start, end) of the earlier text, and how many characters each of them became; in order. All
    that stands between them stayed as long as it was.
    """

    __slots__ = ("_begins", "_ends", "_pieces")

    def __init__(self, pieces: Iterable[tuple[int, int, int]]) -> None:
        self._pieces: list[tuple[int, int]] = []
        self._begins: list[int] = []
        self._ends: list[int] = []
        grown = 0
        for start, end, size in pieces:
            self._pieces.append((start, end))
            self._begins.append(start + grown)
            self._ends.append(start + grown + size)
            grown += size - (end - start)

    def start(self, at: int) -> int:
        """Where that begins which the character at this place came from."""
        number = bisect_right(self._begins, at) - 1
        if number < 0:
            return at
        start, end = self._pieces[number]
        return start if at < self._ends[number] else end + at - self._ends[number]

    def end(self, at: int) -> int:
        """Where that ends which the character before this place came from."""
        number = bisect_left(self._begins, at) - 1
        if number < 0:
            return at
        return self._pieces[number][1] + max(0, at - self._ends[number])


def _beyond_ascii(text: str) -> set[str]:
    """Its characters, without those of ASCII: where nothing is unusual, they are few."""
    return set(_BEYOND_ASCII.findall(text))


def _word_starts(folded: str) -> list[int]:
    if not folded.isascii() and any(map(_is_peculiar, _beyond_ascii(folded))):
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


@lru_cache(maxsize=8192)
def _fold_segment(segment: str) -> str:
    """Few, for most are one character."""
    return fold_characters(segment)


def _changing(original: str) -> Iterator[tuple[int, int, int]]:
    """The pieces that do not become one character each, and how many they become: a character and all that
    may compose with it.
    """
    others = {character for character in _beyond_ascii(original) if not _stays_alone(character)}
    if not others:
        return
    composing = {character for character in others if _composes(character)}
    done = 0
    for at in [at for at, character in enumerate(original) if character in others]:
        if at < done:
            continue
        end = at + 1
        while end < len(original) and original[end] in composing:
            end += 1
        start = at - 1 if at and original[at] in composing else at
        yield start, end, len(_fold_segment(original[start:end]))
        done = end


@lru_cache(maxsize=8192)
def _stays_alone(character: str) -> bool:
    """Whether it becomes one character, whatever stands before it."""
    return not _composes(character) and len(_fold_segment(character)) == 1


@lru_cache(maxsize=8192)
def _composes(character: str) -> bool:
    first = unicodedata.normalize("NFKD", without_traps(character))[0]
    return unicodedata.category(first)[0] == "M" or _COMPOSING.match(first) is not None
