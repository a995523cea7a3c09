"""What is read: through SQLModel's tables, exactly what plain SQL wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, inspect
from sqlmodel import Session, SQLModel, select

from bot.model import Account, Alert, Brand, Deletion, Urgency
from bot.staff import Verb
from bot.store import rows, tables
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s

OURS = Brand(
    name="acme",
    words=("kettle",),
    accounts=(Account(brand="acme", platform="bluesky", handle="care.acme.example", id="acme-care"),),
)
THEIRS = Brand(name="rival", words=("urn",), is_rival=True)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(tmp_path / "x.db") as made:
        await made.save_brands((OURS, THEIRS))
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


# --- raw and SQLModel ---------------------------------------------------------------------------

_TIMES = [
    datetime(2026, 11, 21, 12, 0, 0, 1, tzinfo=UTC),
    datetime(1969, 7, 20, 20, 17, 40, 999_999, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 29, 2, 30, tzinfo=timezone(timedelta(hours=2))),
]


_NUMBERS = [0, 2**31, 2**63 - 1, -(2**63)]
_WORDS = ["", "naïve 🫖", 'quote " and \x00', None]
_TRUTHS = [True, False, None]
_AUTHORS = list(product(_TIMES, _NUMBERS, _WORDS, _TRUTHS))


def test_what_raw_sql_writes_sqlmodel_reads(path: Path) -> None:
    """Every type of column, each value with each other: time, big integer, text, truth, and NULL."""
    engine = _engine(path)
    values = [
        (str(n), text, None, big, rows.micros(moment), flag, rows.micros(moment))
        for n, (moment, big, text, flag) in enumerate(_AUTHORS)
    ]
    with closing(sqlite3.connect(path)) as raw:
        raw.executemany(
            "INSERT INTO authors (platform, author_id, handle, name, followers, created_at, verified, updated_at)"
            " VALUES ('p', ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        raw.commit()
    with Session(engine) as session:
        read = {int(row.author_id): row for row in session.exec(select(tables.AuthorRow))}
    engine.dispose()
    assert len(_AUTHORS) == len(read)
    for n, (moment, big, text, flag) in enumerate(_AUTHORS):
        row = read[n]
        assert (text, None, big, moment, flag) == (
            row.handle,
            row.name,
            row.followers,
            row.created_at,
            row.verified,
        )
        assert timedelta(0) == row.updated_at.utcoffset()


def test_what_sqlmodel_writes_raw_sql_reads(path: Path) -> None:
    """The other way round, for the same types: both put the very same bytes there."""
    engine = _engine(path)
    moment = _TIMES[0]
    with Session(engine) as session:
        session.add(
            tables.AuthorRow(
                platform="p",
                author_id="a",
                followers=2**40,
                created_at=moment,
                verified=True,
                updated_at=moment,
            )
        )
        session.commit()
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute(
            "SELECT followers, created_at, verified, typeof(created_at) FROM authors"
        ).fetchall()
    assert [(2**40, rows.micros(moment), 1, "integer")] == found


def test_a_naive_time_is_refused(path: Path) -> None:
    """It would be read as UTC one day and as local time the next."""
    engine = _engine(path)
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the point of the test
    with engine.connect() as conn, pytest.raises(Exception, match="must be an aware datetime"):
        conn.execute(insert(tables.GapRow).values(source="x", started_at=naive, ended_at=naive, reason="r"))
    engine.dispose()


def _engine(path: Path) -> Any:
    engine = create_engine(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    return engine


def test_the_column_lists_of_plain_sql_are_those_of_the_tables(path: Path) -> None:
    """A column that is renamed in the models but not in the writing SQL is found here, not at night."""
    engine = _engine(path)
    found = inspect(engine)
    for table, names in (
        ("posts", rows.POST),
        ("authors", rows.AUTHOR),
        ("conversations", rows.CONVERSATION),
        ("asks", rows.ASK),
    ):
        assert sorted(set(names) - {column["name"] for column in found.get_columns(table)}) == []
    engine.dispose()


# --- brands and rules ---------------------------------------------------------------------------


async def test_resolved_ids_outlive_the_configuration(store: SqliteStore) -> None:
    """The configuration names handles; what they resolved to stays when it is loaded again."""
    unresolved = Brand(
        name="acme",
        words=(),
        accounts=(
            Account(brand="acme", platform="bluesky", handle="care.acme.example"),
            Account(brand="acme", platform="bluesky", handle="new.acme.example"),
        ),
    )
    await store.save_brands((unresolved, THEIRS))
    assert dict(await store.account_ids()) == {("bluesky", "care.acme.example"): "acme-care"}


async def test_an_account_that_left_the_configuration_goes(store: SqliteStore, path: Path) -> None:
    """Its brand's history stays."""
    await s.record(store, s.judged(s.post("q")))
    await store.save_brands((THEIRS,))
    assert (dict(await store.account_ids()), len(await store.inbox(limit=5))) == (({}, 1))


