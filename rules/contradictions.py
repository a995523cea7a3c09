"""Conditions that can never hold: what stands side by side leaves no mention that it is true of (R030).

An error, so it is told only where it is certain. Knows formulas; evaluates nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from rules import ranges
from rules.formula import All, Any, Formula, Leaf, Measured, Named, Other, Said, Without, flat, reach
from rules.report import Code, Report
from rules.signals.language import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bot.yamlfile import Node
    from rules.implied import Proofs

_Clash: TypeAlias = "tuple[Leaf | Without, Leaf | None]"
"""What cannot hold, and what it cannot hold beside."""


class Contradictions:
    """Tells each once, however many rules use the condition that it stands in."""

    def __init__(self, proofs: Proofs, report: Report) -> None:
        self._proofs = proofs
        self._report = report

    def check(self, label: str, node: Node, formula: Formula) -> None:
        """A block and what it asks for."""
        self._check(label, node, formula, ())

    def _check(self, label: str, block: Node, formula: Formula, beside: tuple[Leaf, ...]) -> None:
        """`beside`: what must hold as well where this stands."""
        parts = list(flat(formula))
        known = (*beside, *(part for part in parts if isinstance(part, Said | Measured | Named | Other)))
        clash = self._clash(known, [part for part in parts if isinstance(part, Without)])
        if clash is not None:
            self._tell(label, block, *clash)
            return
        for part in parts:
            if isinstance(part, Any):
                for choice in part.parts:
                    self._check(label, block, choice, known)
            elif isinstance(part, Without):
                self._check(label, block, part.part, ())

    def _clash(self, known: Sequence[Leaf], without: Iterable[Without]) -> _Clash | None:
        return _numbers(known) or _names(known) or self._excluded(known, without)

    def _excluded(self, known: Sequence[Leaf], without: Iterable[Without]) -> _Clash | None:
        """A `not:` that excludes what is asked for."""
        for one in without:
            for leaf in known:
                if _asks(one.part) and self._proofs.implies(leaf, one.part):
                    return one, leaf
        return None

    def _tell(self, label: str, block: Node, here: Leaf | Without, other: Leaf | None) -> None:
        """At the one that stands in the block itself; what is wrong in a condition is told there."""
        own = {id(node) for node in _nodes(block)}
        first, second = (here, other) if id(here.node) in own or other is None else (other, here)
        where = first.node.location
        if id(first.node) not in own or any(told.location == where for told in self._report.problems):
            return
        beside = f' beside "{_written(second)}" (line {second.node.location.line})' if second else ""
        message = f'{label}: "{_written(first)}" can never hold{beside}'
        self._report.error(Code.CONTRADICTION, message, where)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    children = node.value.values() if isinstance(node.value, dict) else node.value
    for child in children if isinstance(node.value, dict | list) else ():
        yield from _nodes(child)


def _asks(formula: Formula) -> bool:
    return not isinstance(formula, All | Any) or bool(formula.parts)


def _numbers(known: Iterable[Leaf]) -> _Clash | None:
    """Comparisons of one fact that no number fulfils."""
    left: dict[str, tuple[ranges.Ranges, list[Measured]]] = {}
    for one in known:
        if isinstance(one, Measured):
            before, others = left.get(one.path, (reach(one.path), []))
            now = ranges.both(before, one.wanted)
            if not now:
                return one, next((other for other in others if _is_apart(one, other)), None)
            left[one.path] = now, [*others, one]
    return None


def _is_apart(one: Measured, other: Measured) -> bool:
    return not ranges.both(one.wanted, other.wanted)


def _names(known: Iterable[Leaf]) -> _Clash | None:
    """Names of one fact that have none in common."""
    seen: dict[str, list[Named]] = {}
    for one in known:
        if isinstance(one, Named):
            for other in seen.setdefault(one.path, []):
                if not _names_of(one) & _names_of(other):
                    return one, other
            seen[one.path].append(one)
    return None


def _names_of(leaf: Named) -> frozenset[str]:
    """`pt-BR` and `pt` have a mention in common, and so may `no` and `nb`, which are one language."""
    if leaf.path in {"lang", "author.language"}:
        return frozenset((normalise(name) or name) for name in leaf.names)
    return leaf.names


def _written(leaf: Leaf | Without) -> str:
    if isinstance(leaf, Without):
        return f"not: {_shown(leaf.node)}"
    return f"{leaf.path}: {_shown(leaf.node)}"


def _shown(node: Node) -> str:
    if isinstance(node.value, list):
        return " or ".join(_shown(child) for child in node.value)
    if isinstance(node.value, dict):
        return ", ".join(f"{key}: {_shown(child)}" for key, child in node.value.items())
    return node.text
