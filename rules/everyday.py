"""Words that stand in very many posts, and where a rule rests on one of them alone (W107).

How often a word stands in the posts of the past may be given; without that, a list of function words decides.
Knows formulas and queries; counts nothing itself.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

from bot.matcher.text import fold, is_spaceless, plain_words
from rules.formula import All, Any, Formula, Said, Without, flat
from rules.places import within
from rules.query import And, ListName, Not, Or, Phrase, Query, Term
from rules.report import Code, Report

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.terms import Entry

OFTEN = 0.05
"""A word in more posts than this tells hardly anything."""
_ENOUGH = 200
_SHORT_PREFIX = 2

Shares: TypeAlias = "Mapping[str, float]"
"""Words that stand in more posts of the past than that, and in what share of them."""


@cache
def usual() -> Shares:
    """Function words; what share theirs is nobody has counted."""
    lines = files("rules").joinpath("everyday.txt").read_text(encoding="utf-8").splitlines()
    return {word: 0.0 for line in lines if not line.startswith("#") for word in line.split()}


def shares(texts: Collection[str]) -> Shares | None:
    """As these posts have it; None: they are too few to say."""
    if len(texts) < _ENOUGH:
        return None
    counts = Counter(word for text in texts for word in plain_words(fold(text)))
    return {word: count / len(texts) for word, count in counts.items() if count > OFTEN * len(texts)}


class Everyday:
    """`shares` None: the usual words. `entries`: what stands in each word list."""

    def __init__(
        self,
        shares: Shares | None,
        entries: Mapping[str, Iterable[tuple[str, Node, Entry]]],
        texts: Mapping[Path, str],
        report: Report,
    ) -> None:
        self._shares = usual() if shares is None else shares
        self._begins = _beginnings(self._shares)
        self._entries = entries
        self._texts = texts
        self._report = report
        self._told: set[Location] = set()

    def check(self, label: str, formula: Formula) -> None:
        """Each word that alone makes this true."""
        asked = [part for part in flat(formula) if not isinstance(part, Without)]
        if len(asked) != 1:
            return  # something else must hold as well
        (only,) = asked
        for part in only.parts if isinstance(only, Any) else (only,):
            if isinstance(part, All | Any):
                self.check(label, part)
            elif isinstance(part, Said) and part.path == "text":
                self._alone(label, part.query, part.node)

    def _alone(self, label: str, query: Query, node: Node) -> None:
        if isinstance(query, Or):
            for part in query.parts:
                self._alone(label, part, node)
        elif isinstance(query, And):
            asked = [part for part in query.parts if not isinstance(part, Not)]
            if len(asked) == 1:
                self._alone(label, asked[0], node)
        elif isinstance(query, Phrase):
            self._word(label, query, node, query.at)
        elif isinstance(query, ListName):
            self._list(query.name)

    def _list(self, name: str) -> None:
        for _, node, entry in self._entries.get(name, ()):
            if isinstance(entry, Phrase):
                self._word(f'word list "{name}"', entry, node, 0)

    def _word(self, label: str, phrase: Phrase, node: Node, at: int) -> None:
        """`at`: where in the node it stands."""
        term = phrase.terms[0]
        doubt = self._doubt(term) if len(phrase.terms) == 1 else None
        if doubt is not None:
            word = f"{term.text}{'*' * term.is_prefix}"
            place = within(node, at, self._texts)
            if place not in self._told:  # a list or a condition that several use
                self._told.add(place)
                self._report.warn(Code.COMMON, f'{label}: "{word}" alone {doubt}', place)

    def _doubt(self, term: Term) -> str | None:
        found = self._begins.get(term.text) if term.is_prefix else term.text
        if found is not None and found in self._shares:
            share = self._shares[found]
            told = f"stands in {share:.0%} of the posts so far" if share else "stands in posts about anything"
            return told if found == term.text else f'finds "{found}", which {told}'
        shortest = _SHORT_PREFIX if term.is_prefix else 1
        if len(term.text) <= shortest and term.text.isalnum() and not is_spaceless(term.text[0]):
            return "begins very many words" if term.is_prefix else "is very short"
        return None


def _beginnings(shares: Shares) -> Mapping[str, str]:
    """For each beginning of a word the most frequent one that begins so."""
    ordered = sorted(shares, key=lambda word: (shares[word], word))
    begins = {word[:end]: word for word in ordered for end in range(1, len(word))}
    return begins | {word: word for word in shares}
