"""Source loop, Bluesky source, intake and database against a Jetstream on loopback: what an outage leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.intake import Intake
from bot.listener import Listener, Pace
from bot.matcher.plain import PlainMatcher
from bot.metrics import Metrics
from bot.model import Cursor
from bot.ports import Wiring
from bot.records import Entry
from bot.status import Status
from bot.store.sqlite import SqliteStore
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.watchlist import LiveWatch, Watchlist
from connectors.bluesky.frames import at, micros
from connectors.bluesky.jetstream import JetstreamSource, Settings, cursor_at
from tests.integration import store_samples as s
from tests.integration.outbox_world import until
from tests.integration.test_intake import BRANDS, Rules

HOUR_US = 3_600_000_000


@dataclass(kw_only=True)
class Network:
    """A Jetstream whose clock the test moves back and forth: events stand in the past as they do in a replay."""

    server: JetstreamServer
    now_us: int

    async def post(self, text: str, *, hours_ago: float) -> int:
        """The event's time in microseconds."""
        event_us = self.now_us - int(hours_ago * HOUR_US)
        await self.server.publish(
            {
                "did": "did:plc:ann",
                "time_us": event_us,
                "kind": "commit",
                "commit": {
                    "rev": f"3rev{event_us}",
                    "operation": "create",
                    "collection": "app.bsky.feed.post",
                    "rkey": f"3k{event_us}",
                    "cid": f"bafyrei{event_us:052}",
                    "record": {
                        "$type": "app.bsky.feed.post",
                        "createdAt": at(event_us).isoformat(),
                        "text": text,
                        "langs": ["en"],
                    },
                },
            }
        )
        return event_us


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    async with JetstreamServer() as server:
        yield Network(server=server, now_us=micros(datetime.now(UTC)))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(tmp_path / "x.db") as made:
        await made.save_brands(BRANDS)
        yield made


@asynccontextmanager
async def listening(network: Network, store: SqliteStore) -> AsyncIterator[Metrics]:
    """One life of the daemon's reading half."""
    clock, metrics = SystemClock(), Metrics()
    http = HttpClient(clock)
    watch = LiveWatch(Watchlist(BRANDS, ids={}, matcher=PlainMatcher), {}, "bluesky")
    intake = Intake(
        store=store, judge=Rules(), watches={"bluesky": watch}, lookups={}, clock=clock, metrics=metrics
    )
    settings = Settings(jetstream=network.server.url, silence=5)
    source = JetstreamSource(settings, Wiring(http=http, clock=clock))
    pace = Pace(clock=clock, random=lambda: 0.001)
    listener = Listener(source=source, take=intake.take, watch=watch, store=store, pace=pace)
    task = asyncio.create_task(listener.run())
    try:
        yield metrics
    finally:
        task.cancel()
        await asyncio.wait([task])
        await http.close()


async def begin(network: Network, store: SqliteStore, *, hours_ago: float) -> None:
    """What the daemon does at its first start; on a busy network the next event is seconds away."""
    start = at(network.now_us - int(hours_ago * HOUR_US))
    entry = Entry(source="bluesky", cursor=cursor_at(start), observed_to=start)
    await store.record(entry, now=datetime.now(UTC), lease_for=timedelta())


async def when(store: SqliteStore, is_there: Callable[[Status], bool]) -> Status:
    """The status as soon as it is so."""
    for _ in range(1000):
        status = await store.status(now=datetime.now(UTC))
        if is_there(status):
            return status
        await asyncio.sleep(0.01)
    raise AssertionError("not within ten seconds")


async def mentions(store: SqliteStore, count: int) -> Status:
    return await when(store, lambda status: status.mentions >= count)


async def test_an_outage_that_is_replayed_leaves_no_gap(network: Network, store: SqliteStore) -> None:
    """Three hours, two deaths of the connection on the way back, a restart: coverage is whole to the last event."""
    await begin(network, store, hours_ago=3.51)
    await network.post("acme one", hours_ago=3.5)
    async with listening(network, store):
        assert (await mentions(store, 1)).sources[0].observed_to == at(network.now_us - int(3.5 * HOUR_US))
    for number in range(20):
        await network.post(f"acme {number}", hours_ago=3 - number / 10)
    network.server.faults.extend([Stumble(how="reset", after=7), Stumble(how="close", after=9)])
    last = await network.post("acme now", hours_ago=0)
    async with listening(network, store) as metrics:
        status = await mentions(store, 22)
    assert list(network.server.faults) == []
    (source,) = status.sources
    assert (source.observed_from, source.observed_to) == (at(network.now_us - int(3.51 * HOUR_US)), at(last))
    assert (status.gaps, source.missed) == ((), timedelta())
    assert "outcare_gaps_total{" not in metrics.render().decode()


async def test_a_clamped_cursor_is_exactly_one_gap(
    network: Network, store: SqliteStore, tmp_path: Path
) -> None:
    """The host kept less than we missed: from where coverage ended to the first event that it still had."""
    await begin(network, store, hours_ago=5.51)
    ended = await network.post("acme one", hours_ago=5.5)
    async with listening(network, store):
        await mentions(store, 1)
    network.server.archive.clear()
    network.server.oldest_us = network.now_us - 2 * HOUR_US
    first = await network.post("acme two", hours_ago=1.9)
    network.server.faults.append(Stumble(how="reset", after=1))
    last = await network.post("acme three", hours_ago=0)
    async with listening(network, store) as metrics:
        status = await mentions(store, 3)
        await until(lambda: not network.server.faults)
    (gap,) = status.gaps
    assert (gap.started_at, gap.ended_at, gap.reason) == (at(ended), at(first), "cursor_lost")
    found = s.rows(tmp_path / "x.db", "SELECT started_at, ended_at FROM coverage ORDER BY started_at")
    assert found == [(network.now_us - int(5.51 * HOUR_US), ended), (first, last)]
    assert status.sources[0].missed == at(first) - at(ended)
    shown = metrics.render().decode()
    assert 'outcare_gaps_total{reason="cursor_lost",source="bluesky"} 1.0' in shown
    seconds = (first - ended) / 1e6
    (line,) = [one for one in shown.splitlines() if one.startswith("outcare_gap_seconds_total{")]
    assert float(line.split()[-1]) == pytest.approx(seconds)


async def test_an_unreadable_position_is_one_gap(network: Network, store: SqliteStore) -> None:
    """A cursor of another program: from where coverage ended until we were connected again."""
    ended = datetime.now(UTC) - timedelta(hours=1)
    entry = Entry(source="bluesky", cursor=Cursor("odd"), observed_to=ended)
    await store.record(entry, now=datetime.now(UTC), lease_for=timedelta())
    before = datetime.now(UTC)
    async with listening(network, store):
        status = await when(store, lambda status: bool(status.gaps))
    (gap,) = status.gaps
    assert (gap.started_at, gap.reason) == (ended, "cursor_unreadable")
    assert before <= gap.ended_at <= datetime.now(UTC)
