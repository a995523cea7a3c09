"""Slack's Socket Mode for a fake: connections, envelopes, acknowledgements, what comes again and what fails.

https://docs.slack.dev/apis/events-api/using-socket-mode. An envelope goes to any one of the app's
connections, and must be acknowledged there within three seconds. An event that is not comes again
(`retry_attempt`); of a button, a command or a form the person is told that it failed, and it does not come
again. Knows no payload.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiohttp import web

from bot.testing.slack_workspace import APP_ID, ApiError

EVENTS, INTERACTIVE, COMMANDS = "events_api", "interactive", "slash_commands"
MOST_CONNECTIONS = 10
MOST_RETRIES = 3


@dataclass(eq=False, kw_only=True)
class Link:
    """One connection. `is_leaving`: Slack has said that it will close it; nothing new goes there."""

    socket: web.WebSocketResponse
    is_leaving: bool = False


@dataclass(eq=False, kw_only=True)
class Envelope:
    id: str
    kind: str
    payload: dict[str, Any]
    attempt: int = 0
    via: Link | None = None
    deadline: asyncio.TimerHandle | None = None

    def told(self) -> str:
        retry = {"retry_attempt": self.attempt, "retry_reason": "timeout"} if self.attempt else {}
        about = {"envelope_id": self.id, "type": self.kind, "accepts_response_payload": self.kind != EVENTS}
        return json.dumps({**about, "payload": self.payload, **retry})


class Sockets:
    """`patience`: seconds until an envelope has to be acknowledged."""

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.pending: dict[str, Envelope] = {}
        self.acknowledged: list[Envelope] = []
        self.failed: list[Envelope] = []
        self.strays: list[str] = []
        self.patience = 3.0
        self._tickets: set[str] = set()
        self._numbers = count(1)
        self._sending: set[asyncio.Task[None]] = set()

    def ticket(self, host: str) -> dict[str, Any]:
        """What apps.connections.open answers: an address that is good for one connection."""
        if len(self.links) >= MOST_CONNECTIONS:
            raise ApiError("too_many_websockets")
        ticket = f"secret-ticket-{next(self._numbers)}"
        self._tickets.add(ticket)
        return {"url": f"ws://{host}/link/?ticket={ticket}&app_id={APP_ID}"}

    def give(self, kind: str, payload: dict[str, Any]) -> Envelope:
        """Something happened: it goes to one of the connections, or waits for one."""
        envelope = Envelope(id=f"env-{next(self._numbers)}", kind=kind, payload=payload)
        self.pending[envelope.id] = envelope
        self._send(envelope)
        return envelope

    def disconnect(self, reason: str, *, closing_in: float = 0.3) -> None:
        """Tell all connections that they will be closed, and do so."""
        for link in [link for link in self.links if not link.is_leaving]:
            link.is_leaving = True
            self._run(link.socket.send_str(json.dumps({"type": "disconnect", "reason": reason})))
            asyncio.get_running_loop().call_later(closing_in, self._close, link)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="no such ticket")
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        link = Link(socket=socket)
        self.links.append(link)
        about = {"app_id": APP_ID}
        hello = {"type": "hello", "num_connections": len(self.links), "connection_info": about}
        await socket.send_str(json.dumps(hello))
        try:
            for envelope in [one for one in self.pending.values() if one.via is None]:
                self._send(envelope)
            async for message in socket:
                self._take(link, message.data)
        finally:
            self.links.remove(link)
            self._lost(link)
        return socket

    def _take(self, link: Link, data: str) -> None:
        name = json.loads(data).get("envelope_id", "")
        envelope = self.pending.get(name)
        if envelope is None or envelope.via is not link:
            self.strays.append(name)
            return
        del self.pending[name]
        if envelope.deadline is not None:
            envelope.deadline.cancel()
        self.acknowledged.append(envelope)

    def _send(self, envelope: Envelope) -> None:
        open_ones = [link for link in self.links if not link.is_leaving]
        envelope.via = open_ones[next(self._numbers) % len(open_ones)] if open_ones else None
        if envelope.deadline is not None:
            envelope.deadline.cancel()
        loop = asyncio.get_running_loop()
        envelope.deadline = loop.call_later(self.patience, self._late, envelope)
        if envelope.via is not None:
            self._run(envelope.via.socket.send_str(envelope.told()))

    def _late(self, envelope: Envelope) -> None:
        """Nobody acknowledged it in time."""
        if envelope.id not in self.pending:
            return
        if envelope.kind != EVENTS or envelope.attempt >= MOST_RETRIES:
            self.failed.append(self.pending.pop(envelope.id))
            return
        envelope.attempt += 1
        self._send(envelope)

    def _lost(self, link: Link) -> None:
        """A connection broke with what was not acknowledged on it."""
        for envelope in [one for one in self.pending.values() if one.via is link]:
            self._late(envelope)

    def _close(self, link: Link) -> None:
        self._run(link.socket.close())

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


async def _quietly(work: Any) -> None:
    try:
        await work
    except ConnectionError:
        return
