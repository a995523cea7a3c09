"""Turns of the event loop: who has held it for a while lets the others run.

Knows time only; knows nothing of what is done in a turn.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TURN_SECONDS = 0.002


class Turns:
    """What is done piece by piece, and may be a lot. The first piece waits for a turn of its own: what led to
    it has held the event loop already.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends_at = self._monotonic()

    async def next(self) -> None:
        """Before each piece: let others run if this turn is over."""
        if self._monotonic() >= self._ends_at:
            await asyncio.sleep(0)
            self._ends_at = self._monotonic() + TURN_SECONDS
