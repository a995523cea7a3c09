"""Properties of `record`: written twice it changes nothing more, and batch borders don't matter."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Alert, Deletion, Urgency
from bot.records import Answer, Entry, Judged
from tests.integration import store_samples as s

_PEOPLE = ("ann", "bob")
_ROOTS = (s.ROOT, "at://zoe/root")

Item = Judged | Answer | Deletion


@st.composite
def _mention(draw: st.DrawFn) -> Judged:
    author, number = draw(st.sampled_from(_PEOPLE)), draw(st.integers(0, 3))
    edited = draw(st.booleans())
    revision = draw(st.integers(1, 3)) if edited else 0
    asks = draw(st.booleans())
    of = s.post(
        f"p{number}",
        author=author,
        minute=number * 10,
        text=f"text {revision}",
        root=_ROOTS[number % 2],
        edited=edited,
        revision=str(revision),
        seen=number * 10 + revision,
    )
    return s.judged(
        of,
        brand=draw(st.sampled_from(("acme", "rival"))),
        asks=asks,
        urgency=draw(st.sampled_from(Urgency)),
        alert=draw(st.sampled_from(Alert)),
        late=draw(st.booleans()),
    )


@st.composite
def _answer(draw: st.DrawFn) -> Answer:
    minute = draw(st.integers(0, 40))
    to, root = draw(st.sampled_from(_PEOPLE)), draw(st.sampled_from(_ROOTS))
    return s.answer(f"a-{minute}-{to}-{root[5:8]}", minute=minute, to=to, root=root)


_deletion = st.builds(
    lambda who, number: Deletion(
        platform="bluesky", author_id=who, post_id=None if number is None else f"at://{who}/p{number}"
    ),
    st.sampled_from(_PEOPLE),
    st.none() | st.integers(0, 3),
)
_items = st.lists(_mention() | _answer(), max_size=12)
_deleted = st.lists(_deletion, max_size=2)


def _tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608


async def _write(path: Path, entries: Sequence[Entry]) -> dict[str, list[tuple[Any, ...]]]:
    async with s.opened(path) as store:
        for entry in entries:
            await store.record(entry, now=s.at(60), lease_for=s.LEASE)
    return _tables(path)


def _run(*runs: Sequence[Entry]) -> list[dict[str, list[tuple[Any, ...]]]]:
    with tempfile.TemporaryDirectory() as folder:
        return [
            asyncio.run(_write(Path(folder) / f"{number}.db", entries)) for number, entries in enumerate(runs)
        ]


_settings = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@_settings
@given(_items, _deleted, st.lists(st.integers(0, 12), max_size=3))
def test_any_split_into_batches_gives_the_same_rows(
    items: list[Judged | Answer], deleted: list[Deletion], cuts: list[int]
) -> None:
    """Where a batch ends is an accident of the network: rows, keys and order are the same."""
    borders = [0, *sorted(min(cut, len(items)) for cut in cuts), len(items)]
    whole = [s.entry(*items, deleted=tuple(deleted), cursor="9")]
    parts = [s.entry(*items[a:b]) for a, b in pairwise(borders)]
    parts.append(s.entry(deleted=tuple(deleted), cursor="9"))
    one, many = _run(whole, parts)
    assert one == many


@_settings
@given(_items, _deleted)
def test_the_same_entries_again_change_nothing(items: list[Judged | Answer], deleted: list[Deletion]) -> None:
    """A source that resumes from an old cursor, or a replay of a day, leaves every row as it was."""
    entries = [*(s.entry(item) for item in items), s.entry(deleted=tuple(deleted), cursor="9")]
    once, twice = _run(entries, [*entries, *entries])
    assert once == twice


@_settings
@given(st.permutations([0, 1, 2, 3, 4, 5]), st.lists(st.integers(1, 7), min_size=6, max_size=6), st.data())
def test_waits_do_not_depend_on_the_order_of_arrival(
    order: list[int], minutes: list[int], data: st.DataObject
) -> None:
    """Questions and answers of one thread, some of the same time, give the same asks and state in any order."""
    timeline = [
        s.judged(s.post(f"q{n}", minute=minute))
        if data.draw(st.booleans())
        else s.answer(f"a{n}", minute=minute)
        for n, minute in enumerate(sorted(minutes))
    ]
    in_order = [s.entry(item) for item in timeline]
    shuffled = [s.entry(timeline[place]) for place in order]
    one, other = (
        (
            sorted((row[4], row[9], row[11]) for row in tables["asks"]),
            [row[5] for row in tables["conversations"]],
        )
        for tables in _run(in_order, shuffled)
    )
    assert one == other
