"""Durations as people write and read them: `15m`, `4h`, `1h30m`, `3d`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+\Z")


def parse(text: str) -> timedelta:
    """`1h30m` → timedelta. Raises ValueError with a line that says how to write one."""
    if not _WHOLE.match(text):
        raise ValueError(f"{text!r} is not a duration; write it like 30s, 15m, 4h or 3d")
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
    except OverflowError:
        raise ValueError(f"{text!r} is longer than any duration can be") from None


def show(duration: timedelta) -> str:
    """The two largest units: `2h 5m`, `45s`, `3d 4h`."""
    seconds = max(0, int(duration.total_seconds()))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def whole_minutes(length: timedelta) -> timedelta:
    """Seconds are no news from a minute on."""
    return length if length < timedelta(minutes=1) else length - length % timedelta(minutes=1)


def given(value: object) -> timedelta:
    """A setting's value as a duration, for connectors' `Settings`: text only, so that the unit is said.

    Raises ValueError with a line that says how to write one.
    """
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError("write it like 30s, 15m, 4h or 3d")  # noqa: TRY004 - what pydantic reports
    return parse(value)


def at_least(low: str) -> Callable[[timedelta], timedelta]:
    """A check for connectors' `Settings` that raises ValueError for anything shorter."""

    def check(value: timedelta) -> timedelta:
        if value < parse(low):
            raise ValueError(f"write {low} or longer")
        return value

    return check
