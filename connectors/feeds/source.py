"""RSS and Atom feeds as a source: blogs, forums, news, Google Alerts, subreddits. No account needed.

RSS https://www.rssboard.org/rss-specification, Atom https://www.rfc-editor.org/rfc/rfc4287. Every feed is
asked for itself, when its time has come: conditionally, one at a time per host, no oftener than it wants
(`<ttl>`, `Retry-After`). One that fails is told once in the log and asked again later; the source fails only
when all of them do. Reddit answers 429 to whoever asks often or has no name of its own; we have one. Terms:
what is published to be read by programs; there is no way to answer but at the link.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.cursors import readable
from bot.errors import BotError, Rejected
from bot.model import Batch, Cursor
from connectors.feeds.entries import Document, Entry, parse
from connectors.feeds.fetching import Answer, Gone, ask
from connectors.feeds.health import Feed
from connectors.feeds.position import Position, Seen, short
from connectors.feeds.posts import NAME, PLATFORM, cleaned, post_id, post_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable
    from datetime import datetime

    from bot.model import Post
    from bot.ports import Watch, Wiring
    from connectors.feeds.settings import Settings

LOOK_EVERY = timedelta(minutes=1)
"""How often is looked which feeds are due."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A feed that could not be read, now or (`is_gone`) ever again."""

    feed: Feed
    error: BotError
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A feed that answered; `document` None: nothing changed."""

    feed: Feed
    answer: Answer
    document: Document | None = None


class FeedsSource:
    """`bot.ports.Source` over a list of feeds, polled."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._http = wiring.http.guarded(settings.allowed)
        self._clock = wiring.clock
        self._feeds = [Feed(url, settings.every, wiring.clock) for url in dict.fromkeys(settings.feeds)]
        self._keys = [feed.key for feed in self._feeds]
        self.poll_every = min(settings.every, LOOK_EVERY)

    @property
    def place(self) -> str:
        """How many of the feeds can be read."""
        sound = sum(feed.error is None for feed in self._feeds)
        every = len(self._feeds)
        return f"{every} feeds" if sound == every else f"{sound} of {every} feeds"

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        position = self._position(after)
        due = [feed for feed in self._feeds if feed.is_due]
        async with aclosing(self._all(due, position)) as every:
            async for one in every:
                if isinstance(one, Failed):
                    one.feed.failed(one.error, is_gone=one.is_gone)
                    continue
                if one.document is not None:
                    batch, position = self._batch(one.feed, one.answer, one.document, position, watch)
                    if batch is not None:
                        yield batch  # what follows runs when it is committed
                one.feed.was_read(one.answer, one.document)
        self._judge()

    async def _all(self, feeds: Iterable[Feed], position: Position) -> AsyncGenerator[Read | Failed, None]:
        """Ask several at once, but one at a time per host; each as it is done."""
        gates: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(1))
        together = asyncio.Semaphore(AT_ONCE)
        tasks = [asyncio.create_task(self._one(feed, position, gates[feed.host], together)) for feed in feeds]
        try:
            for done in asyncio.as_completed(tasks):
                yield await done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(
        self, feed: Feed, position: Position, gate: asyncio.Semaphore, together: asyncio.Semaphore
    ) -> Read | Failed:
        async with gate, together:
            try:
                answer = await ask(self._http, self._clock, feed.url, feed.validators(position))
                if answer.body is None:
                    return Read(feed=feed, answer=answer)
                document = await asyncio.to_thread(
                    parse, answer.body, content_type=answer.content_type, where=feed.name
                )
            except Gone as error:
                return Failed(feed=feed, error=Rejected(str(error)), is_gone=True)
            except BotError as error:
                return Failed(feed=feed, error=error)
        return Read(feed=feed, answer=answer, document=document)

    def _batch(
        self, feed: Feed, answer: Answer, document: Document, position: Position, watch: Watch
    ) -> tuple[Batch | None, Position]:
        """What is new in a document, and where reading stands behind it; None: nothing."""
        now = self._clock.now()
        before = position.feeds.get(feed.key)
        named = {name_of(entry, feed): entry for entry in reversed(document.entries)}
        known = before.every if before else frozenset()
        new = [entry for name, entry in named.items() if name not in known]
        if not new:
            feed.keep(before or Seen(), answer.etag, answer.modified)
            return None, position
        if known and len(new) == len(named):
            feed.overflowed()
        sound = [entry for entry in new if entry.says_something]
        fresh = sound if before else [entry for entry in sound if is_since(entry, position.at)]
        posts = sorted((post_of(entry, feed=feed.name, seen_at=now) for entry in fresh), key=_posted_at)
        seen = (before or Seen()).after(reversed(named), answer.etag, answer.modified)
        position = position.moved(feed.key, seen, at=int(now.timestamp()), keys=self._keys)
        batch = Batch(
            posts=tuple(post for post in posts if watch.wants(post.searchable, post.author_id, post.refs)),
            cursor=position.text,
            seen=len(new),
            posts_seen=len(sound),
            undecodable=len(new) - len(sound),
        )
        return batch, position

    def _judge(self) -> None:
        """Raises the error of the feed that is asked next, where every feed has one."""
        if all(feed.error for feed in self._feeds):
            raise min(self._feeds, key=lambda feed: feed.due_in).trouble()

    def _position(self, after: Cursor | None) -> Position:
        now = self._clock.now()
        if after is None:
            return Position(at=int(now.timestamp()))
        with readable(NAME, now):
            return Position.of(after)


def name_of(entry: Entry, feed: Feed) -> str:
    """How the position calls an entry; one that says nothing has a name too, and is counted once."""
    return short(post_id(cleaned(entry), feed.name) if entry.says_something else entry.digest)


def is_since(entry: Entry, seconds: int) -> bool:
    """Whether it was published by then; how old one without a time is, nobody knows."""
    return entry.at is not None and int(entry.at.timestamp()) >= seconds


def _posted_at(post: Post) -> datetime:
    return post.posted_at
