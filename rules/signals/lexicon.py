"""A language's cues, read from its data file and made fast to find.

It knows the format of `data/*.yaml` (docs/signals.md) and how cues are found in words. What the weights
add up to is `cues`' matter.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from bot import yamlfile
from rules.signals import body

DATA = Path(__file__).parent / "data"
LANGUAGES = ("de", "en", "es", "fr", "pt")
SCALES = ("complaint", "question", "thanks", "spam", "urgent", "toxic", "sentiment", "fake")
"""What a data file may have a section for; a language whose file lacks one does not know that signal."""

START, NUMBER = "^", "#"
_BREAKS = frozenset(".…,;:()¿¡\n")
_MARKS = frozenset("!" + body.QUESTION_MARKS)
_SECTIONS = ("groups", "shares", "hosts")
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
    cue: Cue | None = None
    next: dict[str, _Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """A token as the phrases know it: under which names, and in which sets of phrases it may begin one."""

    names: tuple[str, ...] = ()
    begins: int = 0


_STRANGE = Word()


class Phrases:
    """Many phrases at once: at each word the longest that begins there, left to right, none overlapping.

    `bit` tells the set apart from the others of its vocabulary.
    """

    def __init__(self, cues: Iterable[tuple[str, Cue]], *, bit: int = 1, elided: bool = False) -> None:
        self.bit = bit
        self.symbols: set[str] = set()
        self._root = _Node()
        for phrase, cue in cues:
            for path in _paths(phrase, elided=elided):
                self._add(path, cue)
        self._anchored = self._root.next.get(START, _Node())
        self.is_anchored = START in self._root.next

    def find(self, words: list[Word], starts: Container[int], spots: Iterable[int]) -> Iterator[Hit]:
        """`starts`: the positions at which a clause begins, where phrases with ^ may stand; `spots`: those
        at which some phrase of the vocabulary may begin.
        """
        bit, free = self.bit, 0
        for at in spots:
            if (
                words[at].begins & bit
                and at >= free
                and (found := self._longest(words, at, is_start=at in starts))
            ):
                yield Hit(found[0], at, found[1])
                free = found[1]

    def begins(self, names: Iterable[str]) -> bool:
        """Whether some phrase begins with one of the names."""
        return any(name in self._root.next or name in self._anchored.next for name in names)

    def _add(self, path: tuple[str, ...], cue: Cue) -> None:
        node = self._root
        for symbol in path:
            self.symbols.add(symbol)
            node = node.next.setdefault(symbol, _Node())
        if node.cue is not None and node.cue != cue:
            raise ValueError(f"the phrase {' '.join(path)!r} stands in {node.cue.group} and in {cue.group}")
        node.cue = cue

    def _longest(self, words: list[Word], at: int, *, is_start: bool) -> tuple[Cue, int] | None:
        found = _walk(self._root, words, at)
        anchored = _walk(self._anchored, words, at) if is_start and self.is_anchored else None
        return anchored if anchored and (not found or anchored[1] >= found[1]) else found


def _walk(node: _Node, words: list[Word], at: int) -> tuple[Cue, int] | None:
    """The longest phrase from here on; a word with several names is as many ways to go on."""
    best = None
    end = len(words)
    while True:
        if node.cue:
            best = (node.cue, at)
        if at == end or not node.next:
            return best
        names = words[at].names
        at += 1
        if len(names) == 1:
            child = node.next.get(names[0])
            if child is None:
                return best
            node = child
            continue
        for name in names:
            child = node.next.get(name)
            found = _walk(child, words, at) if child else None
            if found and (best is None or found[1] > best[1]):
                best = found
        return best


class Vocabulary:
    """Every word of some sets of phrases; each token of a text is looked up in it once."""

    def __init__(self, sets: Iterable[Phrases], *, numbers: frozenset[str] = frozenset()) -> None:
        self._sets = tuple(sets)
        self._numbers = numbers
        self._known = frozenset(symbol for phrases in self._sets for symbol in phrases.symbols)
        self._stems: dict[str, list[str]] = {}
        for stem in sorted((s for s in self._known if s.endswith("*")), key=len, reverse=True):
            self._stems.setdefault(stem[:-1][:2], []).append(stem[:-1])
        self._seen: dict[str, Word] = {}

    def words(self, tokens: list[str]) -> list[Word]:
        """What each token is known as; remembered up to a bound, whatever people write."""
        seen = self._seen
        return [seen.get(token) or self._look_up(token) for token in tokens]

    def _look_up(self, token: str) -> Word:
        if len(token) > _LONGEST:
            return _STRANGE
        if len(self._seen) >= _MEMORY:
            self._seen.clear()
        names = self._names(token)
        if not names:  # most words of most posts
            return self._seen.setdefault(token, _STRANGE)
        begins = sum(phrases.bit for phrases in self._sets if phrases.begins(names))
        return self._seen.setdefault(token, Word(names, begins))

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
    cut = body.tokens(body.read(stem).folded, elided=elided)
    return [*cut[:-1], cut[-1] + "*"] if word != stem else cut


@dataclass(frozen=True, slots=True)
class Scale:
    """One signal in one language: the cues, and what a text without any is worth (`bias`, a log-odds).

    `shares`: what the groups of the complaint are worth here; `hosts`: parts of addresses that tell.
    """

    bias: float
    phrases: Phrases
    features: Mapping[str, float]
    shares: Mapping[str, Cue]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All that is known of a language; `scales` has the signals that its file has cues for.

    `anchored`: the sets with phrases that stand only at the beginning of a clause.
    `reach`: how many words after and before it a negation turns; it stops at a break and at `turns` ("and").
    `contrast`: words like "but". `common`: short words that tell the language. `elided`: l' and d' are words.
    `verb_first`: after a clause the verb comes first, so a comma opens no question.
    """

    lang: str | None
    vocabulary: Vocabulary
    scales: Mapping[str, Scale]
    negations: Phrases
    anchored: int
    reach: tuple[int, int]
    lead_ins: frozenset[str]
    turns: frozenset[str]
    contrast: frozenset[str]
    common: frozenset[str]
    elided: bool
    verb_first: bool

    def tokens(self, folded: str) -> list[str]:
        return body.tokens(folded, elided=self.elided)

    def starts(self, words: list[str]) -> set[int]:
        """Where a clause begins; a lead-in ("hi", "so", "anna84") leaves the next word a beginning too."""
        found = set()
        is_start = True
        for at, word in enumerate(words):
            if is_start:
                found.add(at)
            if not (word == "," and self.verb_first):
                is_start = is_break(word) or (is_start and (word in self.lead_ins or _is_numbered(word)))
        return found


