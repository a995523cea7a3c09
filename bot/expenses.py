"""What platforms that ask for money cost: connectors tell it, whoever wants to know listens.

Frozen values and the place where the two meet. Money is counted in millionths of its currency, as whole
numbers. It knows no platform, no price and nobody who listens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, exactly: `micros` millionths of `currency` (as the configuration names it)."""

    micros: int
    currency: str

    def __str__(self) -> str:
        """`0.20 USD`; `0.005 USD` where cents are not enough."""
        return f"{self.digits()} {self.currency}"

    def digits(self, point: str = ".") -> str:
        whole, part = divmod(abs(self.micros), MILLION)
        decimals = f"{part:06}".rstrip("0").ljust(2, "0")
        return f"{'-' if self.micros < 0 else ''}{whole}{point}{decimals}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What something will cost; `is_within`: as far as is known, the budget has that much."""

    money: Money
    is_within: bool = True


class Purse(StrEnum):
    """How a budget stands: `slow`: so much is gone that the rest is shared out by days; `empty`: nothing more
    is asked for this month.
    """

    FULL = "full"
    SLOW = "slow"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """So many things that were paid for, and so many millionths, today and in this month (UTC)."""

    today: int = 0
    month: int = 0
    micros_today: int = 0
    micros_month: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a platform cost us by now. `month` is named like 2026-11; `budget` (millionths) is for all of it.

    `is_again`: it was used up, and now there is money once more: a new month, or a larger budget.
    """

    platform: str
    month: str
    currency: str
    budget: int
    purse: Purse
    sources: Mapping[str, Spent]
    is_again: bool = False

    @property
    def spent(self) -> int:
        return sum(one.micros_month for one in self.sources.values())

    @property
    def spent_today(self) -> int:
        return sum(one.micros_today for one in self.sources.values())

    def __str__(self) -> str:
        """`12.30 USD of 50.00 USD spent in 2026-11, 0.40 USD today`."""
        spent, budget, today = map(self.money, (self.spent, self.budget, self.spent_today))
        return f"{spent} of {budget} spent in {self.month}, {today} today"

    def money(self, micros: int) -> Money:
        return Money(micros, self.currency)


async def _nothing() -> tuple[Bill, ...]:
    return ()


class Expenses:
    """Tells each bill to everybody who listens; the newest one counts. `bills` by platform: as last told.

    `ask` brings all of them as they stand now: a restart tells none by itself, and midnight neither.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[Bill], None]] = []
        self.bills: dict[str, Bill] = {}
        self.ask: Callable[[], Awaitable[tuple[Bill, ...]]] = _nothing

    def listen(self, hear: Callable[[Bill], None]) -> None:
        self._listeners.append(hear)

    async def refresh(self) -> None:
        for bill in await self.ask():
            self.tell(bill)

    def tell(self, bill: Bill) -> None:
        self.bills[bill.platform] = bill
        for hear in self._listeners:
            hear(bill)
