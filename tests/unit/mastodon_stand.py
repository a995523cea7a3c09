"""A Mastodon account with a loopback server behind it, for the tests of each side of the connector."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.http import HttpClient
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_world import MASTODON, Manners
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.server import OwnServer, own_server

TOKEN, ACME = "token-of-acme", "acme@social.test"


def settings(server: MastodonServer, handle: str = ACME) -> AccountSettings:
    """Streams are for those servers that have some."""
    stream = bool(server.manners.streams)
    return AccountSettings(server=server.url, handle=handle, token=SecretStr(TOKEN), stream=stream)


@dataclass
class Stand:
    server: MastodonServer
    clock: ManualClock
    wiring: Wiring
    settings: AccountSettings

    @property
    def own(self) -> OwnServer:
        return own_server(self.settings, self.wiring)

    def id(self, status: str) -> str:
        """How a post of the server is called."""
        return f"{self.server.host}/{status}"


@asynccontextmanager
async def stand(manners: Manners = MASTODON, *, scopes: str = "read write") -> AsyncIterator[Stand]:
    clock = ManualClock()
    http = HttpClient(SystemClock())
    async with MastodonServer(clock, manners) as server:
        server.sign_in(TOKEN, "acme", scopes)
        try:
            yield Stand(server, clock, Wiring(http=http, clock=clock), settings(server))
        finally:
            await http.close()
