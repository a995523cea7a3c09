"""What a `when` asks for, as a formula: named conditions written out, each leaf with its place.

For lints, which compare conditions with each other. It takes blocks with mistakes, too: what it does not
understand is a leaf that equals only itself. Evaluates nothing.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bot.matcher.text import key as folded
from bot.measured import PRESENT
from rules import ranges
from rules.query import Query
from rules.signals.names import PROBABILITY, RANGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bot.errors import Location
    from bot.yamlfile import Node
    from rules.ranges import Ranges

_PROBABILITIES = frozenset(name for name, span in RANGES.items() if span == PROBABILITY)
_GROUPS = frozenset({"author", "engagement", "thread", "history"})
_ONE_OF = frozenset({"platform", "kind", "lang", "author.handle", "author.tier", "author.language"})
"""Facts of which a mention has one, and a rule names which."""
_WITHIN = "within"
_DEEPEST = 40
_LARGEST = 1_000
"""So many leaves may a formula have; conditions that use conditions could grow it without end."""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """That it is not so."""

    part: Formula
    node: Node


@dataclass(frozen=True, slots=True)
class Said:
    """A query, and whose words it looks at (`text`, `author.bio`)."""

    path: str
    query: Query
    node: Node


@dataclass(frozen=True, slots=True)
class Measured:
    path: str
    wanted: Ranges
    node: Node


@dataclass(frozen=True, slots=True)
class Named:
    path: str
    names: frozenset[str]
    node: Node


@dataclass(frozen=True, slots=True)
class Other:
    """Whatever else: only what is written alike is the same."""

    path: str
    written: str
    node: Node


Leaf: TypeAlias = Said | Measured | Named | Other
Formula: TypeAlias = All | Any | Without | Leaf


class Formulas:
    """Reads blocks of one set; `conditions` by name, `queries` by place, those without a mistake."""

    def __init__(self, conditions: Mapping[str, Node], queries: Mapping[Location, Query]) -> None:
        self._conditions = conditions
        self._queries = queries
        self._above: tuple[str, ...] = ()
        self._depth = 0
        self._size = 0

    def of(self, node: Node | None) -> Formula:
        """Of a block; one that asks for nothing is `All` of nothing."""
        self._size = 0
        return self._block(node) if node is not None else All(())

    def _block(self, node: Node) -> Formula:
        self._size += 1
        if self._depth > _DEEPEST or self._size > _LARGEST:
            return _other("too much", node)
        self._depth += 1
        try:
            if isinstance(node.value, list):
                return _any([self._block(child) for child in node.value])
            if not isinstance(node.value, dict):
                return _other("no block", node) if node.value is not None else All(())
            return _all([self._of_key(key, child) for key, child in node.value.items()])
        finally:
            self._depth -= 1

    def _of_key(self, key: str, node: Node) -> Formula:
        if key == "not":
            return Without(self._block(node), node)
        if key == "any":
            return self._block(node)
        if key == "all" and isinstance(node.value, list):
            return _all([self._block(child) for child in node.value])
        if key == "is":
            return _any([self._of_condition(child) for child in _items(node)])
        if key in _GROUPS and isinstance(node.value, dict):
            return _all(list(self._of_group(key, node.value)))
        return self._leaf(key, node)

    def _of_condition(self, node: Node) -> Formula:
        name = node.text
        if name not in self._conditions or name in self._above:
            return _other("is", node)
        before, self._above = self._above, (*self._above, name)
        try:
            return self._block(self._conditions[name])
        finally:
            self._above = before

    def _of_group(self, group: str, fields: Mapping[str, Node]) -> Iterator[Formula]:
        """Each of its fields by itself; within another time they are other facts."""
        within = f" within {fields[_WITHIN].text}" if _WITHIN in fields else ""
        for name, node in fields.items():
            if name != _WITHIN:
                yield self._leaf(f"{group}.{name}{within}", node)

    def _leaf(self, path: str, node: Node) -> Formula:
        items = _items(node)
        if path in {"text", "author.bio"}:
            return _any([self._said(path, item) for item in items])
        return _fact(path, node, items)

    def _said(self, path: str, node: Node) -> Formula:
        query = self._queries.get(node.location)
        return Said(path, query, node) if query is not None else _other(path, node)


def flat(formula: Formula) -> Iterator[Formula]:
    """What must all hold, one by one; no `All` among them."""
    if isinstance(formula, All):
        for part in formula.parts:
            yield from flat(part)
    else:
        yield formula


def leaves(formula: Formula) -> Iterator[Leaf]:
    """Every leaf, also those under a `not:`."""
    if isinstance(formula, All | Any):
        for part in formula.parts:
            yield from leaves(part)
    elif isinstance(formula, Without):
        yield from leaves(formula.part)
    else:
        yield formula


def _all(parts: Sequence[Formula]) -> Formula:
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _any(parts: Sequence[Formula]) -> Formula:
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def _items(node: Node) -> Sequence[Node]:
    return node.value if isinstance(node.value, list) else [node]


def _fact(path: str, node: Node, items: Sequence[Node]) -> Formula:
    wanted = [_wanted(path, item) for item in items]
    known = [one for one in wanted if one is not None]
    if known and len(known) == len(wanted):
        return Measured(path, ranges.any_of(known), node)
    if path in _ONE_OF or isinstance(node.value, bool):
        return Named(path, frozenset(folded(item.text).removeprefix("@") for item in items), node)
    return _other(path, node)


def _wanted(path: str, node: Node) -> Ranges | None:
    if isinstance(node.value, bool) and path in _PROBABILITIES:
        half = ">=" if node.value else "<"
        return ranges.of_comparison(f"{half} {PRESENT}")
    return ranges.of_comparison(node.text) if isinstance(node.value, str) else None


def _other(path: str, node: Node) -> Other:
    return Other(path, json.dumps(node.plain(), sort_keys=True), node)


def reach(path: str) -> Ranges:
    """The numbers that this fact can be at all."""
    return ranges.between(*RANGES.get(path, (-math.inf, math.inf)))
