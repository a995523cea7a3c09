"""What people say to the account: posts that name it, its own mentions, as X keeps them for it.

`GET /2/users/:id/mentions` (https://docs.x.com/x-api/users/get-mentions), polled: 300 requests in 15
minutes, a hundred posts each, the newest 800; as an owned read a post costs a fifth of what it does in a
search. All pages are read down to what was read before, and given out oldest first. Reposts and the
account's own posts are left out. Terms: https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bot.errors import CursorLost
from bot.model import Batch, Cursor, Gap
from connectors.x.budget import PLATFORM
from connectors.x.ids import cursor, cursor_at, last_of
from connectors.x.own import own_account
from connectors.x.pages import List, Walk, walk_down
from connectors.x.tweets import post_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.model import Post
    from bot.ports import Watch, Wiring
    from connectors.x.account import AccountSettings
    from connectors.x.own import Me
    from connectors.x.tweets import Tweet

NAME = "x-mentions"
KEPT = 800
"""So many mentions X keeps for an account; what lies below them is a gap."""
_AT_ONCE = 500


class MentionsSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._settings, self._wiring = settings, wiring
        self._clock = wiring.clock
        self._walk: Walk | None = None
        self.poll_every = settings.every

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        if after is None:
            yield Batch(cursor=cursor_at(self._clock.now()))
            return
        own = own_account(self._settings, self._wiring)
        me, since = await own.me(), self._since(after)
        walk = self._begun(since)
        listed = List(
            path=f"/2/users/{me.id}/mentions", source=NAME, price=self._settings.budget.price_per_owned_read
        )
        await walk_down(own, walk, listed, {})
        self._walk = None
        for batch in self._batches(walk, me, watch):
            yield batch

    def _begun(self, since: int) -> Walk:
        """The walk that was interrupted, or a new one."""
        if self._walk is None or self._walk.since != since:
            self._walk = Walk(since)
        return self._walk

    def _batches(self, walk: Walk, me: Me, watch: Watch) -> Iterator[Batch]:
        tweets = walk.oldest_first
        gap = self._overflow(walk) if walk.seen >= KEPT else None
        strange, left = walk.strange, iter(tweets)
        while (piece := list(islice(left, _AT_ONCE))) or strange or gap:
            ours = [one for one in piece if not one.is_retweet and one.author_id != me.id]
            is_last = not piece or piece[-1] is tweets[-1]
            yield Batch(
                posts=self._wanted(ours, me, watch),
                cursor=cursor(max(walk.newest, walk.since) if is_last else int(piece[-1].id)),
                seen=len(piece) + strange,
                posts_seen=len(ours),
                undecodable=strange,
                gap=gap,
            )
            strange, gap = 0, None

    def _wanted(self, tweets: list[Tweet], me: Me, watch: Watch) -> tuple[Post, ...]:
        now = self._clock.now()
        posts = (post_of(one, now, handle=me.username.lower(), our_id=me.id) for one in tweets)
        return tuple(post for post in posts if watch.wants(post.searchable, post.author_id, post.refs))

    def _overflow(self, walk: Walk) -> Gap:
        now = self._clock.now()
        oldest = min((one.created_at for one in walk.tweets.values()), default=now)
        return Gap(source=NAME, started_at=oldest, ended_at=oldest, reason="overflow")

    def _since(self, after: Cursor) -> int:
        try:
            return last_of(after)
        except ValueError as error:
            now = self._clock.now()
            gap = Gap(source=NAME, started_at=now, ended_at=now, reason="cursor_unreadable")
            raise CursorLost(f"the stored position of {NAME} cannot be read", gap) from error
