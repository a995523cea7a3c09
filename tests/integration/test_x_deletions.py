"""What is deleted on X is forgotten here within a day: the database, the source, and X with its jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import BotError, Reason, Unauthorized, Unavailable
from bot.listener import Listener, Pace
from bot.model import Batch, Cursor, Deletion, PostRef
from bot.ports import Wiring
from bot.records import Entry
from bot.store.sqlite import SqliteStore
from bot.testing.source_contract import WatchAll
from bot.testing.x_jobs import XJobs
from bot.testing.x_streams import BEARER
from connectors.x.connector import CONNECTOR
from connectors.x.deletions import NAME, DeletionsSource, Position, events_of
from tests.integration import store_samples as s
from tests.unit.x_stand import NOW, Stand, stand_at
from tests.unit.x_streaming import until


@dataclass
class Forgetting:
    """`source` reads as the daemon drives it: position and deletions are in the database at once."""

    stood: Stand
    server: XJobs
    store: SqliteStore
    source: DeletionsSource

    async def says(self, text: str) -> str:
        """A post that is stored."""
        made = self.server.world.post("ann", text, at=NOW)
        of = replace(s.post(made, text=text), id=made, platform="x", root=None)
        await s.record(self.store, s.judged(of))
        return made

    async def read(self) -> list[Batch]:
        batches = []
        async for batch in self.source.read(await self.store.cursor(NAME), WatchAll()):
            batches.append(batch)
            await self.take(NAME, batch)
        return batches

    async def take(self, source: str, batch: Batch) -> object:
        entry = Entry(source=source, items=(), deleted=batch.deleted, cursor=batch.cursor)
        return await self.store.record(entry, now=self.stood.clock.now(), lease_for=s.LEASE)

    async def kept(self) -> list[str]:
        return [one.id for one in await self.store.kept("x", "")]

    @property
    async def failure(self) -> BotError:
        with pytest.raises(BotError) as caught:
            await self.read()
        return caught.value


@asynccontextmanager
async def forgetting(path: Path) -> AsyncIterator[Forgetting]:
    async with stand_at(XJobs, bearer_token=SecretStr(BEARER)) as (stood, server):
        store = await SqliteStore.open(path / "outcare.db", upgrade=True)
        wiring = Wiring(http=stood.http, clock=stood.clock, vault=stood.vault, kept=store.kept)
        assert CONNECTOR.besides is not None
        sources = {one.name: one for one in CONNECTOR.besides(stood.settings, wiring)}
        source = sources[NAME]
        assert isinstance(source, DeletionsSource)
        try:
            yield Forgetting(stood, server, store, source)
        finally:
            await store.close()


async def test_what_is_gone_is_forgotten(tmp_path: Path) -> None:
    """Deleted, or its author protected; an edit and what has lost its place stay. It costs nothing."""
    async with forgetting(tmp_path) as f:
        stays, gone, hidden, edited, placed = [await f.says(f"my kettle leaks {one}") for one in range(5)]
        del f.server.world.tweets[gone]
        f.server.compliance |= {hidden: ("delete", "protected"), edited: ("rehydrate", "tweet_edited")}
        f.server.compliance[placed] = ("scrub_geo", "geo_scrubbed")
        f.server.looks = 2
        assert [batch.deleted for batch in await f.read()] == [()]
        assert f.source.poll_every == timedelta(seconds=30)
        assert await f.read() == [], "it is not done yet"
        found = await f.read()
        assert {one.post_id for one in found[0].deleted} == {gone, hidden}
        assert {one.author_id for one in found[0].deleted} == {"ann"}
        assert await f.kept() == [stays, edited, placed]
        assert f.stood.bills == []
        assert await f.read() == []
        assert f.source.poll_every <= timedelta(hours=12)


async def test_it_is_asked_again_within_a_day(tmp_path: Path) -> None:
    """Driven by the daemon's own loop: what is deleted later is forgotten by the next job."""
    async with forgetting(tmp_path) as f:
        post = await f.says("my kettle leaks")
        pace = Pace(clock=f.stood.clock, random=lambda: 0.5)
        listener = Listener(source=f.source, take=f.take, watch=WatchAll(), store=f.store, pace=pace)
        running = asyncio.create_task(listener.run())
        try:
            await until(lambda: f.server.jobs)
            del f.server.world.tweets[post]
            began = f.stood.clock.now()
            while await f.kept():
                assert f.stood.clock.now() - began < timedelta(days=1)
                await f.stood.clock.advance(600)
                await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_a_restart_goes_on_with_the_job(tmp_path: Path) -> None:
    """The job is in the position; one that was lost before it was stored is found by its name."""
    async with forgetting(tmp_path) as f:
        gone = await f.says("my kettle leaks")
        del f.server.world.tweets[gone]
        [begun] = [batch async for batch in f.source.read(None, WatchAll())]
        assert begun.cursor is not None
        assert Position.of(begun.cursor).job
        await f.read()
        assert (len(f.server.jobs), await f.kept()) == (1, [gone])
        await f.read()
        assert await f.kept() == []


