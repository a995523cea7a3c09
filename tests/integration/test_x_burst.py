"""Five thousand mentions on X within a minute: all stored, once, in order, and paid for as the meter says.

The whole way of the product (source, listener, intake, store) against the loopback X, which lists the newest 800
mentions, grants so many requests in a quarter of an hour and finds nothing younger than 30 s; only time is made
up: it passes by what is waited for, and by a third of a second with each request.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.intake import Intake
from bot.listener import Listener, Pace
from bot.matcher.plain import PlainMatcher
from bot.metrics import Metrics
from bot.model import Account, Batch, Brand
from bot.ports import Wiring
from bot.store.sqlite import SqliteStore
from bot.testing.loopback import Refuse
from bot.testing.x_server import XServer
from bot.vault import MemoryVault
from bot.watchlist import LiveWatch, Watchlist
from connectors.x.inbox import MentionsSource
from connectors.x.own import own_account
from rules.ruleset import parse_rules
from tests.integration import store_samples as s
from tests.unit.x_stand import settings

MENTIONS, SECONDS, THREADS = 5000, 60.0, 500
BEGINS = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
PER_REQUEST = 0.33
RULES = "rules:\n  loud:\n    why: Loud\n    when: {text: loud}\n    score: 10\n"
ACME = Brand(
    name="acme", words=("acme",), accounts=(Account(brand="acme", platform="x", handle="acme", id="1000"),)
)


@dataclass
class Minute:
    """A clock, and what is said while it goes: `MENTIONS` in `SECONDS`, from ten seconds on. `refusals`: when X
    answers 429, until four seconds later.
    """

    server: XServer
    elapsed: float = 0.0
    refusals: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    threads: dict[int, list[str]] = field(default_factory=dict)

    def now(self) -> datetime:
        return BEGINS + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.spend(seconds)
        await asyncio.sleep(0)

    def spend(self, seconds: float) -> None:
        self.elapsed += seconds
        if self.refusals and self.elapsed > self.refusals[0]:
            headers = {"x-rate-limit-reset": str(int(BEGINS.timestamp() + self.refusals.pop(0) + 4))}
            self.server.faults.append(Refuse(status=429, headers=headers, path="mentions"))
        due = min(MENTIONS, int((self.elapsed - 10) / SECONDS * MENTIONS))
        for number in range(len(self.said), due):
            at = BEGINS + timedelta(seconds=10 + number * SECONDS / MENTIONS)
            thread = self.threads.setdefault(number % THREADS, [])
            said = self.server.world.post(
                f"user{number % THREADS}",
                f"@acme burst {number}",
                at=at,
                parent=thread[-1] if thread else None,
            )
            thread.append(said)
            self.said.append(said)


class SlowX(XServer):
    """Each request takes a while."""

    minute: Minute

    def _refused(self, request: web.Request, kind: str) -> web.Response | None:
        self.minute.spend(PER_REQUEST)
        return super()._refused(request, kind)


@pytest.mark.parametrize(
    ("granted", "dearer"), [(None, range(1)), (40, range(500, 4500))], ids=["as X grants", "few requests"]
)
async def test_all_arrive_once_in_order_and_are_paid_for(
    tmp_path: Path, granted: int | None, dearer: range
) -> None:
    """As X grants them nothing is searched for; with few requests, what fell out of the list is."""
    http = HttpClient(SystemClock())
    async with SlowX() as server, s.opened(tmp_path / "x.db") as store:
        minute = server.minute = Minute(server)
        server.now = server.till.now = minute.now
        server.granted = granted
        wiring = Wiring(http=http, clock=minute, vault=MemoryVault())
        account = settings(server, budget={"month": 1000})
        minute.refusals = [20, 35, 50] if granted is None else []
        await listened(MentionsSource(account, wiring), store, minute, lambda: len(stored(tmp_path)))
        bill = await own_account(account, wiring).meter.bill()
    await http.close()
    there = stored(tmp_path)
    assert len(set(there)) == len(there) == MENTIONS
    assert set(minute.said) == set(there)
    places = {post: place for place, post in enumerate(there)}
    assert all(places[a] < places[b] for one in minute.threads.values() for a, b in itertools.pairwise(one))
    assert [] == list(server.faults)
    assert server.bought["search"] in dearer
    assert server.till.charged == bill.spent
    assert server.bought["mention"] + server.bought["search"] == MENTIONS


async def listened(
    source: MentionsSource, store: SqliteStore, clock: Minute, count: Callable[[], int]
) -> None:
    """As the program does it, until all are stored."""
    await store.save_brands([ACME])
    watch = LiveWatch(Watchlist([ACME], ids={}, matcher=PlainMatcher), {}, "x")
    rules, ends = parse_rules({"rules.yaml": RULES}), asyncio.Event()
    intake = Intake(
        store=store, judge=rules, watches={"x": watch}, lookups={}, clock=clock, metrics=Metrics()
    )

    async def take(name: str, batch: Batch) -> None:
        await intake.take(name, batch)
        if count() >= MENTIONS:
            ends.set()

    pace = Pace(clock=clock, random=lambda: 0.5)
    listener = Listener(source=source, take=take, watch=watch, store=store, pace=pace)
    with capture_logs():
        listening = asyncio.create_task(listener.run())
        async with asyncio.timeout(60):
            await ends.wait()
        listening.cancel()
        await asyncio.wait([listening])


def stored(folder: Path) -> list[str]:
    """The posts, in the order in which they were stored."""
    return [
        post
        for (post,) in s.rows(
            folder / "x.db", "SELECT p.post_id FROM mentions m JOIN posts p ON p.id = m.post ORDER BY m.id"
        )
    ]
