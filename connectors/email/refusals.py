"""What an SMTP server's answer asks of us. Pure.

https://www.rfc-editor.org/rfc/rfc5321#section-4.2 (codes), https://www.rfc-editor.org/rfc/rfc3463 (the codes
in their texts). A server's words may hold anything, so only its numbers are told on.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_SECONDS = re.compile(r"\b(\d{1,5})\s*(s|secs?|seconds?|m|mins?|minutes?)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2}):(\d{2})\b")
_SLOWLY = re.compile(r"gr[ae]y.?list|\brate\b|too many|too fast|try again later", re.IGNORECASE)
_LONGEST_WAIT = timedelta(hours=1)
_SIGN_IN = frozenset({530, 534, 535, 538})
_NOBODY = frozenset({550, 551, 553})


class Step(Enum):
    """What was asked when the answer came, in words for a message."""

    GREETING = "to our greeting"
    LOGIN = "to the user and password"
    SENDER = "to the sender"
    RECIPIENT = "to the recipient"
    TEXT = "to the mail"


def refusal(code: int, text: str, *, step: Step, place: str) -> BotError:
    """The error that an answer stands for. 4xx: later (greylisting, a full queue); 5xx: no."""
    numbers = _ENHANCED.match(text)
    said = f"{place} answers {code}{f' {numbers[1]}' if numbers else ''} {step.value}"
    if 400 <= code < 500:
        wait = told_wait(text)
        is_slow = wait is not None or _SLOWLY.search(text) is not None
        reason = Reason.RATE_LIMITED if is_slow else Reason.SERVER
        return Unavailable(said, reason=reason, retry_after=wait)
    if not 500 <= code < 600:
        return Unavailable(said, reason=Reason.PROTOCOL)
    if code in _SIGN_IN or step is Step.LOGIN:
        return Unauthorized(said)
    if step is Step.RECIPIENT and code in _NOBODY:
        return Rejected(said, reason=Reason.NOT_FOUND)
    is_ours = step in {Step.SENDER, Step.GREETING} or code == 554
    return Rejected(said, reason=Reason.FORBIDDEN if is_ours and code != 552 else Reason.INVALID)


def told_wait(text: str) -> timedelta | None:
    """How long a greylisting server wants to be left alone, where it says so: there is no rule for how."""
    if clock := _CLOCK.search(text):
        hours, minutes, seconds = (int(part) for part in clock.groups())
        wait = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    elif told := _SECONDS.search(text):
        unit = "seconds" if told[2].lower().startswith("s") else "minutes"
        wait = timedelta(**{unit: int(told[1])})
    else:
        return None
    return min(wait, _LONGEST_WAIT)
