"""The WebSockets of Socket Mode: envelopes out of one or several, each acknowledged where it came from.

https://docs.slack.dev/apis/events-api/using-socket-mode. Slack replaces a connection every few hours: it says
so shortly before (`disconnect`), and the next one is open before it closes the old one. Knows no payload.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType

from bot.errors import BotError, Reason, Unauthorized, Unavailable

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

    from bot.ports import Http
    from connectors.slack.api import Api

HEARTBEAT = 20.0
"""Seconds between two pings: a connection that a router forgot is noticed by nothing else."""
LINGERS = 30.0
"""Seconds for which Slack may count a connection of ours that broke."""
_TEXTS = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """`kind` and `payload` as Slack sent them."""

    kind: str
    payload: dict[str, Any]
    id: str
    socket: ClientWebSocketResponse[Any]

    async def acknowledge(self) -> None:
        """A connection that is gone is no error: Slack has counted it as not acknowledged."""
        with contextlib.suppress(ConnectionError):
            await self.socket.send_str(json.dumps({"envelope_id": self.id}))


@dataclass(frozen=True, slots=True)
class _Over:
    """A connection ended, and why."""

    line: asyncio.Task[None]
    error: BotError


class Lines:
    """Close it after use. `is_suspicious`: somebody else was there before, so that one look suffices."""

    def __init__(
        self, api: Api, http: Http, *, lingers: float = LINGERS, is_suspicious: bool = False
    ) -> None:
        self._api = api
        self._http = http
        self._lingers = lingers
        self._is_suspicious = is_suspicious
        self._came: asyncio.Queue[Envelope | _Over] = asyncio.Queue()
        self._lines: set[asyncio.Task[None]] = set()
        self._leaving: set[asyncio.Task[None]] = set()
        self._open = 0
        self._look: asyncio.TimerHandle | None = None

    async def next(self) -> Envelope:
        """The next envelope of any line.

        Raises: Unavailable (reason conflict: another program has a connection too), Unauthorized.
        """
        if not self._lines:
            self._dial()
        while True:
            came = await self._came.get()
            if isinstance(came, Envelope):
                return came
            self._lines.discard(came.line)
            self._leaving.discard(came.line)
            if not self._lines or came.error.reason is Reason.CONFLICT:
                raise came.error

    async def close(self) -> None:
        if self._look is not None:
            self._look.cancel()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        self._lines.clear()

    def _dial(self) -> None:
        self._lines.add(asyncio.create_task(self._read(), name="slack line"))

    async def _read(self) -> None:
        """One connection, from its address to its end."""
        line = asyncio.current_task()
        assert line is not None  # noqa: S101 - a task runs this
        error: BotError = Unavailable("Slack closed the connection")
        try:
            url = await self._api.socket_url()
            async with self._http.websocket(url, heartbeat=HEARTBEAT) as socket:
                self._open += 1
                try:
                    await self._take_all(socket, line)
                finally:
                    self._open -= 1
        except BotError as raised:
            error = raised
        self._came.put_nowait(_Over(line, error))

    async def _take_all(self, socket: ClientWebSocketResponse[Any], line: asyncio.Task[None]) -> None:
        async for message in socket:
            if message.type not in _TEXTS:
                return
            try:
                told = json.loads(message.data)
            except ValueError:
                raise Unavailable("Slack sent what is no JSON", reason=Reason.PROTOCOL) from None
            if isinstance(told, dict):
                self._take(told, socket, line)

    def _take(
        self, told: dict[str, Any], socket: ClientWebSocketResponse[Any], line: asyncio.Task[None]
    ) -> None:
        kind, name, payload = told.get("type"), told.get("envelope_id"), told.get("payload")
        if kind == "hello":
            self._greeted(told.get("num_connections"))
        elif kind == "disconnect":
            self._told_to_leave(told.get("reason"), line)
        elif isinstance(name, str):
            known = payload if isinstance(payload, dict) else {}
            self._came.put_nowait(Envelope(str(kind), known, name, socket))

    def _told_to_leave(self, reason: object, line: asyncio.Task[None]) -> None:
        """The old line is read until Slack closes it: what it was sent must be acknowledged there."""
        if reason == "link_disabled":
            raise Unauthorized("Socket Mode is switched off for this app (api.slack.com, Socket Mode)")
        self._leaving.add(line)
        if not self._lines - self._leaving:
            self._dial()

    def _greeted(self, connections: object) -> None:
        """Payloads go to any one connection: another program of this app would take a part of the presses.

        A connection of ours that broke may still be counted: so it is looked at again, on a second line, and
        read meanwhile.
        """
        if not isinstance(connections, int) or connections <= self._open:
            self._is_suspicious = False
        elif self._is_suspicious:
            text = "another program reads this app's presses: one app-level token has one reader"
            raise Unavailable(text, reason=Reason.CONFLICT)
        elif self._look is None:
            self._look = asyncio.get_running_loop().call_later(self._lingers, self._look_again)

    def _look_again(self) -> None:
        self._look, self._is_suspicious = None, True
        self._dial()