async def test_a_verdict_is_found_by_its_id_url_and_post(store: SqliteStore) -> None:
    """With facts and the source of its rules: enough to judge again."""
    item = s.judged(s.post("q"), uid="A")
    await store.save_rules("r1", "e1", {"rules.yaml": "rules: {}"}, now=s.at(0))
    await s.record(store, s.judged(item.mention.post, uid="R", brand="rival"), item)
    for name in ("A", item.mention.post.url or "", item.mention.post.id):
        found = await store.verdict(name)
        assert found is not None
        assert (item.verdict, item.facts, {"rules.yaml": "rules: {}"}) == (
            found.verdict,
            found.facts,
            dict(found.rules_source),
        )
    assert await store.verdict("nothing") is None


# --- inbox --------------------------------------------------------------------------------------


async def _ids(store: SqliteStore, **wanted: Any) -> list[str]:
    return [row.mention_id for row in await store.inbox(limit=20, **wanted)]


async def test_the_inbox_is_most_urgent_then_longest_waiting(store: SqliteStore) -> None:
    """Closed, ignored, deleted and rivals' mentions are left out unless asked for."""
    for uid, urgency, minute in (("L", 0, 1), ("H2", 2, 5), ("H1", 2, 2), ("C", 3, 9)):
        of = s.post(uid, minute=minute, root=None)
        await s.record(store, s.judged(of, uid=uid, urgency=Urgency(urgency)))
    await s.record(
        store, s.judged(s.post("i", root=None), uid="I", ignored=True, asks=False, rules=("spam",))
    )
    await s.record(store, s.judged(s.post("r", root=None), uid="R", brand="rival"))
    await s.record(store, s.judged(s.post("done", author="bob"), uid="D"), s.answer("a", minute=3, to="bob"))
    gone = s.post("gone", root=None)
    await s.record(
        store,
        s.judged(gone, uid="G"),
        deleted=(Deletion(platform="bluesky", author_id="ann", post_id=gone.id),),
    )
    assert await _ids(store) == ["C", "H1", "H2", "L"]
    assert {"C", "H1", "H2", "L", "I", "D", "G"} == set(await _ids(store, include_closed=True))
    assert await _ids(store, brand="rival") == ["R"]
    assert await _ids(store, rule="spam") == ["I"]
    assert len(await store.inbox(limit=2)) == 2


async def test_a_row_says_what_a_person_needs(store: SqliteStore) -> None:
    """Names, times, who has it, and why it is there."""
    await s.record(store, s.judged(s.post("q"), uid="A", rules=("first", "second")))
    await store.decide(
        s.press(1, Verb.CLAIM, "A"), s.transition, cursor=None, now=s.at(61), lease_for=s.LEASE
    )
    row = (await store.inbox(limit=1))[0]
    assert ("ann.example", s.at(0), s.at(30), None, "pia", "default", ("first", "second"), "claimed") == (
        row.author,
        row.posted_at,
        row.due_at,
        row.answered_at,
        row.claimed_by,
        row.route,
        row.rules,
        row.state,
    )


