"""The account that is configured: all who use it share one, with its id, its budget and its way to X."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Unauthorized
from connectors.x.app import App
from connectors.x.budget import meter_of

if TYPE_CHECKING:
    from bot.ports import Wiring
    from connectors.x.account import AccountSettings

ME = "/2/users/me"
_SHARED = "x.own"
_SOURCE = "x-account"


class Me(msgspec.Struct, frozen=True):
    """The account whose access token it is."""

    id: str
    username: str


class Meet(msgspec.Struct, frozen=True):
    data: Me


class Own:
    """`known_id`: whose posts these are, as its access token says, later as X does."""

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        if settings.handle is None:
            raise ValueError("no account is configured")
        from connectors.x.api import Api  # noqa: PLC0415 - tweepy is slow to import

        self.handle = settings.handle
        self.budget = settings.budget
        self.clock = wiring.clock
        self.api = Api(settings, wiring)
        self.app = App(settings.api, settings.bearer_token, wiring)
        self.meter = meter_of(settings.budget, wiring)
        self.known_id = settings.owner_id
        self._me: Me | None = None
        self._asking = asyncio.Lock()

    async def me(self) -> Me:
        """Raises: Unavailable, Unauthorized (also: somebody else's)."""
        async with self._asking:
            if self._me is None:
                me = await self.verified()
                if not self.is_handle_of(me):
                    whose = f"the access token is that of @{me.username}, and @{self.handle} is configured"
                    raise Unauthorized(f"{whose}; nothing is done with it")
                self._me, self.known_id = me, me.id
            return self._me

    async def verified(self) -> Me:
        """Whoever it is. https://docs.x.com/x-api/users/get-my-user"""
        async with self.meter.holding(self.budget.price_per_user):
            me = (await self.api.read(ME, {}, Meet)).data
            await self.meter.add(_SOURCE, self.budget.price_per_user)
        return me

    def is_handle_of(self, me: Me) -> bool:
        return self.handle == me.username.lower()


def own_account(settings: AccountSettings, wiring: Wiring) -> Own:
    """The one that all sides share."""
    if _SHARED not in wiring.shared:
        wiring.shared[_SHARED] = Own(settings, wiring)
    own: Own = wiring.shared[_SHARED]
    return own


def shared_account(wiring: Wiring) -> Own | None:
    """None: no account is configured."""
    return wiring.shared.get(_SHARED)
