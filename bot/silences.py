"""Which rules are silenced when: the policy, pure. Who may silence them stands in `bot.commands`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.orders import Silence

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=30)
"""A rule that is to be quiet for longer is switched off in its file, where everybody sees it."""


def in_force(silences: Iterable[Silence], now: datetime) -> Mapping[str, datetime]:
    """Rule → until when, of those that count for nothing now."""
    return {silence.rule: silence.until for silence in silences if silence.until > now}
