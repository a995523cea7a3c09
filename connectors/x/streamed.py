"""What people say about the brands, as it is said: the filtered stream, for the words that are watched.

`GET /2/tweets/search/stream` (https://docs.x.com/x-api/posts/filtered-stream/introduction), with the app's
bearer token: one connection, 50 of them made in 15 minutes, 250 posts a second, each paid for. It only
pushes: what was said while there was no connection is searched for, and so is what the index did not have
yet. What both tell is told once. (`backfill_minutes` would do it for enterprise plans.) Terms:
https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.cursors import readable
from bot.errors import Unauthorized, Unavailable
from bot.model import Batch, Cursor
from connectors.x.budget import PLATFORM
from connectors.x.ids import cursor, first_id, last_of, moment
from connectors.x.own import shared_account
from connectors.x.reconnects import Reconnects
from connectors.x.rules_in_step import RulesInStep
from connectors.x.search import LAG, NAME, SearchSource, Settings
from connectors.x.stream import ending, frame_of, opened
from connectors.x.stream_position import MARGIN, Position
from connectors.x.tweets import FIELDS, post_of, tweet_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from datetime import datetime

    from bot.model import Post
    from bot.ports import Watch, Wiring
    from connectors.x.own import Me, Own
    from connectors.x.stream import Lines, Problem
    from connectors.x.tweets import Tweet

STREAM = "/2/tweets/search/stream"
TELLS_EVERY = 5.0
FILLS_AGAIN = 60.0
"""Seconds after which the index has what was said before the stream stood."""
NO_WORDS = timedelta(minutes=1)


class StreamedSearch:
    """`bot.ports.Source`, a stream with a search behind it."""

    name = NAME
    platform = PLATFORM
    is_stream = True

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._wiring, self._clock = wiring, wiring.clock
        self._search = SearchSource(settings, wiring)
        self._reconnects = Reconnects(wiring.clock)
        self._rules: RulesInStep | None = None
        self._reached = 0
        """Up to here everything was told since the program began, also where nobody said anything."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncGenerator[Batch, None]:
        own = shared_account(self._wiring)
        if own is None:
            raise Unauthorized("X is read in the name of an account: docs/connectors/x.md tells how")
        with readable(NAME, self._clock.now()):
            position = Position.of(after or cursor(first_id(self._clock.now())))
        me = await own.me()
        await own.meter.room(own.budget.price_per_post_read, 1)
        rules = self._rules = self._rules or RulesInStep(own.app, own.handle)
        rules.forget()
        await self._keep(rules, watch)
        reading = Reading(own, me, watch, rules, self._search)
        reading.position = position.filled(self._reached)
        async with opened(own.app, self._wiring, STREAM, FIELDS, self._reconnects) as lines:
            yield Batch(cursor=position.text) if after is None else Batch()
            async with aclosing(reading.batches(lines)) as batches:
                async for batch in batches:
                    reached = reading.reached
                    yield batch
                    self._reached = max(self._reached, reached)
                    await self._keep(rules, watch)

    async def _keep(self, rules: RulesInStep, watch: Watch) -> None:
        """Where nothing is watched, nothing is asked for. Raises: Unavailable, Refused."""
        words = getattr(watch, "words", ())
        if not rules.of(words):
            message = "no word is watched on X, so there is nothing to stream"
            raise Unavailable(message, retry_after=NO_WORDS, unsent=True)
        await rules.keep(words)


