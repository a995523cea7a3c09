"""What receiving costs: aiohttp against picows, bare and through the whole connector, plain and packed.

picows (https://github.com/tarasko/picows) calls back per frame and keeps no queue. It is no dependency: this
benchmark decides whether it should be one (docs/decisions/0011-aiohttp-for-jetstream.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any

import aiohttp
import picows

from benchmarks.baseline import decode
from benchmarks.blast import blasting
from benchmarks.corpus import Which, patterns
from benchmarks.harness import Finding, cpu_minima, main
from bot.clock import SystemClock
from bot.http import HttpClient
from bot.matcher.fast import FastMatcher
from bot.model import Brand
from bot.ports import Wiring
from bot.testing.jetstream_wire import Dictionary
from bot.watchlist import LiveWatch, Watchlist
from connectors.bluesky.dictionary import Unpacker
from connectors.bluesky.jetstream import MAX_MESSAGE_BYTES, JetstreamSource, Settings
from connectors.bluesky.reading import V1, V2, Reading

FRAMES = 20_000
WHICH: tuple[Which, ...] = ("all", "posts")


class Nothing:
    """A watch that wants nothing, at no cost: what remains is the way to it."""

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del text, author_id, refs
        return False


def watch() -> LiveWatch:
    """10,000 words, as the daemon builds it."""
    brand = Brand(name="acme", words=patterns(10_000))
    return LiveWatch(Watchlist([brand], ids={}, matcher=FastMatcher), {}, "bluesky")


async def _aiohttp(url: str, each: Callable[[bytes], object] | None) -> int:
    count = 0
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=MAX_MESSAGE_BYTES, decode_text=False) as socket,
    ):
        async for message in socket:
            count += 1
            if each is not None:
                each(message.data)
    return count


class Listener(picows.WSListener):  # type: ignore[misc]  # picows has no types
    """Frames as bytes into a heap; `take` sees a thousand at a time."""

    def __init__(self, take: Callable[[Sequence[bytes]], object]) -> None:
        self.heap: list[bytes] = []
        self.take = take
        self.count = 0

    def on_ws_frame(self, transport: Any, frame: Any) -> None:
        if frame.msg_type == picows.WSMsgType.CLOSE:
            self.take(self.heap)
            transport.disconnect()
            return
        self.count += 1
        self.heap.append(frame.get_payload_as_bytes())
        if len(self.heap) >= 1_000:
            self.take(self.heap)
            self.heap = []


async def _picows(url: str, take: Callable[[Sequence[bytes]], object]) -> int:
    transport, listener = await picows.ws_connect(
        lambda: Listener(take), url, max_frame_size=MAX_MESSAGE_BYTES
    )
    await transport.wait_disconnected()
    return int(listener.count)


async def _connector(url: str, watching: Any) -> int:
    http = HttpClient(SystemClock())
    source = JetstreamSource(Settings(jetstream=url), Wiring(http=http, clock=SystemClock()))
    batches: AsyncIterator[Any] = source.read(None, watching)
    seen: int = sum([batch.seen async for batch in batches])
    await http.close()
    return seen


def _into(reading: Reading) -> Callable[[Sequence[bytes]], None]:
    def take(heap: Sequence[bytes]) -> None:
        reading.add(heap)
        if reading.is_due:
            reading.batch()

    return take


def _reading(wire: str, watching: Any) -> Reading:
    unpack = Unpacker(Dictionary(1).blob, max_bytes=MAX_MESSAGE_BYTES) if wire == "packed" else None
    return Reading(None, watching, SystemClock(), wire=V1 if wire == "v1" else V2, unpack=unpack)


def _sides(url: str, wire: str, watching: Any) -> dict[str, Callable[[], object]]:
    def whole(side: Callable[[], Any]) -> Callable[[], object]:
        def run() -> object:
            assert asyncio.run(side()) == FRAMES
            return None

        return run

    with_query = url if wire == "v1" else f"{url}?zstdDictionary=1"
    sides = {
        "aiohttp": whole(lambda: _aiohttp(with_query, None)),
        "picows": whole(lambda: _picows(with_query, lambda _heap: None)),
        "connector, no words": whole(lambda: _connector(url, Nothing())),
        "picows + reading, no words": whole(lambda: _picows(with_query, _into(_reading(wire, Nothing())))),
        "connector": whole(lambda: _connector(url, watching)),
    }
    if wire == "v1":
        sides["aiohttp + typed decode"] = whole(lambda: _aiohttp(with_query, decode))
    return sides


def measure(repetitions: int) -> Iterator[Finding]:
    watching = watch()
    for wire in ("v1", "packed"):
        for which in WHICH:
            what = "posts" if which == "posts" else "all events"
            name = f"{'packed v2' if wire == 'packed' else 'plain v1'}, {what}"
            with blasting(wire, FRAMES, which=which) as url:
                took = cpu_minima(_sides(url, wire, watching), repetitions=repetitions)
            each = {side: seconds / FRAMES * 1e6 for side, seconds in took.items()}
            detail = ", ".join(f"{side} {us:.2f} us" for side, us in each.items())
            gain = each["connector, no words"] / each["picows + reading, no words"]
            yield Finding(
                target="picows", what=f"{name}: whole path without words", figure=gain, detail=detail
            )
            if wire == "v1":
                ratio = each["connector"] / each["aiohttp + typed decode"]
                bound = 5.0 if which == "posts" else 1.35
                yield Finding(target="T5", what=f"{name}: to the verdict", figure=ratio, at_most=bound)


if __name__ == "__main__":
    main("receive", measure)
