"""Who somebody on X is, where that is worth its price: `bot.ports.Lookup`, and `Dear`.

`GET /2/users/:id` (https://docs.x.com/x-api/users/get-user-by-id) and `GET /2/users/by/username/:username`
(https://docs.x.com/x-api/users/get-user-by-username). A user costs twice what a found post does, and ten
times what a mention does: so only the authors of what rings are asked for, once a week, as long as the money
that is set apart for names lasts. Threads are not asked for: each post above would be paid for.
"""

from __future__ import annotations

import html
import re
from collections import OrderedDict
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Rejected, Unavailable
from bot.model import Author
from connectors.x.budget import PLATFORM
from connectors.x.own import own_account

if TYPE_CHECKING:
    from bot.model import Post
    from bot.ports import Wiring
    from connectors.x.account import AccountSettings

NAMES, ACCOUNTS = "x-names", "x-account"
FIELDS = {"user.fields": "created_at,description,public_metrics,verified"}
KEEP_SECONDS = 7 * 86_400.0
MOST = 10_000
_ID = re.compile(r"[0-9]{1,19}")
_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")


class Metrics(msgspec.Struct, frozen=True):
    followers_count: int | None = None
    following_count: int | None = None


class User(msgspec.Struct, frozen=True):
    id: str
    username: str
    name: str = ""
    description: str = ""
    created_at: datetime | None = None
    verified: bool | None = None
    public_metrics: Metrics = Metrics()


class Found(msgspec.Struct, frozen=True):
    """Who there is; without `data` there is nobody (errors come with a 200)."""

    data: User | None = None


class XLookup:
    """`bot.ports.Dear`."""

    platform = PLATFORM

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._own = own_account(settings, wiring)
        self._clock, self._budget = wiring.clock, settings.budget
        self._known: OrderedDict[str, tuple[float, Author]] = OrderedDict()
        self._asking = 0

    def known(self, author_id: str) -> Author | None:
        met_at, author = self._known.get(author_id, (0.0, None))
        return author if self._clock.monotonic() - met_at <= KEEP_SECONDS else None

    async def author(self, author_id: str) -> Author:
        if (known := self.known(author_id)) is not None:
            return known
        if not _ID.fullmatch(author_id):
            raise Rejected("that is no account on X", reason=Reason.NOT_FOUND)
        author = author_of(await self._named(author_id))
        self._known[author_id] = (self._clock.monotonic(), author)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return author

    async def resolve(self, handle: str) -> str:
        name = handle.removeprefix("@")
        if name.lower() == self._own.handle:
            return (await self._own.me()).id
        if not _HANDLE.fullmatch(name):
            raise Rejected("that is no handle on X", reason=Reason.NOT_FOUND)
        return (await self._bought(f"/2/users/by/username/{name}", ACCOUNTS)).id

    async def thread(self, post_id: str) -> tuple[Post, ...]:
        del post_id
        return ()

    async def _named(self, author_id: str) -> User:
        """From the money that is set apart for it; what others are asking for is as good as spent."""
        spent = await self._own.meter.spent_on(NAMES)
        self._asking += 1
        try:
            if spent + self._asking * self._budget.price_per_user > self._budget.names:
                message = "this month's money for names on X is spent"
                raise Unavailable(message, reason=Reason.RATE_LIMITED, unsent=True)
            return await self._bought(f"/2/users/{author_id}", NAMES)
        finally:
            self._asking -= 1

    async def _bought(self, path: str, source: str) -> User:
        """Raises: Unavailable, Refused (Rejected: there is nobody of that name)."""
        price, meter = self._budget.price_per_user, self._own.meter
        async with meter.holding(price, is_reading=True):
            user = (await self._own.api.read(path, FIELDS, Found)).data
            if user is None:
                raise Rejected("there is no such account on X", reason=Reason.NOT_FOUND)
            await meter.add(source, price)
        return user


def author_of(user: User) -> Author:
    """A missing figure is unknown, not zero."""
    return Author(
        platform=PLATFORM,
        id=user.id,
        handle=user.username,
        name=user.name or None,
        bio=html.unescape(user.description) or None,
        followers=user.public_metrics.followers_count,
        following=user.public_metrics.following_count,
        created_at=user.created_at if user.created_at and user.created_at.tzinfo else None,
        verified=user.verified,
    )


def account_lookup(account: AccountSettings, wiring: Wiring) -> XLookup | None:
    return XLookup(account, wiring) if account.signs_in else None
