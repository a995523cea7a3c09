"""One connection to a server's streams: how it is opened, when it counts as dead, when it is tried again.

https://docs.joinmastodon.org/methods/streaming/: a WebSocket, which Mastodon, GoToSocial, Pleroma and Akkoma
have, else server-sent events, which only Mastodon has. They may be on another host, which the server names.
Since Mastodon 4.2 they are for accounts only. Whoever asks puts the token into a header, as
GoToSocial and Mastodon want it, and into `Sec-WebSocket-Protocol`, as Pleroma does; never into an address.
A stream only hints: what it did not tell is found by reading the lists.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec
from aiohttp import WSMsgType

from bot.backoff import asked, doubled
from bot.errors import BotError, Reason, Refused, Rejected, Unavailable
from bot.refusals import place, refusal, retry_after
from connectors.mastodon.events import Lines, frame_event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiohttp import ClientResponse

    from bot.ports import Clock, Http
    from connectors.mastodon.events import Channel, Event
    from connectors.mastodon.server import Server

    Take = Callable[[Channel, Event | None], None]
    Stand = Callable[[Sequence[Channel]], None]

HEARTBEAT = 30.0
"""Seconds after which a WebSocket is asked whether it lives; servers ask as often."""
SILENCE = 60.0
"""Seconds without a line after which a connection is dead: Mastodon says `:thump` every fifteen."""
HANDSHAKE = 15.0
LASTED = 60.0
"""Seconds after which a connection was a good one, however it ends."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
REFUSED_FOR = timedelta(hours=1)
"""So long a server is believed that has no streams, or none for us."""
MOST_CONNECTIONS = 6
"""So many to one server at once: `bot.http` opens sixteen to a host, and requests need some."""
_A_DAY = 86_400.0
_SCHEMES = {"wss": "https", "https": "https", "ws": "http", "http": "http"}


