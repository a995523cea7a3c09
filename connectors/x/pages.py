"""A list of posts on X, newest first, walked down to what was read before; what is read is paid for.

A walk that was interrupted (too many requests, no more money today) goes on where it stopped, below the
oldest post that it has: nothing is bought twice. https://docs.x.com/x-api/fundamentals/pagination.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bot.errors import Reason, Unavailable
from connectors.x.tweets import FIELDS, Tweet, tweet_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from connectors.x.own import Own

PAGE = 100
"""So many posts may be asked for at once."""


class Meta(msgspec.Struct, frozen=True):
    newest_id: str = ""
    oldest_id: str = ""
    next_token: str = ""


class Page(msgspec.Struct, frozen=True):
    """Without `meta` it is no page: errors may come with a 200 (partial ones beside the posts)."""

    meta: Meta
    data: list[msgspec.Raw] = []


@dataclass
class Walk:
    """`tweets` by id; `strange` could not be read. `oldest`, `newest`: of all that was seen."""

    since: int
    tweets: dict[int, Tweet] = field(default_factory=dict)
    strange: int = 0
    newest: int = 0
    oldest: int = 0
    token: str = ""
    is_done: bool = False

    @property
    def seen(self) -> int:
        return len(self.tweets) + self.strange

    def take(self, page: Page) -> None:
        for raw in page.data:
            tweet = tweet_of(bytes(raw))
            if tweet is None:
                self.strange += 1
            else:
                self._seen(int(tweet.id))
                self.tweets[int(tweet.id)] = tweet
        for told in (page.meta.newest_id, page.meta.oldest_id):
            if told.isascii() and told.isdigit() and len(told) < 20:
                self._seen(int(told))
        self.is_done = not page.meta.next_token or page.meta.next_token == self.token
        self.token = page.meta.next_token

    def _seen(self, number: int) -> None:
        self.newest = max(self.newest, number)
        self.oldest = min(self.oldest or number, number)

    @property
    def oldest_first(self) -> list[Tweet]:
        return [self.tweets[number] for number in sorted(self.tweets) if number > self.since]


@dataclass(frozen=True, kw_only=True)
class List:
    """`source`: under which name it is paid for; `is_reading`: as `Meter.room`; `least`: so many posts must
    be asked for at once.
    """

    path: str
    source: str
    price: Decimal
    is_reading: bool = True
    least: int = 5
    token_name: str = "pagination_token"  # noqa: S105 - of a page


async def walk_down(own: Own, walk: Walk, listed: List, query: Mapping[str, str]) -> None:
    """To its end. Raises: Unavailable, Refused; the walk has what was read by then."""
    walk.token = ""
    while not walk.is_done:
        price = listed.price * listed.least
        most = PAGE // listed.least
        async with own.meter.holding(price, most, is_reading=listed.is_reading) as groups:
            walk.take(await _page(own, walk, listed, {**query, "max_results": str(groups * listed.least)}))


async def _page(own: Own, walk: Walk, listed: List, query: Mapping[str, str]) -> Page:
    """The next one; it is paid for when this returns."""
    asked = {**FIELDS, **query, "since_id": str(walk.since)}
    if walk.token:
        asked[listed.token_name] = walk.token
    elif walk.oldest:
        asked["until_id"] = str(walk.oldest)
    page = await own.api.read(listed.path, asked, Page)
    await own.meter.add(listed.source, listed.price, len(page.data))
    if len(page.data) > PAGE:
        message = f"{own.api.host} answered more posts than were asked for"
        raise Unavailable(message, reason=Reason.PROTOCOL)
    return page
