"""Durable stores a second (T8): group commit through the product's writer beside one transaction each.

`python -m benchmarks.store`. Two questions. *A pair*: one mention row and one outbox row, as in the usual
trial of an outbox; the writer, aiosqlite and SQLModel's ORM each write the same pair, durable (FULL) before
the producer goes on. *A whole mention*: what `Store.record` really writes (post, author, conversation,
mention, verdict, fired rules, ask, effect, cursor), beside the very same statements through aiosqlite, one
transaction each. Seconds by the clock, because it waits for the disk; the probe is from the same run.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import aiosqlite
from sqlalchemy import UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlmodel import Field, SQLModel, select

from benchmarks import harness
from benchmarks.harness import Finding
from bot.model import Author, Cursor
from bot.records import Entry, Judged
from bot.store import ingest, schema
from bot.store.sqlite import SqliteStore
from bot.store.work import Standing, Work
from bot.store.writer import Writer
from bot.wishes import Route
from tests.integration import store_samples as samples

PAIRS = {"writer": 4_000, "aiosqlite": 400, "orm": 100}
WHOLE = {"store": 1_000, "aiosqlite": 200}
LEASE = timedelta(seconds=60)
_MENTION = "INSERT INTO mention (source, ext_id, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_OUTBOX = "INSERT INTO outbox (dedupe, body) VALUES (?, ?) ON CONFLICT DO NOTHING"
_TABLES = (
    "CREATE TABLE mention (id INTEGER PRIMARY KEY, source TEXT, ext_id TEXT, body TEXT,"
    " UNIQUE (source, ext_id));"
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY, dedupe TEXT UNIQUE, body TEXT);"
)
_BODY = "my kettle leaks since this morning, what can I do now? " * 4


class MentionRow(SQLModel, table=True):
    """The pair's first half, for the ORM."""

    __tablename__: ClassVar[str] = "mention"
    __table_args__ = (UniqueConstraint("source", "ext_id"),)
    id: int | None = Field(default=None, primary_key=True)
    source: str
    ext_id: str
    body: str


class OutboxRow(SQLModel, table=True):
    """Its second half."""

    __tablename__: ClassVar[str] = "outbox"
    id: int | None = Field(default=None, primary_key=True)
    dedupe: str = Field(unique=True)
    body: str


async def produce(numbers: Iterator[int], store: Callable[[int], Awaitable[object]], at_once: int) -> None:
    """`at_once` producers, each of which waits until its mention is durable before it takes the next."""

    async def producer() -> None:
        for number in numbers:
            await store(number)

    await asyncio.gather(*(producer() for _ in range(at_once)))


class Pairs:
    """Every side writes to a database of its own that grows through the rounds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()

    def take(self, count: int) -> Iterator[int]:
        return itertools.islice(self._numbers, count)

    def _made(self, name: str, synchronous: str) -> sqlite3.Connection:
        connection = sqlite3.connect(self.folder / name, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.executescript(_TABLES.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
        return connection

    def by_writer(self, at_once: int, synchronous: str = "FULL") -> None:
        writer = Writer(self._made(f"writer-{synchronous}.db", synchronous))

        def pair(number: int) -> Callable[[sqlite3.Connection], None]:
            def unit(connection: sqlite3.Connection) -> None:
                connection.execute(_MENTION, ("bench", str(number), _BODY))
                connection.execute(_OUTBOX, (f"bench:{number}", _BODY))

            return unit

        async def run() -> None:
            await produce(self.take(PAIRS["writer"]), lambda number: writer.write(pair(number)), at_once)

        asyncio.run(run())
        writer.close()

    def by_aiosqlite(self, at_once: int) -> None:
        self._made("aiosqlite.db", "FULL").close()

        async def run() -> None:
            turn = asyncio.Lock()  # one connection holds one transaction at a time
            async with aiosqlite.connect(self.folder / "aiosqlite.db", isolation_level=None) as connection:
                await connection.execute("PRAGMA synchronous=FULL")

                async def store(number: int) -> None:
                    async with turn:
                        await connection.execute("BEGIN IMMEDIATE")
                        await connection.execute(_MENTION, ("bench", str(number), _BODY))
                        await connection.execute(_OUTBOX, (f"bench:{number}", _BODY))
                        await connection.commit()

                await produce(self.take(PAIRS["aiosqlite"]), store, at_once)

        asyncio.run(run())

    def by_orm(self, at_once: int) -> None:
        self._made("orm.db", "FULL").close()

        async def run() -> None:
            turn = asyncio.Lock()
            engine = create_async_engine(f"sqlite+aiosqlite:///{self.folder / 'orm.db'}")

            async def store(number: int) -> None:
                async with turn, AsyncSession(engine) as session:
                    known = select(MentionRow).where(
                        MentionRow.source == "bench", MentionRow.ext_id == str(number)
                    )
                    if (await session.execute(known)).first() is None:
                        session.add(MentionRow(source="bench", ext_id=str(number), body=_BODY))
                        session.add(OutboxRow(dedupe=f"bench:{number}", body=_BODY))
                        await session.commit()

            await produce(self.take(PAIRS["orm"]), store, at_once)
            await engine.dispose()

        asyncio.run(run())


# --- whole mentions -------------------------------------------------------------------------------


def mention(number: int) -> Judged:
    """A question by somebody new, in a thread of its own: every table that a mention can touch."""
    name = f"w{number:09}"
    judged = samples.judged(samples.post(f"at://{name}/p", author=name, root=None))
    author = Author(platform="bluesky", id=name, handle=f"{name}.example", name="W", followers=number)
    return replace(judged, author=author, routes=(Route(name="default", to="webhook:desk"),))


def entry(number: int) -> Entry:
    return Entry(source="bluesky", items=(mention(number),), cursor=Cursor(str(number)))


class Recorder:
    """A connection that notes what is executed, for the other side to do the same."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.said: list[tuple[str, Any, bool]] = []
        self._connection = connection

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        self.said.append((sql, values, False))
        return self._connection.execute(sql, values)

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
        self.said.append((sql, values, True))
        return self._connection.executemany(sql, values)


