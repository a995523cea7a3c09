"""`make bench`: every benchmark in a process of its own, in turn; the table of docs/performance.md.

`python -m benchmarks [NAME ...] [--json]`. What is not named is left out; without names all are run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

from benchmarks.harness import Finding, shown, table

NAMES = (
    "matcher",
    "rules",
    "reload",
    "ingest",
    "store",
    "latency",
    "dispatch",
    "claims",
    "life",
    "page",
    "asking",
    "clocks",
    "retrieval",
    "connectors",
    "peers",
)


def run(name: str, *options: str) -> list[Finding]:
    """The findings of one benchmark. What it says besides goes to the terminal."""
    print(f"{name} …", file=sys.stderr, flush=True)
    found = []
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            one = Finding(**json.loads(line))
            found.append(one)
            print(
                f"  {one.target} {one.what}: {shown(one.figure)} {one.unit} {one.bound}",
                file=sys.stderr,
                flush=True,
            )
    if process.returncode:
        print(f"{name} ended with {process.returncode}", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*NAMES, []], help=", ".join(NAMES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    findings = [one for name in given.names or NAMES for one in run(name)]
    if given.json:
        print(
            json.dumps(
                [
                    {
                        "met": one.is_met,
                        "bound": one.bound,
                        "id": one.target,
                        "what": one.what,
                        "figure": one.figure,
                        "unit": one.unit,
                        "detail": one.detail,
                    }
                    for one in findings
                ]
            )
        )
        return
    print("\n".join(table(findings)))
    short = [one for one in findings if one.is_met is False]
    print(f"\n{sum(one.is_met is True for one in findings)} targets met, {len(short)} short")


if __name__ == "__main__":
    main()
