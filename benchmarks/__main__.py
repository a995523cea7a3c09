"""`make bench`: every benchmark in a process of its own, in turn; the table of docs/performance.md.

`python -m benchmarks [NAME ...] [--json]`. What is not named is left out; without names all are run. Ends
with 1 where one could not be run to its end, whatever the others found.
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


def run(name: str, *options: str) -> tuple[list[Finding], bool]:
    """The findings of one benchmark, and whether it came to its end. What it says besides is shown as is."""
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
    return found, process.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*NAMES, []], help=", ".join(NAMES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    findings, broken = [], []
    for name in given.names or NAMES:
        found, is_whole = run(name)
        findings += found
        broken += [] if is_whole else [name]
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
        return len(broken) > 0
    print("\n".join(table(findings)))
    short = [one for one in findings if one.is_met is False]
    print(f"\n{sum(one.is_met is True for one in findings)} targets met, {len(short)} short")
    if broken:
        print(f"not run to its end: {', '.join(broken)}")
    return len(broken) > 0


if __name__ == "__main__":
    sys.exit(main())
