"""`make bench`: every benchmark, one after the other."""

from __future__ import annotations

from benchmarks import latency, signals


def main() -> None:
    print("\n## latency\n")
    latency.main([])
    print("\n## signals\n")
    signals.main()


main()
