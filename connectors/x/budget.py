"""What X costs us: counted before anything else is done with what was bought, and kept across restarts.

Money is counted in millionths, by source and UTC day, for one calendar month. When four fifths of the month's
money are gone, reading gets for each day no more than an equal share of the rest (replies are not held back);
when there is not enough for one thing more, nothing is asked for before the next month. What waits is not
lost: it is read when there is money again. Knows no request.
"""

from __future__ import annotations

import asyncio
from calendar import monthrange
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Unavailable
from bot.expenses import MILLION, Bill, Money, Price, Purse, Spent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.errors import BotError
    from bot.ports import Wiring
    from connectors.x.account import BudgetSettings

PLATFORM = "x"
KEPT = "x.spent"
_SHARED = "x.meter"
_SOON = timedelta(seconds=30)


class Line(msgspec.Struct):
    """What one source cost on one day."""

    count: int = 0
    micros: int = 0


class Ledger(msgspec.Struct):
    """`days`: source → day of the month → what it cost. `budget`: what the month could cost then.

    `ran_out`: there was not enough to go on reading; `before`: in the month before, or with a smaller budget.
    """

    month: str = ""
    days: dict[str, dict[int, Line]] = {}
    budget: int = 0
    ran_out: bool = False
    before: bool = False

    @property
    def micros(self) -> int:
        return sum(line.micros for days in self.days.values() for line in days.values())

    def micros_on(self, day: int) -> int:
        return sum(days[day].micros for days in self.days.values() if day in days)

    def add(self, source: str, day: int, count: int, micros: int) -> None:
        line = self.days.setdefault(source, {}).setdefault(day, Line())
        line.count += count
        line.micros += micros


def meter_of(budget: BudgetSettings, wiring: Wiring) -> Meter:
    """The one that all sides share."""
    if _SHARED not in wiring.shared:
        wiring.shared[_SHARED] = Meter(budget, wiring)
    meter: Meter = wiring.shared[_SHARED]
    return meter


