"""A brand's account on a real server, the sides of the connector that use it, and Ann."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import SecretStr

from bot.clock import SystemClock
from bot.model import Batch, Cursor, Post
from bot.ports import Source, Wiring
from bot.testing.clock import ManualClock
from bot.testing.source_contract import WatchAll
from bot.vault import MemoryVault
from connectors.mastodon.account import AccountSettings
from tests.contract._http import CountingHttp, counting
from tests.peers.line import Line
from tests.peers.mastodon.people import Person, join
from tests.peers.mastodon.server import Server


def settings_of(person: Person, url: str) -> AccountSettings:
    return AccountSettings(server=url, handle=person.acct, token=SecretStr(person.token))


@dataclass
class Stand:
    """`line` is what the connector takes for the server."""

    server: Server
    line: Line
    http: CountingHttp
    clock: ManualClock
    brand: Person
    ann: Person

    @property
    def settings(self) -> AccountSettings:
        """Polled: each reading ends. Streams are tried in test_streaming.py."""
        return settings_of(self.brand, self.line.url).model_copy(update={"stream": False})

    def wiring(self, vault: MemoryVault | None = None) -> Wiring:
        """A new one: as after a restart."""
        return Wiring(http=self.http, clock=self.clock, vault=vault or MemoryVault())

    def id(self, status: str) -> str:
        """How a post of the server is called."""
        return f"{self.line.host}/{status}"


@asynccontextmanager
async def stand(server: Server) -> AsyncIterator[Stand]:
    """The clock stands, but where a test moves it."""
    async with counting() as http, Line(server.url) as line:
        clock = ManualClock(datetime.now(UTC))
        yield Stand(server, line, http, clock, join(server, "acme"), join(server, "ann"))


@asynccontextmanager
async def in_real_time(server: Server) -> AsyncIterator[tuple[Stand, Wiring]]:
    async with stand(server) as here:
        yield here, Wiring(http=here.http, clock=SystemClock(), vault=MemoryVault())


@dataclass
class Reader:
    """Reads on from where it stopped, as the daemon does."""

    source: Source
    after: Cursor | None = None
    batches: list[Batch] = field(default_factory=list)

    async def read(self) -> list[Post]:
        """What is new."""
        self.batches = []
        async for batch in self.source.read(self.after, WatchAll()):
            self.batches.append(batch)
            self.after = batch.cursor or self.after
            assert (0, None) == (batch.undecodable, batch.gap)
        return [post for batch in self.batches for post in batch.posts]

    @property
    def deleted(self) -> list[str | None]:
        return [one.post_id for batch in self.batches for one in batch.deleted]


def a_question(here: Stand, status: str) -> Post:
    """Ann's post, as a source gives it."""
    at = here.clock.now()
    return Post(
        platform="mastodon",
        id=here.id(status),
        author_id=here.ann.acct,
        text="is it down?",
        posted_at=at,
        seen_at=at,
    )
