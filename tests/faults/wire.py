"""The line between the daemon and the network: it forwards frames, and breaks in all the ways a line breaks.

Knows WebSockets; of Jetstream only that a text frame names its author in `did` and a position in `cursor`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import struct
from collections import defaultdict
from collections.abc import Sequence

import aiohttp
from aiohttp import WSMsgType, web

from bot.testing.jetstream_server import JetstreamServer
from bot.testing.jetstream_wire import FIRST_TIME
from bot.testing.loopback import Loopback

_HALF_FRAME = b"\x81" + struct.pack("!BH", 126, 500) + b'{"did":"did:plc:half'
"""A text frame of 500 bytes of which 20 are sent (RFC 6455, 5.2)."""
_HEAP_SECONDS = 0.03
_HEAP = 16

Frame = str | bytes


class Wire(Loopback):
    """`upstream` is the host at the other end. Attributes take effect at the next frame or connection."""

    def __init__(self, upstream: JetstreamServer, rng: random.Random) -> None:
        super().__init__()
        self.is_silent = False
        self.is_shuffled = False
        self.back_us = 0
        """Every replay begins so much earlier than asked for."""
        self.garbage: list[Frame] = []
        self._upstream = upstream
        self._rng = rng
        self._lines: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{path:.*}", self._forward)]

    def heal(self) -> None:
        self.is_silent = self.is_shuffled = False
        self.back_us = 0
        self.garbage.clear()
        self.faults.clear()

    @property
    def is_listened_to(self) -> bool:
        return bool(self._lines)

    def half(self) -> None:
        """Each connection ends in the middle of a frame."""
        for request in list(self._open.values()):
            if request.transport is not None:
                request.transport.write(_HALF_FRAME)
                request.transport.close()

    async def hang_up(self) -> None:
        """Each connection ends politely, as when a server restarts."""
        for line in list(self._lines):
            await line.close(code=1001)

    # --- forwarding ---

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        if self.back_us and query.get("cursor", "").isdecimal():
            query["cursor"] = str(self._earlier(int(query["cursor"])))
        url = f"http://{self._upstream.host}{request.path}"
        async with aiohttp.ClientSession() as session:
            if request.headers.get("Upgrade", "").lower() != "websocket":
                async with session.get(url, params=query) as answer:
                    body, kind = await answer.read(), answer.content_type
                    return web.Response(status=answer.status, body=body, content_type=kind)
            try:
                far = await session.ws_connect(url, params=query, max_msg_size=0)
            except aiohttp.WSServerHandshakeError as error:
                return web.Response(status=error.status, text="refused by the network")
            except aiohttp.ClientConnectionError:
                return web.Response(status=502, text="there is no network")
            near = web.WebSocketResponse()
            with contextlib.suppress(ConnectionError):  # it went away meanwhile
                await near.prepare(request)
                await self._both_ways(near, far, may_shuffle=request.path == "/subscribe")
            await far.close()
            return near

    def _earlier(self, cursor: int) -> int:
        """A time so much earlier; of a v2 host's count some hundreds less, if it holds all from the first on."""
        if cursor >= FIRST_TIME:
            return cursor - self.back_us
        first = self._upstream.archive[0].seq
        return cursor if self._upstream.oldest_us else max(first, cursor - self.back_us // 1_000_000)

    async def _both_ways(
        self, near: web.WebSocketResponse, far: aiohttp.ClientWebSocketResponse[bool], *, may_shuffle: bool
    ) -> None:
        """v2 numbers its events, so those stay in order."""
        self._lines.add(near)
        down = self._down(near, far, may_shuffle=may_shuffle)
        ways = [asyncio.create_task(down), asyncio.create_task(self._up(near, far))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._lines.discard(near)

    async def _up(self, near: web.WebSocketResponse, far: aiohttp.ClientWebSocketResponse[bool]) -> None:
        async for message in near:
            if message.type is WSMsgType.TEXT:
                await far.send_str(message.data)
            elif message.type is WSMsgType.BINARY:
                await far.send_bytes(message.data)

    async def _down(
        self, near: web.WebSocketResponse, far: aiohttp.ClientWebSocketResponse[bool], *, may_shuffle: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while not near.closed:
                heap = await self._heap(far)
                if not heap:
                    break
                is_shuffled = self.is_shuffled and may_shuffle
                for frame in (*self._taken_garbage(), *(self._shuffled(heap) if is_shuffled else heap)):
                    await (near.send_str(frame) if isinstance(frame, str) else near.send_bytes(frame))

    def _taken_garbage(self) -> list[Frame]:
        garbage, self.garbage = self.garbage, []
        return garbage

    async def _heap(self, far: aiohttp.ClientWebSocketResponse[bool]) -> list[Frame]:
        """The next frames; more than one only while they are shuffled. [] at the end."""
        heap: list[Frame] = []
        while message := await self._next(far, within=_HEAP_SECONDS if heap else None):
            heap.append(message)
            if not self.is_shuffled or len(heap) >= _HEAP:
                break
        while self.is_silent:  # noqa: ASYNC110 - a switch that tests turn as an attribute
            await asyncio.sleep(0.01)
        return heap

    async def _next(
        self, far: aiohttp.ClientWebSocketResponse[bool], *, within: float | None
    ) -> Frame | None:
        try:
            message = await far.receive(within)
        except TimeoutError:
            return None
        return message.data if message.type in {WSMsgType.TEXT, WSMsgType.BINARY} else None

    def _shuffled(self, heap: Sequence[Frame]) -> list[Frame]:
        """Authors among each other in another order, each author's events in theirs; some come twice.

        That is what a cut-over from replay to live does (jetstream-legacy issue 42).
        """
        if not all(isinstance(frame, str) for frame in heap):
            return list(heap)
        of_author: dict[str, list[Frame]] = defaultdict(list)
        for frame in heap:
            of_author[json.loads(frame).get("did", "")].append(frame)
        order = [author for author, frames in of_author.items() for _ in frames]
        self._rng.shuffle(order)
        waiting = {author: iter(frames) for author, frames in of_author.items()}
        mixed = [next(waiting[author]) for author in order]
        again = self._rng.randrange(len(mixed))
        return [*mixed, *mixed[again:]]  # from one point on once more, in the same order
