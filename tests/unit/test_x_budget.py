"""The money that X costs: counted, kept, shared out, and never more than the month has."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.errors import Reason, Unavailable
from bot.expenses import Bill, Purse, Spent
from connectors.x.account import BudgetSettings
from connectors.x.budget import KEPT, Meter, ledger_of
from tests.unit.x_stand import NOW, Stand, stand

CENT = Decimal("0.01")
DAY = 86_400.0


def meter(stood: Stand, month: str = "10") -> Meter:
    return Meter(BudgetSettings(month=Decimal(month)), stood.fresh())


async def refused(one: Meter, price: Decimal = CENT, *, is_reading: bool = True) -> timedelta | None:
    with pytest.raises(Unavailable) as caught:
        await one.room(price, 1, is_reading=is_reading)
    assert (True, Reason.RATE_LIMITED) == (caught.value.unsent, caught.value.reason)
    return caught.value.retry_after


async def test_what_was_spent_is_told_by_source_day_and_month() -> None:
    """Each purchase makes a bill; another day begins at nothing, the month goes on."""
    async with stand() as stood:
        one = meter(stood)
        await one.add("x-mentions", CENT, 100)
        await stood.clock.advance(DAY)
        await one.add("x-mentions", CENT, 3)
        await one.add("x-replies", Decimal("0.2"))
        bill = stood.bills[-1]
        assert (bill.month, bill.budget, bill.purse) == ("2026-11", 10_000_000, Purse.FULL)
        assert bill.sources["x-mentions"] == Spent(
            today=3, month=103, micros_today=30_000, micros_month=1_030_000
        )
        assert bill.spent == 1_230_000


async def test_a_restart_forgets_nothing() -> None:
    """What is kept is whole after each purchase; a new month begins at nothing."""
    async with stand() as stood:
        await meter(stood).add("x-mentions", CENT, 100)
        assert (await meter(stood).bill()).spent == 1_000_000
        await stood.clock.advance(11 * DAY)
        fresh = await meter(stood).bill()
        assert (fresh.month, fresh.spent) == ("2026-12", 0)


async def test_it_never_buys_more_than_there_is() -> None:
    """A page is as large as the money; then nothing is asked for before the next month."""
    async with stand() as stood:
        one = meter(stood, "0.05")
        assert await one.room(CENT, 100) == 5
        assert await one.room(Decimal(0), 100) == 100
        await one.add("x-mentions", CENT, 5)
        assert stood.bills[-1].purse is Purse.EMPTY
        for is_reading in (True, False):
            wait = await refused(one, is_reading=is_reading)
            assert wait is not None
            assert (NOW + wait).isoformat() == "2026-12-01T00:00:00+00:00"


async def test_too_little_for_the_smallest_page_is_nothing() -> None:
    """Reading stands still, and that is told; a restart tells it no second time, a new month tells its end."""
    async with stand() as stood:
        one = meter(stood)
        await one.add("x-mentions", CENT, 999)
        assert stood.bills[-1].purse is Purse.SLOW
        told = len(stood.bills)
        for _ in range(2):
            await refused(one, Decimal("0.05"))
        assert [Purse.EMPTY] == [bill.purse for bill in stood.bills[told:]]
        await stood.clock.advance(11 * DAY)
        after = meter(stood)
        bill = await after.bill()
        assert (bill.month, bill.purse, bill.is_again) == ("2026-12", Purse.FULL, True)
        await after.add("x-mentions", CENT)
        await stood.clock.advance(31 * DAY)
        assert not (await meter(stood).bill()).is_again


async def test_a_larger_budget_is_money_again() -> None:
    """After a restart with it; with the old one nothing has changed."""
    async with stand() as stood:
        await meter(stood).add("x-mentions", CENT, 1000)
        assert ((await meter(stood).bill()).purse, (await meter(stood).bill()).is_again) == (
            Purse.EMPTY,
            False,
        )
        bill = await meter(stood, "20").bill()
        assert (bill.purse, bill.is_again, bill.spent) == (Purse.FULL, True, 10_000_000)
        assert str(bill) == "10.00 USD of 20.00 USD spent in 2026-11, 10.00 USD today"


async def test_what_is_being_bought_is_nobody_elses() -> None:
    """Until it is known what it cost; then the rest is there again, and nobody waits for the next month."""
    async with stand() as stood:
        one = meter(stood, "0.10")
        async with one.holding(CENT, 100, is_reading=True) as room:
            assert room == 10
            assert await refused(one) == timedelta(seconds=30)
            await one.add("x-mentions", CENT, 4)
        assert await one.room(CENT, 100, is_reading=False) == 6


async def test_it_slows_down_before_it_stops() -> None:
    """From four fifths on reading gets a share of the rest for each day; answers are not held back."""
    async with stand() as stood:
        one = meter(stood)
        await one.add("x-mentions", CENT, 700)
        await stood.clock.advance(DAY)  # the 21st: ten days are left, this one too
        await one.add("x-mentions", CENT, 20)
        assert await one.room(CENT, 100) == 100
        await one.add("x-mentions", CENT, 80)
        assert stood.bills[-1].purse is Purse.SLOW
        wait = await refused(one)
        assert (stood.clock.now() + (wait or timedelta())).isoformat() == "2026-11-22T00:00:00+00:00"
        assert await one.room(CENT, 1, is_reading=False) == 1
        await stood.clock.advance(DAY)  # 2.00 for nine days
        assert await one.room(CENT, 100) == 22


async def test_it_lasts_to_the_end_of_the_month() -> None:
    """Whoever buys all that may be bought each day has some on the last one, and spends no more than all."""
    async with stand() as stood:
        one, days = meter(stood), 0  # from the 21st on
        await one.add("x-mentions", CENT, 800)
        await stood.clock.advance(DAY)
        while stood.clock.now().month == 11:
            days += 1
            await one.add("x-mentions", CENT, await one.room(CENT, 1000))
            await refused(one)
            await stood.clock.advance(DAY)
        assert days == 10
        assert stood.bills[-1].spent == 10_000_000


async def test_what_cannot_be_kept_is_not_bought(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told as what it is."""
    async with stand() as stood:

        def full(_: str) -> bytes:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(stood.vault, "read", full)
        with pytest.raises(Unavailable, match="No space left") as caught:
            await meter(stood).room(CENT, 1)
        assert caught.value.reason is Reason.STORAGE


def test_what_nobody_can_read_begins_anew() -> None:
    """Nothing, noise, and what another version may have written."""
    for content in (None, b"", b"\xff", b'{"month": 7}', b"[" * 10_000):
        assert ledger_of(content).micros == 0


async def test_it_is_kept_under_a_name_of_ours() -> None:
    """The connector's own."""
    async with stand() as stood:
        await meter(stood).add("x-mentions", CENT)
        assert stood.vault.read(KEPT) is not None
        assert KEPT.startswith("x.")
        assert isinstance(stood.bills[-1], Bill)