async def test_one_that_got_no_ids_is_ended(tmp_path: Path) -> None:
    """Else it would stand in the way of the next one. Somebody else's is waited for."""
    async with forgetting(tmp_path) as f:
        await f.says("my kettle leaks")
        half, theirs = f.server.job("outcare"), f.server.job("theirs", "in_progress")
        error = await f.failure
        assert isinstance(error, Unavailable)
        assert (error.reason, error.retry_after) == (Reason.CONFLICT, timedelta(minutes=5))
        assert (half.status, theirs.status) == ("expired", "in_progress")
        theirs.status = "complete"
        await f.read()
        await f.read()
        await f.read()
        assert len(f.server.jobs) == 3


async def test_an_upload_that_fails_ends_the_job(tmp_path: Path) -> None:
    """Nothing of the signed address is said."""
    async with forgetting(tmp_path) as f:
        await f.says("my kettle leaks")
        f.server.refuse(503, path="upload/9000")
        error = await f.failure
        assert "token" not in str(error)
        assert f.server.jobs["9000"].status == "expired"
        assert len(await f.read()) == 1


async def test_a_job_that_fails_is_begun_anew(tmp_path: Path) -> None:
    """Also one that X does not know any more."""
    async with forgetting(tmp_path) as f:
        await f.says("my kettle leaks")
        f.server.ends_as = "failed"
        for is_known in (True, False):
            await f.read()
            if not is_known:
                f.server.jobs.clear()
            assert isinstance(await f.failure, Unavailable)
        f.server.ends_as = "complete"
        await f.read()
        assert len(await f.read()) == 1


async def test_an_app_that_is_not_let_in_is_said(tmp_path: Path) -> None:
    """A person must act: it is not asked each minute."""
    async with forgetting(tmp_path) as f:
        await f.says("my kettle leaks")
        f.server.is_enrolled = False
        error = await f.failure
        assert isinstance(error, Unauthorized)
        assert "which posts are gone" in str(error)


async def test_nothing_stored_asks_nothing(tmp_path: Path) -> None:
    """Direct messages are no posts either."""
    async with forgetting(tmp_path) as f:
        of = replace(s.post("dm"), id="dm:5", platform="x", root=None)
        await s.record(f.store, s.judged(of))
        [batch] = await f.read()
        assert batch.cursor is not None
        assert not f.server.jobs
        assert await f.read() == []


def test_without_a_token_nobody_can_ask() -> None:
    """Jobs of compliance are an app's."""

    async def made(**more: object) -> int:
        async with stand_at(XJobs, **more) as (stood, _):
            assert CONNECTOR.besides is not None
            return sum(one.name == NAME for one in CONNECTOR.besides(stood.settings, stood.wiring))

    assert asyncio.run(made()) == 0
    assert asyncio.run(made(bearer_token=SecretStr(BEARER))) == 1


def test_what_is_stored_is_given_in_pieces(tmp_path: Path) -> None:
    """In the order of the ids, without what was forgotten and without other platforms."""

    async def given() -> list[tuple[PostRef, ...]]:
        store = await SqliteStore.open(tmp_path / "outcare.db", upgrade=True)
        for name in ("3", "1", "2"):
            await s.record(store, s.judged(replace(s.post(name), id=name, platform="x", root=None)))
        await s.record(store, s.judged(s.post("other")))
        await s.record(store, deleted=(Deletion(platform="x", author_id="ann", post_id="2"),))
        pieces = [await store.kept("x", ""), await store.kept("x", "1"), await store.kept("x", "3")]
        await store.close()
        return pieces

    one, three = PostRef(id="1", author_id="ann"), PostRef(id="3", author_id="ann")
    assert asyncio.run(given()) == [(one, three), (three,), ()]


def test_odd_lines_are_counted() -> None:
    """They cost no other."""
    body = b'{"id": "1", "action": "delete", "reason": "deleted"}\n\nnot json\n{"id": "x", "error": "invalid_id"}\n'
    assert events_of(body) == (frozenset({"1"}), 1)
    with pytest.raises(ValueError, match="position"):
        Position.of(Cursor("v2:1"))
