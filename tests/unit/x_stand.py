"""An account on X with a loopback server behind it, for the tests of each side of the connector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.expenses import Bill
from bot.http import HttpClient
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.x_server import XServer
from bot.vault import MemoryVault
from connectors.x.account import AccountSettings
from connectors.x.own import Own, own_account

S = TypeVar("S", bound=XServer)

NOW = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)


def settings(server: XServer, **more: Any) -> AccountSettings:
    keys = server.keys
    given = {
        "handle": "@Acme",
        "consumer_key": SecretStr(keys.consumer_key),
        "consumer_secret": SecretStr(keys.consumer_secret),
        "access_token": SecretStr(keys.token),
        "access_token_secret": SecretStr(keys.token_secret),
        "api": server.url,
    }
    return AccountSettings.model_validate({**given, **more})


@dataclass
class Stand:
    server: XServer
    clock: ManualClock
    http: HttpClient
    settings: AccountSettings
    vault: MemoryVault = field(default_factory=MemoryVault)
    bills: list[Bill] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wiring = self.fresh()

    def fresh(self) -> Wiring:
        """As after a restart of the program: only the vault is the same."""
        wiring = Wiring(http=self.http, clock=self.clock, vault=self.vault)
        wiring.expenses.listen(self.bills.append)
        return wiring

    @property
    def own(self) -> Own:
        return own_account(self.settings, self.wiring)


@asynccontextmanager
async def stand(**more: Any) -> AsyncIterator[Stand]:
    async with stand_at(XServer, **more) as (stood, _):
        yield stood


@asynccontextmanager
async def stand_at(make: Callable[[Any], S], **more: Any) -> AsyncIterator[tuple[Stand, S]]:
    """With a server of that kind."""
    clock = ManualClock(NOW)
    http = HttpClient(SystemClock())
    async with make(clock.now) as server:
        try:
            yield Stand(server, clock, http, settings(server, **more)), server
        finally:
            await http.close()
