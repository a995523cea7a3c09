"""The fakes themselves: what they promise to do like the real thing."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.testing.clock import ManualClock
from bot.testing.jetstream_server import JetstreamServer

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def server() -> AsyncIterator[JetstreamServer]:
    async with JetstreamServer() as server:
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def texts(session: aiohttp.ClientSession, url: str, count: int, *, hello: Any = None) -> list[Any]:
    """The first events of a subscription."""
    async with asyncio.timeout(10), session.ws_connect(url) as socket:
        if hello is not None:
            await socket.send_json({"type": "options_update", "payload": hello})
        return [await socket.receive_json() for _ in range(count)]


def rkeys(events: list[Any]) -> list[str]:
    return [event["commit"]["rkey"] for event in events]


async def three(server: JetstreamServer) -> list[int]:
    for rkey in ("3ka", "3kb", "3kc"):
        await server.post("did:plc:ann", "hello", rkey=rkey)
    return [event["time_us"] for event in server.events]


async def test_a_cursor_replays_inclusively(server: JetstreamServer, session: aiohttp.ClientSession) -> None:
    """The event of the cursor comes again; times are unique and only grow."""
    times = await three(server)
    assert times == sorted(set(times))
    assert rkeys(await texts(session, f"{server.url}?cursor={times[1]}", 2)) == ["3kb", "3kc"]


async def test_a_future_cursor_is_live(server: JetstreamServer, session: aiohttp.ClientSession) -> None:
    """Nothing is replayed for a time that has not come."""
    times = await three(server)
    listening = asyncio.create_task(texts(session, f"{server.url}?cursor={times[2] + 10**9}", 1))
    await asyncio.sleep(0.1)
    await server.post("did:plc:ann", "hello", rkey="3kd")
    assert rkeys(await listening) == ["3kd"]


async def test_an_old_cursor_is_clamped(server: JetstreamServer, session: aiohttp.ClientSession) -> None:
    """Without a word, to the oldest event kept."""
    times = await three(server)
    server.oldest_us = times[2]
    assert rkeys(await texts(session, f"{server.url}?cursor=1", 1)) == ["3kc"]


async def test_filters(server: JetstreamServer, session: aiohttp.ClientSession) -> None:
    """Collections (prefixes too), accounts and sizes filter commits; account events pass every collection."""
    commit = {"rev": "3r", "operation": "create", "collection": "app.bsky.feed.like", "rkey": "3klike"}
    await server.publish({"did": "did:plc:ben", "kind": "commit", "commit": commit})
    await server.account("did:plc:cat", active=True)
    await server.post("did:plc:ann", "x" * 2000, rkey="3klong")
    await server.post("did:plc:ann", "hello", rkey="3kshort")
    url = f"{server.url}?cursor=1"
    post = "wantedCollections=app.bsky.feed.post"
    assert [event["kind"] for event in await texts(session, f"{url}&{post}", 2)] == ["account", "commit"]
    prefixed = await texts(session, f"{url}&wantedCollections=app.bsky.feed.*", 1)
    assert rkeys(prefixed) == ["3klike"]
    small = await texts(session, f"{url}&wantedDids=did:plc:ann&maxMessageSizeBytes=1000", 1)
    assert rkeys(small) == ["3kshort"]


async def test_options_update(server: JetstreamServer, session: aiohttp.ClientSession) -> None:
    """With `requireHello` nothing comes before the options, and they count."""
    await three(server)
    await server.post("did:plc:ben", "hello", rkey="3kben")
    url = f"{server.url}?cursor=1&requireHello=true"
    assert rkeys(await texts(session, url, 1, hello={"wantedDids": ["did:plc:ben"]})) == ["3kben"]


@pytest.mark.parametrize(("query", "status"), [("cursor=soon", 400), ("compress=true", 501)])
async def test_what_it_refuses(
    server: JetstreamServer, session: aiohttp.ClientSession, query: str, status: int
) -> None:
    """A cursor that is no number is a 400, as it is there; zstd is not pretended."""
    async with session.get(f"{server.url}?{query}".replace("ws://", "http://")) as response:
        assert response.status == status


@asynccontextmanager
async def process(module: str, *arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        port = json.loads(await asyncio.wait_for(child.stdout.readline(), 30))["port"]
        yield child, f"127.0.0.1:{port}"
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def test_jetstream_as_a_process(session: aiohttp.ClientSession, tmp_path: Path) -> None:
    """It starts with events from a file, publishes what it is told to, and ends on SIGTERM."""
    event = {"did": "did:plc:ann", "kind": "identity", "identity": {}}
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps({**event, "time_us": 1_767_600_000_000_000}) + "\n")
    async with process("bot.testing.jetstream_server", "--port", "0", "--from", str(file)) as (child, host):
        command = {"do": "publish", "events": [event, event]}
        async with session.post(f"http://{host}/_control", json=command) as response:
            assert len(await response.json()) == 2
        assert len(await texts(session, f"ws://{host}/subscribe?cursor=1", 3)) == 3
        refuse = {"do": "refuse", "status": 503, "headers": {"Retry-After": "3"}}
        await session.post(f"http://{host}/_control", json=refuse)
        async with session.get(f"http://{host}/subscribe") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "3")
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 20) == 0


async def test_appview_as_a_process(session: aiohttp.ClientSession) -> None:
    """It is filled from outside and answers like the real one."""
    async with process("bot.testing.appview_server", "--port", "0") as (_, host):
        command = {
            "do": "profile",
            "did": "did:plc:ann",
            "handle": "ann.example",
            "more": {"displayName": "Ann"},
        }
        await session.post(f"http://{host}/_control", json=command)
        url = f"http://{host}/xrpc/app.bsky.actor.getProfile"
        async with session.get(url, params={"actor": "ann.example"}) as response:
            assert (await response.json())["displayName"] == "Ann"
        async with session.get(url, params={"actor": "ben.example"}) as response:
            assert (response.status, (await response.json())["error"]) == (400, "InvalidRequest")


async def test_the_manual_clock() -> None:
    """Time stands still until it is moved; sleepers wake in order, each at its own time."""
    clock = ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper("a", 3, 3)), asyncio.create_task(sleeper("b", 4, 60))]
    await clock.advance(10)
    assert woken == [("a", 3), ("b", 4), ("a", 6)]
    assert clock.now() == datetime(2026, 1, 5, 9, 0, 10, tzinfo=UTC)
    assert list(clock.sleeping) == [54]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await clock.advance(timedelta(hours=1).total_seconds())
    assert len(woken) == 3