class Stream:
    """Some streams of one server over one connection at a time. Remembers how it did."""

    def __init__(
        self,
        server: Server,
        channels: Sequence[Channel],
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
        silence: float = SILENCE,
    ) -> None:
        self.server = server
        self.channels = tuple(channels)
        self.carried: frozenset[Channel] = frozenset()
        """Those that are told now; none while no connection stands."""
        self.not_before = 0.0
        self._clock, self._chance, self._silence = clock, chance, silence
        self._failures = 0
        self._speaks_lines = False
        self._up_at: float | None = None

    @property
    def is_up(self) -> bool:
        return bool(self.carried)

    async def run(self, take: Take, rise: Callable[[], None]) -> None:
        """One connection, to its end. `take` gets events (None: one that cannot be read), `rise` hears that
        it stands. Raises nothing of `bot.errors`: what went wrong says only when to try again.
        """
        trouble: BotError | None = None
        self._up_at = None
        try:
            await self._read(take, lambda carried: self._stands(carried, rise))
        except BotError as error:
            trouble = error
        finally:
            self.carried = frozenset()
            self._note(trouble)

    def _stands(self, carried: Sequence[Channel], rise: Callable[[], None]) -> None:
        self._up_at = self._clock.monotonic() if self._up_at is None else self._up_at
        self.carried |= frozenset(carried)
        rise()

    def _note(self, trouble: BotError | None) -> None:
        now = self._clock.monotonic()
        if self._up_at is not None and now - self._up_at >= LASTED:
            self._failures = 0
        if isinstance(trouble, Refused):
            wait, self._speaks_lines = REFUSED_FOR, False
        else:
            jitter = (1 + self._chance()) / 2
            wait = jitter * doubled(FIRST_WAIT, LONGEST_WAIT, self._failures)
            wait = max(wait, asked(trouble)) if trouble else wait
            self._failures += 1
        self.not_before = now + wait.total_seconds()

    async def _read(self, take: Take, stand: Stand) -> None:
        terms = await self.server.terms()
        base = address(terms.streaming, self.server.base)
        http = self.server.way_to(base)
        if not self._speaks_lines:
            try:
                await self._socket(http, base, take, stand)
            except BotError as error:
                if self._up_at is not None or not is_no_socket(error):
                    raise
                self._speaks_lines = True
            else:
                return
        try:
            async with asyncio.TaskGroup() as group:
                for channel in self.channels[:MOST_CONNECTIONS]:
                    group.create_task(self._lines(http, base, channel, take, stand))
        except BaseExceptionGroup as errors:
            known = [error for error in errors.exceptions if isinstance(error, BotError)]
            if len(known) < len(errors.exceptions):
                raise
            raise known[0] from errors

    # --- a WebSocket ---

    async def _socket(self, http: Http, base: str, take: Take, stand: Stand) -> None:
        """Raises: Unavailable, Refused."""
        first, *others = self.channels
        url = f"{base}/api/v1/streaming?{urlencode(first.query)}"
        try:
            async with http.websocket(url, headers=self._headers(), heartbeat=HEARTBEAT) as socket:
                for one in others:
                    await socket.send_str(msgspec.json.encode({"type": "subscribe", **one.query}).decode())
                stand(self.channels)
                while True:
                    kind, data, _ = await socket.receive()
                    if kind not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                        return
                    self._take_frame(data, take)
                    await asyncio.sleep(0)  # a burst lets others have their turn
        except OSError as error:  # what was said to a socket that is closing
            raise Unavailable(f"the connection to {place(url)} was lost") from error

    def _take_frame(self, data: bytes, take: Take) -> None:
        event = frame_event(data)
        if len(self.channels) == 1:
            take(self.channels[0], event)
        elif event is None:
            for channel in self.channels:
                take(channel, None)
        else:
            for channel in self.channels:
                if not event.stream or event.stream[:2] == tuple(channel.query.values()):
                    take(channel, event)

    def _headers(self) -> Mapping[str, str]:
        token = self.server.token
        if not token:
            return {}
        return {"Authorization": f"Bearer {token}", "Sec-WebSocket-Protocol": token}

    # --- lines ---

    async def _lines(self, http: Http, base: str, channel: Channel, take: Take, stand: Stand) -> None:
        """Until it ends, which is an Unavailable too: it takes the others of this connection along."""
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}  # compressed is held back
        if self.server.token:
            headers["Authorization"] = f"Bearer {self.server.token}"
        url = f"{base}{channel.path}"
        loop, lines = asyncio.get_running_loop(), Lines()
        try:
            async with (
                asyncio.timeout(HANDSHAKE) as limit,
                http.request("GET", url, headers=headers, timeout=_A_DAY) as response,
            ):
                self._check(response)
                stand([channel])
                limit.reschedule(loop.time() + self._silence)
                async with aclosing(http.pieces(response)) as pieces:
                    async for piece in pieces:
                        limit.reschedule(loop.time() + self._silence)
                        for event in lines.feed(piece):
                            take(channel, event)
        except TimeoutError as error:
            raise Unavailable(f"{place(url)} said nothing for too long", reason=Reason.TIMEOUT) from error
        raise Unavailable(f"{place(url)} ended")

    def _check(self, response: ClientResponse) -> None:
        """Raises: Refused, Unavailable."""
        where = place(response.url)
        if response.status != 200:
            raise refusal(response.status, where, wait=retry_after(response.headers, self._clock.now()))
        if response.content_type != "text/event-stream":
            raise Rejected(f"{where} is no stream")


def is_no_socket(error: BotError) -> bool:
    """Whether the answer says that there is no WebSocket, or none for us: some servers look for a token only
    in its address, and some proxies let none through. Lines may be had all the same.
    """
    return isinstance(error, Refused) or error.reason is Reason.PROTOCOL


def address(named: str, base: str) -> str:
    """Where the streams are, as one asks without a WebSocket. Never less private than the server itself."""
    try:
        parts = urlsplit(named)
        host = parts.hostname
    except ValueError:
        return base
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not host or "@" in parts.netloc or (base.startswith("https:") and scheme != "https"):
        return base
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}"
