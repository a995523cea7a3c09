"""Comparisons as rules write them (`">= 0.6"`, `"< 30d"`), compiled.

Knows their form and what may stand in them; knows no condition.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bot import duration
from bot.measured import PRESENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.yamlfile import Node
    from rules.reading import Reader

Compare = Callable[[float], bool]

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\Z")
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}


def several(node: Node, reader: Reader, read: Callable[[Node], Compare | None]) -> Sequence[Compare]:
    """One comparison, or a list of them: any of these."""
    compares = (read(child) for child in reader.items(node))
    return [compare for compare in compares if compare is not None]


def probability(name: str, node: Node, reader: Reader) -> Compare | None:
    """`true` (at least 0.5), `false` (below), or a comparison with a number from 0 to 1."""
    if isinstance(node.value, bool):
        return compare(">=" if node.value else "<", PRESENT)
    found = reader.comparison(node, name, ">= 0.6", instead="true, false or ")
    if found is None:
        return None
    if not _NUMBER.match(found[1]) or not 0 <= float(found[1]) <= 1:
        reader.wrong(node, "true, false or compared with a number from 0 to 1", name)
        return None
    return compare(found[0], float(found[1]))


def tone(name: str, node: Node, reader: Reader) -> Compare | None:
    """A comparison with a number from -1 to 1."""
    found = reader.comparison(node, name, "< -0.3")
    if found is None:
        return None
    if not _NUMBER.match(found[1]) or not -1 <= float(found[1]) <= 1:
        reader.wrong(node, "compared with a number from -1 to 1", name)
        return None
    return compare(found[0], float(found[1]))


def amount(name: str, node: Node, reader: Reader, *, example: str = ">= 2000") -> Compare | None:
    found = reader.comparison(node, name, example)
    if found is None:
        return None
    if not _NUMBER.match(found[1]):
        reader.wrong(node, "compared with a plain number", name)
        return None
    return compare(found[0], float(found[1]))


def some(name: str, node: Node, reader: Reader) -> Compare | None:
    """`true` (at least one), `false` (none), a plain number (exactly so many), or a comparison."""
    if isinstance(node.value, bool):
        return compare(">=" if node.value else "<", 1)
    if isinstance(node.value, int | float):
        return compare("=", float(node.value))
    return amount(name, node, reader, example=">= 1")


def length(name: str, node: Node, reader: Reader, *, example: str) -> Compare | None:
    """Of seconds."""
    found = reader.comparison(node, name, example)
    if found is None:
        return None
    try:
        wanted = duration.parse(found[1])
    except (ValueError, OverflowError):
        reader.wrong(node, "compared with a duration (12h, 30d)", name)
        return None
    return compare(found[0], wanted.total_seconds())


def compare(sign: str, number: float) -> Compare:
    holds = _OPERATORS[sign]
    return lambda value: holds(value, number)
