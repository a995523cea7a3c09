"""What people say about the brands: the recent search, for the words that are watched.

`GET /2/tweets/search/recent` (https://docs.x.com/x-api/posts/search-recent-posts), polled: seven days, a
hundred posts a page, 300 requests in 15 minutes, in the name of the account. It is an index that lags a
little: so the newest half minute is left for the next reading. Each post is paid for. Terms:
https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from bot import duration
from bot.errors import Unauthorized
from bot.model import Batch, Cursor, Gap
from connectors.x.budget import PLATFORM
from connectors.x.giving import batches, since_of
from connectors.x.ids import cursor_at, first_id, moment
from connectors.x.own import shared_account
from connectors.x.pages import List, Walk, walk_down
from connectors.x.query import queries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.ports import Watch, Wiring

NAME = "x"
LAG = timedelta(seconds=30)
KEPT = timedelta(days=7) - timedelta(minutes=10)
LEAST = 10
PATH, TOKEN = "/2/tweets/search/recent", "next_token"


class Settings(BaseModel):
    """`sources.x`: `every`: how often is searched. `stream`: X pushes what it finds, and the search
    only fills the holes between two connections.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Annotated[timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("10s"))] = (
        timedelta(minutes=5)
    )
    stream: bool = False


class SearchSource:
    """`bot.ports.Source`, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._wiring, self._clock = wiring, wiring.clock
        self._begun: tuple[int, dict[str, Walk]] = (0, {})
        self._looked_to = 0
        self.poll_every = settings.every

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        now = self._clock.now()
        if after is None:
            yield Batch(cursor=cursor_at(now - LAG))
            return
        own = shared_account(self._wiring)
        if own is None:
            raise Unauthorized("X is searched in the name of an account: docs/connectors/x.md tells how")
        since = since_of(after, NAME, now)
        from_id = max(since, first_id(now - KEPT))
        me = await own.me()
        listed = List(
            path=PATH,
            source=NAME,
            price=own.budget.price_per_post_read,
            least=LEAST,
            token_name=TOKEN,
        )
        walks = self._walks(since, from_id, queries(getattr(watch, "words", ()), own.handle))
        for query, walk in walks.items():
            await walk_down(own, walk, listed, {"query": query})
        self._begun = (0, {})
        gap = self._missed(since, from_id)
        self._looked_to = first_id(now - LAG)
        for batch in batches(_merged(since, walks), me, watch, now, gap):
            yield batch

    def _missed(self, since: int, from_id: int) -> Gap | None:
        """What X keeps no more, unless we looked meanwhile: where nobody said anything the position stays."""
        if max(since, self._looked_to) >= from_id:
            return None
        return Gap(source=NAME, started_at=moment(since), ended_at=moment(from_id), reason="overflow")

    def _walks(self, since: int, from_id: int, asked: tuple[str, ...]) -> dict[str, Walk]:
        """By query: those that were interrupted, or new ones, all up to the same time."""
        begun, walks = self._begun
        if begun != since or tuple(walks) != asked:
            until = first_id(self._clock.now() - LAG)
            walks = {query: Walk(from_id, oldest=until) for query in asked}
            self._begun = (since, walks)
        for walk in walks.values():  # it may have waited for money so long that X would refuse the old id
            walk.since = max(walk.since, from_id)
            walk.is_done = walk.is_done or walk.oldest <= walk.since + 1
        return walks


def _merged(since: int, walks: dict[str, Walk]) -> Walk:
    """A post that several queries found is one."""
    whole = Walk(since)
    for walk in walks.values():
        whole.tweets |= walk.tweets
        whole.strange += walk.strange
        whole.newest = max(whole.newest, walk.newest)
    return whole
