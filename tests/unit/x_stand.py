"""An account on X with a loopback server behind it, for the tests of each side of the connector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

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
    clock = ManualClock(NOW)
    http = HttpClient(SystemClock())
    async with XServer(clock.now) as server:
        try:
            yield Stand(server, clock, http, settings(server, **more))
        finally:
            await http.close()
