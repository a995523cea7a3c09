"""What people say to the account: posts that name it, its own mentions, as X keeps them for it.

`GET /2/users/:id/mentions` (https://docs.x.com/x-api/users/get-mentions), polled: 300 requests in 15
minutes, a hundred posts each, the newest 800; as an owned read a post costs a fifth of what it does in a
search. All pages are read down to what was read before, and given out oldest first. Reposts and the
account's own posts are left out. Terms: https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Batch, Cursor, Gap
from connectors.x.budget import PLATFORM
from connectors.x.giving import batches, since_of
from connectors.x.ids import cursor_at
from connectors.x.own import own_account
from connectors.x.pages import List, Walk, walk_down

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.ports import Watch, Wiring
    from connectors.x.account import AccountSettings

NAME = "x-mentions"
KEPT = 800
"""So many mentions X keeps for an account; what lies below them is a gap."""


class MentionsSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._settings = settings
        self._own = own_account(settings, wiring)
        self._clock = wiring.clock
        self._walk: Walk | None = None
        self.poll_every = settings.every

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        if after is None:
            yield Batch(cursor=cursor_at(self._clock.now()))
            return
        own = self._own
        since = since_of(after, NAME, self._clock.now())
        me = await own.me()
        walk = self._begun(since)
        listed = List(
            path=f"/2/users/{me.id}/mentions", source=NAME, price=self._settings.budget.price_per_owned_read
        )
        await walk_down(own, walk, listed, {})
        self._walk = None
        gap = self._overflow(walk) if walk.seen >= KEPT else None
        for batch in batches(walk, me, watch, self._clock.now(), gap):
            yield batch

    def _begun(self, since: int) -> Walk:
        """The walk that was interrupted, or a new one."""
        if self._walk is None or self._walk.since != since:
            self._walk = Walk(since)
        return self._walk

    def _overflow(self, walk: Walk) -> Gap:
        now = self._clock.now()
        oldest = min((one.created_at for one in walk.tweets.values()), default=now)
        return Gap(source=NAME, started_at=oldest, ended_at=oldest, reason="overflow")
