"""What people say to the account: posts that name it, its own mentions, as X keeps them for it.

`GET /2/users/:id/mentions` (https://docs.x.com/x-api/users/get-mentions), polled: 300 requests in 15
minutes, a hundred posts each, the newest 800; as an owned read a post costs a fifth of what it does in a
search. It is read on at once for as long as whole pages come, down to what was read before, and given out
oldest first; what fell out of the list meanwhile is searched for (`connectors.x.stretches`). Reposts and the
account's own posts are left out. Terms: https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BotError
from bot.model import Batch, Cursor
from connectors.x.budget import PLATFORM
from connectors.x.giving import batches, since_of
from connectors.x.ids import cursor_at
from connectors.x.own import own_account
from connectors.x.pages import List
from connectors.x.stretches import NAME, Stretches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.ports import Watch, Wiring
    from connectors.x.account import AccountSettings
    from connectors.x.own import Me


class MentionsSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._settings = settings
        self._own = own_account(settings, wiring)
        self._clock = wiring.clock
        self._stretches: Stretches | None = None
        self.poll_every = settings.every

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        if after is None:
            yield Batch(cursor=cursor_at(self._clock.now()))
            return
        since = since_of(after, NAME, self._clock.now())
        me = await self._own.me()
        stretches = self._begun(since, me)
        goes_on, failed = True, None
        while goes_on:
            try:
                goes_on = await stretches.read_on()
            except BotError as error:  # what was read before that is whole is given out all the same
                goes_on, failed = False, error
            while (stretch := await stretches.next(self._clock.now())) is not None:
                for batch in batches(stretch.walk, me, watch, self._clock.now(), stretch.gap):
                    yield batch
                stretches.done(stretch)
        if failed is not None:
            raise failed

    def _begun(self, since: int, me: Me) -> Stretches:
        """What was held back or interrupted, unless the position is another one."""
        if self._stretches is None or self._stretches.since != since:
            price = self._settings.budget.price_per_owned_read
            listed = List(path=f"/2/users/{me.id}/mentions", source=NAME, price=price)
            self._stretches = Stretches(self._own, since, listed)
        return self._stretches
