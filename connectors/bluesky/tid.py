"""The record key of a reply: a TID that follows from the reply alone (https://atproto.com/specs/tid). Pure.

53 bits of microseconds and 10 bits of a "clock", as 13 letters that sort by time. The milliseconds are those
of the approval; what is finer, and the clock, come from the reply's own key: a million different ones in each
millisecond, and the same one at each try.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def record_key(approved_at: datetime, key: str) -> str:
    """The TID of a reply."""
    digest = hashlib.sha256(key.encode()).digest()
    finer, clock = int.from_bytes(digest[:4]) % 1000, int.from_bytes(digest[4:6]) & 0x3FF
    micros = (approved_at - _EPOCH) // _MILLISECOND * 1000 + finer
    return encoded(micros << 10 | clock)


def encoded(number: int) -> str:
    """13 letters of five bits, the first of them of four: the top bit is always 0."""
    return "".join(_LETTERS[number >> shift & 31] for shift in range(60, -1, -5))


def stamp(at: datetime) -> str:
    """A time as records have it, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
