"""What an HTTP status asks of us, and how to name a place without a secret. Pure.

Stands below the connectors, which judge statuses, and below `bot.http`, which makes the requests.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from yarl import URL

from bot.errors import BotError, Reason, Refused, Rejected, Unauthorized, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_WAIT = timedelta(days=1)
_BOT_TOKEN = re.compile(r"/bot\d+:[^/?#]+")
_NOT_NOW = frozenset({408, 429})


def place(url: str | URL) -> str:
    """Host and path of a URL, as a message may name it: no query, no user, no bot token."""
    try:
        parsed = URL(str(url))
        port = f":{parsed.explicit_port}" if parsed.explicit_port else ""
        return _BOT_TOKEN.sub("/bot…", f"{parsed.host or ''}{port}{parsed.path}")
    except ValueError:
        return "an address that is not a URL"


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What `Retry-After` asks for, in seconds or as a date; None: nothing that can be read.

    Never negative, never more than a day. https://httpwg.org/specs/rfc9110.html#field.retry-after
    """
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), "").strip()
    if re.fullmatch(r"[0-9]+", value):
        wait = timedelta(seconds=int(value[-7:]) if len(value.lstrip("0")) < 7 else 10**6)
    else:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


def refusal(status: int, where: str, *, wait: timedelta | None = None) -> BotError:
    """The error that an HTTP status stands for; `where` is a `place`, `wait` what `retry_after` read.

    401 Unauthorized; 403 Refused; 408, 429 and 5xx Unavailable; other 4xx Rejected; anything else is an
    answer that nobody expected: Unavailable (protocol).
    """
    message = f"{where} answered {status}"
    if status == 401:
        return Unauthorized(message)
    if status == 403:
        return Refused(message, reason=Reason.FORBIDDEN)
    if status in _NOT_NOW:
        return Unavailable(message, reason=Reason.RATE_LIMITED, retry_after=wait)
    if 500 <= status < 600:
        return Unavailable(message, reason=Reason.SERVER, retry_after=wait)
    if 400 <= status < 500:
        return Rejected(message, reason=Reason.NOT_FOUND if status == 404 else Reason.INVALID)
    return Unavailable(message, reason=Reason.PROTOCOL)
