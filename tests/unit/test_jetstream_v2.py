"""What v2 hosts do with cursors: numbers that are exact, refused or another archive's, and times."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import SystemClock
from bot.errors import Reason, Unavailable
from bot.http import HttpClient
from bot.model import Cursor
from bot.ports import Wiring
from bot.testing.jetstream_server import JetstreamServer, Stumble
from bot.testing.jetstream_wire import METHOD
from bot.testing.source_contract import Heard, read
from connectors.bluesky.frames import at
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.position import Position, cursor_at
from tests.unit.jetstream_world import trouble


@pytest.fixture
async def server() -> AsyncIterator[JetstreamServer]:
    async with JetstreamServer(first_seq=24_664_288_000) as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


@pytest.fixture
def source(server: JetstreamServer, http: HttpClient) -> JetstreamSource:
    return JetstreamSource(Settings(jetstream=server.url_v2), Wiring(http=http, clock=SystemClock()))


def gaps(heard: Heard) -> list[tuple[datetime, datetime]]:
    return [(batch.gap.started_at, batch.gap.ended_at) for batch in heard.batches if batch.gap]


def last_of(heard: Heard) -> Cursor:
    return heard.cursors[-1][0]


async def test_resuming_by_number_is_exact(server: JetstreamServer, source: JetstreamSource) -> None:
    """On the host that gave it, the position's number is asked for, and nothing comes twice."""
    start = cursor_at(datetime.now(UTC))
    first = await server.post("did:plc:ann", "one")
    heard = await read(source, start, until=first)
    second = await server.post("did:plc:ann", "two")
    again = await read(source, last_of(heard), until=second)
    assert again.ids == [second]
    assert sum(batch.seen for batch in again.batches) == 1
    assert f"cursor={server.archive[0].seq}" in server.queries[-1]


async def test_a_clamped_time_is_told_and_is_a_gap(server: JetstreamServer, source: JetstreamSource) -> None:
    """`OutdatedCursor`: even a short gap is one, since the host says that there is one."""
    after = datetime.now(UTC) - timedelta(seconds=20)
    last = await server.post("did:plc:ann", "all that is left")
    server.oldest_us = server.events[0]["time_us"]
    heard = await read(source, cursor_at(after), until=last)
    assert gaps(heard) == [(after, at(server.events[0]["time_us"]))]


async def test_a_refused_number_is_asked_for_by_time(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """`CursorTooOld`: reading goes on with the oldest that is left, and what is missing is a gap."""
    first = await server.post("did:plc:ann", "one")
    began = server.events[0]["time_us"]
    heard = await read(source, cursor_at(at(began)), until=first)
    await server.post("did:plc:ann", "two, which is forgotten")
    await asyncio.sleep(0.01)
    third = await server.post("did:plc:ann", "three")
    server.oldest_us = server.events[-1]["time_us"]
    again = await read(source, last_of(heard), until=third)
    assert again.ids == [third]
    assert gaps(again) == [(at(began), at(server.events[-1]["time_us"]))]
    assert Position.of(last_of(again)).seq == server.archive[-1].seq


async def test_a_host_that_counts_anew_is_asked_by_time(
    server: JetstreamServer, source: JetstreamSource
) -> None:
    """`FutureCursor`: another archive stands there now; nothing of it is missed, and nothing comes twice."""
    first = await server.post("did:plc:ann", "one")
    heard = await read(source, cursor_at(at(server.events[0]["time_us"])), until=first)
    server.begin_anew()
    error = await trouble(source, after=last_of(heard))
    assert (type(error), error.reason) == (Unavailable, Reason.CURSOR_LOST)
    assert str(error) == f"{server.host}: the host has begun to count anew"
    second = await server.post("did:plc:ann", "two")
    again = await read(source, last_of(heard), until=second)
    assert (again.ids, gaps(again)) == ([second], [])
    assert Position.of(last_of(again)).seq == 2


async def test_a_host_that_ends_the_stream(server: JetstreamServer, source: JetstreamSource) -> None:
    """An error frame is terminal, and its name is told."""
    start = cursor_at(datetime.now(UTC))
    server.faults.append(Stumble(how="error", after=1, frames=("ConsumerTooSlow",)))
    await server.post("did:plc:ann", "one")
    heard = Heard()
    error = await trouble(source, heard, start)
    assert (type(error), error.reason) == (Unavailable, Reason.SERVER)
    assert str(error) == f"{server.host}: the server ended the stream (ConsumerTooSlow)"
    assert [post.text for post in heard.posts] == ["one"]


WEATHER = json.dumps({"$type": "message", "payload": {"$type": f"{METHOD}#weather", "text": "fine"}})


async def test_what_nobody_knows_moves_no_cursor(server: JetstreamServer, source: JetstreamSource) -> None:
    """An unknown kind is counted and skipped, at the start of a replay too."""
    start = cursor_at(datetime.now(UTC))
    server.faults.append(Stumble(how="garbage", frames=(WEATHER,)))
    server.has_dictionary = False
    last = await server.post("did:plc:ann", "one")
    heard = await read(source, start, until=last)
    assert sum(batch.seen for batch in heard.batches) == 2
    assert sum(batch.undecodable for batch in heard.batches) == 0
    assert Position.of(last_of(heard)).seq == server.archive[-1].seq
