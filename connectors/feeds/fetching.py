"""One question to one feed: conditional, redirects followed by hand, what the answer means.

https://httpwg.org/specs/rfc9110.html: 304 (15.4.5), 301 and 308 (moved for good), 302, 303 and 307 (for now),
410 (gone for good), `Retry-After`. Each hop is a request of its own through the guarded `Http`, so that each
is checked anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from yarl import URL

from bot.errors import Reason, Rejected, Unavailable
from bot.refusals import place, refusal, retry_after
from connectors.feeds.entries import MAX_BODY_BYTES

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from bot.ports import Clock, Http
    from connectors.feeds.position import Seen

MOST_HOPS = 5
ASK_SECONDS = 20.0
FOR_GOOD = frozenset({301, 308})
_ELSEWHERE = FOR_GOOD | {302, 303, 307}
_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`body` None: not changed. `moved_to`: where it is to be asked from now on ("": here)."""

    body: bytes | None
    content_type: str = ""
    etag: str = ""
    modified: str = ""
    moved_to: str = ""


class Gone(Rejected):
    """410: the feed is no more, and is not to be asked for again."""


async def ask(http: Http, clock: Clock, url: str, seen: Seen) -> Answer:
    """Raises: Unavailable, Refused (Gone: never ask again)."""
    headers = _headers(seen)
    moved_to, is_for_good = "", True
    for _ in range(MOST_HOPS + 1):
        async with http.request("GET", url, headers=headers, timeout=ASK_SECONDS) as response:
            if response.status in _ELSEWHERE:
                is_for_good = is_for_good and response.status in FOR_GOOD
                url = _target(url, response)
                moved_to = url if is_for_good else moved_to
                continue
            if response.status == 304:
                return Answer(body=None, moved_to=moved_to)
            _check(response, url, clock)
            return Answer(
                body=await http.read(response, limit=MAX_BODY_BYTES),
                content_type=response.headers.get("Content-Type", ""),
                etag=_printable(response.headers.get("ETag", "")),
                modified=_printable(response.headers.get("Last-Modified", "")),
                moved_to=moved_to,
            )
    raise Unavailable(f"{place(url)} leads on and on", reason=Reason.PROTOCOL)


def _headers(seen: Seen) -> dict[str, str]:
    conditions = {"If-None-Match": seen.etag, "If-Modified-Since": seen.modified}
    return {"Accept": _ACCEPT, **{name: value for name, value in conditions.items() if value}}


def _check(response: ClientResponse, url: str, clock: Clock) -> None:
    if response.status == 410:
        raise Gone(f"{place(url)} answered 410: it is gone for good")
    if response.status != 200:
        raise refusal(response.status, place(url), wait=retry_after(response.headers, clock.now()))


def _target(url: str, response: ClientResponse) -> str:
    """Where a redirect leads; without a fragment. Raises: Unavailable (protocol)."""
    location = response.headers.get("Location", "")
    try:
        target = URL(url).join(URL(location)).with_fragment(None) if location else None
    except ValueError:
        target = None
    if target is None or not target.host:
        raise Unavailable(f"{place(url)} leads nowhere ({response.status})", reason=Reason.PROTOCOL)
    return str(target)


def _printable(value: str) -> str:
    return value if re.fullmatch(r"[\x20-\x7e]*", value) else ""
