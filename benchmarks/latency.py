"""Received → stored → delivered to a local webhook, at a steady rate (T10), beside an outbox that is polled.

`python -m benchmarks.latency`. Three ways for a mention, each against a probe of the disk from the same run:
the *daemon* as a process of its own, fed by a loopback Jetstream, asking a loopback AppView who wrote it; the
*delivery path* alone (`Store.record` → outbox → webhook) in this process, its receiver in another; and the
*poller*: a transaction of the ORM per mention, an outbox looked at every 0.1 s. A post's clock starts at its
scheduled time, so a late sender counts against us. The best round of a few: neighbours only ever add.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import aiohttp
from sqlmodel import Session, SQLModel, create_engine, select

from benchmarks import harness
from benchmarks.harness import Finding, percentile
from benchmarks.store import MentionRow, OutboxRow, entry
from bot import cards, log
from bot.clock import SystemClock
from bot.gates import State
from bot.http import HttpClient
from bot.metrics import Metrics
from bot.model import Route
from bot.outbox import Outbox
from bot.records import CardState, Leased
from bot.staff import Card, Receipt
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH
from connectors.webhook import ChannelSettings, WebhookNotifier
from tests.acceptance._world import World, until

SECONDS = 4
ROUNDS = 3
AUTHORS = 20
POLL_SECONDS = 0.1
_NUMBER = re.compile(r"numbered (\d+)")
_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One steady load: milliseconds of each delivery, and of the disk before and after."""

    took: tuple[float, ...]
    disk: tuple[float, ...]

    @property
    def p50(self) -> float:
        return statistics.median(self.took)

    @property
    def p99(self) -> float:
        return percentile(self.took, 0.99)


async def steady(rate: int, send: Callable[[int], Awaitable[object]]) -> dict[int, float]:
    """Call `send` for `SECONDS` at `rate` a second; when each was due, by the monotonic clock."""
    first = time.monotonic() + 0.2
    due = {}
    for number in range(rate * SECONDS):
        due[number] = first + number / rate
        wait = due[number] - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        await send(number)
    return due


def delays(due: Mapping[int, float], arrived: Mapping[int, float]) -> tuple[float, ...]:
    return tuple((at - due[number]) * 1000 for number, at in arrived.items())


def number_in(text: str) -> int:
    found = _NUMBER.search(text)
    assert found, text
    return int(found[1])


# --- the daemon -----------------------------------------------------------------------------------


async def by_daemon(folder: Path, rate: int) -> Round:
    async with World(folder) as world:
        for author in range(AUTHORS):
            world.appview.profile(f"did:plc:w{author}", f"w{author}.test", followersCount=author)
        daemon = await world.outcare("run")
        await until(lambda: world.jetstream.open_requests, within=60, what=world.output)
        await asyncio.sleep(1)
        disk = harness.fdatasync_ms(folder)
        due = await steady(
            rate,
            lambda number: world.jetstream.post(f"did:plc:w{number % AUTHORS}", f"acme numbered {number}"),
        )
        await until(lambda: len(world.webhook.deliveries) >= len(due), within=120)
        disk += harness.fdatasync_ms(folder)
        daemon.terminate()
        await daemon.wait()
        arrived = {number_in(one.body.decode()): one.at for one in world.webhook.deliveries}
        return Round(took=delays(due, arrived), disk=tuple(disk))


# --- the delivery path alone ----------------------------------------------------------------------


@asynccontextmanager
async def receiver() -> AsyncIterator[str]:
    """A loopback webhook in a process of its own; its URL."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.testing.webhook_server"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        yield str(json.loads(await process.stdout.readline())["url"])
    finally:
        process.terminate()
        await process.wait()


def render(_leased: Leased, state: State) -> Card:
    assert isinstance(state, CardState)
    return cards.render(state, texts=ENGLISH, zone=ZoneInfo("UTC"), now=datetime.now(UTC))


class Timed(WebhookNotifier):
    """Notes when the receiver's answer was in."""

    arrived: ClassVar[dict[int, float]] = {}

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        receipt = await super().notify(channel, card, key=key)
        author = card.data["author"]
        assert isinstance(author, dict)
        self.arrived[int(author["id"][1:])] = time.monotonic()
        return receipt


