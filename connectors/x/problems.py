"""What an answer of X says that is no success: what to do next. Pure.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors. Errors are JSON problems, but a proxy's are
HTML: so the status decides. Only of a 403 the `type` or the `title` is looked at: where a person must act
(the spending limit, an app or a token that may not) the status alone would mislead. No text of an answer is
shown.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.errors import BotError, Unauthorized
from bot.refusals import refusal, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_WAIT = timedelta(days=1)
_DEPLETED = 402
_CREDITS = "answered 402: the account at X has no credits left, buy some there"
_BY_HAND = {
    "spendcapreached": "has reached the spending limit of the developer console: raise it there",
    "oauth1permissions": "says that the access token may only read: choose Read and write, make it anew",
    "clientforbidden": "says that the app may not use this API: put it into a project with a plan",
}
"""What stands at the end of a 403's type, or is its title: letters and digits of it."""
_NO_LETTER = re.compile(r"[^a-z0-9]")
_DAILY = ("x-user-limit-24hour", "x-app-limit-24hour")


class Fault(msgspec.Struct, frozen=True):
    """What a problem says, as far as anything depends on it."""

    title: str = ""
    detail: str = ""
    type: str = ""

    @property
    def says_the_same(self) -> bool:
        """These words stand there already."""
        return "duplicate" in self.detail.lower()


def error_of(status: int, fault: Fault, where: str, wait: timedelta | None) -> BotError:
    """`where` is a `bot.refusals.place`."""
    if status == _DEPLETED:
        return Unauthorized(f"{where} {_CREDITS}")
    if status == 403:
        named = (_NO_LETTER.sub("", one.lower()) for one in (fault.title, fault.type.rpartition("/")[2]))
        says = next((_BY_HAND[name] for name in named if name in _BY_HAND), None)
        if says:
            return Unauthorized(f"{where} {says}")
    return refusal(status, where, wait=wait)


def wait_of(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long until more is granted: `Retry-After`, else when the window ends that is used up.

    https://docs.x.com/x-api/fundamentals/rate-limits: a window of 15 minutes, and for what is written one of
    a day too, of the account and of the app. Times are Unix times.
    """
    wait = retry_after(headers, now)
    if wait is not None:
        return wait
    used_up = [name for name in _DAILY if headers.get(f"{name}-remaining") == "0"]
    ends = (_until(headers.get(f"{name}-reset", ""), now) for name in [*used_up, "x-rate-limit"])
    return max((end for end in ends if end is not None), default=None)


def _until(text: str, now: datetime) -> timedelta | None:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return None
    return min(max(datetime.fromtimestamp(int(text), UTC) - now, timedelta(0)), _LONGEST_WAIT)
