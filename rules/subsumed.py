"""Rules that another one makes superfluous: whatever fires the first fires the second, with the same effect.

Knows rules as written and proofs; evaluates nothing. Only rules whose words another one could find at all are
compared, so that ten thousand cost little more than their number.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from rules.formula import All, Any, Formula, Said, flat
from rules.needs import BEGIN, PIECE, WORD, Index, of_list, of_query
from rules.query import And, ListName, Near, Not, Or, Pattern, Phrase, Query, walk
from rules.terms import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rules.definitions import RuleText
    from rules.implied import Proofs
    from rules.needs import Needs
    from rules.terms import WordList

_NO_EFFECT = frozenset({"name", "location", "why", "when", "owner", "tests"})
_MOST_RULES = 2_000
"""A larger set was hardly written by hand, and is not compared."""
_MOST_OTHERS = 20
"""So many rules at most is one compared with, """
_MOST_PROOFS = 2_000
"""and so many proofs are tried for a whole set."""


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A rule, what it asks for, and which words it needs."""

    rule: RuleText
    formula: Formula
    needs: Needs


def subsumed(
    candidates: Sequence[Candidate], proofs: Proofs, lists: Mapping[str, WordList]
) -> Iterator[tuple[RuleText, RuleText]]:
    """Each rule that another one makes superfluous, and that one. Of two that ask for the same, the later."""
    if len(candidates) > _MOST_RULES:
        return
    alike: dict[object, list[Candidate]] = {}
    for one in sorted(candidates, key=lambda one: one.rule.name):
        if one.rule.is_enabled:
            alike.setdefault(_effect(one.rule), []).append(one)
    for several in alike.values():
        if len(several) > 1:
            yield from _among(several, proofs, lists)


def _among(
    several: Sequence[Candidate], proofs: Proofs, lists: Mapping[str, WordList]
) -> Iterator[tuple[RuleText, RuleText]]:
    index = Index(one.needs for one in several)
    demands = _Demands(lists)
    asked = [demands.of(one.formula) for one in several]
    gone: set[int] = set()
    left = _MOST_PROOFS
    for number, one in enumerate(several):
        said, other_said = (Text(" , ".join(_witness(one.formula, lists, at))) for at in (0, -1))
        there, there_too = _there(said), _there(other_said)
        others = [
            other
            for other in index.worth_a_look(said)
            if other != number
            and other not in gone
            and not any(map(there.isdisjoint, asked[other]))
            and not any(map(there_too.isdisjoint, asked[other]))
        ]
        for other in others[: min(left, _MOST_OTHERS)]:
            left -= 1
            if _is_written_alike(one, several[other]):
                continue  # W102 tells of those
            if proofs.implies(one.formula, several[other].formula):
                gone.add(number)
                yield one.rule, several[other].rule
                break


class _Demands:
    """What of a text each side of a rule needs, side by side: a cheap look before a proof is tried."""

    def __init__(self, lists: Mapping[str, WordList]) -> None:
        self._lists = lists
        self._known: dict[str, Needs] = {}

    def of(self, formula: Formula) -> list[frozenset[tuple[str, str]]]:
        said = (part for part in flat(formula) if isinstance(part, Said) and part.path == "text")
        needed = [self._of_query(side) for part in said for side in _sides(part.query)]
        return [one for one in needed if one is not None and not any(how == PIECE for how, _ in one)]

    def _of_query(self, query: Query) -> Needs:
        for part in walk(query):
            if isinstance(part, ListName) and part.name not in self._known:
                self._known[part.name] = of_list(self._lists[part.name])
        return of_query(query, self._known)


def _sides(query: Query) -> Iterator[Query]:
    """What must all be found."""
    sides = (
        (query.left, query.right)
        if isinstance(query, Near)
        else query.parts
        if isinstance(query, And)
        else ()
    )
    for side in sides:
        yield from _sides(side)
    if not sides:
        yield query


def _there(said: Text) -> frozenset[tuple[str, str]]:
    begins = {(BEGIN, word[:end]) for word in said.words for end in range(1, len(word) + 1)}
    return frozenset({*begins, *((WORD, word) for word in said.words)})


def _effect(rule: RuleText) -> object:
    names = (field.name for field in dataclasses.fields(rule) if field.name not in _NO_EFFECT)
    return tuple((name, _comparable(getattr(rule, name))) for name in names if not name.endswith("_at"))


def _comparable(value: object) -> object:
    if not isinstance(value, tuple):
        return value
    return frozenset(
        one[0] if isinstance(one, tuple) else one for one in value
    )  # some have their place beside


def _is_written_alike(one: Candidate, other: Candidate) -> bool:
    if one.rule.when is None or other.rule.when is None:
        return False
    plain: bool = one.rule.when.plain() == other.rule.when.plain()
    return plain


def _witness(formula: Formula, lists: Mapping[str, WordList], at: int) -> Iterator[str]:
    """Words with which it may fire: those of the first of all alternatives (`at` 0), or of the last (-1)."""
    for part in flat(formula):
        if isinstance(part, Any):
            yield from _witness(part.parts[at], lists, at) if part.parts else ()
        elif isinstance(part, All):
            yield from _witness(part, lists, at)
        elif isinstance(part, Said) and part.path == "text":
            yield from _said(part.query, lists, at)


def _said(query: Query, lists: Mapping[str, WordList], at: int) -> Iterator[str]:
    if isinstance(query, Phrase):
        yield " ".join(term.text for term in query.terms)
    elif isinstance(query, Or):
        yield from _said(query.parts[at], lists, at)
    elif isinstance(query, And):
        for part in query.parts:
            yield from _said(part, lists, at)
    elif isinstance(query, Near):
        yield from _said(query.left, lists, at)
        yield from _said(query.right, lists, at)
    elif isinstance(query, ListName):
        entries = [entry for variant in lists.get(query.name, {}).values() for entry in variant]
        yield from _said(entries[at], lists, at) if entries else ()
    elif not isinstance(query, Not | Pattern):
        raise TypeError(f"{type(query).__name__} is no query")