async def by_path(folder: Path, rate: int) -> Round:
    clock = SystemClock()
    http = HttpClient(clock)
    store = await SqliteStore.open(folder / f"path-{time.monotonic_ns()}.db")
    Timed.arrived.clear()
    async with receiver() as url:
        desk = {"desk": ChannelSettings(url=f"{url}/desk")}
        notifiers = {"webhook": Timed(http=http, clock=clock, secret=None, channels=desk)}
        outbox = Outbox(
            store=store,
            notifiers=notifiers,
            render=render,
            route=lambda name: Route(name=name, to="webhook:a"),
            clock=clock,
            metrics=Metrics(),
        )
        background: set[asyncio.Task[None]] = set()

        async def record(number: int) -> None:
            recorded = await store.record(entry(number), now=clock.now(), lease_for=_LEASE)
            outbox.push(recorded.leased)

        async def send(number: int) -> None:
            task = asyncio.create_task(record(number))
            background.add(task)
            task.add_done_callback(background.discard)

        disk = harness.fdatasync_ms(folder)
        running = asyncio.create_task(outbox.run())
        due = await steady(rate, send)
        await until(lambda: len(Timed.arrived) >= len(due), within=120)
        disk += harness.fdatasync_ms(folder)
        running.cancel()
        await outbox.drain(5)
        await http.close()
    await store.close()
    return Round(took=delays(due, Timed.arrived), disk=tuple(disk))


# --- what everybody writes first ------------------------------------------------------------------


async def by_poller(folder: Path, rate: int) -> Round:
    """A transaction of the ORM per mention; every `POLL_SECONDS` what is in the outbox is posted."""
    engine = create_engine(f"sqlite:///{folder / 'poller.db'}")
    tables = [SQLModel.metadata.tables["outbox"], SQLModel.metadata.tables["mention"]]
    SQLModel.metadata.create_all(engine, tables=tables)
    arrived: dict[int, float] = {}

    def keep(number: int) -> None:
        with Session(engine) as session:
            session.add(MentionRow(source="bench", ext_id=str(number), body=f"numbered {number}"))
            session.add(OutboxRow(dedupe=str(number), body=f"numbered {number}"))
            session.commit()

    async def poll(url: str, http: aiohttp.ClientSession) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            with Session(engine) as session:
                for row in session.exec(select(OutboxRow)).all():
                    async with http.post(url, data=row.body.encode()):
                        arrived[number_in(row.body)] = time.monotonic()
                    session.delete(row)
                session.commit()

    async def send(number: int) -> None:
        keep(number)

    async with receiver() as url, aiohttp.ClientSession() as http:
        polling = asyncio.create_task(poll(url, http))
        due = await steady(rate, send)
        await until(lambda: len(arrived) >= len(due), within=120)
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling
    engine.dispose()
    return Round(took=delays(due, arrived), disk=tuple(harness.fdatasync_ms(folder)))


# --- findings -------------------------------------------------------------------------------------

Way = Callable[[Path, int], Coroutine[None, None, Round]]


def best(way: Way, rate: int, rounds: int) -> Round:
    """The round with the least median."""
    done = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="outcare-bench-") as scratch, quiet():
            done.append(asyncio.run(way(Path(scratch), rate)))
    return min(done, key=lambda one: one.p50)


def judged(name: str, rate: int, given: Round, allowed_ms: float) -> Iterator[Finding]:
    """Both targets of a rate: `allowed_ms` and twice the disk; 10 ms and five times the disk's tail."""
    disk50, disk99 = statistics.median(given.disk), percentile(given.disk, 0.99)
    detail = f"{len(given.took)} deliveries, worst {max(given.took):.1f} ms;"
    detail += f" fdatasync p50 {disk50:.2f} ms, p99 {disk99:.2f} ms"
    yield Finding(
        target="T10",
        what=f"{name}, {rate}/s, p50",
        figure=given.p50,
        unit="ms",
        at_most=round(allowed_ms + 2 * disk50, 2),
        detail=detail,
    )
    yield Finding(
        target="T10",
        what=f"{name}, {rate}/s, p99",
        figure=given.p99,
        unit="ms",
        at_most=round(10 + 5 * disk99, 2),
        detail=detail,
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Log lines are made as in production, and go nowhere."""
    stderr = sys.stderr
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        sys.stderr = nowhere
        log.configure("info", "json")
        try:
            yield
        finally:
            sys.stderr = stderr


def measure(repetitions: int) -> Iterator[Finding]:
    rounds = min(repetitions, ROUNDS)
    daemon = best(by_daemon, 100, rounds)
    poller = best(by_poller, 100, 1)
    yield from judged("daemon", 100, daemon, 3.5)
    yield Finding(
        target="T10",
        what=f"poller every {POLL_SECONDS} s ÷ daemon, 100/s, p50",
        figure=poller.p50 / daemon.p50,
        at_least=15,
        detail=f"{poller.p50:.1f} ms ÷ {daemon.p50:.1f} ms",
    )
    yield from judged("delivery path", 100, best(by_path, 100, rounds), 3.5)
    yield from judged("delivery path", 1_000, best(by_path, 1_000, rounds), 2.0)
    yield from judged("daemon", 1_000, best(by_daemon, 1_000, rounds), 2.0)


if __name__ == "__main__":
    harness.main("latency", measure)
