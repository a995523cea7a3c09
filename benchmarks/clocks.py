"""One pass of the clocks with a hundred thousand open asks (issue 8: within 100 ms).

`python -m benchmarks.clocks [--json] [--asks N]`. Every ask rang and has a next step. A pass is what the
outbox does when it looks: what is due is asked for, and taken with its cards. Each step is told of in a turn
of the event loop of its own, the last of which the pass ends with. Medians by the clock, with nothing due,
with a hundred steps due at different times, and with a hundred due together.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.harness import Finding, told
from benchmarks.page import fill
from bot.clock import SystemClock
from bot.escalation import Escalation
from bot.model import Brand
from bot.store.rows import micros
from bot.store.sqlite import SqliteStore

ROUNDS = 7
DUE = 100
TARGET_MS = 100.0
_RUNG = (
    "INSERT INTO effects (key, kind, channel, route, brand, conversation, mention, ask, urgency, payload,"
    " tried, state, due_at, fence, attempts, receipt, receipt_at, created_at)"
    " SELECT 'k' || a.id, 'alert', 'telegram:care', 'default', a.brand, a.conversation, a.mention, a.id, 2,"
    " '{}', '[]', 'sent', a.seen_at, 1, 1, 'm' || a.id, a.seen_at, a.seen_at FROM asks a"
)


def ring(path: Path, now: datetime) -> None:
    """Each ask rang when it was seen, is due tomorrow, and has a next step."""
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(_RUNG)
        conn.execute(
            "UPDATE asks SET rang_at = started_at, alerted_at = started_at, due_at = ?, escalate_at = ?",
            (micros(now + timedelta(days=1)), micros(now + timedelta(hours=12))),
        )


def make_due(path: Path, begun: datetime, *, together: bool, after: int) -> None:
    """A hundred of them have come to a step; each with a lead of its own time, unless `together`."""
    channel = "'telegram:care'" if together else "'telegram:c' || (conversation / 3)"
    long_ago = micros(begun - timedelta(hours=2))
    with closing(sqlite3.connect(path)) as conn, conn:
        chosen = "SELECT id FROM asks WHERE started_at < ? ORDER BY id LIMIT ? OFFSET ?"
        values = (long_ago, DUE, after)
        conn.execute(
            f"UPDATE effects SET channel = {channel} WHERE ask IN ({chosen})",  # noqa: S608 - of two words
            values,
        )
        conn.execute(
            f"UPDATE asks SET due_at = ?, escalate_at = ? WHERE id IN ({chosen})",  # noqa: S608 - see above
            (micros(begun), micros(begun), *values),
        )


async def turn(store: SqliteStore, clock: SystemClock, steps: list[int], due: int) -> float:
    """Milliseconds of one pass that takes `due` steps.

    Raises: SystemExit: it took others than these.
    """
    steps.clear()
    begun = time.perf_counter()
    await store.next_due_at()
    await store.lease(limit=64, each=16, now=clock.now(), lease_for=timedelta(seconds=60))
    for _ in range(due):
        await asyncio.sleep(0)
    took = (time.perf_counter() - begun) * 1000
    if len(steps) != due:
        raise SystemExit(f"{len(steps)} of {due} steps were taken")
    return took


async def measure(count: int, folder: Path) -> list[Finding]:
    clock, path = SystemClock(), folder / "clocks.db"
    store = await SqliteStore.open(path, upgrade=True)
    await store.save_brands([Brand(name="acme", words=("acme",))])
    await fill(store, count)
    store.escalation = Escalation(leads=("lea",))
    steps: list[int] = []
    store.on_step = lambda step: steps.append(step.ask)
    begun = clock.now()
    ring(path, begun)
    await turn(store, clock, steps, 0)
    took: dict[str, list[float]] = {"nothing due": [], f"{DUE} due": [], f"{DUE} due together": []}
    try:
        for number in range(ROUNDS):
            took["nothing due"].append(await turn(store, clock, steps, 0))
            for place, together in enumerate((False, True)):
                make_due(path, begun, together=together, after=(2 * number + place) * DUE)
                name = f"{DUE} due together" if together else f"{DUE} due"
                took[name].append(await turn(store, clock, steps, DUE))
    finally:
        await store.close()
    return [
        Finding(
            target="clocks",
            what=f"a pass, {count:,} open asks, {name}",
            figure=round(statistics.median(times), 1),
            unit="ms",
            at_most=TARGET_MS,
            detail=f"slowest of {ROUNDS}: {max(times):.1f}",
        )
        for name, times in took.items()
    ]


def main() -> None:
    told("clocks", __doc__, measure, of="asks")


if __name__ == "__main__":
    main()
