"""What an error of a channel means for an alert: another try, another channel, or the end. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.backoff import asked, doubled
from bot.errors import BotError, Refused, Unavailable, Unknown
from bot.records import Dead, RetryAt
from bot.wishes import CONSOLE

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)
FALL_BACK_AT_ATTEMPT = 5


def next_step(
    error: BotError, *, attempt: int, written_at: datetime, now: datetime, fallback: str | None, jitter: float
) -> RetryAt | Dead:
    """What an error means for an alert. Alerts may repeat, so an unknown outcome is tried again.

    A channel that refuses is left at once for the fallback, else the console. One that is down is tried
    for a day after the effect was written (and five times, should we have been down ourselves); a route
    that names a fallback gets it from the fifth try on.
    """
    reason = error.reason.value
    last_resort = fallback or CONSOLE
    if isinstance(error, Refused):
        return Dead(reason=reason, fallback=last_resort)
    if isinstance(error, Unavailable | Unknown):
        has_tried = attempt >= FALL_BACK_AT_ATTEMPT
        if fallback and has_tried:
            return Dead(reason=reason, fallback=fallback)
        if not has_tried or now - written_at < GIVE_UP_AFTER:
            return RetryAt(at=now + _wait(error, attempt, jitter), reason=reason)
    return Dead(reason=reason, fallback=last_resort)


def _wait(error: BotError, attempt: int, jitter: float) -> timedelta:
    return max(doubled(FIRST_WAIT, LONGEST_WAIT, attempt - 1) * (0.5 + jitter / 2), asked(error))