class Whole:
    """`Store.record`, and its statements replayed in the same order on a database of the same content."""

    def __init__(self, folder: Path, repetitions: int) -> None:
        self.folder = folder
        self.now = datetime.now(UTC)
        self._numbers = itertools.count()
        self._statements = self._noted(repetitions * WHOLE["aiosqlite"])

    def _noted(self, count: int) -> Iterator[list[tuple[str, Any, bool]]]:
        path = self.folder / "noted.db"
        schema.prepare(path, may_upgrade=True)
        connection = schema.connect_for_writing(path)
        connection.execute("PRAGMA synchronous=OFF")
        all_said = []
        for number in range(count):
            recorder: Any = Recorder(connection)
            work = Work(conn=recorder, now=self.now, lease_for=LEASE, standing=Standing())
            ingest.record(work, entry(number))
            all_said.append(recorder.said)
        connection.close()
        return iter(all_said)

    def by_store(self, at_once: int) -> None:
        async def run() -> None:
            store = await SqliteStore.open(self.folder / f"store-{at_once}.db")
            entries = {number: entry(number) for number in itertools.islice(self._numbers, WHOLE["store"])}
            await produce(
                iter(entries),
                lambda number: store.record(entries[number], now=self.now, lease_for=LEASE),
                at_once,
            )
            await store.close()

        asyncio.run(run())

    def by_aiosqlite(self, at_once: int) -> None:
        path = self.folder / "replayed.db"
        schema.prepare(path, may_upgrade=True)
        said = dict(enumerate(itertools.islice(self._statements, WHOLE["aiosqlite"])))

        async def run() -> None:
            turn = asyncio.Lock()
            async with aiosqlite.connect(path, isolation_level=None, cached_statements=512) as connection:
                await connection.execute("PRAGMA synchronous=FULL")
                await connection.execute("PRAGMA foreign_keys=ON")

                async def store(number: int) -> None:
                    async with turn:
                        await connection.execute("BEGIN IMMEDIATE")
                        for sql, values, is_many in said[number]:
                            if is_many:
                                await connection.executemany(sql, values)
                            else:
                                await connection.execute_fetchall(sql, values)
                        await connection.commit()

                await produce(iter(said), store, at_once)

        asyncio.run(run())


# --- findings -------------------------------------------------------------------------------------


def measure(repetitions: int) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory(prefix="outcare-bench-", dir=".") as scratch:
        folder = Path(scratch)
        before = harness.probe(folder)
        yield from _pairs(folder, repetitions)
        yield from _whole(folder, repetitions, before)


def _pairs(folder: Path, repetitions: int) -> Iterator[Finding]:
    pairs = Pairs(folder)
    took = harness.wall_minima(
        {
            "16": lambda: pairs.by_writer(16),
            "128": lambda: pairs.by_writer(128),
            "normal": lambda: pairs.by_writer(128, "NORMAL"),
            "aiosqlite": lambda: pairs.by_aiosqlite(16),
            "orm": lambda: pairs.by_orm(16),
        },
        repetitions=repetitions,
    )
    count = {"aiosqlite": PAIRS["aiosqlite"], "orm": PAIRS["orm"]}
    rate = {name: count.get(name, PAIRS["writer"]) / seconds for name, seconds in took.items()}
    beside = f"aiosqlite {rate['aiosqlite']:,.0f}/s; {harness.probe(folder)}"
    yield _times("pairs, 16 at once ÷ aiosqlite", rate["16"], rate["aiosqlite"], 8, beside)
    yield _times("pairs, 128 at once ÷ aiosqlite", rate["128"], rate["aiosqlite"], 15, beside)
    yield Finding(
        target="T8",
        what="pairs, 128 at once: NORMAL ÷ FULL",
        figure=rate["normal"] / rate["128"],
        at_most=1.3,
        detail=f"{rate['normal']:,.0f}/s NORMAL, {rate['128']:,.0f}/s FULL",
    )
    yield _times("pairs, 128 at once ÷ ORM", rate["128"], rate["orm"], 40, f"ORM {rate['orm']:,.0f}/s")


def _whole(folder: Path, repetitions: int, before: str) -> Iterator[Finding]:
    whole = Whole(folder, repetitions)
    sides: dict[str, Callable[[], object]] = {
        "1": lambda: whole.by_store(1),
        "16": lambda: whole.by_store(16),
        "128": lambda: whole.by_store(128),
        "aiosqlite": lambda: whole.by_aiosqlite(16),
    }
    took = harness.wall_minima(sides, repetitions=repetitions)
    rate = {
        name: (WHOLE["aiosqlite"] if name == "aiosqlite" else WHOLE["store"]) / seconds
        for name, seconds in took.items()
    }
    for at_once in ("1", "16", "128"):
        yield Finding(
            target="T8",
            what=f"whole mentions, {at_once} at once ÷ the same statements by aiosqlite",
            figure=rate[at_once] / rate["aiosqlite"],
            detail=f"{rate[at_once]:,.0f}/s, aiosqlite {rate['aiosqlite']:,.0f}/s; before: {before}",
        )


def _times(what: str, ours: float, theirs: float, at_least: float, beside: str) -> Finding:
    detail = f"{ours:,.0f}/s; {beside}"
    return Finding(target="T8", what=what, figure=ours / theirs, at_least=at_least, detail=detail)


if __name__ == "__main__":
    harness.main("store", measure)
