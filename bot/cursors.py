"""Positions in a source that cannot be read: another version wrote them, or somebody's hand."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.errors import CursorLost
from bot.model import Gap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@contextmanager
def readable(source: str, now: datetime) -> Iterator[None]:
    """What raises ValueError in here was no position of this source. Raises: CursorLost."""
    try:
        yield
    except ValueError as error:
        gap = Gap(source=source, started_at=now, ended_at=now, reason="cursor_unreadable")
        raise CursorLost(f"the stored position of {source} cannot be read", gap) from error
