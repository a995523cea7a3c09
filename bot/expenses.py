"""What platforms that ask for money cost: connectors tell it, whoever wants to know listens.

Frozen values and the place where the two meet. It knows no platform, no price and nobody who listens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Purse(StrEnum):
    """How a budget stands: `slow`: so much is gone that the rest is shared out by days; `empty`: nothing more
    is asked for this month.
    """

    FULL = "full"
    SLOW = "slow"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """So many things that were paid for, and so much money, today and in this month (UTC)."""

    today: int = 0
    month: int = 0
    money_today: float = 0.0
    money_month: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a platform cost us by now. `month` is named like 2026-11, `budget` is for all of it."""

    platform: str
    month: str
    budget: float
    purse: Purse
    sources: Mapping[str, Spent]

    @property
    def spent(self) -> float:
        return sum(one.money_month for one in self.sources.values())


class Expenses:
    """Tells each bill to everybody who listens; the newest one counts."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Bill], None]] = []

    def listen(self, hear: Callable[[Bill], None]) -> None:
        self._listeners.append(hear)

    def tell(self, bill: Bill) -> None:
        for hear in self._listeners:
            hear(bill)
