"""`python -m tests.faults --runs N`: so many faults, one after the other, and what came of them.

Exit status 0: every promise was kept; 1: one was broken (its seed and its folder are named).
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import random
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults.episode import Run, Tally, play
from tests.faults.knobs import shim
from tests.faults.script import WITH_SHIM, Harm, faults

SHORTEST, LONGEST = 10, 25
"""Faults in an episode."""


def main() -> int:
    given = _arguments()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(10**9)
    harms = chosen(given.only)
    folder = given.folder or Path(tempfile.mkdtemp(prefix=f"outcare-torture-{seed}-"))
    out = sys.stderr if given.json else sys.stdout
    print(f"seed {seed}, {given.runs} runs of {', '.join(harms)}", file=out, flush=True)
    if shim() is None:
        print(f"left out, for there is no C compiler: {', '.join(h.__name__ for h in WITH_SHIM)}", file=out)
    began = time.monotonic()
    runs, tallies = torture(folder, harms, given.runs, random.Random(seed), out)
    broken = [run for run in runs if run.violation]
    report = _report(seed, runs, tallies, time.monotonic() - began)
    if given.json:
        print(json.dumps(report, indent=2))
    else:
        print(_table(report), flush=True)
    if broken:
        print(f"\nBROKEN: {broken[0].fault}: {broken[0].violation}", file=out)
        print(f"again: python -m tests.faults --runs {given.runs} --seed {seed}; kept: {folder}", file=out)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="faults to make (100)")
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run; else a fresh one")
    parser.add_argument("--only", default="", help=f"some of: {','.join(faults())}")
    parser.add_argument("--folder", type=Path, default=None, help="where databases and logs lie meanwhile")
    parser.add_argument("--json", action="store_true", help="the report as JSON on stdout")
    return parser.parse_args()


def chosen(only: str) -> dict[str, Harm]:
    """The faults of a list of names, or all. Raises: SystemExit for a name that there is not."""
    known, names = faults(), [name for name in only.split(",") if name]
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no such fault here: {', '.join(unknown)} (there are {', '.join(known)})")
    return {name: known[name] for name in names or known}


def torture(
    folder: Path, harms: dict[str, Harm], count: int, rng: random.Random, out: object
) -> tuple[list[Run], list[Tally]]:
    """Play episodes until so many faults were made, or a promise was broken."""
    runs: list[Run] = []
    tallies: list[Tally] = []

    def tell(run: Run) -> None:
        runs.append(run)
        made = sum(one.fault in harms for one in runs)
        mark = "BROKEN" if run.violation else "ok"
        name = f"{run.fault}+{run.over}" if run.over else run.fault
        print(f"{made:5}/{count}  {name:20} {run.seconds:6.1f} s  {mark}", file=out, flush=True)  # type: ignore[call-overload]

    for number, episode in enumerate(episodes(harms, count, rng)):
        place = folder / f"episode-{number}"
        place.mkdir(parents=True)
        tally = asyncio.run(play(place, episode, rng, tell))
        if tally is None:
            break
        tallies.append(tally)
        shutil.rmtree(place)
    return runs, tallies


def episodes(harms: dict[str, Harm], count: int, rng: random.Random) -> Iterator[Sequence[Harm]]:
    """Every fault as often as any other (give or take one), in random order."""
    deck: list[Harm] = []
    while len(deck) < count:
        more = list(harms.values())
        rng.shuffle(more)
        deck += more
    deck = deck[:count]
    while deck:
        length = rng.randint(SHORTEST, LONGEST)
        yield deck[:length]
        deck = deck[length:]


def _report(seed: int, runs: Sequence[Run], tallies: Sequence[Tally], seconds: float) -> dict[str, object]:
    by_fault: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_fault[run.fault].append(run)
    totals = {
        field.name: sum(getattr(tally, field.name) for tally in tallies)
        for field in dataclasses.fields(Tally)
    }
    return {
        "seed": seed,
        "seconds": round(seconds, 1),
        "episodes": len(tallies),
        "totals": totals,
        "faults": {
            name: {
                "runs": len(found),
                "broken": sum(run.violation is not None for run in found),
                "seconds": round(sum(run.seconds for run in found) / len(found), 2),
            }
            for name, found in sorted(by_fault.items())
        },
        "violations": [run.violation for run in runs if run.violation],
    }


def _table(report: dict[str, object]) -> str:
    faults_made: dict[str, dict[str, float]] = report["faults"]  # type: ignore[assignment]
    totals: dict[str, int] = report["totals"]  # type: ignore[assignment]
    lines = ["", f"{'fault':12}{'runs':>6}{'broken':>8}{'mean s':>8}"]
    lines += [
        f"{name:12}{made['runs']:>6}{made['broken']:>8}{made['seconds']:>8.2f}"
        for name, made in faults_made.items()
    ]
    lines.append(f"{report['episodes']} episodes in {report['seconds']} s, seed {report['seed']}")
    lines.append(", ".join(f"{count} {name}" for name, count in totals.items()))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
