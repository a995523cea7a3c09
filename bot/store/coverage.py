"""What each source observed, as intervals, and the holes between them, each with its reason.

*Axis.* Coverage is counted in the platform's time of the events where a source tells it, else in our time of
receipt (`Batch.observed_to`). A replay after an outage therefore fills the past, and no hole is left.
*Invariant.* Between the first and the last interval of a source, its gaps are exactly what no interval
covers. It is written with the cursor, so that it never claims what a crash could lose.
It knows the tables coverage and gaps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from bot.model import Gap
from bot.records import Entry
from bot.store import rows
from bot.store.work import Work

Interval: TypeAlias = tuple[int, int]
"""Start and end in microseconds. What was observed includes both; a hole lies between."""


def observe(work: Work, entry: Entry) -> tuple[Gap, ...]:
    """Note what a batch observed; the gaps that this left."""
    to = rows.micros_or_none(entry.observed_to)
    if entry.gap is not None:
        return _begin(work, entry.source, entry.gap, to)
    if to is not None and not _extend(work, entry.source, to):
        _insert_coverage(work, entry.source, ((to, to),))
    return ()


def _extend(work: Work, source: str, to: int) -> bool:
    """Go on where the newest interval ends; False when there is none. The hot path: one small update."""
    done = work.conn.execute(
        "UPDATE coverage SET ended_at = max(ended_at, ?) WHERE source = ?"
        " AND started_at = (SELECT max(started_at) FROM coverage WHERE source = ?)",
        (to, source, source),
    )
    return done.rowcount > 0


def _begin(work: Work, source: str, gap: Gap, to: int | None) -> tuple[Gap, ...]:
    """Begin anew behind a gap. Where nothing was observed before, the source's word is all there is."""
    start = rows.micros(gap.ended_at)
    before = _read(work, source)
    if not before.intervals and gap.started_at < gap.ended_at:
        before = Coverage(intervals=((rows.micros(gap.started_at),) * 2,), gaps=before.gaps)
    after = before.observed((start, max(start, to or start)), gap.reason)
    work.conn.execute("DELETE FROM coverage WHERE source = ?", (source,))
    _insert_coverage(work, source, after.intervals)
    work.conn.executemany(
        "DELETE FROM gaps WHERE source = ? AND started_at = ? AND ended_at = ?",
        [(source, *hole) for hole in before.gaps.keys() - after.gaps.keys()],
    )
    new = {hole: reason for hole, reason in after.gaps.items() if hole not in before.gaps}
    work.conn.executemany(
        "INSERT INTO gaps (source, started_at, ended_at, reason) VALUES (?, ?, ?, ?)",
        [(source, *hole, reason) for hole, reason in new.items()],
    )
    return tuple(_gap(source, hole, reason) for hole, reason in new.items() if not _is_in(hole, before.gaps))


def _insert_coverage(work: Work, source: str, intervals: Iterable[Interval]) -> None:
    work.conn.executemany(
        "INSERT INTO coverage (source, started_at, ended_at) VALUES (?, ?, ?)",
        [(source, *interval) for interval in intervals],
    )


def _read(work: Work, source: str) -> Coverage:
    intervals = work.conn.execute(
        "SELECT started_at, ended_at FROM coverage WHERE source = ? ORDER BY started_at", (source,)
    ).fetchall()
    gaps = work.conn.execute(
        "SELECT started_at, ended_at, reason FROM gaps WHERE source = ? ORDER BY started_at", (source,)
    ).fetchall()
    return Coverage(intervals=tuple(intervals), gaps={(start, end): reason for start, end, reason in gaps})


def _gap(source: str, hole: Interval, reason: str) -> Gap:
    return Gap(source=source, started_at=rows.moment(hole[0]), ended_at=rows.moment(hole[1]), reason=reason)


# --- intervals: pure ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What one source observed (in order, apart from each other), and why it did not observe the rest."""

    intervals: tuple[Interval, ...] = ()
    gaps: dict[Interval, str]

    def observed(self, new: Interval, reason: str) -> Coverage:
        """With `new` as well. A hole without a reason gets this one; what `new` fills is no gap more."""
        intervals = union((*self.intervals, new))
        gaps = {piece: why for hole, why in self.gaps.items() for piece in without(hole, (new,))}
        for start, end in pairwise(intervals):
            for piece in without((start[1], end[0]), gaps):
                gaps[piece] = reason
        return Coverage(intervals=intervals, gaps=gaps)


def _is_in(hole: Interval, gaps: Iterable[Interval]) -> bool:
    """Whether it is a piece of one of these, and no news."""
    return any(start <= hole[0] and hole[1] <= end for start, end in gaps)


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same points as intervals in order; those that touch are one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def without(hole: Interval, filled: Iterable[Interval]) -> tuple[Interval, ...]:
    """The pieces of a hole that are left, none of them empty."""
    pieces: list[Interval] = []
    start, end = hole
    for low, high in sorted(filled):
        if low > start:
            pieces.append((start, min(low, end)))
        start = max(start, high)
        if start >= end:
            break
    else:
        pieces.append((start, end))
    return tuple(piece for piece in pieces if piece[0] < piece[1])
