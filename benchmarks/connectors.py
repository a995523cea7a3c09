"""What reading costs: posts a second by the connectors for X and the Mastodon API, and what they ask and pay.

A loopback platform answers once; then the same bytes come again from memory, so that what is measured is the
connector with its client library, its meter and its JSON, and no network and no other program. Requests and
money are those of the loopback platform, which asks the documented prices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from benchmarks import harness
from benchmarks.harness import Finding, cpu_minima
from bot.clock import SystemClock
from bot.http import HttpClient
from bot.model import Cursor
from bot.ports import Http, Source, Wiring
from bot.testing.clock import ManualClock
from bot.testing.mastodon_server import MastodonServer
from bot.testing.x_server import XServer
from bot.vault import MemoryVault
from connectors.mastodon.account import AccountSettings as MastodonAccount
from connectors.mastodon.inbox import InboxSource
from connectors.x.account import AccountSettings as XAccount
from connectors.x.ids import cursor_at
from connectors.x.inbox import MentionsSource
from connectors.x.own import own_account
from connectors.x.search import SearchSource
from connectors.x.search import Settings as SearchSettings

COUNT = 1000
BEGAN = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
TOKEN = "token-of-acme"  # noqa: S105 - of nobody


class All:
    """A watch that wants everything that is about acme."""

    words = ("acme",)

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del text, author_id, refs
        return True


@dataclass(frozen=True)
class Taped:
    status: int
    reason: str | None
    headers: Mapping[str, str]
    body: bytes
    url: object


@dataclass
class Tape:
    """A way out that gives the same answer again when the same is asked again (`keeps`); `asked` counts.
    It has no streams: lists are read."""

    http: HttpClient
    answers: dict[tuple[str, str], Taped] = field(default_factory=dict)
    asked: int = 0
    keeps: bool = True

    @asynccontextmanager
    async def request(
        self, method: str, url: str, *, params: Mapping[str, str] | None = None, **more: Any
    ) -> AsyncIterator[Taped]:
        self.asked += 1
        key = (method, f"{url}?{urlencode(params)}" if params else url)
        if not self.keeps or key not in self.answers:
            async with self.http.request(method, url, params=params, **more) as response:
                body = await self.http.read(response)
            self.answers[key] = Taped(response.status, response.reason, response.headers, body, response.url)
        yield self.answers[key]

    async def read(self, response: Taped, *, limit: int = 0) -> bytes:
        del limit
        return response.body


@dataclass
class Bench:
    """One side: a source anew for each round, from the same position."""

    tape: Tape
    make: Callable[[Http], Source]
    after: Cursor

    async def read(self) -> int:
        source, count = self.make(self.tape), 0  # type: ignore[arg-type]  # a tape has no streams
        async for batch in source.read(self.after, All()):
            count += len(batch.posts)
        return count


def x_account(server: XServer) -> XAccount:
    keys = server.keys
    return XAccount.model_validate(
        {
            "handle": "acme",
            "api": server.url,
            "consumer_key": keys.consumer_key,
            "consumer_secret": keys.consumer_secret,
            "access_token": keys.token,
            "access_token_secret": keys.token_secret,
            "budget": {"month": 100_000},
        }
    )


def said_on_x(server: XServer, count: int, text: str) -> None:
    for number in range(count):
        at = BEGAN + timedelta(milliseconds=20 * number)
        server.world.post(f"user{number % 50}", f"{text} is the lift broken & shut? {number}", at=at)


def mentions(server: XServer, clock: ManualClock) -> Callable[[Http], Source]:
    return lambda http: MentionsSource(x_account(server), Wiring(http=http, clock=clock, vault=MemoryVault()))


def search(server: XServer, clock: ManualClock) -> Callable[[Http], Source]:
    def made(http: Http) -> Source:
        wiring = Wiring(http=http, clock=clock, vault=MemoryVault())
        own_account(x_account(server), wiring)
        return SearchSource(SearchSettings(), wiring)

    return made


def inbox(server: MastodonServer, clock: ManualClock) -> Callable[[Http], Source]:
    account = MastodonAccount(
        server=server.url, handle="acme@social.test", token=SecretStr(TOKEN), stream=False
    )
    return lambda http: InboxSource(account, Wiring(http=http, clock=clock, vault=MemoryVault()))


async def x_side(
    server: XServer, http: HttpClient, make: Callable[..., Callable[[Http], Source]], text: str, count: int
) -> Bench:
    clock = ManualClock(BEGAN + timedelta(minutes=5))
    server.now = server.till.now = clock.now
    server.granted = 100_000
    said_on_x(server, count, text)
    return Bench(Tape(http), make(server, clock), cursor_at(BEGAN - timedelta(hours=1)))


async def mastodon_side(server: MastodonServer, http: HttpClient) -> Bench:
    clock = ManualClock(BEGAN)
    server.sign_in(TOKEN, "acme")
    bench = Bench(Tape(http), inbox(server, clock), Cursor(""))
    source = bench.make(http)
    async for batch in source.read(None, All()):
        bench.after = batch.cursor or bench.after
    for number in range(COUNT):
        server.ask(f"@acme is the lift broken & shut? {number}")
    return bench


async def cost(bench: Bench, expected: int) -> int:
    """How many requests one reading takes, which fills the tape too."""
    found = await bench.read()
    if found != expected:
        raise SystemExit(f"{found} of {expected} posts were read")
    return bench.tape.asked


def speed(runner: asyncio.Runner, name: str, bench: Bench, repetitions: int) -> Finding:
    took = cpu_minima({name: lambda: runner.run(bench.read())}, repetitions=repetitions)[name]
    return Finding(target="C1", what=f"{name}: posts read a second", figure=COUNT / took, unit="posts/s")


async def in_time(server: XServer, http: HttpClient) -> int:
    """The same thousand in tens of polls, a hundred each, as a daemon reads them that is not behind."""
    clock = ManualClock(BEGAN)
    server.now = server.till.now = clock.now
    server.granted = 100_000
    tape = Tape(http, keeps=False)
    source, after = mentions(server, clock)(tape), cursor_at(BEGAN)  # type: ignore[arg-type]
    for _ in range(COUNT // 100):
        for number in range(100):
            server.world.post(
                "ann", f"@acme the lift? {number}", at=clock.now() + timedelta(milliseconds=1 + number)
            )
        await clock.advance(5)
        async for batch in source.read(after, All()):
            after = batch.cursor or after
    return tape.asked


def priced(what: str, asked: int, server: XServer | None, least: tuple[int, float]) -> list[Finding]:
    """Requests and money per thousand, beside the least that the API allows."""
    requests, money = least
    found = [
        Finding(
            target="C2", what=f"{what}: requests", figure=asked, unit="requests", detail=f"least: {requests}"
        )
    ]
    if server is not None:
        dollars = (server.till.charged - server.till.bought["user"] * 10_000) / 1_000_000
        found.append(
            Finding(
                target="C2",
                what=f"{what}: money",
                figure=dollars,
                unit="dollars",
                detail=f"least: {money:.2f}",
            )
        )
    return found


def measure(repetitions: int) -> Iterable[Finding]:
    with asyncio.Runner() as runner:
        http = HttpClient(SystemClock())
        piled, found, timely, fedi = XServer(), XServer(), XServer(), MastodonServer()
        for server in (piled, found, timely, fedi):
            runner.run(server.start())
        listing = runner.run(x_side(piled, http, mentions, "@acme", COUNT))
        searching = runner.run(x_side(found, http, search, "acme", COUNT))
        telling = runner.run(mastodon_side(fedi, http))
        yield from priced("X mentions, read in time", runner.run(in_time(timely, http)), timely, (10, 1.0))
        asked = runner.run(cost(listing, COUNT))
        yield from priced("X mentions, after an outage", asked, piled, (10, 1.8))
        yield from priced("X search", runner.run(cost(searching, COUNT)), found, (10, 5.0))
        yield from priced("Mastodon notifications", runner.run(cost(telling, COUNT)), None, (13, 0.0))
        for name, bench in (("X mentions", listing), ("X search", searching), ("Mastodon", telling)):
            yield speed(runner, name, bench, repetitions)
        for server in (piled, found, timely, fedi):
            runner.run(server.stop())
        runner.run(http.close())


if __name__ == "__main__":
    harness.main("connectors", measure)
