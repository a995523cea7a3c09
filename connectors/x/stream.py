"""One connection to a stream of X: lines of JSON as they come, until it dies.

https://docs.x.com/x-api/fundamentals/consuming-streaming-data: each message is a line, an empty
one comes at least every twenty seconds, and X says in the stream why it ends it, or just hangs up. Reading
goes on while what was read is dealt with. Knows neither posts nor money.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Self

import msgspec

from bot.clock import rung
from bot.errors import BotError, Reason, Unauthorized, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from bot.ports import Clock, Wiring
    from connectors.x.app import App
    from connectors.x.reconnects import Reconnects

SILENCE = 45.0
"""Seconds: two signs of life were due by then, and did not come."""
LONGEST_LINE = 1_000_000
HEAP = 5_000
"""So many lines are held; then nothing is read, and TCP tells X to wait."""
_TITLE = re.compile(r"[A-Za-z][A-Za-z -]{2,60}")


class Problem(msgspec.Struct, frozen=True):
    """https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""

    title: str = ""
    type: str = ""
    connection_issue: str = ""
    disconnect_type: str = ""


class Frame(msgspec.Struct, frozen=True):
    """Any message: what there is to tell (partial errors may stand beside it), or why the stream ends."""

    data: msgspec.Raw = msgspec.Raw()
    matching_rules: tuple[Matched, ...] = ()
    errors: tuple[Problem, ...] = ()
    title: str = ""
    type: str = ""
    connection_issue: str = ""

    @property
    def problem(self) -> Problem | None:
        if self.data:
            return None
        if self.errors:
            return self.errors[0]
        if not (self.connection_issue or self.type):
            return None
        return Problem(title=self.title, type=self.type, connection_issue=self.connection_issue)


class Matched(msgspec.Struct, frozen=True):
    """A rule that a post fits."""

    id: str = ""
    tag: str | None = None


_decode = msgspec.json.Decoder(Frame).decode


def frame_of(line: bytes) -> Frame | None:
    """None: it cannot be read. Pure."""
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def ending(problem: Problem, host: str) -> BotError:
    """What a problem in the stream means for us. Pure."""
    title = problem.title if _TITLE.fullmatch(problem.title) else "a problem"
    if problem.type.endswith("/usage-capped"):
        return Unauthorized(f"{host} ended the stream: the account at X may read no more this month")
    if problem.connection_issue == "TooManyConnections":
        message = f"{host} lets no more streams be opened: is another Outcare running with these keys?"
        return Unavailable(message, reason=Reason.RATE_LIMITED)
    return Unavailable(f"{host} ended the stream: {title}", reason=Reason.SERVER)


@asynccontextmanager
async def opened(
    app: App, wiring: Wiring, path: str, query: Mapping[str, str], reconnects: Reconnects
) -> AsyncIterator[Lines]:
    """The stream of that path, once it stands. Raises: Unavailable, Refused; with how long to wait."""
    reconnects.open(app.host)
    try:
        async with app.opened(path, query) as response:
            if response.status != 200:
                answer = await app.answer(response)
                raise answer.error()
            async with Lines(wiring.http.pieces(response), wiring.clock, app.host) as lines:
                yield lines
    except BotError as error:
        reconnects.closed()
        raise reconnects.failure(error) from error.__cause__
    reconnects.closed()


class Lines:
    """Reads in a task of its own for as long as the `async with` lasts."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], clock: Clock, host: str) -> None:
        self._pieces, self._clock, self._host = pieces, clock, host
        self._heap: list[bytes] = []
        self._half = bytearray()
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._pump: asyncio.Task[BotError | None] | None = None
        self._heard_at = clock.monotonic()

    async def __aenter__(self) -> Self:
        self._pump = asyncio.create_task(self._read(), name="x.stream")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])

    async def take(self, within: float) -> list[bytes] | None:
        """What has come; [] when nothing did within that many seconds; None at the end.

        Raises: Unavailable when it broke, or when not even a sign of life came for too long.
        """
        if not self._arrived.is_set():
            await rung(self._arrived, self._clock.sleep, within=within)
        heap = self._heap.copy()
        self._heap.clear()
        self._room.set()
        is_over = self._pump is not None and self._pump.done()
        if not is_over:
            self._arrived.clear()
        elif not heap:
            if error := self._broke:
                raise error
            return None
        if not heap and self._clock.monotonic() - self._heard_at > SILENCE:
            message = f"{self._host}: the stream gave no sign of life for {SILENCE:.0f} s"
            raise Unavailable(message, reason=Reason.TIMEOUT)
        return heap

    async def _read(self) -> BotError | None:
        try:
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    self._heard_at = self._clock.monotonic()
                    self._split(piece)
                    if len(self._half) > LONGEST_LINE:
                        message = f"{self._host}: the stream sent a line of more than {LONGEST_LINE} bytes"
                        return Unavailable(message, reason=Reason.PROTOCOL)
                    if len(self._heap) >= HEAP:
                        self._room.clear()
                        await self._room.wait()
        except BotError as error:
            return error
        finally:
            self._arrived.set()
        return None

    def _split(self, piece: bytes) -> None:
        """Half a line waits for its other half."""
        *whole, rest = piece.split(b"\n")
        for line in whole:
            message = bytes(self._half + line).strip() if self._half else line.strip()
            self._half.clear()
            if message:
                self._heap.append(message)
        self._half += rest
        if self._heap:
            self._arrived.set()

    @property
    def _broke(self) -> BotError | None:
        return self._pump.result() if self._pump is not None else None
