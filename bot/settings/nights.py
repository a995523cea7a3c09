"""When what is critical goes to a route by which nobody would hear of it: its hours stop it too, or nobody is
on call for it. What rules are warned of that lift to critical (W113).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from bot.model import Urgency
from bot.oncall import OnCall, Rotation
from bot.settings.hours import DAYS
from bot.targets import Targets

_WEEK = timedelta(days=7)


def nights(targets: Targets, on_call: OnCall) -> Callable[[str], str]:
    """Of a route: what is not there for it at some time of the week, in words; empty: nothing is missing."""

    @cache
    def why(route: str) -> str:
        if targets.hours(route, Urgency.CRITICAL) is not None:
            return "its promise sleeps outside of its hours: `round_the_clock` has no critical"
        rotation = on_call.rotation(route)
        gap = _gap(rotation) if rotation else None
        if rotation is None or gap is None:
            return ""
        local = gap.astimezone(rotation.layers[0].zone)
        return f"nobody is on call from {DAYS[local.weekday()].capitalize()} {local:%H:%M} ({local.tzinfo})"

    return why


def _gap(rotation: Rotation) -> datetime | None:
    """Since when nobody is on call, in the first week that all layers have begun; None: somebody always is.

    Who is on call changes from week to week, whether somebody is does not.
    """
    since = max(layer.begins(0) for layer in rotation.layers)
    turns = rotation.turns(since, since + _WEEK)
    return next((at for at, person in turns if person is None), None)