async def test_the_newest_verdict_counts(store: SqliteStore) -> None:
    """After an edit the inbox shows the new urgency once."""
    await s.record(store, s.judged(s.post("q"), uid="A", urgency=Urgency.NORMAL))
    edit = s.post("q", text="worse", edited=True, seen=4)
    await s.record(store, s.judged(edit, urgency=Urgency.CRITICAL, rules=("other",)))
    assert [(row.mention_id, row.urgency, row.rules) for row in await store.inbox(limit=5)] == [
        ("A", Urgency.CRITICAL, ("other",))
    ]
    assert await _ids(store, rule="leaks") == []


async def test_a_rivals_author_does_not_wait_for_us(store: SqliteStore) -> None:
    """Ours do while their ask is open; a thanks waits for nobody."""
    await s.record(
        store,
        s.judged(s.post("q1", author="ann")),
        s.judged(s.post("q2", author="bob"), asks=False),
        s.judged(s.post("q3", author="cy"), brand="rival"),
    )
    ours = {row.author: row.is_waiting for row in await store.inbox(limit=9)}
    theirs = {row.author: row.is_waiting for row in await store.inbox(limit=9, brand="rival")}
    assert ({"ann.example": True, "bob.example": False}, {"cy.example": False}) == (ours, theirs)


# --- status -------------------------------------------------------------------------------------


async def test_the_status_counts(store: SqliteStore) -> None:
    """Waits, overdue ones, effects that lag, the rules in use."""
    await store.save_rules("r1", "e1", {}, now=s.at(0))
    await store.save_rules("r2", "e1", {}, now=s.at(1))
    await store.save_rules("r1", "e1", {}, now=s.at(2))
    await s.record(
        store, s.judged(s.post("q1"), due=30), s.judged(s.post("q2", root=None, minute=7), due=600)
    )
    await s.record(store, s.judged(s.post("q3", root=None), asks=False, alert=Alert.DIGEST), minute=5)
    status = await store.status(now=s.at(90))
    assert (status.posts, status.mentions, status.open_asks, status.overdue_asks) == (3, 3, 2, 1)
    assert (status.conversations, status.effects) == ({"open": 3}, {"leased": 2, "pending": 1})
    assert (s.at(60), "r1", s.at(7)) == (
        status.oldest_pending_at,
        status.rules_version,
        status.last_mention_at,
    )
    assert status.failures == {}


async def test_an_empty_database_has_a_status(store: SqliteStore) -> None:
    """Before the first mention there are zeros, not errors."""
    status = await store.status(now=s.at(0))
    assert (
        status.posts,
        status.overdue_asks,
        status.oldest_pending_at,
        status.last_mention_at,
        status.sources,
    ) == (0, 0, None, None, ())


async def test_held_are_mentions_and_our_answers_since_then(store: SqliteStore) -> None:
    """What was stored earlier than asked for is not watched any more."""
    await s.record(store, s.judged(s.post("old", root=None)), minute=1)
    await s.record(store, s.judged(s.post("new")), s.answer("a", minute=4), minute=9)
    assert dict(await store.held("bluesky", since=s.at(5))) == {
        "at://ann/new": ("acme",),
        "at://acme-care/a": ("acme",),
    }


async def test_since_when_somebody_waits_on_a_platform(store: SqliteStore) -> None:
    """The oldest open question to us; neither a rival's nor one that was answered."""
    assert await store.waits_since("bluesky") is None
    await s.record(store, s.judged(s.post("r", author="zoe", root=None, minute=1), brand="rival"), minute=60)
    assert await store.waits_since("bluesky") is None
    for minute in (30, 20):
        asked = s.post(f"q{minute}", author=f"a{minute}", root=None, minute=minute)
        await s.record(store, s.judged(asked), minute=60)
    assert await store.waits_since("bluesky") == s.at(20)
    assert await store.waits_since("x") is None
