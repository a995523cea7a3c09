"""A stream of X with a list behind it: what is pushed, what is filled in, and where reading stands.

A stream only pushes. So a list of the same is read when the stream stands, and once more a minute later, when
it has what was said at that time; what both tell is told once. What is pushed is paid for before it is told,
and the stream ends when there is no money for more. Knows neither address nor form of any stream.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from bot.errors import Unavailable
from bot.model import Batch
from connectors.x.ids import cursor, first_id, last_of, moment
from connectors.x.search import LAG
from connectors.x.stream import ending, frame_of
from connectors.x.stream_position import MARGIN, Position
from connectors.x.tweets import post_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from datetime import datetime
    from decimal import Decimal

    from bot.model import Post
    from bot.ports import Source, Watch
    from connectors.x.own import Me, Own
    from connectors.x.stream import Frame, Lines, Problem
    from connectors.x.tweets import Tweet

TELLS_EVERY = 5.0
FILLS_AGAIN = 60.0
"""Seconds after which a list has what was said before the stream stood."""
LISTED_AT_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a message of a stream is: a `tweet`, or (`post`) something that has its place elsewhere.

    `price`: what it costs; None: nothing. `is_strange`: it could not be read.
    """

    price: Decimal | None = None
    tweet: Tweet | None = None
    post: Post | None = None
    is_strange: bool = False


class Stream(Protocol):
    """`least`: there must be so much money for one thing more."""

    @property
    def least(self) -> Decimal: ...

    def heard(self, frame: Frame) -> Heard:
        """What a message with something in it is. Pure."""
        ...


class Reading:
    """What one connection tells, and what a `list_` of the same fills in."""

    def __init__(self, own: Own, me: Me, watch: Watch, stream: Stream, list_: Source) -> None:
        self._own, self._me, self._watch = own, me, watch
        self._stream, self._list, self._clock = stream, list_, own.clock
        self.position = Position(since=0)
        self._due = self._clock.monotonic()
        self._last = self._due + FILLS_AGAIN
        self._is_filled = False
        self._was_cut = False
        """A list goes on where it was interrupted: what it has got since then is the next reading's."""
        self._listed: OrderedDict[int, None] = OrderedDict()
        """What the list told, which the stream may tell late."""

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
            await self._own.meter.room(self._stream.least, 1)

    async def _filled(self) -> AsyncGenerator[Batch, None]:
        """What was said before the stream stood, as far as it was not told: at once as far as the index goes,
        and once more when it has the rest. While it cannot be asked, the stream goes on.
        """
        if self._is_filled or self._clock.monotonic() < self._due:
            return
        began, began_at = self._clock.now(), self._clock.monotonic()
        watch = Unheard(self._watch, self.position.told)
        found = self._list.read(cursor(self.position.since), watch)
        try:
            async with aclosing(found):  # type: ignore[type-var]
                async for batch in found:
                    self._note(batch)
                    yield self._behind(batch)
        except Unavailable as error:
            wait = error.retry_after.total_seconds() if error.retry_after else FILLS_AGAIN
            self._due = self._clock.monotonic() + wait
            self._was_cut = True
            return
        self._is_filled = began_at >= self._last and not self._was_cut
        self._due, self._was_cut = self._last, False
        if self._is_filled:
            self.position = self.position.filled(first_id(began - LAG)).settled()

    def _note(self, batch: Batch) -> None:
        self._listed.update((int(post.id), None) for post in batch.posts)
        while len(self._listed) > LISTED_AT_MOST:
            self._listed.popitem(last=False)

    def _behind(self, batch: Batch) -> Batch:
        """The same, with our position."""
        if batch.cursor is None:
            return batch
        self.position = self.position.filled(last_of(batch.cursor))
        return replace(batch, cursor=self.position.text, observed_to=self._observed_to)

    async def _told(self, heap: list[bytes]) -> tuple[Batch, Problem | None]:
        """What these lines are, once it is paid for."""
        heard: list[Heard] = []
        problem = None
        for line in heap:
            frame = frame_of(line)
            if frame is None:
                heard.append(Heard(is_strange=True))
                continue
            problem = problem or frame.problem
            if frame.data:
                heard.append(self._stream.heard(frame))
        for price, count in Counter(one.price for one in heard if one.price is not None).items():
            await self._own.meter.add(self._list.name, price, count)
        return self._batch(heard), problem

    def _batch(self, heard: list[Heard]) -> Batch:
        """Each post once, oldest first; our own are passed over."""
        tweets = {int(one.tweet.id): one.tweet for one in heard if one.tweet is not None}
        fresh = [tweets[one] for one in sorted(tweets.keys() - self.position.told - self._listed.keys())]
        theirs = [one for one in fresh if not one.is_retweet and one.author_id != self._me.id]
        self.position = self.position.telling(tweets)
        if self._is_filled:
            self.position = self.position.settled()
        handle, now = self._me.username.lower(), self._clock.now()
        posts = [post_of(one, now, handle=handle, our_id=self._me.id) for one in theirs]
        posts += [one.post for one in heard if one.post is not None]
        return Batch(
            posts=tuple(one for one in posts if self._watch.wants(one.searchable, one.author_id, one.refs)),
            cursor=self.position.text if tweets else None,
            seen=len(heard),
            posts_seen=len(posts),
            undecodable=sum(one.is_strange for one in heard),
            observed_to=self._observed_to,
        )

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
