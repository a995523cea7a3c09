"""One request to X by tweepy, sent through the program's own way out; and what its answer means.

tweepy signs (OAuth 1.0a user context) and takes whatever behaves as an `aiohttp.ClientSession`: here that is
`Way`, which sends through `bot.ports.Http`, so that time-outs, size caps and redaction hold, and which leads
to another host where one is configured. Knows no account and no price.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import tweepy.errors
from tweepy.asynchronous import AsyncClient
from yarl import URL

from bot.errors import Reason, Unavailable, Unknown
from bot.refusals import place
from connectors.x.problems import Fault, error_of, wait_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from bot.errors import BotError
    from bot.ports import Clock, Http, Wiring
    from connectors.x.account import AccountSettings

T = TypeVar("T")

READ_SECONDS = 20.0
WRITE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Whatever was answered. `where` is a `bot.refusals.place`, `at` our time."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    where: str
    at: datetime

    def read(self, shape: type[T]) -> T:
        """Raises: Unavailable (protocol)."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            message = f"{self.where} answered something that is not what it should be"
            raise Unavailable(message, reason=Reason.PROTOCOL) from None

    @property
    def fault(self) -> Fault:
        try:
            return self.read(Fault)
        except Unavailable:
            return Fault()

    def error(self) -> BotError:
        """What a status that is no success asks of us."""
        return error_of(self.status, self.fault, self.where, wait_of(self.headers, self.at))


class Api:
    """X, as one account asks it."""

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        secrets = (settings.consumer_key, settings.consumer_secret, settings.access_token)
        if settings.access_token_secret is None or None in secrets:
            raise ValueError("no account is configured")
        consumer_key, consumer_secret, token = (one.get_secret_value() for one in secrets if one)
        self.host = URL(settings.api).authority
        self._clock = wiring.clock
        self._client = AsyncClient(
            consumer_key=consumer_key,
            consumer_secret=consumer_secret,
            access_token=token,
            access_token_secret=settings.access_token_secret.get_secret_value(),
        )
        self._client.session = Way(wiring.http, URL(settings.api), wiring.clock)

    async def get(self, path: str, query: Mapping[str, str]) -> Answer:
        """Whatever is answered. Raises: Unavailable."""
        return await self._asked("GET", path, params=dict(query))

    async def read(self, path: str, query: Mapping[str, str], shape: type[T]) -> T:
        """What a 200 holds. Raises: Unavailable, Refused, Rejected."""
        answer = await self.get(path, query)
        if answer.status != 200:
            raise answer.error()
        return answer.read(shape)

    async def write(self, verb: str, path: str, body: object = None) -> Answer:
        """Whatever is answered. Raises: Unavailable (surely not done), Unknown."""
        try:
            return await self._asked(verb, path, params={}, json=body)
        except Unavailable as error:
            if error.unsent:
                raise
            raise Unknown(f"{error}; it may have been done all the same") from error

    async def _asked(self, verb: str, path: str, **more: Any) -> Answer:
        try:
            taken: Taken = await self._client.request(verb, path, user_auth=True, **more)
        except tweepy.errors.HTTPException as error:
            taken = error.response
        return taken.answer


class Taken:
    """What tweepy gets for an `aiohttp.ClientResponse`."""

    def __init__(self, answer: Answer, reason: str) -> None:
        self.answer = answer
        self.status, self.reason = answer.status, reason
        self.headers: dict[str, str] = {}
        """None: tweepy would take a reset time for a number, whatever stands there."""

    async def read(self) -> bytes:
        return self.answer.body

    async def json(self) -> dict[str, Any]:
        """Nothing for the texts of its errors: they would hold what was answered."""
        return {}


class Way:
    """What tweepy gets for an `aiohttp.ClientSession`."""

    def __init__(self, http: Http, api: URL, clock: Clock) -> None:
        self._http, self._api, self._clock = http, api, clock

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str | URL,
        *,
        params: None = None,
        json: object = None,
        headers: Mapping[str, str],
    ) -> AsyncIterator[Taken]:
        """`params` stand in the URL that was signed."""
        target = f"{self._api.origin()}{URL(url).raw_path_qs}"
        async with self._http.request(
            method,
            target,
            headers=headers,
            body=None if json is None else msgspec.json.encode(json),
            timeout=READ_SECONDS if method == "GET" else WRITE_SECONDS,
        ) as response:
            body = await self._http.read(response)
            answer = Answer(
                status=response.status,
                headers=response.headers,
                body=body,
                where=place(target),
                at=self._clock.now(),
            )
            yield Taken(answer, response.reason or "")
