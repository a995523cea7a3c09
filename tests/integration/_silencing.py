"""Silences for tests of commands and of the page: two rules, two routes, Bluesky and X."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from bot.orders import RulesInUse
from bot.silencing import Authors, Silencing
from rules.wording import canonical


def silencing(
    store: Authors, *, people: Callable[[str], str], rules: Callable[[], RulesInUse], zone: str = "UTC"
) -> Silencing:
    return Silencing(
        store=store,
        zone=ZoneInfo(zone),
        people=people,
        rules=rules,
        sources=("bluesky",),
        platforms=("bluesky", "x"),
        canonical=canonical,
    )
