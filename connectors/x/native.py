"""What the account itself says on X, also in X's own app: so that an answer given there ends the wait.

`GET /2/users/:id/tweets` (https://docs.x.com/x-api/users/get-posts), polled: 900 requests in 15 minutes, a
hundred posts each, the newest 3200; an owned read. It is read only while somebody waits for an answer, and
no further down than the oldest of those questions: an answer is never older. Reposts are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Batch, Cursor, Gap
from connectors.x.budget import PLATFORM
from connectors.x.giving import since_of
from connectors.x.ids import cursor, cursor_at, first_id
from connectors.x.own import own_account
from connectors.x.pages import List, Walk, walk_down
from connectors.x.tweets import post_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from bot.ports import Watch, Wiring
    from connectors.x.account import AccountSettings
    from connectors.x.own import Me

NAME = "x-own"
KEPT = 3200
"""So many of its own posts X keeps for an account; what lies below them is a gap."""


class OwnPostsSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._price = settings.budget.price_per_owned_read
        self._own = own_account(settings, wiring)
        self._clock, self._waits_since = wiring.clock, wiring.waits_since
        self._walk: Walk | None = None
        self.poll_every = settings.own_every

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        now = self._clock.now()
        if after is None:
            yield Batch(cursor=cursor_at(now))
            return
        since = since_of(after, NAME, now)
        asked_at = await self._waits_since(PLATFORM)
        if asked_at is None:
            self._walk = None
            return
        me = await self._own.me()
        walk = self._begun(max(since, first_id(asked_at) - 1))
        listed = List(path=f"/2/users/{me.id}/tweets", source=NAME, price=self._price)
        await walk_down(self._own, walk, listed, {"exclude": "retweets"})
        self._walk = None
        if walk.newest > since:
            yield self._batch(walk, me, watch)

    def _begun(self, since: int) -> Walk:
        """The walk that was interrupted, or a new one."""
        if self._walk is None or self._walk.since != since:
            self._walk = Walk(since)
        return self._walk

    def _batch(self, walk: Walk, me: Me, watch: Watch) -> Batch:
        now, tweets = self._clock.now(), walk.oldest_first
        ours = [one for one in tweets if not one.is_retweet]
        posts = (post_of(one, now, handle=me.username.lower(), our_id=me.id) for one in ours)
        return Batch(
            posts=tuple(post for post in posts if watch.wants(post.searchable, post.author_id, post.refs)),
            cursor=cursor(walk.newest),
            seen=walk.seen,
            posts_seen=len(ours),
            undecodable=walk.strange,
            gap=_below(tweets[0].created_at) if tweets and walk.seen >= KEPT else None,
        )


def _below(oldest: datetime) -> Gap:
    return Gap(source=NAME, started_at=oldest, ended_at=oldest, reason="overflow")
