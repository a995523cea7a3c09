"""`make bench`: every benchmark, one after the other."""

from __future__ import annotations

from benchmarks import latency, signals


def main() -> None:
    for name, run in (("latency", latency.main), ("signals", signals.main)):
        print(f"\n## {name}\n")
        run([])


main()
