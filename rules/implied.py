"""Whether one condition follows from another: then whatever makes the one true makes the other true.

A proof or nothing: where it says yes it is so, where it says no it may be so all the same. Knows formulas and
queries; evaluates nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules import ranges
from rules.formula import All, Any, Formula, Measured, Named, Other, Said, Without
from rules.query import And, ListName, Near, Not, Or, Pattern, Phrase, Query, Term
from rules.terms import ANY_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rules.terms import WordList

_MOST_STEPS = 5_000
"""Of one proof: whoever writes more complicated conditions is not told."""
_LONGEST_LIST = 100


class Proofs:
    """Of one set; `lists` by name."""

    def __init__(self, lists: Mapping[str, WordList]) -> None:
        self._lists = lists
        self._known: dict[tuple[int, int], bool] = {}
        self._steps = 0

    def implies(self, one: Formula, other: Formula) -> bool:
        """Whether `other` holds wherever `one` does."""
        self._known, self._steps = {}, 0
        return self._implies(one, other)

    def _implies(self, one: Formula, other: Formula) -> bool:
        pair = (id(one), id(other))
        if pair not in self._known:
            self._steps += 1
            self._known[pair] = False
            self._known[pair] = self._steps < _MOST_STEPS and self._follows(one, other)
        return self._known[pair]

    def _follows(self, one: Formula, other: Formula) -> bool:
        if isinstance(one, Any):
            return all(self._implies(part, other) for part in one.parts)
        if isinstance(other, All):
            return all(self._implies(one, part) for part in other.parts)
        if isinstance(one, All) and any(self._implies(part, other) for part in one.parts):
            return True
        if isinstance(other, Any):
            return any(self._implies(one, part) for part in other.parts)
        if isinstance(one, Without) and isinstance(other, Without):
            return self._implies(other.part, one.part)
        return self._leaf(one, other)

    def _leaf(self, one: Formula, other: Formula) -> bool:
        if isinstance(one, Said) and isinstance(other, Said):
            return one.path == other.path and self.finds(one.query, other.query)
        if isinstance(one, Measured) and isinstance(other, Measured):
            return one.path == other.path and ranges.lies_in(one.wanted, other.wanted)
        if isinstance(one, Named) and isinstance(other, Named):
            return one.path == other.path and one.names <= other.names
        if isinstance(one, Other) and isinstance(other, Other):
            return (one.path, one.written) == (other.path, other.written)
        return False

    def finds(self, one: Query, other: Query) -> bool:
        """Whether the second query finds every text that the first one finds."""
        self._steps += 1
        one, other = self._spread(one), self._spread(other)
        if isinstance(one, Or):
            return all(self.finds(part, other) for part in one.parts)
        if isinstance(other, And):
            return all(self.finds(one, part) for part in other.parts)
        if isinstance(one, And) and any(self.finds(part, other) for part in one.parts):
            return True
        if isinstance(other, Or):
            return any(self.finds(one, part) for part in other.parts)
        return self._steps < _MOST_STEPS and self._finds_leaf(one, other)

    def _finds_leaf(self, one: Query, other: Query) -> bool:
        if isinstance(one, Not) and isinstance(other, Not):
            return self.finds(other.part, one.part)
        if isinstance(one, Near) and isinstance(other, Near):
            return self._as_near(one, other)
        if isinstance(one, Near):
            return self.finds(one.left, other) or self.finds(one.right, other)
        if isinstance(one, Phrase) and isinstance(other, Phrase):
            return _contains(_terms(one), _terms(other))
        return _is_same(one, other)

    def _as_near(self, one: Near, other: Near) -> bool:
        if one.words > other.words or (other.is_ordered and not one.is_ordered):
            return False
        sides = [(other.left, other.right)]
        if not other.is_ordered:
            sides.append((other.right, other.left))
        return any(self._marks(one.left, left) and self._marks(one.right, right) for left, right in sides)

    def _marks(self, one: Query, other: Query) -> bool:
        """Whether the second finds the very places of the first: within NEAR their length counts, too."""
        one, other = self._spread(one), self._spread(other)
        if isinstance(one, Or):
            return all(self._marks(part, other) for part in one.parts)
        if isinstance(other, Or):
            return any(self._marks(one, part) for part in other.parts)
        if isinstance(one, Phrase) and isinstance(other, Phrase):
            ours, theirs = _terms(one), _terms(other)
            return len(ours) == len(theirs) and _contains(ours, theirs)
        return _is_same(one, other)

    def _spread(self, query: Query) -> Query:
        """A short list without variants is its entries; any other list is only itself."""
        if not isinstance(query, ListName):
            return query
        entries = self._lists.get(query.name, {})
        if set(entries) != {ANY_LANGUAGE} or not 0 < len(entries[ANY_LANGUAGE]) <= _LONGEST_LIST:
            return query
        return Or(tuple(entries[ANY_LANGUAGE]), query.at)


def _is_same(one: Query, other: Query) -> bool:
    if isinstance(one, ListName) and isinstance(other, ListName):
        return one.name == other.name
    return isinstance(one, Pattern) and isinstance(other, Pattern) and one.text == other.text


def _terms(phrase: Phrase) -> Sequence[Term]:
    """Word by word, also what stood in quotation marks."""
    found: list[Term] = []
    for term in phrase.terms:
        *before, last = term.text.split(" ")
        found += [Term(word) for word in before]
        found.append(Term(last, term.is_prefix))
    return found


def _contains(ours: Sequence[Term], theirs: Sequence[Term]) -> bool:
    """Whether the words of the second stand side by side among those of the first."""
    places = range(len(ours) - len(theirs) + 1)
    return any(all(map(_is_as_wide, theirs, ours[at : at + len(theirs)])) for at in places)


def _is_as_wide(wide: Term, narrow: Term) -> bool:
    if wide.is_prefix:
        return narrow.text.startswith(wide.text)
    return not narrow.is_prefix and narrow.text == wide.text
