"""What the account says in X's own app: read while somebody waits, not before their question, paid for once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from bot.errors import Unavailable
from bot.model import Batch, Cursor
from bot.testing.source_contract import WatchAll
from connectors.x import native
from connectors.x.connector import CONNECTOR
from connectors.x.ids import cursor
from connectors.x.native import NAME, OwnPostsSource
from tests.unit.x_stand import NOW, Stand, stand


@dataclass
class Reader:
    stood: Stand
    waits: datetime | None = NOW
    after: Cursor | None = field(default_factory=lambda: cursor(1))
    ids: list[str] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def waits_since(_: str) -> datetime | None:
            return self.waits

        self.source = OwnPostsSource(self.stood.settings, replace(self.stood.wiring, waits_since=waits_since))

    async def read(self) -> None:
        async for batch in self.source.read(self.after, WatchAll()):
            self.batches.append(batch)
            self.ids += [post.id for post in batch.posts]
            self.after = batch.cursor or self.after

    def says(self, text: str = "We are on it!", ago: float = 0, **more: str) -> str:
        world = self.stood.server.world
        world.next_id += 1000 << 22
        return world.post("acme", text, at=NOW - timedelta(seconds=ago), **more)

    @property
    def spent(self) -> int:
        sources = self.stood.bills[-1].sources if self.stood.bills else {}
        return sources[NAME].micros_month if NAME in sources else 0


@asynccontextmanager
async def reading() -> AsyncIterator[Reader]:
    """The posts of this world have ids of about 2025: somebody has waited since then."""
    async with stand() as stood:
        yield Reader(stood, waits=datetime.fromisoformat("2024-01-01T00:00:00+00:00"))


async def test_nothing_is_asked_for_while_nobody_waits() -> None:
    """Neither the list nor who we are."""
    async with reading() as reader:
        reader.waits = None
        reader.says()
        await reader.read()
        assert (reader.ids, reader.stood.server.requests) == ([], 0)


async def test_an_answer_in_the_app_is_read() -> None:
    """With its thread; a second look costs nothing."""
    async with reading() as reader:
        asked = reader.stood.server.world.post("ann", "@acme is the lift broken?", at=NOW)
        said = [reader.says(), reader.says(parent=asked)]
        await reader.read()
        await reader.read()
        assert said == reader.ids
        answer = reader.batches[0].posts[1]
        assert answer.author_id == reader.stood.server.owner_id
        assert answer.parent is not None
        assert (answer.parent.id, answer.root and answer.root.id) == (asked, asked)
        assert reader.spent == 2_000
        assert len(reader.batches) == 1


async def test_reposts_are_nobodys_answer() -> None:
    """They are passed."""
    async with reading() as reader:
        asked = reader.stood.server.world.post("ann", "@acme is the lift broken?", at=NOW)
        reader.says("RT", retweeted=asked)
        await reader.read()
        assert reader.ids == []


async def test_nothing_older_than_the_oldest_question_is_bought() -> None:
    """An answer is never older than what it answers."""
    async with reading() as reader:
        reader.waits = NOW
        reader.says(ago=60)
        await reader.read()
        assert (reader.ids, reader.spent) == ([], 0)


async def test_it_begins_with_now() -> None:
    """What was said before the first start is nobody's answer any more."""
    async with reading() as reader:
        reader.after = None
        await reader.read()
        [batch] = reader.batches
        assert batch == Batch(cursor=batch.cursor)


async def test_too_many_are_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below what X keeps nobody knows what was said."""
    monkeypatch.setattr(native, "KEPT", 3)
    async with reading() as reader:
        for _ in range(3):
            reader.says()
        await reader.read()
        gap = reader.batches[0].gap
        assert gap is not None
        assert (gap.source, gap.reason) == (NAME, "overflow")


async def test_without_money_it_waits() -> None:
    """Like all that is read."""
    async with stand(budget={"month": "0.011"}) as stood:
        reader = Reader(stood)
        with pytest.raises(Unavailable, match="money for X is spent"):
            await reader.read()


async def test_an_account_has_it() -> None:
    """Beside its mentions; no account, no source."""
    async with stand(own_every="30s") as stood:
        assert CONNECTOR.besides is not None
        [source] = CONNECTOR.besides(stood.settings, stood.wiring)
        assert isinstance(source, OwnPostsSource)
        assert (source.name, source.poll_every) == (NAME, timedelta(seconds=30))
        assert CONNECTOR.besides(type(stood.settings)(), stood.wiring) == ()
