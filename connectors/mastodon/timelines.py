"""Public timelines as a source: hashtags, and what is published on a server itself; no account needed.

`GET /api/v1/timelines/tag/:hashtag` and `/api/v1/timelines/public?local=true`
(https://docs.joinmastodon.org/methods/timelines/), polled. There is no firehose of this network: a server
shows what it has heard of. Where the account's own server is asked, its streams tell at once. Limits: 300
requests in five minutes for an address, one a list and poll. What
other servers publish arrives late, so that each reading goes back by a margin. Terms: public posts, as every
visitor sees them; some servers show them to nobody without an account (401, 422).
"""

from __future__ import annotations

import re
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot import duration
from bot.errors import BotError, Unavailable
from bot.model import Batch, Cursor
from connectors.mastodon.account import ServerAddress
from connectors.mastodon.events import Channel
from connectors.mastodon.following import Followed, Following
from connectors.mastodon.lists import Lists
from connectors.mastodon.lookup import MastodonLookup, view_of
from connectors.mastodon.once import is_told_here
from connectors.mastodon.paging import Listing, status_row
from connectors.mastodon.people import people
from connectors.mastodon.position import MARGIN, Position, beginning, resumed
from connectors.mastodon.server import Server, segment, shared_servers
from connectors.mastodon.statuses import NAME, PLATFORM
from connectors.mastodon.streaming import MOST_CONNECTIONS, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
    from datetime import datetime

    from bot.ports import Clock, Watch, Wiring

_PAGE = 40


def _tag(value: str) -> str:
    tag = value.strip().removeprefix("#").lower()
    if not re.fullmatch(r"\w*[^\W\d_]\w*", tag):
        raise ValueError("write it like acme: letters, digits and _")
    return tag


