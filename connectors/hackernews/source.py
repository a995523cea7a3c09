"""Hacker News, all of it, through Algolia's search: no account needed.

https://hn.algolia.com/api: `search_by_date` without a query gives stories and comments, newest first. We ask
for everything that was written (some 20 items a minute) and match ourselves: so words are matched exactly,
answers to what we hold and posts by a brand's account are seen, and one request a minute does, however many
words there are. Limits: 10,000 requests an hour per address; at most 1,000 hits a query
(https://github.com/algolia/hn-search/issues/230), so that a longer past is read in windows of time. Terms:
public data, no account; there is no way to write, so a card leads to the site. Edits and deletions are not
told by the search.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from bot import duration
from bot.cursors import readable
from bot.model import Batch, Cursor, Gap
from bot.refusals import place, refusal, retry_after
from connectors.hackernews.hits import FIELDS, NAME, PLATFORM, Hit, Page, at, page_of, post_of, sorted_out
from connectors.hackernews.position import Position
from connectors.hackernews.windows import MOST_HITS, Windows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from bot.model import Post
    from bot.ports import Watch, Wiring

MAX_BODY_BYTES = 50_000_000
"""A body has at most 32,768 characters (Item in hn-search); a thousand of the usual ones are 2 MB."""
_ASK_SECONDS = 20.0


def _web(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ValueError("write it like https://hn.algolia.com/api/v1")
    return value.rstrip("/")


_Duration = Annotated[timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("1s"))]


class Settings(BaseModel):
    """`sources.hackernews`.

    `every`: how often it is asked. `overlap`: how far each reading goes back behind the newest item read
    before, because the index finds some items late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_web)] = "https://hn.algolia.com/api/v1"
    every: _Duration = timedelta(minutes=1)
    overlap: _Duration = timedelta(minutes=10)


class HackerNewsSource:
    """`bot.ports.Source` over the search, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._url = f"{settings.url}/search_by_date"
        self._margin = int(settings.overlap.total_seconds())
        self._http, self._clock = wiring.http, wiring.clock
        self.poll_every = settings.every
        self._counted: dict[str, int] = {}
        """What of the margin was counted, and when it was written: it is read over and over."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        if after is None:
            if newest := await self._newest():
                yield newest
            return
        position = self._position(after)
        windows, has_more = Windows(position.since), True
        while has_more:
            page = await self._page(windows.since, windows.until)
            hits, strange = sorted_out(page.hits)
            if windows.must_narrow(hits, page.total, len(page.hits)):
                continue
            posts = self._wanted(hits, position, watch)
            newest_at = min(max((hit.created_at_i for hit in hits), default=0), self._now())
            found = {post.id: int(post.posted_at.timestamp()) for post in posts}
            seen = self._count((hit for hit in hits if hit.id not in position.found), strange)
            position = position.moved(newest_at, found, self._margin)
            self._counted = {name: when for name, when in self._counted.items() if when >= position.since}
            if posts or any(seen) or windows.gap:
                yield batch(posts, position, seen, newest_at, windows.gap)
            has_more = windows.go_on()

    async def _newest(self) -> Batch | None:
        """The newest item is where "from now on" begins."""
        hits, _ = sorted_out((await self._page(0, None, most=1)).hits)
        if not hits:
            return None
        seconds = min(hits[0].created_at_i, self._now())
        return batch((), Position(since=seconds, found={hits[0].id: seconds}), (1, 0), seconds)

    async def _page(self, since: int, until: int | None, *, most: int = MOST_HITS) -> Page:
        """What was written in [since, until). Raises: Unavailable, Refused."""
        query = page_query(since, until, most)
        async with self._http.request("GET", self._url, params=query, timeout=_ASK_SECONDS) as response:
            where = place(response.url)
            if response.status != 200:
                wait = retry_after(response.headers, self._clock.now())
                raise refusal(response.status, where, wait=wait)
            return page_of(await self._http.read(response, limit=MAX_BODY_BYTES), where)

    def _wanted(self, hits: Iterable[Hit], position: Position, watch: Watch) -> tuple[Post, ...]:
        now = self._clock.now()
        new = (post_of(hit, now) for hit in hits if hit.id not in position.found)
        return tuple(post for post in new if watch.wants(post.searchable, post.author_id, post.refs))

    def _count(self, new: Iterable[Hit], strange: Iterable[str]) -> tuple[int, int]:
        """How many posts and unreadable rows were not counted before."""
        posts = {hit.id: hit.created_at_i for hit in new if hit.id not in self._counted}
        rows = dict.fromkeys((name for name in strange if name not in self._counted), self._now())
        self._counted |= posts | rows
        return len(posts), len(rows)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())

    def _position(self, after: Cursor) -> Position:
        with readable(NAME, self._clock.now()):
            return Position.of(after)


def page_query(since: int, until: int | None, most: int) -> dict[str, str]:
    """The query of [since, until)."""
    filters = [f"created_at_i>={since}", *([f"created_at_i<{until}"] if until is not None else [])]
    return {
        "tags": "(story,comment)",
        "numericFilters": ",".join(filters),
        "hitsPerPage": str(most),
        "attributesToRetrieve": FIELDS,
        "attributesToHighlight": "",
    }


def batch(
    posts: tuple[Post, ...], position: Position, counted: tuple[int, int], newest: int, gap: Gap | None = None
) -> Batch:
    """`counted`: posts and unreadable rows. `newest`: 0 where there was no item."""
    return Batch(
        posts=posts,
        cursor=position.text,
        seen=sum(counted),
        posts_seen=counted[0],
        undecodable=counted[1],
        gap=gap,
        observed_to=at(newest) if newest else None,
    )
