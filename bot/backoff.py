"""How long to wait after a failure: the doubling that every loop shares, and what the other side asked for.

Knows no loop: each brings its own first and longest wait, and its own chance.
"""

from __future__ import annotations

from datetime import timedelta

from bot.errors import Unavailable


def doubled(first: timedelta, longest: timedelta, failures: int) -> timedelta:
    """`first` after no failure before this one, twice that after one, and so on up to `longest`."""
    wait: timedelta = first * 2 ** min(failures, 10)
    return min(longest, wait)


def asked(error: Exception) -> timedelta:
    """The wait that the other side named (Retry-After); nothing if it named none."""
    named = error.retry_after if isinstance(error, Unavailable) else None
    return named or timedelta()
