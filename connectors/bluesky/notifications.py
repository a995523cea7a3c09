"""What Bluesky tells the account itself: a second source beside Jetstream, for mentions, replies and quotes.

`app.bsky.notification.listNotifications` through the account's own server
(https://docs.bsky.app/docs/api/app-bsky-notification-list-notifications), polled. It needs no words, survives
an outage for as long as the platform keeps notifications, and so fills what Jetstream has missed; posts come in
the same form with the same ids, so that what both have is one. Newest first, a hundred a page: so all pages are
read down to what was read before, and given out oldest first. Limits: 3,000 requests in five minutes for an
address. Nothing is marked as read: people may be reading the same list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot.errors import CursorLost, Reason, Unavailable
from bot.model import Batch, Cursor, Gap
from connectors.bluesky.inbox_position import Position
from connectors.bluesky.lookup import Profile
from connectors.bluesky.record import COLLECTION, PLATFORM, Origin, Pieces, authority, mended, posted_at, to_post
from connectors.bluesky.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from bot.model import Post
    from bot.ports import Watch, Wiring
    from connectors.bluesky.account import AccountSettings

NAME = "bluesky-notifications"
METHOD = "app.bsky.notification.listNotifications"
REASONS = ("mention", "reply", "quote")
PAGE = 100
MOST_PAGES = 200
"""Twenty thousand notifications: what is older than those is a gap."""
_INVALID_HANDLE = "handle.invalid"


class Row(msgspec.Struct, frozen=True):
    """A notification; of one of another kind nothing but its reason is looked at."""

    uri: str
    author: Profile
    reason: str
    record: Pieces
    indexed_at: str = msgspec.field(name="indexedAt")
    cid: str | None = None


class Page(msgspec.Struct, frozen=True):
    notifications: list[msgspec.Raw]
    cursor: str | None = None


class NotificationsSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._session = Session(settings, wiring)
        self._clock = wiring.clock
        self.poll_every = settings.every

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        position = self._position(after) if after is not None else None
        rows, strange, is_whole = await self._rows(position)
        if not rows and not strange:
            return
        now = self._clock.now()
        start = position or Position(newest_at=rows[-1].at if rows else now)
        new = [row for row in rows if row.uri not in start.found]
        posts = [post_of(row, now) for row in new] if position else []
        wanted = [post for post in posts if watch.wants(post.searchable, post.author_id, post.refs)]
        moved = start.moved(((row.uri, row.at) for row in rows), now)
        gap = None if is_whole else Gap(source=NAME, started_at=start.newest_at, ended_at=rows[0].at, reason="overflow")
        yield Batch(posts=tuple(wanted), cursor=moved.text, seen=len(new), posts_seen=len(new), undecodable=strange, gap=gap)