class Meter:
    """All who spend this account's money share one."""

    def __init__(self, budget: BudgetSettings, wiring: Wiring) -> None:
        self._budget, self._currency = _micros(budget.month), budget.currency
        self._vault, self._clock, self._expenses = wiring.vault, wiring.clock, wiring.expenses
        self._ledger: Ledger | None = None
        self._held = 0

    async def room(self, price: Decimal, most: int, *, is_reading: bool = True) -> int:
        """How many of up to `most` things at that price may be bought now; at least one.

        Raises: Unavailable (nothing was sent; `retry_after` says when there is money again).
        """
        async with self._vault.turn(KEPT):
            ledger, now = await self._open(), self._clock.now()
        each = _micros(price)
        left = self._budget - ledger.micros
        if each > left:
            if is_reading:
                await self._run_out()
            raise _not_before(_next_month(now), "this month's money for X is spent")
        if is_reading and (share := self._share(ledger, now)) is not None:
            left = min(left, share)
            if each > left:
                raise _not_before(_next_day(now), "today's share of the money for X is spent")
        left -= self._held
        if each > left:
            raise _not_before(_SOON, "the rest of the money for X is being spent")
        return most if not each else min(most, left // each)

    @asynccontextmanager
    async def holding(self, price: Decimal, most: int = 1, *, is_reading: bool = False) -> AsyncIterator[int]:
        """As `room`; until the end of this nobody else gets that money. Raises: as `room`."""
        room = await self.room(price, most, is_reading=is_reading)
        held = room * _micros(price)
        self._held += held
        try:
            yield room
        finally:
            self._held -= held

    async def add(self, source: str, price: Decimal, count: int = 1) -> None:
        """These were bought (or given back: less than nothing). Raises: Unavailable (they cannot be kept)."""
        if not count:
            return
        async with self._vault.turn(KEPT):
            ledger = await self._open()
            ledger.add(source, self._clock.now().day, count, count * _micros(price))
            ledger.ran_out = ledger.micros >= self._budget
            await self._keep(ledger)
        self._expenses.tell(self._bill(ledger))

    async def _run_out(self) -> None:
        """What is left is not enough for the smallest page: to staff that is the same as nothing."""
        async with self._vault.turn(KEPT):
            ledger = await self._open()
            if ledger.ran_out:
                return
            ledger.ran_out = True
            await self._keep(ledger)
        self._expenses.tell(self._bill(ledger))

    async def _keep(self, ledger: Ledger) -> None:
        content = msgspec.json.encode(ledger)
        await self._on_disk(lambda: self._vault.write(KEPT, content))

    def price(self, each: Decimal) -> Price:
        """What a thing at that price will cost us. Asks nobody: what was never looked at has enough."""
        ledger, micros = self._ledger, _micros(each)
        left = (
            self._budget if ledger is None or ledger.month != self._month() else self._budget - ledger.micros
        )
        return Price(money=Money(micros, self._currency), is_within=micros <= left)

    async def spent_on(self, source: str) -> Decimal:
        """In this month. Raises: Unavailable."""
        async with self._vault.turn(KEPT):
            days = (await self._open()).days.get(source, {})
        return Decimal(sum(line.micros for line in days.values())) / MILLION

    def _share(self, ledger: Ledger, now: datetime) -> int | None:
        """What is left of what reading may spend today; None: it need not be shared out yet."""
        today = ledger.micros_on(now.day)
        if not self._is_slow(ledger):
            return None
        rest = self._budget - (ledger.micros - today)
        return max(0, rest // (monthrange(now.year, now.month)[1] - now.day + 1) - today)

    def _is_slow(self, ledger: Ledger) -> bool:
        return ledger.micros * 5 >= self._budget * 4

    def _bill(self, ledger: Ledger) -> Bill:
        day = self._clock.now().day
        purse = Purse.SLOW if self._is_slow(ledger) else Purse.FULL
        return Bill(
            platform=PLATFORM,
            month=ledger.month,
            currency=self._currency,
            budget=self._budget,
            purse=Purse.EMPTY if ledger.ran_out else purse,
            sources={name: _spent(days, day) for name, days in ledger.days.items()},
            is_again=ledger.before and not ledger.ran_out,
        )

    async def bill(self) -> Bill:
        """As it stands now. Raises: Unavailable."""
        async with self._vault.turn(KEPT):
            return self._bill(await self._open())

    async def _open(self) -> Ledger:
        """This month's. Raises: Unavailable."""
        if self._ledger is None:
            self._ledger = ledger_of(await self._on_disk(lambda: self._vault.read(KEPT)))
        before, month = self._ledger, self._month()
        if before.month != month:
            self._ledger = Ledger(month=month, days={}, before=before.ran_out)
        elif before.ran_out and self._budget > before.budget:
            before.ran_out, before.before = before.micros >= self._budget, True
        self._ledger.budget = self._budget
        return self._ledger

    def _month(self) -> str:
        return f"{self._clock.now().astimezone(UTC):%Y-%m}"

    async def _on_disk(self, work: Callable[[], bytes | None]) -> bytes | None:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            message = f"what X costs cannot be kept ({error.strerror}); without that nothing is asked for"
            raise Unavailable(message, reason=Reason.STORAGE, unsent=True) from error


def ledger_of(content: bytes | None) -> Ledger:
    """What cannot be read (another version wrote it) begins anew. Pure."""
    try:
        return msgspec.json.decode(content or b"", type=Ledger)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Ledger()


def is_spent(error: BotError) -> bool:
    """Whether it says that there is no money before tomorrow or the next month."""
    if not isinstance(error, Unavailable) or not error.unsent or error.reason is not Reason.RATE_LIMITED:
        return False
    return error.retry_after is not None and error.retry_after > _SOON


def _spent(days: dict[int, Line], day: int) -> Spent:
    today = days.get(day, Line())
    return Spent(
        today=today.count,
        month=sum(line.count for line in days.values()),
        micros_today=today.micros,
        micros_month=sum(line.micros for line in days.values()),
    )


def _micros(money: Decimal) -> int:
    return int(money * MILLION)


def _next_day(now: datetime) -> timedelta:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1) - now


def _next_month(now: datetime) -> timedelta:
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first + timedelta(days=monthrange(now.year, now.month)[1]) - now


def _not_before(wait: timedelta, why: str) -> Unavailable:
    return Unavailable(why, reason=Reason.RATE_LIMITED, retry_after=wait, unsent=True)
