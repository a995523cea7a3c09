"""What staff asks in chat with a hundred thousand open asks (issue 8: `/inbox` within 50 ms).

`python -m benchmarks.asking [--json] [--asks N]`. Every conversation is open. The answer as text, from the
question to the last word, by the clock, medians; what a chat needs to carry it is not in it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.harness import Finding, told
from benchmarks.page import ANNA, fill
from bot.clock import SystemClock
from bot.inquiries import Inquiries
from bot.model import Brand
from bot.overview import REPORTED
from bot.steering import Said
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH

ROUNDS = 15
TARGET_MS = 50.0


def asked(store: SqliteStore) -> dict[str, Callable[[], Awaitable[object]]]:
    """What is asked for, by name."""
    clock = SystemClock()
    inquiries = Inquiries(store=store, zone=ZoneInfo("UTC"), people=str, link=lambda *_: None)

    def said() -> Said:
        return Said(person=ANNA, words=[], texts=ENGLISH, now=clock.now())

    return {
        "/inbox": lambda: inquiries.answer("inbox", said()),
        "/who": lambda: inquiries.answer("who", said()),
        "/stats": lambda: inquiries.answer("stats", said()),
        "stage times of a week": lambda: store.stage_times(clock.now() - REPORTED, now=clock.now()),
        "stage times of an hour": lambda: store.stage_times(
            clock.now() - timedelta(hours=1), now=clock.now()
        ),
    }


async def measure(count: int, folder: Path) -> list[Finding]:
    store = await SqliteStore.open(folder / "asking.db", upgrade=True)
    await store.save_brands([Brand(name="acme", words=("acme",))])
    await fill(store, count)
    found = []
    try:
        for name, ask in asked(store).items():
            took = [await timed(ask) for _ in range(ROUNDS)]
            found.append((name, statistics.median(took), max(took)))
    finally:
        await store.close()
    return [
        Finding(
            target="asking",
            what=f"{name}, {count:,} open asks",
            figure=round(median, 1),
            unit="ms",
            at_most=TARGET_MS if name == "/inbox" else None,
            detail=f"slowest of {ROUNDS}: {slowest:.1f}",
        )
        for name, median, slowest in found
    ]


async def timed(ask: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await ask()
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    told("asking", __doc__, measure, of="asks")


if __name__ == "__main__":
    main()
