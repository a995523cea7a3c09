"""What people write to the account in private, and what it answers them there: X's direct messages, polled.

`GET /2/dm_events` (https://docs.x.com/x-api/direct-messages/get-dm-events), as the account: 30 days, newest
first. X takes no "since" there, and each message costs: so the newest one alone is asked for first, which
costs nothing more on the same day (UTC), and only when it is a new one those before it. Groups are left out;
nothing is marked as read. Limits: 15 requests in 15 minutes. Terms: https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from bot.model import Batch, Cursor, Gap
from connectors.x.budget import PLATFORM
from connectors.x.giving import since_of
from connectors.x.ids import cursor, cursor_at, moment
from connectors.x.messages import FIELDS, Message, id_of, message_of, post_of
from connectors.x.own import own_account

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import date, datetime

    from bot.model import Post
    from bot.ports import Watch, Wiring
    from connectors.x.account import AccountSettings
    from connectors.x.own import Me, Own

NAME = "x-messages"
EVENTS = "/2/dm_events"
KEPT = timedelta(days=30)
SELDOM = timedelta(minutes=2)
"""A reading may take two requests, and more when much is new."""
FIRST_PAGE, PAGE = 10, 100
_AT_ONCE = 500


class Meta(msgspec.Struct, frozen=True):
    next_token: str = ""


class Page(msgspec.Struct, frozen=True):
    """Without `meta` it is no page."""

    meta: Meta
    data: list[msgspec.Raw] = []


@dataclass
class Walk:
    """Down to what was read before. `strange` could not be read; `newest` of all that was seen."""

    since: int
    found: dict[int, Message] = field(default_factory=dict)
    strange: int = 0
    newest: int = 0
    size: int = FIRST_PAGE
    token: str = ""
    is_done: bool = False

    def take(self, page: Page) -> None:
        self.is_done = page.meta.next_token in {"", self.token}
        self.token, self.size = page.meta.next_token, PAGE
        for raw in page.data:
            number, message = id_of(bytes(raw)), message_of(bytes(raw))
            if number is not None and number <= self.since:
                self.is_done = True
            elif message is None or number is None:
                self.strange += 1
            else:
                self.found[number] = message
            self.newest = max(self.newest, number or 0)

    @property
    def is_empty(self) -> bool:
        return not self.found and not self.strange


@dataclass
class Purchase:
    """What was paid for on a day (UTC) is not paid for again: https://docs.x.com/x-api/getting-started/pricing."""

    source: str
    day: date | None = None
    ids: set[str] = field(default_factory=set)

    def add(self, ids: list[str], day: date) -> int:
        """How many are new on that day."""
        if day != self.day:
            self.day, self.ids = day, set()
        fresh = set(ids) - self.ids
        self.ids |= fresh
        return len(fresh)


class MessagesSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False
    cursor_at = staticmethod(cursor_at)

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._settings = settings
        self._own = own_account(settings, wiring)
        self._clock = wiring.clock
        self._purchase = Purchase(NAME)
        self._walk: Walk | None = None
        """One that was interrupted."""
        self.poll_every = max(settings.every, SELDOM)

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        if after is None:
            yield Batch(cursor=cursor_at(self._clock.now()))
            return
        me = await self._own.me()
        since = since_of(after, NAME, self._clock.now())
        if self._walk is None or self._walk.since != since:
            newest = Walk(since, size=1)
            newest.take(await self._page(newest))
            if newest.is_empty:
                return
            self._walk = Walk(since)
        walk = self._walk
        while not walk.is_done:
            walk.take(await self._page(walk))
        self._walk = None
        for batch in self._batches(walk, me, watch):
            yield batch

    async def _page(self, walk: Walk) -> Page:
        """The next one; it is paid for when this returns."""
        query = {**FIELDS, "max_results": str(walk.size)}
        query |= {"pagination_token": walk.token} if walk.token else {}
        return await read_page(self._own, EVENTS, query, self._purchase)

    def _batches(self, walk: Walk, me: Me, watch: Watch) -> Iterator[Batch]:
        """Oldest first, a little at a time."""
        now = self._clock.now()
        gap = self._missed(walk.since, now - KEPT)
        strange, left = walk.strange, iter(sorted(walk.found))
        while (piece := list(islice(left, _AT_ONCE))) or strange or gap:
            posts = [post_of(walk.found[one], now, me.id) for one in piece]
            wanted = tuple(one for one in posts if one is not None and _is_wanted(one, watch))
            yield Batch(
                posts=wanted,
                cursor=cursor(max(walk.newest, walk.since) if len(piece) < _AT_ONCE else piece[-1]),
                seen=len(piece) + strange,
                posts_seen=sum(one is not None for one in posts),
                undecodable=strange,
                gap=gap,
            )
            strange, gap = 0, None

    def _missed(self, since: int, kept_from: datetime) -> Gap | None:
        began = moment(since)
        if began >= kept_from:
            return None
        return Gap(source=NAME, started_at=began, ended_at=kept_from, reason="overflow")


def _is_wanted(post: Post, watch: Watch) -> bool:
    return watch.wants(post.searchable, post.author_id, post.refs)


async def read_page(
    own: Own, path: str, query: dict[str, str], purchase: Purchase, *, is_reading: bool = True
) -> Page:
    """One page of messages. Raises: Unavailable, Refused."""
    price = own.budget.price_per_message_read
    async with own.meter.holding(price, int(query["max_results"]), is_reading=is_reading) as room:
        page = await own.api.read(path, {**query, "max_results": str(room)}, Page)
        day = own.clock.now().astimezone(UTC).date()
        count = purchase.add([str(id_of(bytes(raw))) for raw in page.data], day)
        await own.meter.add(purchase.source, price, count)
    return page
