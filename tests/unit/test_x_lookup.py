"""Who somebody on X is: asked for once, within the money that is set apart for names, and never for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import Rejected, Unavailable
from bot.model import Author
from bot.ports import Dear
from connectors.x.connector import CONNECTOR
from connectors.x.lookup import ACCOUNTS, NAMES, XLookup
from tests.unit.x_stand import Stand, stand


@asynccontextmanager
async def asking(**more: Any) -> AsyncIterator[tuple[Stand, XLookup]]:
    async with stand(**more) as stood:
        for name in ("ann", "ben", "carl"):
            stood.server.world.user(name)
        yield stood, XLookup(stood.settings, stood.wiring)


async def spent(stood: Stand, source: str) -> Decimal:
    return await stood.own.meter.spent_on(source)


async def test_an_author_is_asked_for_once() -> None:
    """What was told is known, without asking, for a week."""
    async with asking() as (stood, lookup):
        ann = stood.server.world.user("ann")
        assert lookup.known(ann) is None
        author = await lookup.author(ann)
        assert author == await lookup.author(ann) == lookup.known(ann)
        assert isinstance(author, Author)
        assert (author.handle, author.name, author.bio, author.followers) == (
            "ann",
            "Ann",
            "Tea & kettles",
            1234,
        )
        assert author.created_at is not None
        assert stood.server.bought == {"user": 1}
        assert await spent(stood, NAMES) == Decimal("0.01")
        await stood.clock.advance(8 * 86_400)
        assert lookup.known(ann) is None


async def test_names_have_their_own_part_of_the_money() -> None:
    """Also for those who ask at once; where nothing is set apart, nobody is asked for."""
    async with asking(budget={"names": "0.02"}) as (stood, lookup):
        ids = [stood.server.world.user(name) for name in ("ann", "ben", "carl")]
        told = await asyncio.gather(*map(lookup.author, ids), return_exceptions=True)
        assert [True, True, False] == [isinstance(one, Author) for one in told]
        assert isinstance(told[2], Unavailable)
        assert await spent(stood, NAMES) == Decimal("0.02")
    async with asking(budget={"names": 0}) as (stood, lookup):
        with pytest.raises(Unavailable):
            await lookup.author(stood.server.world.user("ann"))
        assert stood.server.requests == 0


async def test_nobody_is_not_paid_for() -> None:
    """Neither by number nor by name; and what can be none is not asked for."""
    async with asking() as (stood, lookup):
        for ask in (lookup.author("99"), lookup.resolve("nobody")):
            with pytest.raises(Rejected, match="no such account"):
                await ask
        asked = stood.server.requests
        for ask in (lookup.author("at://x"), lookup.resolve("no/body")):
            with pytest.raises(Rejected):
                await ask
        assert (stood.server.requests, stood.server.bought) == (asked, {})


async def test_a_handle_has_an_id() -> None:
    """Our own is known already, a rival's is bought."""
    async with asking() as (stood, lookup):
        assert await lookup.resolve("@Acme") == stood.server.owner_id
        assert await lookup.resolve("ben") == stood.server.world.user("ben")
        assert await spent(stood, ACCOUNTS) == Decimal("0.02")
        assert await lookup.thread("1") == ()


async def test_an_account_has_it() -> None:
    """And it is one that is asked for little."""
    async with stand() as stood:
        assert CONNECTOR.account_lookup is not None
        assert isinstance(CONNECTOR.account_lookup(stood.settings, stood.wiring), Dear)
        assert CONNECTOR.account_lookup(type(stood.settings)(), stood.wiring) is None
