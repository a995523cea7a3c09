"""Of what a process's memory consists, told from inside it: what grows in a soak, and whose it is.

Knows the standard library only: the probe loads it before all else. The C library's figures are those of
`mallinfo2` (https://man7.org/linux/man-pages/man3/mallinfo.3.html); SQLite's own, of
`sqlite3_memory_used` (https://www.sqlite.org/c3ref/memory_highwater.html). Python's small objects lie in
pages of its own, which neither knows: `blocks` counts them.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

MB = 1e6


class _Heap(ctypes.Structure):
    """`struct mallinfo2`: bytes, and counts of what is free."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in [
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        ]
    ]


def parts() -> dict[str, float]:
    """MB each, but for `blocks`; 0 where this system cannot tell."""
    return {**_of_the_system(), **_of_the_heap(), "sqlite": _of_sqlite(), "blocks": sys.getallocatedblocks()}


def _of_the_system() -> dict[str, float]:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        lines = []
    said = {line.partition(":")[0]: line.split() for line in lines}
    asked = {"resident": "VmRSS", "files": "RssFile"}
    return {name: int(said[key][1]) * 1024 / MB if key in said else 0.0 for name, key in asked.items()}


def _of_the_heap() -> dict[str, float]:
    try:
        tell = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError, TypeError):
        return {"heap_used": 0.0, "heap_free": 0.0, "mapped": 0.0}
    tell.restype = _Heap
    heap = tell()
    return {"heap_used": heap.uordblks / MB, "heap_free": heap.fordblks / MB, "mapped": heap.hblkhd / MB}


def _of_sqlite() -> float:
    try:
        tell = ctypes.CDLL("libsqlite3.so.0").sqlite3_memory_used
    except (AttributeError, OSError):
        return 0.0
    tell.restype = ctypes.c_int64
    return float(tell()) / MB


def lines_of(told: Sequence[dict[str, float]]) -> Iterator[str]:
    """A table of what `parts` said at twelve times (`at_s`), for people."""
    step = max(1, len(told) // 12)
    names = [name for name in told[0] if name != "at_s"] if told else []
    yield " ".join(f"{name:>10}" for name in ["second", *names])
    for one in told[::step]:
        yield " ".join([f"{one['at_s'] - told[0]['at_s']:10.0f}", *(f"{one[name]:10.1f}" for name in names)])


def curve(samples: list[tuple[float, float]]) -> dict[str, Any]:
    """Memory at twelve points, and its slope after the first sixth (least squares)."""
    later = [one for one in samples if one[0] >= samples[-1][0] / 6]
    middle = sum(at for at, _ in later) / len(later)
    mean = sum(mb for _, mb in later) / len(later)
    spread = sum((at - middle) ** 2 for at, _ in later) or 1.0
    slope = sum((at - middle) * (mb - mean) for at, mb in later) / spread
    step = max(1, len(samples) // 12)
    points = [(round(at), round(mb, 1)) for at, mb in samples[::step]]
    return {"points": points, "max": max(mb for _, mb in samples), "slope_mb_per_hour": slope * 3600}