class Reading:
    """What one connection tells, and what the search fills in."""

    def __init__(self, own: Own, me: Me, watch: Watch, rules: RulesInStep, search: SearchSource) -> None:
        self._own, self._me, self._watch = own, me, watch
        self._rules, self._search, self._clock = rules, search, own.clock
        self.position = Position(since=0)
        self._due = self._clock.monotonic()
        self._last = self._due + FILLS_AGAIN
        self._is_filled = False

    @property
    def reached(self) -> int:
        """Up to which id everything was told."""
        late = first_id(self._clock.now() - MARGIN) if self._is_filled else 0
        return max(self.position.since, late)

    async def batches(self, lines: Lines) -> AsyncGenerator[Batch, None]:
        """Until the stream ends. Raises: Unavailable, Refused."""
        while True:
            async with aclosing(self._filled()) as found:
                async for batch in found:
                    yield batch
            heap = await lines.take(TELLS_EVERY)
            if heap is None:
                return
            batch, problem = await self._told(heap)
            yield batch
            if problem is not None:
                raise ending(problem, self._own.app.host)
            await self._own.meter.room(self._own.budget.price_per_post_read, 1)

    async def _filled(self) -> AsyncGenerator[Batch, None]:
        """What was said before the stream stood, as far as it was not told: at once as far as the index goes,
        and once more when it has the rest. While it cannot be asked, the stream goes on.
        """
        if self._is_filled or self._clock.monotonic() < self._due:
            return
        began = self._clock.now()
        watch = Unheard(self._watch, self.position.told)
        found = self._search.read(cursor(self.position.since), watch)
        try:
            async with aclosing(found):  # type: ignore[type-var]
                async for batch in found:
                    yield self._behind(batch)
        except Unavailable as error:
            wait = error.retry_after.total_seconds() if error.retry_after else FILLS_AGAIN
            self._due = self._clock.monotonic() + wait
            return
        self._is_filled = self._clock.monotonic() >= self._last
        self._due = self._last
        if self._is_filled:
            self.position = self.position.filled(first_id(began - LAG)).settled()

    def _behind(self, batch: Batch) -> Batch:
        """The same, with our position."""
        if batch.cursor is None:
            return batch
        self.position = self.position.filled(last_of(batch.cursor))
        return replace(batch, cursor=self.position.text, observed_to=self._observed_to)

    async def _told(self, heap: list[bytes]) -> tuple[Batch, Problem | None]:
        """What these lines are, once it is paid for."""
        tweets: dict[int, Tweet] = {}
        strange = bought = 0
        problem = None
        for line in heap:
            frame = frame_of(line)
            if frame is None:
                strange += 1
                continue
            problem = problem or frame.problem
            if not frame.data:
                continue
            bought += 1
            tweet = tweet_of(bytes(frame.data))
            if tweet is None:
                strange += 1
            elif self._rules.fits(frame.matching_rules):
                tweets[int(tweet.id)] = tweet
        await self._own.meter.add(NAME, self._own.budget.price_per_post_read, bought)
        return self._batch(tweets, bought, strange), problem

    def _batch(self, tweets: dict[int, Tweet], bought: int, strange: int) -> Batch:
        """Each post once, oldest first; our own are passed over."""
        fresh = [tweets[one] for one in sorted(tweets.keys() - self.position.told)]
        theirs = [one for one in fresh if not one.is_retweet and one.author_id != self._me.id]
        self.position = self.position.telling(tweets)
        if self._is_filled:
            self.position = self.position.settled()
        return Batch(
            posts=tuple(self._wanted(theirs)),
            cursor=self.position.text if tweets else None,
            seen=bought + strange,
            posts_seen=len(theirs),
            undecodable=strange,
            observed_to=self._observed_to,
        )

    def _wanted(self, tweets: Iterable[Tweet]) -> Iterable[Post]:
        handle, now = self._me.username.lower(), self._clock.now()
        posts = (post_of(one, now, handle=handle, our_id=self._me.id) for one in tweets)
        return (post for post in posts if self._watch.wants(post.searchable, post.author_id, post.refs))

    @property
    def _observed_to(self) -> datetime:
        return min(moment(self.reached), self._clock.now())


class Unheard:
    """A watch that wants nothing of what the stream has told."""

    def __init__(self, watch: Watch, told: frozenset[int]) -> None:
        self._watch, self._told = watch, told
        self.words: tuple[str, ...] = getattr(watch, "words", ())

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        ids = tuple(refs)
        return int(ids[0]) not in self._told and self._watch.wants(text, author_id, ids)
