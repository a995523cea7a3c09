"""The streams of a loopback server of the Mastodon API: over WebSocket, as lines, or not at all.

https://docs.joinmastodon.org/methods/streaming/. Mastodon has both, and several streams on one socket;
GoToSocial and Pleroma have a socket only, with one stream. None is for somebody without an account
(Mastodon since 4.2). Events are told when something happens in the `World`. It can be told to leave some
out, to break one off, and to hang up; each connection that was tried is noted with its time. Imports no
connector.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, PLEROMA, Status, World

if TYPE_CHECKING:
    from bot.ports import Clock

LIVE = replace(MASTODON, streams="both")
LINES_ONLY = replace(MASTODON, streams="lines")
LIVE_GOTOSOCIAL = replace(GOTOSOCIAL, streams="socket")
LIVE_PLEROMA = replace(PLEROMA, streams="socket")
Told = tuple[str, str]
"""A stream: its name and its tag."""
_NAMES = frozenset({"user", "user:notification", "public", "public:local", "hashtag", "hashtag:local"})
_UNKNOWN = json.dumps({"error": "Unknown stream type", "status": 400})


@dataclass(eq=False)
class Connection:
    """Who listens to what."""

    viewer: str
    streams: set[Told]
    queue: asyncio.Queue[tuple[Told, str, str] | None] = field(default_factory=asyncio.Queue)


class Streams:
    """Give it whose a token is. `tried` and `stood`: when a connection was tried, and when one stood."""

    def __init__(self, world: World, clock: Clock, whose: Callable[[str], str]) -> None:
        self.tried: list[float] = []
        self.stood: list[float] = []
        self.connections: list[Connection] = []
        self.leaves_out = 0
        """So many events are told to nobody."""
        self.breaks_off = False
        """The next event is told by half."""
        self.refuses = 0
        """With this status, and a page in HTML."""
        self.thump_every: float = 15.0
        self._world, self._clock, self._whose = world, clock, whose
        world.heard = self._hear

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/streaming", self._socket),
            web.get("/api/v1/streaming/{name:.+}", self._lines),
        ]

    def hang_up(self) -> None:
        """Every connection ends politely."""
        for one in self.connections:
            one.queue.put_nowait(None)

    def say(self, kind: str, payload: str, *, stream: Told = ("user", "")) -> None:
        """An event, whatever it may be."""
        self._tell(kind, payload, lambda _: {stream})

    def complain(self) -> None:
        """That a stream is not known, to everybody."""
        for one in self.connections:
            one.queue.put_nowait((("", ""), "", ""))

    # --- what happens ---

    def _hear(self, kind: str, what: Any) -> None:
        if kind == "notification":
            account = dict(self._world.accounts[what["account"]])
            entity = self._world.entity(self._world.statuses[what["status"]])
            payload = json.dumps({**what, "account": account, "status": entity})
            self._tell(kind, payload, lambda _: {("user", ""), ("user:notification", "")})
        elif kind == "delete":
            self._tell(kind, what.id, lambda viewer: self._where(what, viewer))
        else:
            payload = json.dumps(self._world.entity(what))
            self._tell(kind, payload, lambda viewer: self._where(what, viewer))

    def _where(self, status: Status, viewer: str) -> set[Told]:
        home = {("user", "")} if status.account == viewer else set()
        if status.visibility != "public":
            return home
        tags = self._world.tags(status)
        found = {*home, ("public", ""), *(("hashtag", tag) for tag in tags)}
        if "@" not in self._world.accounts[status.account]["acct"]:
            found |= {("public:local", ""), *(("hashtag:local", tag) for tag in tags)}
        return found

    def _tell(self, kind: str, payload: str, where: Callable[[str], set[Told]]) -> None:
        if self.leaves_out:
            self.leaves_out -= 1
            return
        for one in self.connections:
            for stream in sorted(one.streams & where(one.viewer)):
                one.queue.put_nowait((stream, kind, payload))

    # --- connections ---

    def _enter(self, request: web.Request, *, kinds: set[str]) -> str:
        """Whose connection it becomes. Raises: _Page."""
        self.tried.append(self._clock.monotonic())
        if self._world.manners.streams not in kinds:
            raise _Page(web.Response(status=404, text="<html>Not found</html>", content_type="text/html"))
        if self.refuses:
            page = web.Response(status=self.refuses, text="<html>Sorry</html>", content_type="text/html")
            raise _Page(page)
        token = request.headers.get("Sec-WebSocket-Protocol", "")
        if not token and not self._is_pleroma:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        who = self._whose(token)
        if not who:
            raise _Page(web.json_response({"error": "The access token is invalid"}, status=401))
        return who

    @property
    def _is_pleroma(self) -> bool:
        return "Pleroma" in self._world.manners.software

    @asynccontextmanager
    async def _connected(self, viewer: str, stream: Told) -> AsyncIterator[Connection]:
        connection = Connection(viewer, {stream})
        self.connections.append(connection)
        self.stood.append(self._clock.monotonic())
        try:
            yield connection
        finally:
            self.connections.remove(connection)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        try:
            viewer = self._enter(request, kinds={"both", "socket"})
        except _Page as page:
            return page.response
        named = request.headers.get("Sec-WebSocket-Protocol")
        socket = web.WebSocketResponse(protocols=[named] if named else [], heartbeat=30)
        await socket.prepare(request)
        stream = (request.query.get("stream", ""), request.query.get("tag", "").lower())
        async with self._connected(viewer, stream) as connection:
            if stream[0] not in _NAMES:
                await socket.send_str(_UNKNOWN)
            telling = asyncio.create_task(self._tell_socket(socket, connection))
            try:
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self._subscribe(connection, json.loads(message.data))
            finally:
                telling.cancel()
                await asyncio.wait([telling])
        return socket

    def _subscribe(self, connection: Connection, asked: dict[str, str]) -> None:
        stream = (asked["stream"], asked.get("tag", "").lower())
        if self._world.manners.api is not None:  # others take no notice of a tag
            connection.streams.add(stream)

    async def _tell_socket(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        while (told := await connection.queue.get()) is not None:
            (name, tag), kind, payload = told
            if not kind:
                await socket.send_str(_UNKNOWN)
                continue
            frame: dict[str, Any] = {"event": kind, "payload": payload}
            if not self._is_pleroma:
                frame["stream"] = [name, *([tag] if tag else [])]
            text = json.dumps(frame)
            if self._breaks():
                await socket.send_str(text[: len(text) // 2])
                break
            await socket.send_str(text)
        await socket.close()

    async def _lines(self, request: web.Request) -> web.StreamResponse:
        try:
            viewer = self._enter(request, kinds={"both", "lines"})
        except _Page as page:
            return page.response
        name = request.match_info["name"].replace("/", ":")
        if name not in _NAMES:
            return web.json_response({"error": "Unknown channel requested"}, status=400)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b":)\n")
        async with self._connected(viewer, (name, request.query.get("tag", "").lower())) as connection:
            await self._tell_lines(answer, connection)
        return answer

    async def _tell_lines(self, answer: web.StreamResponse, connection: Connection) -> None:
        while True:
            try:
                async with asyncio.timeout(self.thump_every):
                    told = await connection.queue.get()
            except TimeoutError:
                await answer.write(b":thump\n")
                continue
            if told is None:
                return
            _, kind, payload = told
            text = f"event: {kind}\ndata: {payload}\n\n".encode()
            if self._breaks():
                await answer.write(text[: len(text) // 2])
                return
            await answer.write(text)

    def _breaks(self) -> bool:
        breaks, self.breaks_off = self.breaks_off, False
        return breaks


class _Page(Exception):  # noqa: N818 - what a request is answered with
    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response
