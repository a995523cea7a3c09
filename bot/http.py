"""The one way out to the network: aiohttp behind `bot.ports.Http`.

Knows time-outs, size caps, what a status means, how to name a place without a secret, and where a URL from
outside may not lead; knows no platform.
Messages name host and path only: query strings, bodies and tokens never leave this file.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from bot.addresses import is_public, literal
from bot.errors import BotError, Reason, Rejected, Unavailable
from bot.refusals import place, refusal, retry_after

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
    from datetime import datetime

    from aiohttp import ClientResponse, ClientWebSocketResponse

    from bot.ports import Clock

TOTAL_SECONDS = 30.0
HANDSHAKE_SECONDS = 15.0
CLOSE_SECONDS = 2.0
PER_HOST = 16
"""So many connections to one host: to queue for one of six cost nearly half as much as the POST itself."""
_CHUNK = 64 * 1024


class HttpClient:
    """`bot.ports.Http` on one aiohttp session, opened with the first request. `guard`: see `guarded`."""

    def __init__(self, clock: Clock, guard: Guard | None = None) -> None:
        self._clock = clock
        self._guard = guard
        self._session: aiohttp.ClientSession | None = None
        self._others: list[HttpClient] = []

    def guarded(self, allow: Collection[str] = ()) -> HttpClient:
        self._others.append(HttpClient(self._clock, Guard(allow)))
        return self._others[-1]

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[ClientResponse]:
        session = self._opened_for(url)
        limit = aiohttp.ClientTimeout(total=timeout or TOTAL_SECONDS, sock_connect=5)
        try:
            response = await session.request(
                method,
                url,
                headers=headers,
                params=params,
                data=body,
                timeout=limit,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _translated(error, url, self._clock.now()) from _clean(error)
        async with response:
            yield response

    async def read(self, response: ClientResponse, *, limit: int = 5_000_000) -> bytes:
        body = bytearray()
        async with aclosing(self.pieces(response)) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > limit:
                    response.close()
                    message = f"{place(response.url)} answered more than {limit} bytes"
                    raise Unavailable(message, reason=Reason.PROTOCOL)
        return bytes(body)

    async def pieces(self, response: ClientResponse) -> AsyncGenerator[bytes, None]:
        try:
            async for piece in response.content.iter_chunked(_CHUNK):
                yield piece
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _translated(error, response.url, self._clock.now()) from _clean(error)

    @asynccontextmanager
    async def websocket(
        self, url: str, *, heartbeat: float | None = None, max_message_bytes: int = 5_000_000
    ) -> AsyncIterator[ClientWebSocketResponse[Literal[False]]]:
        session = self._opened_for(url)
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                socket = await session.ws_connect(
                    url,
                    heartbeat=heartbeat,
                    max_msg_size=max_message_bytes,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                    decode_text=False,
                )
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise _translated(error, url, self._clock.now()) from _clean(error)
        async with socket:
            yield socket

    async def close(self) -> None:
        """Let go of every connection, the guarded ones too. Idempotent."""
        for other in self._others:
            await other.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened_for(self, url: str) -> aiohttp.ClientSession:
        if self._guard is not None:
            self._guard.check(url)
        if self._session is None or self._session.closed:
            resolver = GuardedResolver(self._guard) if self._guard else None
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=64, limit_per_host=PER_HOST, ttl_dns_cache=60, resolver=resolver
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": _user_agent()},
                trust_env=False,
            )
        return self._session


class NotPublic(OSError):  # noqa: N818 - an OSError, because that is what aiohttp expects of a resolver
    """A name leads to an address that is not the public internet's."""


class Guard:
    """What `Http.guarded` lets through: the public internet, and `allow` (`host:port`)."""

    def __init__(self, allow: Collection[str]) -> None:
        self._allow = frozenset(one.lower() for one in allow)

    def allows(self, host: str, port: int) -> bool:
        return f"{host.lower()}:{port}" in self._allow

    def check(self, url: str) -> None:
        """Names are judged when they are resolved. Raises: Rejected (forbidden)."""
        try:
            parsed = URL(url)
            host, port = parsed.raw_host, parsed.port
        except ValueError:
            host = port = None
        if host is None or port is None or parsed.scheme not in {"http", "https"}:
            raise Rejected(f"{place(url)} is no web address", reason=Reason.FORBIDDEN)
        address = literal(host)
        if address is not None and not is_public(address) and not self.allows(host, port):
            raise _private(url)


class GuardedResolver(AbstractResolver):
    """Gives only addresses that the guard lets through; the connection is made to just these.

    So a name that changes its mind between the check and the connection (DNS rebinding) gains nothing.
    aiohttp asks no resolver for a literal address: those are `Guard.check`'s.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not self._guard.allows(host, port):
            addresses = [literal(one["host"]) for one in found]
            if not all(address is not None and is_public(address) for address in addresses):
                raise NotPublic(f"{host} leads to an address that is not public")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _private(url: str | URL) -> Rejected:
    message = f"{place(url)} leads to a private address, which is not asked unless it is allowed"
    return Rejected(message, reason=Reason.FORBIDDEN)


def _translated(error: Exception, url: str | URL, now: datetime) -> BotError:
    where = place(url)
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return _no_upgrade(error, where, now)
    if isinstance(error, TimeoutError):
        unsent = isinstance(error, aiohttp.ConnectionTimeoutError)
        return Unavailable(f"{where} did not answer in time", reason=Reason.TIMEOUT, unsent=unsent)
    if isinstance(error, aiohttp.InvalidURL):
        message = f"{where} is not an address that can be reached"
        return Unavailable(message, reason=Reason.INVALID, unsent=True)
    if isinstance(error, aiohttp.ClientResponseError | ValueError):
        return Unavailable(f"{where} answered something that is not HTTP", reason=Reason.PROTOCOL)
    if isinstance(error, aiohttp.ClientConnectorError):
        return _not_connected(error, url)
    return Unavailable(f"the connection to {where} was lost")


def _not_connected(error: aiohttp.ClientConnectorError, url: str | URL) -> BotError:
    if isinstance(error.os_error, NotPublic):
        return _private(url)
    why = error.os_error.strerror or "refused"
    return Unavailable(f"cannot connect to {place(url)}: {why}", unsent=True)


def _no_upgrade(error: aiohttp.WSServerHandshakeError, where: str, now: datetime) -> BotError:
    if error.status < 400:
        message = f"{where} is not a WebSocket: it answered {error.status}"
        return Unavailable(message, reason=Reason.PROTOCOL)
    return refusal(error.status, where, wait=retry_after(error.headers or {}, now))


def _clean(error: Exception) -> Exception | None:
    """The cause to keep: without the URL, which may hold a token, and without headers."""
    if isinstance(error, aiohttp.ClientResponseError):
        return aiohttp.ClientError(f"{type(error).__name__}: status {error.status}")
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return None
    return error


def _user_agent() -> str:
    try:
        return f"outcare/{version('outcare')}"
    except PackageNotFoundError:  # run from a checkout that nobody installed
        return "outcare"
