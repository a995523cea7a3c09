"""What people say to the account: read completely, once, in order, and paid for once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.errors import CursorLost, Reason, Unavailable
from bot.model import Batch, Cursor
from bot.testing.source_contract import WatchAll
from connectors.x.connector import CONNECTOR
from connectors.x.ids import cursor_at
from connectors.x.inbox import MentionsSource
from connectors.x.stretches import MISSED, NAME
from tests.unit.x_stand import NOW, Stand, stand


@dataclass
class Reader:
    stood: Stand
    after: Cursor | None = field(default_factory=lambda: cursor_at(NOW - timedelta(hours=1)))
    ids: list[str] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = MentionsSource(self.stood.settings, self.stood.wiring)

    async def read(self) -> None:
        async for batch in self.source.read(self.after, WatchAll()):
            self.batches.append(batch)
            self.ids += [post.id for post in batch.posts]
            self.after = batch.cursor or self.after

    async def stopped(self) -> Unavailable:
        with pytest.raises(Unavailable) as caught:
            await self.read()
        return caught.value


def said(stood: Stand, count: int) -> list[str]:
    return [
        stood.server.world.post("ann", f"@acme the lift? {number}", at=stood.clock.now())
        for number in range(count)
    ]


def money(stood: Stand) -> float:
    return stood.bills[-1].sources[NAME].micros_month / 1e6


async def test_everything_down_to_what_was_read() -> None:
    """All pages, oldest first; the next reading asks only for what is new, and costs only that."""
    async with stand() as stood:
        reader, ids = Reader(stood), said(stood, 250)
        await reader.read()
        assert ids == reader.ids
        assert pytest.approx(0.25) == money(stood)
        await reader.read()
        more = said(stood, 2)
        await reader.read()
        assert [*ids, *more] == reader.ids
        assert stood.server.bought == {"user": 1, "mention": 252}
        assert pytest.approx(0.252) == money(stood)
        assert [None] * len(reader.batches) == [batch.gap for batch in reader.batches]


async def test_reposts_and_our_own_are_left_out() -> None:
    """They are paid for once all the same: the position passes them."""
    async with stand() as stood:
        world = stood.server.world
        ours = world.post("acme", "@acme talks to itself", at=stood.clock.now())
        world.post("ben", "RT @acme", retweeted=ours, at=stood.clock.now())
        reader = Reader(stood)
        await reader.read()
        await reader.read()
        assert reader.ids == []
        assert stood.server.bought["mention"] == 2


async def test_an_interrupted_walk_goes_on_where_it_stopped() -> None:
    """Too many requests in the middle of it, and more posts meanwhile: each comes once and is bought once."""
    async with stand() as stood:
        reader, ids = Reader(stood), said(stood, 600)
        stood.server.granted = 2
        stops = 0
        while len(reader.ids) < 620:
            with suppress(Unavailable):
                await reader.read()
            if stops < 2:
                stops += 1
                ids += said(stood, 10)
            await stood.clock.advance(900)
        assert ids == reader.ids
        assert stood.server.bought["mention"] == 620
        assert pytest.approx(0.62) == money(stood)


async def test_the_money_stops_it_and_nothing_is_lost() -> None:
    """A page is as large as the money; the rest comes in the next month."""
    async with stand(budget={"month": "0.11", "price_per_user": "0"}) as stood:
        reader, ids = Reader(stood), said(stood, 130)
        error = await reader.stopped()
        assert error.unsent
        assert money(stood) <= 0.11
        while stood.clock.now().month == 11:
            assert error.retry_after is not None
            await stood.clock.advance(error.retry_after.total_seconds())
            if stood.clock.now().month == 11:
                error = await reader.stopped()
        await reader.read()
        assert ids == reader.ids
        assert stood.server.bought["mention"] == 130


async def test_what_fell_out_of_the_list_is_searched_for() -> None:
    """X lists the newest 800. The rest is bought where it is dearer, as soon as the index has it, and comes first."""
    async with stand() as stood:
        reader, ids = Reader(stood), said(stood, 900)
        await reader.read()
        assert [] == reader.ids, "what is above the missing ones waits for them"
        await stood.clock.advance(31)
        ids += said(stood, 3)
        await reader.read()
        assert ids == reader.ids
        assert {"user": 1, "mention": 803, "search": 100} == stood.server.bought
        assert 500_000 == stood.bills[-1].sources[MISSED].micros_month
        assert {None} == {batch.gap for batch in reader.batches}


async def test_what_only_may_have_fallen_out_costs_nothing() -> None:
    """A search that finds nothing is free: it is asked early, and again never."""
    async with stand() as stood:
        reader, ids = Reader(stood), said(stood, 600)
        await stood.clock.advance(60)
        await reader.read()
        await reader.read()
        assert ids == reader.ids
        assert {"user": 1, "mention": 600} == stood.server.bought
        assert 1 == len([one for one in stood.server.queries if "query" in one])


async def test_what_falls_out_while_nothing_is_granted_is_missed_by_nobody() -> None:
    """300 were read when X granted no more, and 700 came meanwhile: what was left of the others has fallen out."""
    async with stand() as stood:
        reader, ids = Reader(stood), said(stood, 600)
        stood.server.granted = 3
        await reader.stopped()
        ids += said(stood, 700)
        stood.server.granted = 20
        await stood.clock.advance(900)
        await reader.read()
        assert ids == reader.ids
        assert {"user": 1, "mention": 1000, "search": 300} == stood.server.bought


@pytest.mark.parametrize("month", ["0.95", "1.2"])
async def test_where_the_money_does_not_reach_is_a_gap(month: str) -> None:
    """For none of the missing ones, or not for all: what was bought comes, and what is missing is said."""
    async with stand(budget={"month": month, "price_per_user": "0"}) as stood:
        reader, ids = Reader(stood), said(stood, 900)
        await stood.clock.advance(60)
        with suppress(Unavailable):
            await reader.read()
        assert ids[-len(reader.ids) :] == reader.ids
        assert 800 <= len(reader.ids) < 900
        (gap,) = [batch.gap for batch in reader.batches if batch.gap]
        assert ("overflow", NOW - timedelta(hours=1)) == (
            gap.reason,
            gap.started_at + timedelta(milliseconds=1),
        )
        assert stood.bills[-1].spent <= round(float(month) * 1e6)


async def test_what_is_whole_is_given_out_before_a_failure_is_told() -> None:
    """Nobody waits for a page that X does not serve just now."""
    async with stand() as stood:
        reader, ids = Reader(stood), said(stood, 150)
        stood.server.granted = 2
        error = await reader.stopped()
        assert error.reason is Reason.RATE_LIMITED
        assert ids == reader.ids
        await stood.clock.advance(900)
        await reader.read()
        assert {"user": 1, "mention": 150} == stood.server.bought


async def test_partial_errors_cost_no_post() -> None:
    """They stand beside the posts; without any list it is no page."""
    async with stand() as stood:
        ids = said(stood, 3)
        stood.server.partial = {"errors": [{"title": "Not Found Error", "type": "about:blank"}]}
        reader = Reader(stood)
        await reader.read()
        assert ids == reader.ids
        stood.server.refuse(200, body='{"errors": [{"title": "Not Found Error"}]}', path="mentions")
        assert (await reader.stopped()).reason is Reason.PROTOCOL


async def test_it_begins_now_and_says_when_it_is_lost() -> None:
    """Without a position nothing is asked; one that nobody wrote is a gap."""
    async with stand() as stood:
        reader = Reader(stood, after=None)
        await reader.read()
        assert stood.server.requests == 0
        assert reader.after is not None
        reader.after = Cursor("v9:nonsense")
        with pytest.raises(CursorLost):
            await reader.read()


async def test_the_connector_offers_it_to_an_account() -> None:
    """Only where there is one."""
    async with stand() as stood:
        assert CONNECTOR.inbox is not None
        assert CONNECTOR.inbox(stood.settings, stood.wiring) is not None
        nobody = stood.settings.model_copy(update={"handle": None})
        assert CONNECTOR.inbox(nobody, stood.wiring) is None
