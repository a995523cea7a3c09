"""Comparisons as rules write them (`">= 0.6"`, `"< 30d"`), and the ranges of numbers that they leave:
whether two leave anything, whether one lies in another.

Knows numbers and durations; knows no fact and no rule.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeAlias

from bot import duration

if TYPE_CHECKING:
    from collections.abc import Iterable

Bound: TypeAlias = tuple[float, int]
"""A number, and whether it is the number itself (0), what is just below it (-1) or just above (1)."""
Ranges: TypeAlias = tuple[tuple[Bound, Bound], ...]
"""From one bound to another, both included; in any of these."""

_COMPARISON = re.compile(r"(>=|<=|>|<|=)\s*([^<>=\s].*)\Z")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\Z")
LOWEST, HIGHEST = (-math.inf, 0), (math.inf, 0)


def parted(text: str) -> tuple[str, str] | None:
    """`>= 10` or `< 30d` as its sign and what is compared with; None: it is no comparison."""
    found = _COMPARISON.match(text.strip())
    return (found[1], found[2]) if found else None


def of_comparison(text: str) -> Ranges | None:
    """What it leaves; None: it is none with a number or a duration."""
    sign, limit = parted(text) or ("", "")
    value = number(limit)
    if value is None:
        value = seconds(limit)
    if value is None:
        return None
    return {
        ">=": (((value, 0), HIGHEST),),
        ">": (((value, 1), HIGHEST),),
        "<=": ((LOWEST, (value, 0)),),
        "<": ((LOWEST, (value, -1)),),
        "=": (((value, 0), (value, 0)),),
    }[sign]


def number(text: str) -> float | None:
    """A plain one."""
    return float(text) if _NUMBER.match(text) else None


def seconds(text: str) -> float | None:
    """Of a duration (12h, 30d)."""
    try:
        return duration.parse(text).total_seconds()
    except (ValueError, OverflowError):
        return None


def between(low: float, high: float) -> Ranges:
    """Both included."""
    return (((low, 0), (high, 0)),)


def both(ones: Ranges, others: Ranges) -> Ranges:
    """What lies in both; empty: nothing does."""
    pairs = ((max(one[0], other[0]), min(one[1], other[1])) for one in ones for other in others)
    return tuple(pair for pair in pairs if pair[0] <= pair[1])


def any_of(several: Iterable[Ranges]) -> Ranges:
    return tuple(one for ranges in several for one in ranges)


def lies_in(ones: Ranges, others: Ranges) -> bool:
    """Whether each of the first lies in one of the second."""
    return all(any(wide[0] <= one[0] and one[1] <= wide[1] for wide in others) for one in ones)
