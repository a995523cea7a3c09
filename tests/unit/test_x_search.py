"""The search on X: which queries, how far, and what is told when that is not far enough."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import CursorLost, Unauthorized, Unavailable
from bot.model import Account, Batch, Brand, Cursor
from bot.testing.source_contract import WatchAll
from bot.watchlist import LiveWatch, Watchlist
from connectors.x.ids import cursor_at, first_id
from connectors.x.own import own_account
from connectors.x.query import LONGEST, queries
from connectors.x.search import SearchSource, Settings
from tests.unit.x_stand import NOW, Stand, stand

DAY = 86_400.0
WITHOUT = " -is:retweet -from:acme -@acme"


class Words(WatchAll):
    words = ("acme", "acme support")


def source(stood: Stand) -> SearchSource:
    own_account(stood.settings, stood.wiring)
    stood.server.world.next_id = first_id(stood.clock.now() - timedelta(hours=1))
    return SearchSource(Settings(), stood.wiring)


async def read(found: SearchSource, after: Cursor | None) -> list[Batch]:
    return [batch async for batch in found.read(after, Words())]


def ids(batches: list[Batch]) -> list[str]:
    return [post.id for batch in batches for post in batch.posts]


def test_a_query_joins_the_words() -> None:
    """Phrases quoted, names as they are, ours left to its mentions; nothing asks for nothing."""
    assert queries(["Acme", "acme support", "@globex", "@acme", "C++", "or", "!?", 'a"b\\'], "acme") == (
        f'(acme OR "acme support" OR @globex OR "c++" OR "or" OR "a b"){WITHOUT}',
    )
    assert queries(["#Acme", "#100", "@фирма", "@a_name_that_is_too_long", "Straße"], "acme") == (
        f'(#acme OR "#100" OR "@фирма" OR "@a_name_that_is_too_long" OR straße){WITHOUT}',
    )
    assert queries(["Acme", "ACME", "@Acme"], "acme") == (f"(acme){WITHOUT}",)
    assert queries([], "acme") == queries(["@acme", "!"], "acme") == ()


def test_queries_are_as_long_as_they_may_be() -> None:
    """Every word stands in one of them; one that is too long for any is left out."""
    words = [f"word{number}" * 3 for number in range(100)]
    asked = queries([*words, "x" * 500], "acme")
    assert all(len(one) <= LONGEST for one in asked)
    assert all(len(one) > LONGEST - 60 for one in asked[:-1])
    found = [word for one in asked for word in one.removesuffix(WITHOUT).strip("()").split(" OR ")]
    assert words == found


def test_the_watch_tells_its_words() -> None:
    """Those of all brands, and the names of their accounts there."""
    account = Account(brand="globex", platform="x", handle="@globex")
    other = Account(brand="globex", platform="bluesky", handle="globex.example")
    brands = [
        Brand(name="acme", words=("acme", "acme support")),
        Brand(name="globex", words=("globex", "acme"), accounts=(account, other), is_rival=True),
    ]
    watchlist = Watchlist(brands, ids={}, matcher=lambda _: None)  # type: ignore[arg-type, return-value]
    assert ("acme", "acme support", "globex", "@globex") == LiveWatch(watchlist, {}, "x").words


async def test_what_names_us_is_not_bought_twice() -> None:
    """Nor reposts, nor our own; the newest half minute is left for the next reading."""
    async with stand() as stood:
        found, world = source(stood), stood.server.world
        wanted = [world.post("ann", "acme is down"), world.post("ben", "ACME support, anybody?")]
        world.post("ann", "@acme acme is down")
        world.post("acme", "acme is up")
        world.post("ben", "RT acme", retweeted=wanted[0])
        world.next_id = first_id(NOW - timedelta(seconds=10))
        late = world.post("cid", "acme!")
        batches = await read(found, cursor_at(NOW - timedelta(days=1)))
        assert wanted == ids(batches)
        assert stood.server.bought == {"user": 1, "search": 2}
        assert stood.bills[-1].sources["x"].micros_month == 10_000
        await stood.clock.advance(60)
        assert [late] == ids(await read(found, batches[-1].cursor))


async def test_without_an_account_nothing_is_searched() -> None:
    """A person must act. Without a position it begins now, without asking."""
    async with stand() as stood:
        nobody = SearchSource(Settings(), stood.wiring)
        with pytest.raises(Unauthorized, match="account"):
            await read(nobody, cursor_at(NOW))
        found = source(stood)
        assert [batch.cursor for batch in await read(found, None)] == [cursor_at(NOW - timedelta(seconds=30))]
        with pytest.raises(CursorLost):
            await read(found, Cursor("v2:what"))
        assert stood.server.requests == 0


async def test_a_search_that_was_interrupted_goes_on() -> None:
    """Each post is bought once, and comes once."""
    async with stand() as stood:
        found = source(stood)
        wanted = [stood.server.world.post("ann", f"acme is down {number}") for number in range(250)]
        stood.server.granted = 2
        after = cursor_at(NOW - timedelta(days=1))
        with pytest.raises(Unavailable):
            await read(found, after)
        await stood.clock.advance(900)
        assert wanted == ids(await read(found, after))
        assert stood.server.bought["search"] == 250


async def test_longer_away_than_x_keeps_is_a_gap() -> None:
    """It is told once; a quiet week in which we looked is none."""
    async with stand() as stood:
        found = source(stood)
        batches = await read(found, cursor_at(NOW - timedelta(days=9)))
        gaps = [batch.gap for batch in batches if batch.gap]
        assert [("overflow", NOW - timedelta(days=9))] == [
            (gap.reason, gap.started_at + timedelta(milliseconds=1)) for gap in gaps
        ]
        after = batches[-1].cursor
        for _ in range(9):
            await stood.clock.advance(DAY)
            assert await read(found, after) == []


async def test_a_search_that_waited_longer_than_x_keeps_goes_on() -> None:
    """For money, say: X refuses ids older than a week. What was bought before is given out, the rest a gap."""
    async with stand() as stood:
        found = source(stood)
        world = stood.server.world
        wanted = [world.post("ann", f"acme is down {number}") for number in range(250)]
        stood.server.granted = 2
        after = cursor_at(NOW - timedelta(days=1))
        with pytest.raises(Unavailable):
            await read(found, after)
        await stood.clock.advance(8 * DAY)
        stood.server.granted = None
        batches = await read(found, after)
        assert wanted[50:] == ids(batches)
        assert ["overflow"] == [batch.gap.reason for batch in batches if batch.gap]
