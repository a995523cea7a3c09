"""One request to a server that speaks the Mastodon API, and what its answer means. Knows no account.

Errors are `{"error": …}` in the server's language, so the status decides and the text is never shown
(https://docs.joinmastodon.org/entities/Error/). How many requests are left stands in `X-RateLimit-Remaining`
and `X-RateLimit-Reset` (https://docs.joinmastodon.org/api/rate-limits/): Mastodon and Pleroma write a date,
GoToSocial seconds since 1970. Pages hang together by `Link` headers, which some servers leave out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from bot.errors import BotError, Reason, Unauthorized, Unavailable
from bot.refusals import place, refusal, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports import Http

T = TypeVar("T")

LIMIT = 10_000_000
_LONGEST_WAIT = timedelta(days=1)
_LINK = re.compile(r"<([^<>]{1,4000})>((?:\s*;\s*[\w-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)")
_NEXT = re.compile(r"\brel\s*=\s*\"?next\b", re.IGNORECASE)
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Fault(msgspec.Struct, frozen=True):
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`path` begins with a slash; names may stand in `query` several times. `headers` are not secret.

    `spare`: so many of the requests that the server grants are left for what is more urgent.
    """

    verb: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: object = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    spare: int = 0
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status with its body. `where`: the place, without a query. `wait`: what a 429 or 503 asks for.

    `left`: how many more requests are granted until `resets_in` has passed (None: not told). `has_links`:
    there is a `Link` header, and `older` the id below which its next page begins (None: there is none; empty:
    it does not say). `is_scope`: the token itself may not do this.
    """

    status: int
    body: bytes = field(repr=False)
    where: str
    wait: timedelta | None = None
    left: int | None = None
    resets_in: timedelta | None = None
    has_links: bool = False
    older: str | None = None
    is_scope: bool = False

    def read(self, shape: type[T]) -> T:
        """What a 200 holds. Raises: Unavailable (protocol)."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except _BAD as error:
            raise Unavailable(
                f"{self.where} answered something that is not the Mastodon API's JSON", reason=Reason.PROTOCOL
            ) from error

    def error(self) -> BotError:
        """What an answer other than 200 stands for."""
        if self.status == 403 and self.is_scope:
            return Unauthorized(f"{self.where}: the token or its account may not do this")
        return refusal(self.status, self.where, wait=self.wait)


async def ask(http: Http, base: str, token: str | None, request: Request, now: datetime) -> Answer:
    """Whatever is answered. Raises: Unavailable (`unsent` where nothing can have arrived)."""
    headers = {"Accept": "application/json", **request.headers}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    content = None
    if request.body is not None:
        headers["Content-Type"] = "application/json"
        content = msgspec.json.encode(request.body)
    query = f"?{urlencode(request.query)}" if request.query else ""
    async with http.request(
        request.verb, f"{base}{request.path}{query}", headers=headers, body=content, timeout=request.timeout
    ) as response:
        given = {name.lower(): value for name, value in response.headers.items()}
        body = await http.read(response, limit=LIMIT)
        resets_in = reset(given.get("x-ratelimit-reset", ""), now)
        named = retry_after(given, now)
        links = ", ".join(response.headers.getall("Link", []))
        return Answer(
            status=response.status,
            body=body,
            where=place(response.url),
            wait=resets_in if named is None and response.status == 429 else named,
            left=_count(given.get("x-ratelimit-remaining", "")),
            resets_in=resets_in,
            has_links=bool(links),
            older=older(links),
            is_scope=_is_scope(given.get("www-authenticate", ""), body),
        )


def reset(text: str, now: datetime) -> timedelta | None:
    """How long until the time that `X-RateLimit-Reset` names; never negative, never more than a day."""
    value = text.strip()
    try:
        if re.fullmatch(r"[0-9]{9,10}", value):
            at = datetime.fromtimestamp(int(value), UTC)
        elif re.fullmatch(r"[0-9]{1,6}", value):
            at = now + timedelta(seconds=int(value))
        else:
            at = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    left = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(left, timedelta(0)), _LONGEST_WAIT)


def older(links: str) -> str | None:
    """The `max_id` of the next page; empty: there is one, called otherwise. Only the id is taken: wherever
    the link leads, the token does not go.
    """
    for url, parameters in _LINK.findall(links):
        if _NEXT.search(parameters):
            try:
                found = parse_qs(urlsplit(url).query).get("max_id", [])
            except ValueError:
                found = []
            return found[0] if found else ""
    return None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text.strip()) else None


def _is_scope(challenge: str, body: bytes) -> bool:
    """Doorkeeper says so in a header (RFC 6750 §3.1), other servers only in English words."""
    if "insufficient_scope" in challenge:
        return True
    try:
        said = msgspec.json.decode(body, type=Fault).error.lower()
    except _BAD:
        return False
    return "scope" in said or said.startswith("your login is")
