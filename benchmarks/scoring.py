"""The arithmetic of labelled data: precision, recall, AUC, calibration, and by which half a row is judged."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Half = Literal["development", "report"]
Scored = Sequence[tuple[float, bool]]
BINS = 10
_Z = 1.96
"""Of a 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    n: int
    true: int
    precision: float
    recall: float
    f1: float
    macro_f1: float
    auc: float
    precision_between: tuple[float, float]
    recall_between: tuple[float, float]


def half(row: str) -> Half:
    """Cues were set while looking at one half; only the other one is a fair judge."""
    return "report" if hashlib.sha256(row.encode()).digest()[0] % 2 else "development"


def figures(scored: Scored, *, threshold: float = 0.5) -> Figures:
    """Of values at or above a threshold, against the truth."""
    counts = {(said, true): 0 for said in (True, False) for true in (True, False)}
    for value, true in scored:
        counts[value >= threshold, true] += 1
    hits, misses = counts[True, True], counts[False, True]
    false, rest = counts[True, False], counts[False, False]
    f1 = ratio(2 * hits, 2 * hits + false + misses)
    return Figures(
        n=len(scored),
        true=hits + misses,
        precision=ratio(hits, hits + false),
        recall=ratio(hits, hits + misses),
        f1=f1,
        macro_f1=(f1 + ratio(2 * rest, 2 * rest + false + misses)) / 2,
        auc=auc(scored),
        precision_between=wilson(hits, hits + false),
        recall_between=wilson(hits, hits + misses),
    )


def auc(scored: Scored) -> float:
    """How often a true one is valued above a false one; ties count half."""
    by_value: dict[float, list[int]] = {}
    for value, true in scored:
        by_value.setdefault(value, [0, 0])[true] += 1
    below = area = 0.0
    for value in sorted(by_value):
        no, yes = by_value[value]
        area += yes * (below + no / 2)
        below += no
    return ratio(area, below * sum(true for _, true in by_value.values()))


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Over the classes of (said, true): each counts as much as the others."""
    classes = sorted({true for _, true in pairs})
    scores = []
    for one in classes:
        hits = sum(said == true == one for said, true in pairs)
        wrong = sum((said == one) != (true == one) for said, true in pairs)
        scores.append(ratio(2 * hits, 2 * hits + wrong))
    return ratio(sum(scores), len(scores))


def reliability(scored: Scored) -> Iterator[tuple[float, int, float]]:
    """What share is true in each tenth of the values: (from, how many, share)."""
    for tenth in range(BINS):
        inside = [true for value, true in scored if min(int(value * BINS), BINS - 1) == tenth]
        if inside:
            yield tenth / BINS, len(inside), sum(inside) / len(inside)


def expected_error(scored: Scored) -> float:
    """By how much value and share differ, weighed by how many there are (ECE)."""
    total = 0.0
    for start, count, share in reliability(scored):
        inside = [value for value, _ in scored if min(int(value * BINS), BINS - 1) == round(start * BINS)]
        total += count * abs(sum(inside) / count - share)
    return ratio(total, len(scored))


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share. https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval"""
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    width = _Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(middle - width, 0.0), min(middle + width, 1.0)


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
