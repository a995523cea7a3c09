"""Handles become ids in the background; what cannot be resolved is told, not forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import cast

from structlog.testing import capture_logs

from bot.accounts import AGAIN_AFTER, Accounts
from bot.errors import BotError, Rejected, StoreError, Unauthorized, Unavailable
from bot.matcher.plain import PlainMatcher
from bot.model import Account, Brand
from bot.ports import Lookup
from bot.storing import Store
from bot.testing.clock import ManualClock
from bot.watchlist import LiveWatch, Watchlist


class Directory:
    """A lookup that knows some handles; `trouble` comes first."""

    platform = "bluesky"

    def __init__(self, *trouble: BotError) -> None:
        self.trouble = list(trouble)
        self.asked: list[str] = []

    async def resolve(self, handle: str) -> str:
        self.asked.append(handle)
        if self.trouble:
            raise self.trouble.pop(0)
        if handle == "nobody.test":
            raise Rejected("no such handle")
        return f"did:plc:{handle.partition('.')[0]}"


class Shelf:
    def __init__(self) -> None:
        self.ids: dict[str, str | None] = {}
        self.is_locked = False

    async def save_brands(self, brands: Iterable[Brand]) -> None:
        if self.is_locked:
            raise StoreError("locked")
        self.ids = {account.handle: account.id for brand in brands for account in brand.accounts}


def watch(*handles: str) -> LiveWatch:
    accounts = tuple(Account(brand="acme", platform="bluesky", handle=handle) for handle in handles)
    brand = Brand(name="acme", words=("acme",), accounts=accounts)
    return LiveWatch(Watchlist([brand], ids={}, matcher=PlainMatcher), {}, "bluesky")


@asynccontextmanager
async def resolving(accounts: Accounts, clock: ManualClock) -> AsyncIterator[None]:
    task = asyncio.create_task(accounts.run())
    await clock.advance(0)
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def made(watching: LiveWatch, directory: Directory, shelf: Shelf, clock: ManualClock) -> Accounts:
    return Accounts(
        watches={"bluesky": watching},
        lookups={"bluesky": cast("Lookup", directory)},
        store=cast("Store", shelf),
        clock=clock,
    )


async def test_a_handle_becomes_an_id() -> None:
    """The watch recognises the account from then on, and the store remembers it."""
    watching, directory, shelf, clock = watch("acme.test"), Directory(), Shelf(), ManualClock()
    accounts = made(watching, directory, shelf, clock)
    async with resolving(accounts, clock):
        assert watching.watchlist.owner("bluesky", "did:plc:acme") == "acme"
        assert {"acme.test": "did:plc:acme"} == shelf.ids
        assert set() == accounts.unresolved()


async def test_without_network_it_asks_again() -> None:
    """Every half minute, until the directory answers."""
    watching, shelf, clock = watch("acme.test"), Shelf(), ManualClock()
    directory = Directory(Unavailable("down"), Unavailable("down"))
    async with resolving(made(watching, directory, shelf, clock), clock):
        for _ in range(2):
            assert watching.watchlist.owner("bluesky", "did:plc:acme") is None
            await clock.advance(AGAIN_AFTER.total_seconds())
        assert watching.watchlist.owner("bluesky", "did:plc:acme") == "acme"
    assert ["acme.test"] * 3 == directory.asked


async def test_a_wrong_credential_says_nothing_of_a_handle() -> None:
    """It is asked again when a person may have acted, and not called a handle that does not exist."""
    clock, watching = ManualClock(), watch("acme.test")
    directory = Directory(Unauthorized("answered 401"))
    accounts = made(watching, directory, Shelf(), clock)
    async with resolving(accounts, clock):
        assert (set(), 1) == (accounts.refused, len(directory.asked))
        await clock.advance(800)
        assert (1, 1) == (len(directory.asked), len(accounts.unresolved()))
        await clock.advance(101)
        assert (2, set()) == (len(directory.asked), accounts.unresolved())


async def test_a_handle_that_does_not_exist_is_told_once() -> None:
    """It is not asked for again, it stays unresolved, and the others are resolved all the same."""
    watching, directory, shelf, clock = watch("nobody.test", "acme.test"), Directory(), Shelf(), ManualClock()
    accounts = made(watching, directory, shelf, clock)
    with capture_logs() as lines:
        async with resolving(accounts, clock):
            await clock.advance(600)
            assert {"nobody.test"} == {account.handle for account in accounts.unresolved()}
    assert ["nobody.test"] == [line["handle"] for line in lines if line["event"] == "account.refused"]
    assert 2 == len(directory.asked)


async def test_a_locked_database_does_not_end_it() -> None:
    """The id counts from now on; that it could not be kept is said."""
    watching, shelf, clock = watch("acme.test"), Shelf(), ManualClock()
    shelf.is_locked = True
    with capture_logs() as lines:
        async with resolving(made(watching, Directory(), shelf, clock), clock):
            assert "acme" == watching.watchlist.owner("bluesky", "did:plc:acme")
    assert "account.unsaved" in [line["event"] for line in lines]


async def test_others_that_were_taken_over_meanwhile_are_what_is_kept() -> None:
    """A reload in the middle of saving: the store does not stay with accounts of the old configuration."""
    clock, watching = ManualClock(), watch("old.test")

    class Slow(Shelf):
        async def save_brands(self, brands: Iterable[Brand]) -> None:
            await super().save_brands(brands)
            if "old.test" in self.ids:
                watching.swap(watch("new.test").watchlist.with_ids({("bluesky", "new.test"): "did:plc:new"}))

    shelf = Slow()
    accounts = made(watching, Directory(), shelf, clock)
    async with resolving(accounts, clock):
        await clock.advance(AGAIN_AFTER.total_seconds())
    assert list(shelf.ids) == ["new.test"]
