"""Ids of posts on X: numbers that grow with time and tell it, https://docs.x.com/fundamentals/x-ids. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.model import Cursor

_EPOCH_MS = 1_288_834_974_657
_TEXT = re.compile(r"v1:([0-9]{1,19})(?::(?:[0-9]{1,19},)*)?")
"""Behind the second colon stands what `connectors.x.stream_position` keeps."""


def first_id(when: datetime) -> int:
    """The smallest id that a post of that time can have."""
    return max(0, (int(when.timestamp() * 1000) - _EPOCH_MS) << 22)


def moment(number: int) -> datetime:
    """When a post of this id was made."""
    return datetime.fromtimestamp(((number >> 22) + _EPOCH_MS) / 1000, UTC)


def cursor(last: int) -> Cursor:
    """Everything up to this id was read."""
    return Cursor(f"v1:{last}")


def last_of(text: Cursor) -> int:
    """Raises: ValueError for text that no version of this file has written."""
    match = _TEXT.fullmatch(text)
    if not match:
        raise ValueError("not a position on X")
    return int(match[1])


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time, as far back as X keeps its lists."""
    return cursor(max(0, first_id(when) - 1))
