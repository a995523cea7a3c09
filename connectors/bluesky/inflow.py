"""Frames off one WebSocket as fast as they come, handed over in heaps.

Knows aiohttp's socket and nothing of what the frames mean. What lies in the heap is what the socket had to
give: an empty heap says that it is drained.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Literal, Self

from aiohttp import WSMsgType

from bot.clock import rung
from bot.errors import Reason, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp import ClientWebSocketResponse

    from bot.ports import Clock

    Socket = ClientWebSocketResponse[Literal[False]]

HEAP = 1_000
HEAP_BYTES = 32_000_000
"""Frames and bytes held at most; then the socket is not read, and TCP tells the server to wait."""

_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY
_POLITE = frozenset({1000, 1001})
"""Close codes of a server that ends or restarts: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1"""


class Inflow:
    """Reads a socket in a task of its own for as long as the `async with` lasts."""

    def __init__(self, socket: Socket, clock: Clock) -> None:
        self._socket = socket
        self._clock = clock
        self._heap: list[bytes] = []
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._pump: asyncio.Task[Unavailable | None] | None = None
        self._last_at = clock.monotonic()

    async def __aenter__(self) -> Self:
        self._pump = asyncio.create_task(self._read(), name="bluesky.inflow")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])

    @property
    def silent_for(self) -> float:
        """Seconds since the last frame; none while some wait here, however long their turn takes to come."""
        return 0.0 if self._heap else self._clock.monotonic() - self._last_at

    async def take(self, within: float) -> list[bytes] | None:
        """What has arrived; [] when nothing did within that many seconds; None at the end.

        Raises: Unavailable when the connection did not end as agreed.
        """
        if not self._arrived.is_set():
            await rung(self._arrived, self._clock.sleep, within=within)
        heap = self._heap.copy()
        self._heap.clear()
        self._room.set()
        if heap:
            self._last_at = self._clock.monotonic()
        if self._pump is None or not self._pump.done():
            self._arrived.clear()
        elif not heap:
            return self._over(self._pump)
        return heap

    async def _read(self) -> Unavailable | None:
        heap, size = self._heap, 0
        receive = self._socket.receive
        lying, shortcut = queue(self._socket)
        try:
            while True:
                is_near = lying and ((kind := lying[0][0][0]) is _TEXT or kind is _BINARY)
                kind, frame, _ = await (shortcut() if is_near else receive())
                if kind is not _TEXT and kind is not _BINARY:
                    # The socket forgets the code of a server that hangs up before it is answered.
                    return ending(kind, frame if kind is WSMsgType.CLOSE else self._socket.close_code)
                if not heap:
                    self._arrived.set()
                    size = 0
                heap.append(frame)
                size += len(frame)
                if size >= HEAP_BYTES or len(heap) >= HEAP:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._arrived.set()

    @staticmethod
    def _over(pump: asyncio.Task[Unavailable | None]) -> None:
        error = pump.result()
        if error is not None:
            raise error


def queue(socket: Socket) -> tuple[Sequence[Any], Callable[[], Awaitable[Any]]]:
    """What aiohttp has read of a socket and not given yet, and what gives it at half the price of `receive`,
    which sees to pings, closing and errors: for text and binary frames there is nothing to see to.

    Both are aiohttp's own: where it keeps them otherwise, nothing lies there, and all frames are received.
    """
    reader = getattr(socket, "_reader", None)
    lying, read = getattr(reader, "_buffer", None), getattr(reader, "read", None)
    if isinstance(lying, deque) and read is not None:
        return lying, read
    return (), socket.receive


def ending(kind: WSMsgType, code: int | None) -> Unavailable | None:
    """What the last message of a socket means; None: the server said goodbye."""
    if kind is WSMsgType.ERROR:
        return Unavailable(f"the stream broke (WebSocket error {code})", reason=Reason.PROTOCOL)
    if kind is WSMsgType.CLOSE and code in _POLITE:
        return None
    if kind is WSMsgType.CLOSE:
        return Unavailable(f"the server closed the stream (code {code})", reason=Reason.SERVER)
    return Unavailable("the stream was cut", reason=Reason.CONNECTION)
