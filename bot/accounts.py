"""Handles of brands become platform ids, in the background and for as long as it takes.

Until a handle is resolved it is watched for as a word only: answers by the brand go unrecognised, so an
unresolved account is a reason not to be ready. Knows no platform; asks its `Lookup`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.errors import BotError, Refused, StoreError, Unauthorized
from bot.model import Account, Brand
from bot.ports import Clock, Lookup
from bot.storing import Store
from bot.watchlist import LiveWatch

log = structlog.get_logger()

AGAIN_AFTER = timedelta(seconds=30)
UNTIL_A_PERSON_ACTED = timedelta(minutes=15)


@dataclass(kw_only=True)
class Accounts:
    """`refused`: the handles that the platform says do not exist; a person must mend them."""

    watches: Mapping[str, LiveWatch]
    lookups: Mapping[str, Lookup]
    store: Store
    clock: Clock
    refused: set[Account] = field(default_factory=set, init=False)
    _others: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> None:
        """Resolve what can be resolved, then rest until there are others."""
        while True:
            while waiting := self.unresolved() - self.refused:
                wait = await self._resolve(waiting)
                if self.unresolved() - self.refused:
                    await self.clock.sleep(wait.total_seconds())
            await self._others.wait()
            self._others.clear()

    def wake(self) -> None:
        """There are other accounts now; those that were refused are asked for once more."""
        self.refused.clear()
        self._others.set()

    def unresolved(self) -> set[Account]:
        """The accounts on platforms that we can ask, whose id is not known."""
        lists = [watch.watchlist for watch in self.watches.values()]
        every = {account for watchlist in lists for account in watchlist.unresolved()}
        return {account for account in every if account.platform in self.lookups}

    async def _resolve(self, accounts: Iterable[Account]) -> timedelta:
        """How long to wait before the rest is asked for again: for a person, where one must act."""
        waits = []
        for account in accounts:
            try:
                found = await self.lookups[account.platform].resolve(account.handle)
            except Unauthorized as error:
                waits.append(UNTIL_A_PERSON_ACTED)
                log.debug("account.waiting", handle=account.handle, detail=str(error))
            except Refused as error:
                self.refused.add(account)
                log.warning("account.refused", handle=account.handle, detail=str(error))
            except BotError as error:
                waits.append(AGAIN_AFTER)
                log.debug("account.waiting", handle=account.handle, detail=str(error))
            else:
                await self._found({(account.platform, account.handle): found})
        return min(waits, default=AGAIN_AFTER)

    async def _found(self, ids: Mapping[tuple[str, str], str]) -> None:
        """Watch for it at once; what the database cannot keep just now, the next life asks for again."""
        for watch in self.watches.values():
            watch.swap(watch.watchlist.with_ids(ids))
        log.info("account.resolved", handles=[handle for _, handle in ids])
        saved: tuple[Brand, ...] | None = None
        try:
            while saved != (
                brands := self._brands()
            ):  # a reload may have saved and taken over others meanwhile
                await self.store.save_brands(brands)
                saved = brands
        except StoreError as error:
            log.warning("account.unsaved", handles=[handle for _, handle in ids], reason=str(error))

    def _brands(self) -> tuple[Brand, ...]:
        return next(iter(self.watches.values())).watchlist.brands
