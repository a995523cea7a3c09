"""Notices about ourselves: by a channel that works, in the staff's language, not again and again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.errors import BotError, Reason, StoreError, Unauthorized, Unavailable
from bot.expenses import Bill, Purse, Spent
from bot.notices import Notices
from bot.storing import Store
from bot.testing.clock import ManualClock
from bot.texts.en import ENGLISH
from bot.texts.es import SPANISH

CARE, DESK, CONSOLE = "telegram:care", "webhook:desk", "console"


@dataclass
class Told:
    """What a store keeps of notices: the first text of each key."""

    kept: dict[str, tuple[str, str]] = field(default_factory=dict)
    is_broken: bool = False

    async def notice(self, key: str, channel: str, text: str, *, now: datetime) -> None:
        if self.is_broken:
            raise StoreError("the disk is full")
        self.kept.setdefault(key, (channel, text))


@dataclass
class Office:
    store: Told = field(default_factory=Told)
    clock: ManualClock = field(default_factory=lambda: ManualClock(datetime(2026, 11, 20, 13, 5, tzinfo=UTC)))
    failing: set[str] = field(default_factory=set)
    woken: int = 0

    def __post_init__(self) -> None:
        self.notices = Notices(
            store=cast("Store", self.store),
            clock=self.clock,
            texts=SPANISH,
            channels=(CARE, DESK, CONSOLE),
            failing=lambda: self.failing,
            wake=self._wake,
        )

    def _wake(self) -> None:
        self.woken += 1

    async def kept(self) -> list[tuple[str, str]]:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return list(self.store.kept.values())


@pytest.fixture
def office() -> Office:
    return Office()


async def test_a_refusal_is_told_by_another_channel(office: Office) -> None:
    """Not by the one that refuses, nor by one that does not work; and delivered at once."""
    office.failing = {CARE, DESK}
    office.notices.channel_refused(CARE, Unauthorized("bot was kicked"))
    text = SPANISH.say("notice.channel_refused", channel=CARE, cause="bot was kicked")
    assert [(CONSOLE, text)] == await office.kept()
    assert 1 == office.woken


async def test_the_same_is_told_once_an_hour(office: Office) -> None:
    """However often it happens."""
    for _ in range(3):
        office.notices.channel_refused(CARE, Unauthorized("bot was kicked"))
    assert 1 == len(await office.kept())
    await office.clock.advance(3600)
    office.notices.channel_refused(CARE, Unauthorized("bot was kicked"))
    assert 2 == len(await office.kept())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unauthorized("wrong token"), [DESK]),
        (Unavailable("another reader", reason=Reason.CONFLICT), [DESK]),
        (Unavailable("no route", reason=Reason.CONNECTION), []),
    ],
)
async def test_dead_buttons_are_told_where_they_work(
    office: Office, error: BotError, expected: list[str]
) -> None:
    """On a channel of another kind, and only what a person must mend."""
    office.notices.feed_failed("telegram", error)
    assert expected == [channel for channel, _ in await office.kept()]


async def test_where_no_channel_works_nothing_is_told(office: Office) -> None:
    """There is nobody to tell."""
    office.failing = {CARE, DESK, CONSOLE}
    office.notices.tell("key", ENGLISH.say("notice.rules_not_loaded"))
    assert [] == await office.kept()


async def test_a_store_in_trouble_is_only_logged(office: Office) -> None:
    """A notice is no reason to end."""
    office.store.is_broken = True
    with capture_logs() as lines:
        office.notices.tell("key", "text")
        assert [] == await office.kept()
    assert ["notice.failed"] == [line["event"] for line in lines]
    await office.notices.stop()


async def test_a_budget_is_told_of_once() -> None:
    """When it runs low and when it is spent; once a month each, whoever asks."""
    office = Office()
    spent = {"x-mentions": Spent(money_month=40.5)}
    for month in ("2026-11", "2026-12"):
        for purse in (Purse.FULL, Purse.SLOW, Purse.SLOW, Purse.EMPTY):
            bill = Bill(platform="x", month=month, budget=50.0, purse=purse, sources=spent)
            office.notices.budget(bill)
            await office.clock.advance(7200)
    texts = [text for _, text in await office.kept()]
    assert len(texts) == 4
    assert texts[0].startswith("Se han gastado 40.50 de los 50.00 para X en 2026-11.")