def is_break(word: str) -> bool:
    """Whether a token is a sign that ends a clause."""
    return word[0] in _BREAKS or word[0] in _MARKS


def _is_numbered(word: str) -> bool:
    """A point of a list, or a nickname: people are called by it before they are asked."""
    return word[0].isdigit() or word[-1].isdigit()


@cache
def load(lang: str) -> Lexicon | None:
    """The lexicon of a language; None for one without a data file.

    Raises: ConfigError for a data file that is no YAML, ValueError for a phrase that stands in two groups.
    """
    return _build(lang, _read("any"), _read(lang)) if lang in LANGUAGES else None


@cache
def shared() -> Lexicon:
    """What holds in every language: question marks, emoji."""
    return _build(None, _read("any"), {})


def _read(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = yamlfile.read(DATA / f"{name}.yaml").plain()
    return plain


def _build(lang: str | None, shared: dict[str, Any], own: dict[str, Any]) -> Lexicon:
    elided = bool(own.get("elided", False))
    negation = own.get("negation", {})
    scales = {
        name: _scale((shared[name], own.get(name, {})), bit=2 << at, elided=elided)
        for at, name in enumerate(SCALES)
        if lang is None or name in own
    }
    negators = [(word, Cue("negation", 1.0, 1.0)) for word in negation.get("words", ())]
    excepted = [(word, Cue("no negation", 0.0, 0.0)) for word in negation.get("except", ())]
    negations = Phrases([*negators, *excepted], bit=1, elided=elided)
    sets = [negations, *(scale.phrases for scale in scales.values())]
    return Lexicon(
        lang=lang,
        vocabulary=Vocabulary(sets, numbers=frozenset(own.get("numbers", ()))),
        scales=scales,
        negations=negations,
        anchored=sum(phrases.bit for phrases in sets if phrases.is_anchored),
        reach=(negation.get("forward", 0), negation.get("backward", 0)),
        lead_ins=frozenset(own.get("lead_ins", ())),
        turns=frozenset(negation.get("turns", ())),
        contrast=frozenset(own.get("contrast", ())),
        common=frozenset(str(own.get("common", "")).split()),
        elided=elided,
        verb_first=bool(own.get("verb_first", False)),
    )


def _scale(sources: tuple[dict[str, Any], ...], *, bit: int, elided: bool) -> Scale:
    cues: list[tuple[str, Cue]] = []
    merged: dict[str, float] = {}
    shares: dict[str, Cue] = {}
    hosts: list[str] = []
    for source in sources:
        merged |= {name: value for name, value in source.items() if name not in _SECTIONS}
        shares |= {group: _cue(group, values) for group, values in source.get("shares", {}).items()}
        hosts += source.get("hosts", ())
        for group, values in source.get("groups", {}).items():
            cue = _cue(group, values)
            cues += [(phrase, cue) for phrase in values["words"]]
    bias = merged.pop("bias")
    return Scale(bias, Phrases(cues, bit=bit, elided=elided), merged, shares, tuple(hosts))


def _cue(group: str, values: Mapping[str, Any]) -> Cue:
    weight = float(values["weight"])
    return Cue(group, weight, float(values.get("negated", weight)))
