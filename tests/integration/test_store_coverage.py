"""Coverage and gaps in the database: moved with the cursor, whole after any order of things."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.model import Gap
from bot.records import Entry
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(path) as made:
        yield made


def gap(start: float, end: float, reason: str = "cursor_lost") -> Gap:
    return Gap(source="jetstream", started_at=s.at(start), ended_at=s.at(end), reason=reason)


def minutes(micros: int) -> float:
    return (datetime.fromtimestamp(micros / 1e6, s.NOON.tzinfo) - s.NOON) / timedelta(minutes=1)


def intervals(path: Path) -> list[tuple[float, float]]:
    found = s.rows(path, "SELECT started_at, ended_at FROM coverage ORDER BY source, started_at")
    return [(minutes(start), minutes(end)) for start, end in found]


def gaps(path: Path) -> list[tuple[float, float, str]]:
    found = s.rows(path, "SELECT started_at, ended_at, reason FROM gaps ORDER BY source, started_at")
    return [(minutes(start), minutes(end), reason) for start, end, reason in found]


async def test_coverage_goes_on_with_the_cursor(store: SqliteStore, path: Path) -> None:
    """One interval that grows; what says nothing or comes late leaves it; a replay fills the past."""
    for to in (0, 5, None, 3, 90):
        await s.record(store, cursor="1", observed_to=None if to is None else s.at(to))
    assert (intervals(path), gaps(path)) == ([(0, 90)], [])


async def test_a_beginning_that_joins_nothing_leaves_one_gap(store: SqliteStore, path: Path) -> None:
    """From where coverage ended, whatever the source believes, to where it begins again."""
    await s.record(store, observed_to=s.at(0))
    await s.record(store, observed_to=s.at(10))
    done = await s.record(store, gap=gap(12, 30), observed_to=s.at(31))
    assert done.gaps == (gap(10, 30),)
    assert (intervals(path), gaps(path)) == ([(0, 10), (30, 31)], [(10, 30, "cursor_lost")])
    again = await s.record(store, gap=gap(12, 30), observed_to=s.at(31))
    assert (again.gaps, gaps(path)) == ((), [(10, 30, "cursor_lost")])


async def test_a_gap_that_was_observed_is_none(store: SqliteStore, path: Path) -> None:
    """Another host begins later than asked, but within what the first had given."""
    await s.record(store, observed_to=s.at(0))
    await s.record(store, observed_to=s.at(10))
    done = await s.record(store, gap=gap(5, 9), observed_to=s.at(12))
    assert (done.gaps, intervals(path), gaps(path)) == ((), [(0, 12)], [])


async def test_the_first_beginning_is_no_gap(store: SqliteStore, path: Path) -> None:
    """Where nothing was ever observed nothing was missed; unless the source knows of a position before."""
    await s.record(store, gap=gap(5, 5, "down"))
    assert (intervals(path), gaps(path)) == ([(5, 5)], [])
    other = Gap(source="other", started_at=s.at(1), ended_at=s.at(7), reason="cursor_lost")
    await store.record(Entry(source="other", gap=other, observed_to=s.at(8)), now=s.at(9), lease_for=s.LEASE)
    assert (intervals(path), gaps(path)) == ([(5, 5), (1, 1), (7, 8)], [(1, 7, "cursor_lost")])


async def test_a_gap_is_filled_by_what_is_read_later(store: SqliteStore, path: Path) -> None:
    """A second look at the past makes two gaps of one, with its reason; coverage is never claimed twice."""
    await s.record(store, observed_to=s.at(0))
    await s.record(store, gap=gap(0, 30, "down"))
    done = await s.record(store, gap=gap(0, 10, "x"), observed_to=s.at(20))
    assert done.gaps == ()
    assert (intervals(path), gaps(path)) == (
        [(0, 0), (10, 20), (30, 30)],
        [(0, 10, "down"), (20, 30, "down")],
    )


async def test_what_is_not_committed_is_not_observed(store: SqliteStore, path: Path) -> None:
    """Cursor and coverage stand or fall together."""
    await s.record(store, cursor="1", observed_to=s.at(1))
    broken = s.judged(s.post("q"))
    object.__setattr__(broken, "mention_id", None)
    with pytest.raises(StoreError):
        await s.record(store, broken, cursor="2", observed_to=s.at(50), gap=gap(1, 40))
    assert (await store.cursor("jetstream"), intervals(path), gaps(path)) == ("1", [(1, 1)], [])


async def test_it_costs_a_live_batch_one_small_update(store: SqliteStore) -> None:
    """The hot path: cursor and coverage are two statements, found by their keys."""
    await s.record(store, cursor="1", observed_to=s.at(1))
    said: list[str] = []
    assert store._writer is not None
    trace = store._writer.submit(lambda conn: conn.set_trace_callback(said.append))
    await asyncio.wrap_future(trace)
    await s.record(store, cursor="2", observed_to=s.at(2))
    written = [
        line.split("(")[0].split(" SET ")[0].strip() for line in said if line[:6] in ("UPDATE", "INSERT")
    ]
    assert written == ["UPDATE coverage", "INSERT INTO cursors"]
    assert not [line for line in said if line.startswith("SELECT")]
    plan = store._writer.submit(
        lambda conn: conn.execute(f"EXPLAIN QUERY PLAN {next(x for x in said if 'coverage' in x)}").fetchall()
    )
    told = [row[3] for row in await asyncio.wrap_future(plan)]
    assert all(line.startswith("SEARCH coverage USING") or "SUBQUERY" in line for line in told), told


async def test_the_status_tells_coverage_and_gaps(store: SqliteStore) -> None:
    """The ends, what was missed of the last day, and the gaps of a week: the newest twenty, the rest counted."""
    day = 24 * 60
    await s.record(store, observed_to=s.at(-30 * day), cursor="1")
    await s.record(store, gap=gap(0, -9 * day, "down"))
    for number in range(25):
        await s.record(store, observed_to=s.at(-100 + 4 * number))
        await s.record(store, gap=gap(0, -97 + 4 * number, "connection"))
    status = await store.status(now=s.at(0))
    (source,) = status.sources
    assert (source.observed_from, source.observed_to) == (s.at(-30 * day), s.at(-1))
    assert source.missed == timedelta(minutes=75)
    assert (len(status.gaps), status.more_gaps) == (20, 5)
    assert status.gaps[-1] == gap(-4, -1, "connection")
    later = await store.status(now=s.at(day - 10.5))
    (source,) = later.sources
    assert source.missed == timedelta(minutes=7.5)


_news = st.lists(
    st.tuples(st.booleans(), st.integers(0, 30), st.none() | st.integers(0, 30)), min_size=1, max_size=10
)


async def _told(path: Path, news: list[tuple[bool, int, int | None]]) -> None:
    async with s.opened(path) as store:
        for begins, at, to in news:
            if begins:
                await s.record(store, gap=gap(at, at), observed_to=None if to is None else s.at(to))
            elif to is not None:
                await s.record(store, observed_to=s.at(to))


def _brute_force(news: list[tuple[bool, int, int | None]]) -> tuple[set[int], int | None, int]:
    """Minute by minute: the segments observed, and the first and last moment."""
    seen: set[int] = set()
    starts: dict[int, int] = {}
    for begins, at, to in news:
        if begins:
            start, end = at, max(at, to or at)
        elif to is None:
            continue
        elif starts:
            start = max(starts)
            end = max(to, starts[start])
        else:
            start = end = to
        starts[start] = max(end, starts.get(start, end))
        for low in sorted(starts):  # what touches is one
            for other in sorted(starts):
                if low in starts and low < other <= starts[low]:
                    starts[low] = max(starts[low], starts.pop(other))
        seen |= set(range(start, end))
    return seen, min(starts, default=None), max(starts.values(), default=0)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_news)
def test_it_is_what_brute_force_finds(news: list[tuple[bool, int, int | None]]) -> None:
    """Beginnings and continuations in any order: the rows are the segments, the gaps exactly the rest."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        asyncio.run(_told(path, news))
        seen, first, last = _brute_force(news)
        held = [(int(start), int(end)) for start, end in intervals(path)]
        holes = [(int(start), int(end)) for start, end, _ in gaps(path)]
    assert {point for start, end in held for point in range(start, end)} == seen
    assert first is not None or held == []
    whole = set() if first is None else set(range(first, last))
    assert sorted(point for start, end in holes for point in range(start, end)) == sorted(whole - seen)
    ends, starts = [end for _, end in held[:-1]], [start for start, _ in held[1:]]
    assert list(zip(ends, starts, strict=True)) == holes
