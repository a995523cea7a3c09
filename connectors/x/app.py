"""X, as the app asks it: with its bearer token, for what no account is needed for. Knows no price.

https://docs.x.com/fundamentals/authentication/oauth-2-0/application-only. Streams, their rules, and jobs of
compliance are asked for in this way; what concerns an account is `connectors.x.api`'s.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import msgspec
from yarl import URL

from bot.errors import Reason, Unauthorized, Unavailable
from bot.refusals import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiohttp import ClientResponse
    from pydantic import SecretStr

    from bot.ports import Wiring
    from connectors.x.api import Answer

T = TypeVar("T")

SECONDS = 20.0
LASTS = 86_400.0
"""Seconds that a stream is read at most; then it is opened anew."""
LONGEST = 100_000_000
"""Bytes of an answer."""
_OF_X = frozenset({"https://api.x.com", "https://api.twitter.com"})
TOKEN = "OUTCARE_X__BEARER_TOKEN"  # noqa: S105 - the name of a variable


class App:
    """The app that the account's keys belong to."""

    def __init__(self, api: str, token: SecretStr | None, wiring: Wiring) -> None:
        self._api, self._token = URL(api), token
        self._http, self._clock = wiring.http, wiring.clock
        self.host = self._api.authority

    @property
    def has_token(self) -> bool:
        return self._token is not None

    async def ask(
        self, verb: str, path: str, query: Mapping[str, str] | None = None, body: object = None
    ) -> Answer:
        """Whatever is answered. Raises: Unavailable, Unauthorized (no token)."""
        sent = None if body is None else msgspec.json.encode(body)
        return await self._asked(verb, self._to(path), query or {}, sent)

    async def read(
        self,
        verb: str,
        path: str,
        shape: type[T],
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> T:
        """What a success holds. Raises: Unavailable, Refused."""
        answer = await self.ask(verb, path, query, body)
        if not 200 <= answer.status < 300:
            raise answer.error()
        return answer.read(shape)

    async def at(self, verb: str, url: str, body: bytes | None = None) -> Answer:
        """As `ask`, at an address that X named, with plain text; elsewhere the token is not shown."""
        return await self._asked(verb, url, {}, body, kind="text/plain")

    @asynccontextmanager
    async def opened(self, path: str, query: Mapping[str, str]) -> AsyncIterator[ClientResponse]:
        """An answer that goes on. Raises: as `ask`."""
        url = self._to(path)
        async with AsyncExitStack() as stack:
            asking = self._http.request(
                "GET", url, headers=self._headers(URL(url)), params=query, timeout=LASTS
            )
            try:
                async with asyncio.timeout(SECONDS):
                    response = await stack.enter_async_context(asking)
            except TimeoutError:
                message = f"{place(url)} did not answer in time"
                raise Unavailable(message, reason=Reason.TIMEOUT) from None
            yield response

    async def answer(self, response: ClientResponse) -> Answer:
        """All of it."""
        from connectors.x.api import Answer  # noqa: PLC0415 - tweepy is slow to import

        return Answer(
            status=response.status,
            headers=response.headers,
            body=await self._http.read(response, limit=LONGEST),
            where=place(response.url),
            at=self._clock.now(),
        )

    async def _asked(
        self,
        verb: str,
        url: str,
        query: Mapping[str, str],
        body: bytes | None,
        kind: str = "application/json",
    ) -> Answer:
        target = URL(url)
        is_there = self._is_x(target)
        http = self._http if is_there else self._http.guarded()
        headers = {**(self._headers(target) if is_there else {}), "Content-Type": kind}
        async with http.request(
            verb, url, headers=headers, params=query or None, body=body, timeout=SECONDS
        ) as response:
            return await self.answer(response)

    def _is_x(self, url: URL) -> bool:
        if not url.is_absolute():
            return False
        own, given = str(self._api.origin()), str(url.origin())
        return given == own or {own, given} <= _OF_X

    def _to(self, path: str) -> str:
        return f"{self._api.origin()}{path}"

    def _headers(self, url: URL) -> Mapping[str, str]:
        if self._token is None:
            raise Unauthorized(f"X wants the app's bearer token for {url.path}: set {TOKEN}")
        return {"Authorization": f"Bearer {self._token.get_secret_value()}"}
