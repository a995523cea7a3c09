"""Several Jetstream hosts: who is read, who comes next, and that nothing is lost on the way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.errors import BotError, Reason, Refused, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.listener import Listener, Pace
from bot.model import Batch, Cursor
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.source_contract import WatchAll, read
from connectors.bluesky.hosts import PUBLIC, Host, Rotation
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.position import Position, cursor_at

THREE = tuple(Host(f"ws://{name}/subscribe") for name in ("one", "two", "three"))


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


@pytest.fixture
async def hosts() -> AsyncIterator[list[JetstreamServer]]:
    """Two v2 hosts and a v1 host that hear the same network, each counting by itself."""
    async with AsyncExitStack() as stack:
        servers = [JetstreamServer(first_seq=first) for first in (1, 5_000, 900)]
        for server in servers:
            await stack.enter_async_context(server)
        servers[0].peers = servers[1:]
        yield servers


def urls(hosts: Iterable[JetstreamServer]) -> tuple[str, ...]:
    one, two, old = hosts
    return (one.url_v2, two.url_v2, old.url)


@pytest.fixture
def source(hosts: list[JetstreamServer], http: HttpClient) -> JetstreamSource:
    return JetstreamSource(Settings(jetstream=urls(hosts)), Wiring(http=http, clock=SystemClock()))


def unavailable(seconds: float | None = None) -> Unavailable:
    wait = timedelta(seconds=seconds) if seconds is not None else None
    return Unavailable("full", reason=Reason.RATE_LIMITED, retry_after=wait)


# --- who comes next ---


def test_the_default_hosts() -> None:
    """Both v2 hosts first, the older ones as a last resort."""
    assert [host.is_v2 for host in Settings().hosts] == [True, True, False, False]
    assert tuple(host.url for host in Settings().hosts) == PUBLIC


def test_one_url_or_several() -> None:
    """A single address may stand alone; one that is named twice is one."""
    one, two = "ws://one/subscribe", "ws://two/subscribe"
    assert Settings(jetstream=one).hosts == (Host(one),)
    assert Settings.model_validate({"jetstream": [one, two, one]}).hosts == (Host(one), Host(two))


def test_one_that_has_no_events_gives_way() -> None:
    """Round and round."""
    rotation = Rotation(THREE, ManualClock())
    names = []
    for _ in range(4):
        names.append(rotation.begin().name)
        rotation.failed(unavailable(), was_heard=False)
    assert names == ["one", "two", "three", "one"]


async def test_one_that_had_events_is_asked_again_once() -> None:
    """A server that restarts drops everybody; one that does so all the time is left."""
    clock = ManualClock()
    rotation = Rotation(THREE, clock)
    names = []
    for seconds in (100, 100, 1, 1, 1):
        names.append(rotation.begin().name)
        await clock.advance(seconds)
        rotation.failed(unavailable(), was_heard=True)
    assert names == ["one", "one", "one", "one", "two"]


async def test_nobody_is_asked_before_the_time_that_it_named() -> None:
    """One host that asks for patience does not stop the others, and is left alone meanwhile."""
    clock = ManualClock()
    rotation = Rotation(THREE[:2], clock)
    rotation.begin()
    told = rotation.failed(unavailable(100), was_heard=False)
    assert isinstance(told, Unavailable)
    assert told.retry_after is None
    assert rotation.begin().name == "two"
    for _ in range(2):
        rotation.failed(unavailable(), was_heard=False)
        assert rotation.begin().name == "two"
    told = rotation.failed(unavailable(300), was_heard=False)
    assert isinstance(told, Unavailable)
    assert told.retry_after == timedelta(seconds=100)
    assert rotation.begin().name == "one"


@pytest.mark.parametrize("error", [Unauthorized("no"), Refused("no", reason=Reason.FORBIDDEN)])
def test_a_refusal_counts_when_all_have_refused(error: BotError) -> None:
    """Until then another host may be kinder; then a person must look."""
    rotation = Rotation(THREE[:2], ManualClock())
    rotation.begin()
    first = rotation.failed(error, was_heard=False)
    assert (type(first), first.reason) == (Unavailable, error.reason)
    rotation.begin()
    assert rotation.failed(error, was_heard=False) is error


def test_of_one_host_everything_is_told_as_it_is() -> None:
    """There is no other one to ask."""
    rotation = Rotation(THREE[:1], ManualClock())
    rotation.begin()
    error = unavailable(7)
    assert rotation.failed(error, was_heard=False) is error
    assert rotation.begin() == THREE[0]


# --- from host to host ---


async def test_the_next_host_goes_on_where_the_first_one_was(
    hosts: list[JetstreamServer], source: JetstreamSource
) -> None:
    """Another count, another clock, another wire: what was found is not found again, the rest is."""
    start = cursor_at(datetime.now(UTC))
    ids = [await hosts[0].post("did:plc:ann", "one")]
    heard = await read(source, start, until=ids[0])
    cursor = heard.cursors[-1][0]
    assert Position.of(cursor).host == source.place == hosts[0].host
    for server in hosts[:2]:
        ids.append(await hosts[0].post("did:plc:ann", f"not on {server.port}"))
        await server.stop()
        with pytest.raises(Unavailable, match=f"127.0.0.1:{server.port}"):
            await read(source, cursor)
        again = await read(source, cursor, until=ids[-1])
        assert again.ids == ids[-1:]
        assert [batch.gap for batch in again.batches if batch.gap] == []
        cursor = again.cursors[-1][0]
        assert Position.of(cursor).host == source.place != server.host
    assert Position.of(cursor).seq == 0


async def test_a_host_that_is_cut_off_in_time_is_read_again(
    hosts: list[JetstreamServer], source: JetstreamSource
) -> None:
    """A polite end after events is no reason to leave; the number is exact there."""
    start = cursor_at(datetime.now(UTC))
    first = await hosts[0].post("did:plc:ann", "one")
    hosts[0].faults.append(Stumble(how="close", after=1))
    batches = [batch async for batch in source.read(start, WatchAll())]
    assert [post.id for batch in batches for post in batch.posts] == [first]
    assert source.place == hosts[0].host


class Desk:
    """A store that commits everything."""

    def __init__(self, start: Cursor) -> None:
        self.committed = start
        self.ids: list[str] = []
        self.gaps = 0
        self.all_there = asyncio.Event()
        self.expected = -1

    async def cursor(self, name: str) -> Cursor:
        del name
        return self.committed

    async def take(self, name: str, batch: Batch) -> None:
        del name
        self.ids += [post.id for post in batch.posts]
        self.gaps += batch.gap is not None
        self.committed = batch.cursor or self.committed
        if len(self.ids) == self.expected:
            self.all_there.set()


async def test_hosts_that_come_and_go(hosts: list[JetstreamServer], source: JetstreamSource) -> None:
    """The loop, the source and three hosts that die and return: every post once, in order, without a gap."""
    desk = Desk(cursor_at(datetime.now(UTC)))
    pace = Pace(clock=SystemClock(), random=lambda: 0.001)
    listener = Listener(source=source, take=desk.take, watch=WatchAll(), store=desk, pace=pace)
    ids = []
    with capture_logs():
        listening = asyncio.create_task(listener.run())
        for number in range(120):
            ids.append(await hosts[0].post("did:plc:ann", f"post {number}"))
            victim = hosts[number // 20 % 3]
            if number % 20 == 5:
                victim.cut()
                victim.refuse(503, times=2, headers={"Retry-After": "1"})
            if number % 20 == 12:
                victim.faults.append(Stumble(how="reset", after=2))
                victim.cut()
            await asyncio.sleep(0.003)
        desk.expected = len(ids) + 1
        ids.append(await hosts[0].post("did:plc:ann", "the last"))
        async with asyncio.timeout(15):
            await desk.all_there.wait()
        listening.cancel()
        await asyncio.wait([listening])
    assert [post for post, times in Counter(desk.ids).items() if times > 1] == []
    assert desk.ids == ids
    assert desk.gaps == 0
    assert listener.state().place in {server.host for server in hosts}
