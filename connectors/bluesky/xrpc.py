"""One XRPC request and what its answer means (https://atproto.com/specs/xrpc). Knows no account.

Errors are `{"error": Name, "message": …}`; the name decides, the message is never shown. A 429 says when to
come back in `ratelimit-reset` (seconds since 1970; https://docs.bsky.app/docs/advanced-guides/rate-limits),
some proxies in `Retry-After`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import msgspec

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.refusals import place, refusal, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports import Http

T = TypeVar("T")

LIMIT = 5_000_000
_NAME = re.compile(r"[A-Za-z]{1,40}")
_LONGEST_WAIT = timedelta(days=1)
STALE = frozenset({"ExpiredToken", "InvalidToken"})
"""Names of answers to a token that no longer opens; nothing was done."""
BEYOND = frozenset({"Bad token method", "Bad token scope"})
"""With those names a server also says that a token opens, but not this: it is that of an app password without
the right (packages/pds, `pipethrough.ts`). Another token would be the same, so none is asked for.
"""
_CLOSED = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended", "RepoDeactivated"})
NOT_THERE = frozenset({"RecordNotFound", "NotFound"})


class Fault(msgspec.Struct, frozen=True):
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A query (GET) or a procedure (POST); names may stand in `query` several times. `proxy`: the service
    that the server hands it on to (https://atproto.com/specs/xrpc#service-proxying).
    """

    verb: str
    url: str
    query: Sequence[tuple[str, str]] = ()
    body: object = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    timeout: float | None = None
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status with its body. `wait`: what a 429 or 503 asks for; `where`: the place, without a query."""

    status: int
    body: bytes = field(repr=False)
    where: str
    wait: timedelta | None = None

    @property
    def fault(self) -> Fault:
        """The error of an answer; of one that is none, or not XRPC's, a nameless one."""
        if self.status < 400:
            return Fault()
        try:
            fault = msgspec.json.decode(self.body, type=Fault)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Fault()
        return fault if _NAME.fullmatch(fault.error) else Fault()

    @property
    def is_stale(self) -> bool:
        """Whether it says that the token no longer opens."""
        return self._is_of_token and self.fault.message not in BEYOND

    @property
    def is_beyond(self) -> bool:
        """Whether it says that the token opens, but was never meant for this."""
        return self._is_of_token and self.fault.message in BEYOND

    @property
    def _is_of_token(self) -> bool:
        return self.status in {400, 401} and self.fault.error in STALE

    def read(self, shape: type[T]) -> T:
        """What a 200 holds. Raises: Unavailable (protocol)."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"{self.where} answered something that is not {shape.__name__} JSON"
            raise Unavailable(message, reason=Reason.PROTOCOL) from error

    def error(self) -> BotError:
        """What an answer other than 200 stands for: an XRPC name goes before its status."""
        name = self.fault.error
        if self.is_stale:
            return Unavailable(f"{self.where} takes none of our tokens ({name})", reason=Reason.SERVER)
        if self.is_beyond:
            return Unauthorized(f"{self.where}: this app password has no right to it")
        if self.status in {400, 401, 403} and name in _CLOSED:
            return Unauthorized(f"{self.where}: the account is closed ({name})")
        if self.status == 400:
            reason = Reason.NOT_FOUND if name in NOT_THERE else Reason.INVALID
            return Rejected(f"{self.where} does not accept this ({name or 'no name'})", reason=reason)
        return refusal(self.status, self.where, wait=self.wait)


async def ask(http: Http, request: Request, now: datetime) -> Answer:
    """Whatever is answered. Raises: Unavailable (`unsent` where nothing can have arrived)."""
    headers = {"Accept": "application/json"}
    if request.token:
        headers["Authorization"] = f"Bearer {request.token}"
    if request.proxy:
        headers["atproto-proxy"] = request.proxy
    content = None
    if request.body is not None:
        headers["Content-Type"] = "application/json"
        content = msgspec.json.encode(request.body)
    url = f"{request.url}?{urlencode(request.query)}" if request.query else request.url
    async with http.request(
        request.verb, url, headers=headers, body=content, timeout=request.timeout
    ) as response:
        return Answer(
            status=response.status,
            body=await http.read(response, limit=LIMIT),
            where=place(response.url),
            wait=_wait(response.headers, now),
        )


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    named = retry_after(headers, now)
    reset = next((text for name, text in headers.items() if name.lower() == "ratelimit-reset"), "").strip()
    if named is not None or not re.fullmatch(r"[0-9]{1,11}", reset):
        return named
    left = datetime.fromtimestamp(int(reset), UTC) - now
    return min(max(left, timedelta(0)), _LONGEST_WAIT)
