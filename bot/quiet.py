"""Quiet hours: when nothing rings that is not critical, and until when. Pure.

Knows hours, channels and routes by their names; what is done with what comes meanwhile is the store's and the
gates' business.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.hours import Hours

LONGEST = timedelta(days=7)
"""No more is held back at once, whatever stands in the configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """`hours` in which it is quiet for what goes to one of these channels by one of these routes; none named:
    for all of them.
    """

    hours: Hours
    channels: frozenset[str] = frozenset()
    routes: frozenset[str] = frozenset()

    def is_for(self, channel: str, route: str | None) -> bool:
        return (not self.channels or channel in self.channels) and (not self.routes or route in self.routes)


def until(quiet: Iterable[Quiet], at: datetime) -> datetime | None:
    """When it is over, where one begins before another ends with the last of them; None: it is not quiet."""
    kept, ended = tuple(quiet), at
    while ended - at < LONGEST:
        closes = max((one.hours.closes_at(ended) for one in kept if one.hours.is_open(ended)), default=ended)
        if closes <= ended:
            break
        ended = closes
    return min(ended, at + LONGEST) if ended > at else None
