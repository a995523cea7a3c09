"""`/live`: tells open pages that what they show may have changed (Server-Sent Events).

It says that something changed and never what; the page then asks again, with its own filters and rights.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

LOOK_EVERY = 0.25
"""Seconds between two looks at the counter: several changes within them are one event."""
BEAT_EVERY = 15.0
"""Seconds of quiet after which a comment keeps the connection open through proxies."""
MOST_OPEN = 200
"""So many pages may listen at once: each costs a connection, and none may cost the daemon its own."""


class Live:
    """Every open page listens here."""

    def __init__(self, changes: Callable[[], int]) -> None:
        self._changes = changes
        self._stopping = asyncio.Event()
        self._open = 0

    async def stop(self, _app: web.Application) -> None:
        """Let everybody go, so that the daemon need not wait for them."""
        self._stopping.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """`GET /live`."""
        if self._open >= MOST_OPEN:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "30"})
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        self._open += 1
        try:
            with suppress(ConnectionResetError):  # the page was closed
                await self._tell(response)
        finally:
            self._open -= 1
        return response

    async def _tell(self, response: web.StreamResponse) -> None:
        seen, quiet = self._changes(), 0.0
        await response.write(b"retry: 2000\n: listening\n\n")
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_EVERY)
            quiet += LOOK_EVERY
            if self._changes() != seen:
                seen, quiet = self._changes(), 0.0
                await response.write(f"event: changed\ndata: {seen}\n\n".encode())
            elif quiet >= BEAT_EVERY:
                quiet = 0.0
                await response.write(b": still here\n\n")
