"""When an ask is due.

Knows durations and times; reads no clock and knows no rule and no table. How a due time is said to people is
in `bot.texts`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.model import check_aware

_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def due_at(started_at: datetime, respond_in: timedelta | None) -> datetime | None:
    """When an ask that began then is due, in UTC; None: nothing was promised.

    Elapsed time, so a change of the clocks in between does not move it.
    """
    check_aware(started_at=started_at)
    if respond_in is None:
        return None
    try:
        return started_at.astimezone(UTC) + respond_in
    except OverflowError:  # a promise beyond the calendar is one nobody will miss
        return _NEVER