class Settings(BaseModel):
    """`sources.mastodon`.

    `servers`: who is asked, without an account; the first one tells of the others too. `hashtags`: which are
    read there. `local`: also whatever is published on a server itself. `every`: how often each is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: Annotated[tuple[ServerAddress, ...], Field(min_length=1)]
    hashtags: tuple[Annotated[str, AfterValidator(_tag)], ...] = ()
    local: bool = False
    every: Annotated[timedelta, BeforeValidator(duration.given), AfterValidator(duration.at_least("10s"))] = (
        timedelta(minutes=1)
    )

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if not self.hashtags and not self.local:
            raise ValueError("name hashtags, or set local: true; else there is nothing to read")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """One server and its lists, by the names that they have in positions; and which streams tell of them."""

    server: Server
    lists: Lists
    listings: Mapping[str, Listing]
    channels: Mapping[str, Channel]


class TimelinesSource:
    """`bot.ports.Source` over servers, polled. One that fails stops no other."""

    name = NAME
    platform = PLATFORM
    is_stream = False

    def __init__(self, settings: Settings, wiring: Wiring) -> None:
        self._wiring = wiring
        self._clock = wiring.clock
        self._settings = settings
        self._names = frozenset(urlsplit(base).netloc for base in settings.servers)
        self._servers: tuple[_Watched, ...] = ()
        self._sound = len(self._names)
        self._streams: dict[str, Mapping[Channel, Stream]] = {}
        self.poll_every = settings.every

    @property
    def place(self) -> str:
        """How many of the servers can be read."""
        every = len(self._names)
        return f"{every} servers" if self._sound == every else f"{self._sound} of {every} servers"

    @property
    def lists(self) -> list[tuple[Server, Mapping[str, Listing]]]:
        """What is read, by server."""
        return [(one.server, one.listings) for one in self._watched]

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        names = [name for one in self._watched for name in one.listings]
        now = self._clock.now()
        position = Position() if after is None else resumed(after, NAME, names, now)
        failed: list[BotError] = []
        for one in self._watched:
            reading = self._began(one, position) if after is None else self._read(one, position, watch)
            try:
                async with aclosing(reading) as batches:
                    async for batch, behind in batches:
                        position = behind
                        if batch is not None:
                            yield batch
            except BotError as error:
                failed.append(error)
        self._sound = len(self._watched) - len(failed)
        if after is None and len(failed) < len(self._watched):
            position = position.spread(names, now)
            yield Batch(cursor=position.text)
        if failed:
            raise failed[0] if len(failed) == len(self._watched) else _of_some(failed[0])
        async with aclosing(self._follow(position, watch, now)) as news:
            async for batch, _ in news:
                yield batch

    @property
    def _watched(self) -> tuple[_Watched, ...]:
        """Put together when it is needed: the account, which comes later, may be on one of these servers."""
        if not self._servers:
            bases = dict.fromkeys(self._settings.servers)
            self._servers = tuple(
                self._watch(base, is_first=number == 0) for number, base in enumerate(bases)
            )
        return self._servers

    async def _began(
        self, one: _Watched, position: Position
    ) -> AsyncGenerator[tuple[Batch | None, Position], None]:
        """From now on: what stands at the top of each list was before."""
        view = await view_of(one.server)
        for name, listing in one.listings.items():
            window = await one.lists.top(listing, view)
            position = position.having(name, window or beginning(self._clock.now()))
            yield None, position

    async def _read(
        self, one: _Watched, position: Position, watch: Watch
    ) -> AsyncGenerator[tuple[Batch | None, Position], None]:
        view = await view_of(one.server)
        for name, listing in one.listings.items():
            async with aclosing(one.lists.read(name, listing, position, (view, watch))) as batches:
                async for batch, behind in batches:
                    position = behind
                    yield batch, behind

    async def _follow(
        self, position: Position, watch: Watch, began: datetime
    ) -> AsyncGenerator[tuple[Batch, Position], None]:
        """For as long as the account's own server tells of its lists; the others are polled beside it."""
        followed = [one for watched in self._watched for one in await self._followed(watched, watch)]
        if all(one.stream is None for one in followed):
            return
        yield Batch(observed_to=began), position
        try:
            following = Following(followed, self._clock, self.poll_every)
            async with aclosing(following.batches(position)) as batches:
                async for batch, behind in batches:
                    yield batch, behind
        except BotError as error:
            if len(self._watched) == 1:
                raise
            raise _of_some(error) from error

    async def _followed(self, watched: _Watched, watch: Watch) -> list[Followed]:
        server, lists = watched.server, watched.lists
        to = (await view_of(server), watch)
        if server.name not in self._streams:
            channels = watched.channels.values() if server.streams else ()
            self._streams[server.name] = streams(server, channels, self._clock)
        return [
            Followed(
                name=name,
                stream=self._streams[server.name].get(watched.channels[name]),
                channel=watched.channels[name],
                kind="update",
                row=listing.row,
                read=partial(lists.read, name, listing, to=to),
                tell=partial(lists.told, name, to=to),
            )
            for name, listing in watched.listings.items()
        ]

    def _watch(self, base: str, *, is_first: bool) -> _Watched:
        settings = self._settings
        server = server_at(base, self._wiring)
        local = [] if is_first else [("local", "true")]
        listings, channels = {}, {}
        for tag in dict.fromkeys(settings.hashtags):
            name = f"{server.name} #{tag}"
            path = f"/api/v1/timelines/tag/{segment(tag)}"
            listings[name] = Listing(path=path, page=_PAGE, row=status_row, query=local)
            channels[name] = Channel("hashtag" if is_first else "hashtag:local", tag)
        if settings.local:
            name, query = f"{server.name} local", [("local", "true")]
            path = "/api/v1/timelines/public"
            listings[name] = Listing(path=path, page=_PAGE, row=status_row, query=query)
            channels[name] = Channel("public:local")
        lists = Lists(
            server=server,
            source=NAME,
            clock=self._clock,
            people=people(self._wiring),
            counts=lambda status, _: is_told_here(status, server, self._wiring, self._names),
            overlap=MARGIN,
        )
        return _Watched(server=server, lists=lists, listings=listings, channels=channels)


def streams(server: Server, channels: Iterable[Channel], clock: Clock) -> dict[Channel, Stream]:
    """All over one connection, where the server can do that; else those of the first few."""
    every = tuple(channels)
    if server.known_terms.has_many_streams:
        return dict.fromkeys(every, Stream(server, every, clock))
    return {channel: Stream(server, [channel], clock) for channel in every[:MOST_CONNECTIONS]}


def _of_some(error: BotError) -> Unavailable:
    """Of some servers only: the others are not kept waiting for what this one asks, or a person must mend.
    It is not asked before its time all the same.
    """
    return Unavailable(str(error), reason=error.reason)


def server_at(base: str, wiring: Wiring) -> Server:
    """An account's own server is asked as the account: it may show more then."""
    own = (server for server in shared_servers(wiring) if server.base == base)
    return next(own, None) or Server(base, wiring.http, wiring)


def lookup(settings: Settings, wiring: Wiring) -> MastodonLookup:
    """Of all servers that are read; the first account's own one, if there is one, is asked about people."""
    servers = [server_at(base, wiring) for base in dict.fromkeys(settings.servers)]
    return MastodonLookup([*shared_servers(wiring), *servers], wiring)
