"""Received → stored → delivered, at a steady rate (T10): to a webhook, to Telegram, and by an outbox polled.

`python -m benchmarks.latency`. Four ways for a mention, by turns, each against a probe of the disk from the
same run: the *daemon* as a process of its own (`benchmarks.daemon`), asking a loopback AppView who wrote it,
into a webhook, or as *cards* into a hundred chats of a loopback Telegram; the *delivery path* alone
(`Store.record` → outbox → webhook) in this process, its receiver in another; and the *poller*: a transaction
of the ORM per mention, an outbox looked at every 0.1 s. The least of all rounds counts, for the median as for
the tail, because neighbours only ever add; what the rounds were like is told beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import aiohttp
from sqlmodel import Session, SQLModel, create_engine, select

from benchmarks import harness
from benchmarks.daemon import Chatting, Ringing, Round, by_daemon, delays, number_in, steady
from benchmarks.harness import Finding, percentile
from benchmarks.store import MentionRow, OutboxRow, entry
from bot import cards, log
from bot.clock import SystemClock
from bot.gates import State
from bot.http import HttpClient
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.records import CardState, Leased
from bot.staff import Card, Receipt
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH
from bot.wishes import Route
from connectors.webhook import ChannelSettings, WebhookNotifier
from tests.acceptance._world import until

POLL_SECONDS = 0.1
_LEASE = timedelta(seconds=60)


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
        with harness.disk_watched(folder) as meanwhile:
            due = await steady(rate, send)
            await until(lambda: len(Timed.arrived) >= len(due), within=120)
        disk += harness.fdatasync_ms(folder)
        running.cancel()
        await outbox.drain(5)
        await http.close()
    await store.close()
    return Round(took=delays(due, Timed.arrived), disk=tuple(disk), meanwhile=tuple(meanwhile))


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
        with harness.disk_watched(folder) as meanwhile:
            due = await steady(rate, send)
            await until(lambda: len(arrived) >= len(due), within=120)
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling
    engine.dispose()
    disk = tuple(harness.fdatasync_ms(folder))
    return Round(took=delays(due, arrived), disk=disk, meanwhile=tuple(meanwhile))


# --- findings -------------------------------------------------------------------------------------

Way = Callable[[Path, int], Coroutine[None, None, Round]]


async def ringing(folder: Path, rate: int) -> Round:
    return await by_daemon(Ringing(folder), rate)


async def chatting(folder: Path, rate: int) -> Round:
    return await by_daemon(Chatting(folder), rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """All rounds of one way."""

    all: tuple[Round, ...]

    @property
    def p50(self) -> float:
        return min(one.p50 for one in self.all)

    @property
    def p99(self) -> float:
        return self._steadiest.p99

    @property
    def disk(self) -> tuple[float, float]:
        """The probe's median and 99th percentile."""
        took = [ms for one in self.all for ms in one.disk]
        return statistics.median(took), percentile(took, 0.99)

    @property
    def _steadiest(self) -> Round:
        return min(self.all, key=lambda one: one.p99)

    @property
    def detail(self) -> str:
        p99 = [one.p99 for one in self.all]
        told = (
            f"{len(self.all)} rounds of {len(self.all[0].took)};",
            f"their p50 {_span([one.p50 for one in self.all])},",
            f"p99 {_span(p99)} (median {statistics.median(p99):.1f}),",
            f"worst {_span([max(one.took) for one in self.all])} ms;",
            f"longest fdatasync beside them {_span([max(one.meanwhile) for one in self.all])} ms,",
            f"{max(self._steadiest.meanwhile):.1f} beside the least p99;",
            "fdatasync p50 {:.2f} ms, p99 {:.2f} ms".format(*self.disk),
        )
        return " ".join(told)


def _span(values: list[float]) -> str:
    return f"{min(values):.1f}–{max(values):.1f}"


def by_turns(rate: int, rounds: int, **ways: Way) -> dict[str, Rounds]:
    """Every round begins with another way, each on a new database."""
    done: dict[str, list[Round]] = {name: [] for name in ways}
    order = list(ways.items())
    for turn in range(rounds):
        first = turn % len(order)
        for name, way in order[first:] + order[:first]:
            os.sync()  # what was written and deleted before would keep the disk busy for this round
            with tempfile.TemporaryDirectory(prefix="outcare-bench-") as scratch, quiet():
                done[name].append(asyncio.run(way(Path(scratch), rate)))
    return {name: Rounds(all=tuple(some)) for name, some in done.items()}


def judged(name: str, rate: int, given: Rounds, allowed_ms: float) -> Iterator[Finding]:
    """Both targets of a rate: `allowed_ms` and twice the disk; 10 ms and five times the disk's tail."""
    disk50, disk99 = given.disk
    for what, figure, at_most in (
        ("p50", given.p50, allowed_ms + 2 * disk50),
        ("p99", given.p99, 10 + 5 * disk99),
    ):
        yield Finding(
            target="T10",
            what=f"{name}, {rate}/s, {what}",
            figure=figure,
            unit="ms",
            at_most=round(at_most, 2),
            detail=given.detail,
        )


def compared(cards_: Rounds, hooks: Rounds) -> Iterator[Finding]:
    """Cards beside T10: what Telegram's own path adds has no target."""
    for what, ours, theirs in (("p50", cards_.p50, hooks.p50), ("p99", cards_.p99, hooks.p99)):
        yield Finding(
            target="cards",
            what=f"daemon, cards into 100 chats of Telegram, 100/s, {what}",
            figure=ours,
            unit="ms",
            detail=f"into the webhook {theirs:.1f} ms; {cards_.detail}",
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
    calm = by_turns(100, repetitions, daemon=ringing, chats=chatting, path=by_path, poller=by_poller)
    daemon, poller = calm["daemon"], calm["poller"]
    yield from judged("daemon", 100, daemon, 3.5)
    yield from compared(calm["chats"], daemon)
    yield Finding(
        target="T10",
        what=f"poller every {POLL_SECONDS} s ÷ daemon, 100/s, p50",
        figure=poller.p50 / daemon.p50,
        at_least=15,
        detail=f"{poller.p50:.1f} ms ÷ {daemon.p50:.1f} ms",
    )
    yield from judged("delivery path", 100, calm["path"], 3.5)
    busy = by_turns(1_000, repetitions, path=by_path, daemon=ringing)
    yield from judged("delivery path", 1_000, busy["path"], 2.0)
    yield from judged("daemon", 1_000, busy["daemon"], 2.0)


if __name__ == "__main__":
    harness.main("latency", measure)
