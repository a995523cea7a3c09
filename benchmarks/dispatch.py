"""What a delivery costs (T11): the product's webhook and its dispatcher, beside httpx and bare aiohttp.

`python -m benchmarks.dispatch`. Processor time of this process per POST of the same card to a loopback
webhook in another process, sixteen at once. *Webhook*: `WebhookNotifier` over `HttpClient`, signature
included. *Dispatcher*: the outbox besides: its gates, the card made from what is stored, the settlement
committed, a log line written; four channels of four at once.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import httpx
from pydantic import SecretStr

from benchmarks import harness
from benchmarks.harness import Finding
from benchmarks.latency import quiet, receiver, render
from benchmarks.store import LEASE, mention
from bot.clock import SystemClock
from bot.http import HttpClient
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.records import Entry, Leased
from bot.staff import Card
from bot.store.sqlite import SqliteStore
from bot.wishes import Route
from connectors.webhook import ChannelSettings, WebhookNotifier, payload

AT_ONCE = 16
POSTS = {"httpx": 200, "aiohttp": 1_000, "webhook": 1_000, "dispatcher": 500}
CHANNELS = ("a", "b", "c", "d")
_HEADERS = {"content-type": "application/json"}


async def repeat(count: int, post: Callable[[], Awaitable[object]]) -> None:
    """`post` that many times, `AT_ONCE` at once."""
    numbers = iter(range(count))

    async def worker() -> None:
        for _ in numbers:
            await post()

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


class Sides:
    """One event loop for all of them, so that each round pays only for its posts."""

    def __init__(self, url: str, leased: list[Leased], store: SqliteStore) -> None:
        self.url = f"{url}/desk"
        self.card = some_card(leased[0])
        self.body = payload(self.card, event="alert", message="m")
        self.leased = iter(leased)
        clock = SystemClock()
        self.http = HttpClient(clock)
        channels = {name: ChannelSettings(url=f"{url}/{name}") for name in CHANNELS}
        self.webhook = WebhookNotifier(
            http=self.http, clock=clock, secret=SecretStr("a secret of the bench"), channels=channels
        )
        self.outbox = Outbox(
            store=store,
            notifiers={"webhook": self.webhook},
            render=render,
            route=lambda name: Route(name=name, to="webhook:a"),
            clock=clock,
            metrics=Metrics(),
        )

    async def by_httpx(self) -> None:
        async with httpx.AsyncClient() as client:
            await repeat(POSTS["httpx"], lambda: client.post(self.url, content=self.body, headers=_HEADERS))

    async def by_aiohttp(self) -> None:
        async with aiohttp.ClientSession() as session:

            async def post() -> None:
                async with session.post(self.url, data=self.body, headers=_HEADERS) as answer:
                    assert answer.status == 204

            await repeat(POSTS["aiohttp"], post)

    async def by_webhook(self) -> None:
        keys = itertools.count()
        await repeat(POSTS["webhook"], lambda: self.webhook.notify("a", self.card, key=f"bench:{next(keys)}"))

    async def by_dispatcher(self) -> None:
        self.outbox.push(tuple(itertools.islice(self.leased, POSTS["dispatcher"])))
        await self.outbox.drain(60)


async def recorded(store: SqliteStore, count: int) -> list[Leased]:
    """Alerts as the store hands them to the outbox, their channels in turn."""
    leased: list[Leased] = []
    for number in range(count):
        to = Route(name="default", to=f"webhook:{CHANNELS[number % len(CHANNELS)]}")
        item = replace(mention(number), routes=(to,))
        one = Entry(source="bench", items=(item,))
        leased += (await store.record(one, now=datetime.now(UTC), lease_for=LEASE * 60)).leased
    return leased


def some_card(leased: Leased) -> Card:
    return render(leased, leased.card)


def measure(repetitions: int) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="outcare-bench-") as scratch, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        store = runner.run(SqliteStore.open(Path(scratch) / "dispatch.db"))
        url = runner.run(stack.enter_async_context(receiver()))
        leased = runner.run(recorded(store, repetitions * POSTS["dispatcher"]))
        with quiet():
            sides = Sides(url, leased, store)
            took = harness.cpu_minima(
                {
                    "httpx": lambda: runner.run(sides.by_httpx()),
                    "aiohttp": lambda: runner.run(sides.by_aiohttp()),
                    "webhook": lambda: runner.run(sides.by_webhook()),
                    "dispatcher": lambda: runner.run(sides.by_dispatcher()),
                },
                repetitions=repetitions,
            )
        runner.run(sides.http.close())
        runner.run(stack.aclose())
        runner.run(store.close())
    each = {name: seconds / POSTS[name] * 1e6 for name, seconds in took.items()}
    yield from _findings(each)


def _findings(each: dict[str, float]) -> Iterator[Finding]:
    detail = ", ".join(f"{name} {one:,.0f} µs" for name, one in each.items())
    for name in ("webhook", "dispatcher"):
        yield Finding(
            target="T11",
            what=f"httpx ÷ {name}",
            figure=each["httpx"] / each[name],
            at_least=20,
            detail=detail,
        )
        yield Finding(
            target="T11",
            what=f"{name} ÷ bare aiohttp",
            figure=each[name] / each["aiohttp"],
            at_most=1.5,
            detail=detail,
        )


if __name__ == "__main__":
    harness.main("dispatch", measure)
