"""A broken twin of the board's source that claims more than it read (board.py says how twins are used)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import Batch
from bot.ports import Watch
from tests.contract.board import BoardSource


class ObservesTheFuture(BoardSource):
    """Rule 9: believes a platform whose clock is ahead, and says that it observed what nobody wrote yet."""

    def batch(self, rows: list[Any], number: int, watch: Watch) -> Batch:
        return replace(super().batch(rows, number, watch), observed_to=datetime.now(UTC) + timedelta(hours=1))
