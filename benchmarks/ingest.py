"""T5, T6, T7: from a frame on a socket to the watchlist's verdict, through the product's own connector.

A sender in another process; this one's processor time is measured. T7 twice: where everything is sent, plain,
and as the daemon asks for it (posts and accounts only, v2, compressed). Beside ours: a bare aiohttp client
that only receives and decodes (typed), and what people write first, websockets + json + one `re` per rule.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import aiohttp

from benchmarks.baseline import decode
from benchmarks.blast import blasting
from benchmarks.corpus import Which, origin, patterns, share
from benchmarks.harness import Finding, cpu_minima, main
from bot.clock import SystemClock
from bot.http import HttpClient
from bot.matcher.fast import FastMatcher
from bot.model import Brand
from bot.ports import Wiring
from bot.watchlist import LiveWatch, Watchlist
from connectors.bluesky.jetstream import JetstreamSource, Settings

FIREHOSE_PER_S = 478
"""Events a second of the whole network in the real capture."""
MIX, POSTS = 60_000, 20_000
NAIVE_MIX, NAIVE_POSTS = 1_500, 150
Read = Callable[[int, str], Awaitable[None]]
Side = tuple[Read, int]
"""How so many events are read from an address, and how many."""


async def bare(count: int, url: str) -> None:
    """Receive and decode the fields that are needed; the least that any reader does."""
    async with aiohttp.ClientSession() as session, session.ws_connect(url, decode_text=False) as socket:
        for _ in range(count):
            decode((await socket.receive()).data)


async def naive(rules: list[re.Pattern[str]], count: int, url: str) -> None:
    import websockets

    async with websockets.connect(url, compression=None) as socket:
        for _ in range(count):
            event = json.loads(await socket.recv())
            commit = event.get("commit", {})
            if commit.get("collection") == "app.bsky.feed.post" and "record" in commit:
                text = commit["record"]["text"]
                any([rule.search(text) for rule in rules])  # noqa: C419 - each rule has its say


async def ours(watch: LiveWatch, count: int, url: str) -> None:
    http = HttpClient(SystemClock())
    source = JetstreamSource(Settings(jetstream=url), Wiring(http=http, clock=SystemClock()))
    seen = 0
    batches = source.read(None, watch)
    async for batch in batches:
        seen += batch.seen
        if seen >= count:
            break
    await batches.aclose()  # type: ignore[attr-defined]
    await http.close()
    assert seen == count


def watch_for(rules: int) -> LiveWatch:
    brand = Brand(name="bench", words=patterns()[:rules])
    return LiveWatch(Watchlist([brand], ids={}, matcher=FastMatcher), {}, "bluesky")


def measured(
    count: int, sides: dict[str, Side], repetitions: int, *, which: Which, wire: str = "v1"
) -> dict[str, float]:
    """Microseconds of processor time an event, for each side with as many events as it is given."""
    with blasting(wire, count, which=which) as url:
        runs = {name: partial(_run, side, wanted, url) for name, (side, wanted) in sides.items()}
        least = cpu_minima(runs, repetitions=repetitions)
    return {name: least[name] / wanted * 1e6 for name, (_, wanted) in sides.items()}


def _run(side: Read, count: int, url: str) -> None:
    async def whole() -> None:
        await side(count, url)

    asyncio.run(whole())


def findings(repetitions: int) -> Iterator[Finding]:
    thousand = [re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE) for word in patterns()[:1_000]]
    many, some = watch_for(10_000), watch_for(1_000)
    mix: dict[str, Side] = {
        "bare": (bare, MIX),
        "ours": (partial(ours, many), MIX),
        "ours at 1,000": (partial(ours, some), MIX),
        "naive": (partial(naive, thousand), NAIVE_MIX),
    }
    took = measured(MIX, mix, repetitions, which="all")
    yield _against_bare(took, "firehose mix", at_most=1.35)
    yield _against_naive(took, "firehose mix", at_least=100)
    yield _catching_up(took["ours"], FIREHOSE_PER_S, "the firehose, everything sent, plain")
    took = measured(POSTS, {"ours": (partial(ours, many), POSTS)}, repetitions, which="asked", wire="packed")
    yield _catching_up(took["ours"], FIREHOSE_PER_S * share("asked"), "the network as the daemon asks for it")
    only = {name: (side, POSTS) for name, (side, _) in mix.items()} | {
        "naive": (mix["naive"][0], NAIVE_POSTS)
    }
    took = measured(POSTS, only, repetitions, which="posts")
    yield _against_bare(took, "posts only", at_most=5)
    yield _against_naive(took, "posts only", at_least=250)


def _catching_up(microseconds: float, real_per_s: float, what: str) -> Finding:
    per_s = 1e6 / microseconds
    return Finding(
        target="T7",
        what=f"catching up at 10,000 patterns, {what}, times real time",
        figure=per_s / real_per_s,
        at_least=700,
        detail=f"{per_s:,.0f} events/s of one core, real {real_per_s:.0f}/s; {origin()}",
    )


def _against_bare(took: dict[str, float], name: str, *, at_most: float) -> Finding:
    return Finding(
        target="T5",
        what=f"frame to verdict at 10,000 patterns, {name}, times receive + typed decode",
        figure=took["ours"] / took["bare"],
        at_most=at_most,
        detail=f"{took['ours']:.2f} us against {took['bare']:.2f} us an event; {origin()}",
    )


def _against_naive(took: dict[str, float], name: str, *, at_least: float) -> Finding:
    return Finding(
        target="T6",
        what=f"frame to verdict at 1,000 patterns, {name}, faster than websockets + json + re per rule",
        figure=took["naive"] / took["ours at 1,000"],
        at_least=at_least,
        detail=f"{took['ours at 1,000']:.2f} us against {took['naive']:,.0f} us an event; {origin()}",
    )


if __name__ == "__main__":
    main("ingest", findings)
