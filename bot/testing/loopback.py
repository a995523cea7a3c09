"""An aiohttp application on 127.0.0.1: what the fakes of platforms stand on.

Knows how to start, stop, count connections and fail on purpose; knows no platform and imports no connector,
so that a fake and its client cannot share a mistake.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_CONTROL = "/_control"
_MAX_BODY = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The next request gets this instead of an answer. Status 0: silence until the client gives up.

    `path`: the next request whose path ends so; others pass.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = "the body of a refusal"
    content_type: str = "text/plain"
    path: str = ""

    async def response(self) -> web.Response:
        if not self.status:
            await silence()
        return web.Response(
            status=self.status, headers=dict(self.headers), text=self.body, content_type=self.content_type
        )


async def silence() -> None:
    """Say nothing for longer than any client waits."""
    await asyncio.sleep(3600)


class Loopback(ABC):
    """Subclass it and give `routes`. `faults` are used up in order, one a request, before the routes.

    `is_steered` False: no test in another process steers it, and `/_control` is not there.
    """

    is_steered = True

    def __init__(self) -> None:
        self.faults: deque[Any] = deque()
        self.requests = 0
        self.port = 0
        self._open: dict[int, web.Request] = {}
        self._runner: web.AppRunner | None = None
        self._outages = 0

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """What the platform answers to."""

    @property
    def open_requests(self) -> int:
        """Requests (streams too) that are being served now."""
        return len(self._open)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where a client is pointed at, without a slash at the end."""
        return f"http://{self.host}"

    def refuse(self, status: int, *, times: int = 1, **more: Any) -> None:
        """Let the next requests fail; `more` as in `Refuse`."""
        self.faults.extend([Refuse(status=status, **more)] * times)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, port: int = 0) -> None:
        app = web.Application(middlewares=[self._middleware()], client_max_size=_MAX_BODY)
        app.add_routes([*([web.post(_CONTROL, self._control)] if self.is_steered else []), *self.routes()])
        app.on_shutdown.append(self._hang_up)
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Nobody listens for as long as the `async with` lasts: connections are refused, the port is kept.

        Of two at once the longer one counts: the first to end must not open what the other holds shut.
        """
        port = self.port
        self._outages += 1
        await self.stop()
        with socket.socket() as kept:
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", port))
            yield
            self._outages -= 1
            if not self._outages:
                await self.start(port)

    def cut(self) -> None:
        """Break every connection that is being served, as a crash of the platform would."""
        for request in list(self._open.values()):
            if request.transport is not None:
                request.transport.abort()

    async def control(self, command: Mapping[str, Any]) -> Any:
        """Carry out what a test in another process asks for; the answer must be JSON."""
        if command.get("do") == "refuse":
            self.refuse(**{name: value for name, value in command.items() if name != "do"})
        elif command.get("do") == "cut":
            self.cut()
        else:
            raise ValueError(f"unknown command {command.get('do')!r}")
        return {}

    def _middleware(self) -> Middleware:
        @web.middleware
        async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path == _CONTROL:
                return await handler(request)
            self.requests += 1
            self._open[id(request)] = request
            try:
                refuse = self.faults[0] if self.faults else None
                if isinstance(refuse, Refuse) and request.path.endswith(refuse.path):
                    self.faults.popleft()
                    return await refuse.response()
                return await handler(request)
            finally:
                del self._open[id(request)]

        return counted

    async def _control(self, request: web.Request) -> web.Response:
        return web.json_response(await self.control(await request.json()))

    async def _hang_up(self, _: web.Application) -> None:
        self.cut()


async def serve(server: Loopback, port: int) -> None:
    """Run a fake as a process: prints one JSON line with port and URL, then serves until SIGTERM."""
    await server.start(port)
    print(json.dumps({"port": server.port, "url": server.url}), flush=True)  # noqa: T201 - to the parent
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    await server.stop()
