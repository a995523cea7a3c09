"""Many phrases found at once in the words of a text: cues of several sets in one walk.

It knows words, prefixes, numbers and beginnings of clauses. It knows no language, and adds up nothing.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from rules.signals import body

START, NUMBER = "^", "#"
_MEMORY, _LONGEST = 20_000, 40
"""Tokens that a vocabulary remembers, and the characters of the longest that it looks at."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What a phrase is worth, plain and after a negation; `group` is the kind of thing that it says."""

    group: str
    weight: float
    negated: float


class Hit(NamedTuple):
    """A cue found: the tokens [start, end)."""

    cue: Cue
    start: int
    end: int


@dataclass(slots=True)
class _Node:
    """`cues`: of the phrase that ends here, by the number of its set."""

    cues: dict[int, Cue] = field(default_factory=dict)
    next: dict[str, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """A token as the phrases know it: under which names, and whether it may begin one, or one with ^."""

    names: tuple[str, ...] = ()
    begins: bool = False
    anchors: bool = False


_STRANGE = Word()
_Best = dict[int, tuple[Cue, int]]
"""The longest phrase of each set, and where it ends."""


class Vocabulary:
    """Sets of phrases; each token of a text is looked up in it once, and all sets are found in one walk."""

    def __init__(
        self,
        sets: Sequence[Iterable[tuple[str, Cue]]],
        *,
        numbers: frozenset[str] = frozenset(),
        elided: bool = False,
    ) -> None:
        """Raises: ValueError for a phrase that stands in two groups of a set."""
        self._count = len(sets)
        self._numbers = numbers
        self._root = _Node()
        known: set[str] = set()
        for index, cues in enumerate(sets):
            for phrase, cue in cues:
                for path in _paths(phrase, elided=elided):
                    known.update(path)
                    self._add(path, index, cue)
        self._anchored = self._root.next.get(START, _Node())
        self._known = frozenset(known)
        self._stems: dict[str, list[str]] = {}
        for stem in sorted((s for s in known if s.endswith("*")), key=len, reverse=True):
            self._stems.setdefault(stem[:-1][:2], []).append(stem[:-1])
        self._seen: dict[str, Word] = {}
        self._same: dict[tuple[str, ...], Word] = {(): _STRANGE}
        """Words by their names: many tokens are known as the same."""

    def words(self, tokens: list[str]) -> list[Word]:
        """What each token is known as; remembered up to a bound, whatever people write."""
        seen = self._seen
        return [seen.get(token) or self._look_up(token) for token in tokens]

    def find(self, words: list[Word], starts: Container[int], spots: Iterable[int]) -> list[list[Hit]]:
        """Of each set, at each spot the longest phrase that begins there, left to right, none overlapping.

        `starts`: the positions at which a clause begins, where phrases with ^ may stand; `spots`: those of
        words that may begin a phrase.
        """
        hits: list[list[Hit]] = [[] for _ in range(self._count)]
        free = [0] * self._count
        for at in spots:
            best: _Best = {}
            _walk(self._root, words, at, best)
            if words[at].anchors and at in starts:
                anchored: _Best = {}
                _walk(self._anchored, words, at, anchored)
                for index, found in anchored.items():
                    if index not in best or found[1] >= best[index][1]:
                        best[index] = found
            for index, (cue, end) in best.items():
                if at >= free[index]:
                    hits[index].append(Hit(cue, at, end))
                    free[index] = end
        return hits

    def _add(self, path: tuple[str, ...], index: int, cue: Cue) -> None:
        node = self._root
        for symbol in path:
            node = node.next.setdefault(symbol, _Node())
        before = node.cues.setdefault(index, cue)
        if before != cue:
            raise ValueError(f"the phrase {' '.join(path)!r} stands in {before.group} and in {cue.group}")

    def _look_up(self, token: str) -> Word:
        if len(token) > _LONGEST:
            return _STRANGE
        if len(self._seen) >= _MEMORY:
            self._seen.clear()
        names = self._names(token)
        word = self._same.get(names)
        if word is None:
            anchors = any(name in self._anchored.next for name in names)
            begins = anchors or any(name in self._root.next for name in names)
            word = self._same[names] = Word(names, begins, anchors)
        if not token.isdecimal():  # there is no end of numbers, and few come twice
            self._seen[token] = word
        return word

    def _names(self, token: str) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for form in body.shorten(token):
            if form in self._known:
                names[form] = None
            for key in {form[:2], form[:1]}:
                names |= {f"{stem}*": None for stem in self._stems.get(key, ()) if form.startswith(stem)}
        if NUMBER in self._known and (token.isdecimal() or token in self._numbers):
            names[NUMBER] = None
        return tuple(names)


def _walk(node: _Node, words: list[Word], at: int, best: _Best) -> None:
    """Note the longest phrases from here on; a word with several names is as many ways to go on."""
    end = len(words)
    while True:
        for index, cue in node.cues.items():
            if index not in best or best[index][1] < at:
                best[index] = (cue, at)
        following = node.next
        if at == end or not following:
            return
        names = words[at].names
        at += 1
        ways = [child for name in names if (child := following.get(name))]
        if not ways:
            return
        for child in ways[:-1]:
            _walk(child, words, at, best)
        node = ways[-1]


def _paths(phrase: str, *, elided: bool) -> Iterator[tuple[str, ...]]:
    """Two paths for "lost my|our bag*". Words are cut as a post's are, so that they can meet."""
    anchored = phrase.startswith(START)
    choices = [place.split("|") for place in phrase.removeprefix(START).split()]
    for choice in product(*choices):
        path = [symbol for word in choice for symbol in _symbols(word, elided=elided)]
        yield (START, *path) if anchored else tuple(path)


def _symbols(word: str, *, elided: bool) -> list[str]:
    if word == NUMBER:
        return [word]
    stem = word.removesuffix("*")
    if stem.isascii() and stem.isalpha():  # most words of most languages: nothing to cut or to fold
        return [word.lower()]
    cut = body.tokens(body.read(stem).folded, elided=elided)
    return [*cut[:-1], cut[-1] + "*"] if word != stem else cut
