"""Claims of the outbox by two workers (T15): a hundred at once beside one at once, and nothing given twice.

`python -m benchmarks.claims`. Through the product's store on a disk, durable (FULL): `lease`, then one
`settle` per effect, as the outbox does. The two workers are coroutines of one process, because a database has
one daemon; their transactions meet in the writer. First all of `BACKLOG` rows are claimed and settled in
hundreds, and each id must come once; then the rates are taken in turns on what is filled up again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks import harness
from benchmarks.harness import Finding
from bot.records import Leased, Sent, Settlement
from bot.staff import Receipt
from bot.store.sqlite import SqliteStore

BACKLOG = 100_000
CLAIMED = {1: 200, 10: 1_000, 100: 4_000}
WORKERS = 2
LEASE = timedelta(seconds=60)
Run = Callable[[int, int, bool], Coroutine[None, None, list[int]]]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_FILL = (
    "INSERT INTO effects (key, kind, channel, payload, tried, state, due_at, fence, attempts, created_at)"
    " VALUES (?, 'notice', ?, '{}', '[]', 'pending', ?, 0, 0, 0)"
)


def fill(path: Path, count: int, *, prefix: str) -> None:
    """Effects that have long been due, for eight channels in turn."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            _FILL, ((f"{prefix}:{number}", f"webhook:desk{number % 8}", number) for number in range(count))
        )


async def claim(store: SqliteStore, *, batch: int, count: int, settles: bool) -> list[int]:
    """The ids that `WORKERS` workers were given until there were `count`, or no more."""
    given: list[int] = []

    async def worker() -> None:
        while len(given) < count:
            leased = await store.lease(limit=batch, each=batch, now=NOW, lease_for=LEASE, without=())
            if not leased:
                return
            given.extend(one.id for one in leased)
            if settles:
                await asyncio.gather(*map(settled, leased))

    async def settled(one: Leased) -> None:
        outcome = Sent(receipt=Receipt(ref=str(one.id), at=NOW))
        await store.settle(Settlement(leased=one, outcome=outcome, started_at=NOW, ended_at=NOW))

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    return given


def measure(repetitions: int) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="outcare-bench-") as scratch:
        path = Path(scratch) / "claims.db"

        async def run(batch: int, count: int, settles: bool) -> list[int]:
            store = await SqliteStore.open(path)
            given = await claim(store, batch=batch, count=count, settles=settles)
            await store.close()
            return given

        asyncio.run(run(1, 0, False))  # makes the database
        fill(path, BACKLOG, prefix="once")
        yield _exactly_once(asyncio.run(run(100, BACKLOG, True)), path)
        fill(path, BACKLOG, prefix="rate")
        for settles in (False, True):
            yield from _rates(run, repetitions, settles=settles)


def _exactly_once(given: list[int], path: Path) -> Finding:
    twice = sum(count - 1 for count in Counter(given).values())
    with closing(sqlite3.connect(path)) as connection:
        (sent,) = connection.execute("SELECT count(*) FROM deliveries WHERE outcome = 'sent'").fetchone()
    assert len(set(given)) == sent == BACKLOG, (len(set(given)), sent)
    return Finding(
        target="T15",
        what=f"claimed twice among {BACKLOG:,} rows, {WORKERS} workers",
        figure=twice,
        unit="rows",
        at_most=0,
        detail=f"{sent:,} settled, each once",
    )


def _rates(run: Run, repetitions: int, *, settles: bool) -> Iterator[Finding]:
    sides = {
        str(batch): partial(lambda given, count: asyncio.run(run(given, count, settles)), batch, count)
        for batch, count in CLAIMED.items()
    }
    took = harness.wall_minima(sides, repetitions=repetitions)
    rate = {batch: count / took[str(batch)] for batch, count in CLAIMED.items()}
    what = "claim and settle" if settles else "claim"
    detail = ", ".join(f"batch {batch}: {one:,.0f}/s" for batch, one in rate.items())
    yield Finding(
        target="T15",
        what=f"{what}, batch 100 ÷ batch 1",
        figure=rate[100] / rate[1],
        at_least=10,
        detail=f"{detail}; {harness.probe()}",
    )


if __name__ == "__main__":
    harness.main("claims", measure)
