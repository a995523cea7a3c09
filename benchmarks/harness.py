"""How every benchmark measures and reports: both sides in one run, taken in turns, the least of many rounds.

Processor time, because wall time on a small shared machine moves twofold; the minimum, because what
disturbs a round only ever makes it slower. What waits for a disk is told beside an fdatasync probe of the
same run.
Knows nothing of what is measured. A miss of a target is printed and is no failure: time is no test.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

REPETITIONS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One figure beside its target: met when it is `at_least` or `at_most` that; with neither, a figure only.

    `target`: the id in docs/performance.md. `detail`: both sides, and what else is needed to read the figure.
    """

    target: str
    what: str
    figure: float
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None
    detail: str = ""

    @property
    def is_met(self) -> bool | None:
        if self.at_least is not None:
            return self.figure >= self.at_least
        return None if self.at_most is None else self.figure <= self.at_most

    @property
    def bound(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


def cpu_minima(
    sides: Mapping[str, Callable[[], object]], *, repetitions: int = REPETITIONS
) -> dict[str, float]:
    """Processor seconds of this process that each side took at its best; the sides take turns."""
    return {name: min(rounds) for name, rounds in _rounds(sides, time.process_time, repetitions).items()}


def wall_minima(
    sides: Mapping[str, Callable[[], object]], *, repetitions: int = REPETITIONS
) -> dict[str, float]:
    """Seconds by the clock that each side took at its best: for what waits for a disk or another process."""
    return {name: min(rounds) for name, rounds in _rounds(sides, time.perf_counter, repetitions).items()}


def _rounds(
    sides: Mapping[str, Callable[[], object]], clock: Callable[[], float], repetitions: int
) -> dict[str, list[float]]:
    """Every round begins with another side, so that none always runs in its neighbour's cold caches."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides.items())
    was_collecting = gc.isenabled()
    for turn in range(repetitions):
        first = turn % len(order)
        for name, side in order[first:] + order[:first]:
            gc.collect()
            gc.disable()
            began = clock()
            side()
            took[name].append(clock() - began)
            if was_collecting:
                gc.enable()
    return took


def fdatasync_ms(folder: Path, times: int = 200) -> list[float]:
    """How long this disk takes to make 4 kB durable, in milliseconds."""
    with (folder / "probe").open("wb", buffering=0) as file:
        return [_synced_ms(file) for _ in range(times)]


def _synced_ms(file: FileIO) -> float:
    file.write(b"x" * 4096)
    began = time.perf_counter()
    os.fdatasync(file.fileno())
    return (time.perf_counter() - began) * 1000


@contextmanager
def disk_watched(folder: Path, every: float = 0.02) -> Iterator[list[float]]:
    """What `fdatasync` takes while something else runs, of a file that nobody else has: it tells a disk that
    stands still from a program that does. Filled with milliseconds as they come.
    """
    took: list[float] = []
    is_over = threading.Event()

    def watch() -> None:
        with (folder / "beside").open("wb", buffering=0) as file:
            while not is_over.wait(every):
                took.append(_synced_ms(file))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield took
    finally:
        is_over.set()
        thread.join()


def probe(folder: Path | None = None) -> str:
    """`fdatasync_ms` in words, for a `detail`."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        took = fdatasync_ms(Path(scratch))
    return f"fdatasync p50 {statistics.median(took):.2f} ms, p99 {percentile(took, 0.99):.2f} ms"


def percentile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def resident_mb(pid: int | str = "self") -> float:
    """Resident memory of a process, in MB of 2^20 bytes (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    if found is None:
        raise ProcessLookupError(pid)
    return int(found.group(1)) / 1024


def told(
    name: str,
    doc: str | None,
    measure: Callable[[int, Path], Coroutine[object, object, list[Finding]]],
    *,
    of: str,
) -> None:
    """The command line of a benchmark with `of` so many of something in a folder of its own: `--of N`."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=doc)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(f"--{of}", type=int, default=100_000, dest="count")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(given.count, Path(folder)))
    if given.json:
        for one in found:
            print(json.dumps(asdict(one)))
    else:
        print("\n".join(table(found)))


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """The findings as a Markdown table."""
    yield "| id | what | measured | target | | how |"
    yield "|---|---|---|---|---|---|"
    for one in findings:
        verdict = {True: "met", False: "**short**", None: ""}[one.is_met]
        yield (
            f"| {one.target} | {one.what} | {shown(one.figure)} {one.unit} | {one.bound} | {verdict} |"
            f" {one.detail} |"
        )


def shown(figure: float) -> str:
    """Three figures that mean something."""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def main(name: str, measure: Callable[[int], Iterable[Finding]], words: list[str] | None = None) -> None:
    """The command line of one benchmark. `measure(repetitions)` yields its findings."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}", description=sys.modules["__main__"].__doc__
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, for scripts")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, metavar="N")
    given = parser.parse_args(words)
    findings = []
    for finding in measure(given.repetitions):
        findings.append(finding)
        if given.json:
            print(json.dumps(asdict(finding)), flush=True)
    if not given.json:
        print("\n".join(table(findings)))
