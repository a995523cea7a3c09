"""Comparisons compiled.

Knows what may stand in them; knows no condition.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.measured import PRESENT
from rules import ranges

if TYPE_CHECKING:
    from bot.yamlfile import Node
    from rules.reading import Reader

Compare = Callable[[float], bool]

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}


def several(node: Node, reader: Reader, read: Callable[[Node], Compare | None]) -> Compare:
    """One comparison, or a list of them: any of these."""
    read_all = [read(child) for child in reader.items(node)]
    compares = [compare for compare in read_all if compare is not None]
    return compares[0] if len(compares) == 1 else lambda value: any(compare(value) for compare in compares)


@dataclass(frozen=True, slots=True)
class _Limit:
    """What may stand behind the sign: what it is called, and how it is read (None: something else)."""

    called: str
    read: Callable[[str], float | None]


_PLAIN = _Limit("a plain number", ranges.number)
_DURATION = _Limit("a duration (12h, 30d)", ranges.seconds)


def _within(low: int, high: int) -> _Limit:
    def read(text: str) -> float | None:
        number = ranges.number(text)
        return number if number is not None and low <= number <= high else None

    return _Limit(f"a number from {low} to {high}", read)


_PROBABILITY, _TONE = _within(0, 1), _within(-1, 1)


def probability(name: str, node: Node, reader: Reader) -> Compare | None:
    """`true` (at least 0.5), `false` (below), or a comparison with a number from 0 to 1."""
    if isinstance(node.value, bool):
        return compare(">=" if node.value else "<", PRESENT)
    return _compared(name, node, reader, _PROBABILITY, example=">= 0.6", instead="true, false or ")


def tone(name: str, node: Node, reader: Reader) -> Compare | None:
    """A comparison with a number from -1 to 1."""
    return _compared(name, node, reader, _TONE, example="< -0.3")


def amount(name: str, node: Node, reader: Reader, *, example: str = ">= 2000") -> Compare | None:
    return _compared(name, node, reader, _PLAIN, example=example)


def some(name: str, node: Node, reader: Reader) -> Compare | None:
    """`true` (at least one), `false` (none), a plain number (exactly so many), or a comparison."""
    if isinstance(node.value, bool):
        return compare(">=" if node.value else "<", 1)
    if isinstance(node.value, int | float):
        return compare("=", float(node.value))
    return amount(name, node, reader, example=">= 1")


def length(name: str, node: Node, reader: Reader, *, example: str) -> Compare | None:
    """Of seconds."""
    return _compared(name, node, reader, _DURATION, example=example)


def _compared(
    name: str, node: Node, reader: Reader, limit: _Limit, *, example: str, instead: str = ""
) -> Compare | None:
    """`instead` names what else could stand here."""
    found = reader.comparison(node, name, example, instead=instead)
    if found is None:
        return None
    value = limit.read(found[1])
    if value is None:
        reader.wrong(node, f"{instead}compared with {limit.called}", name)
        return None
    return compare(found[0], value)


def compare(sign: str, number: float) -> Compare:
    holds = _OPERATORS[sign]
    return lambda value: holds(value, number)
