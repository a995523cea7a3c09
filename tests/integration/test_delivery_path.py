"""From the commit to the message: what is leased with its insertion, shown without a read, looked for once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.model import Alert, Author, ConversationState, Deletion
from bot.records import CardState, Conversation, Judged, Leased
from bot.store import effects, schema
from bot.store.sqlite import SqliteStore
from bot.store.work import Standing, Work
from tests.integration import store_samples as s
from tests.integration.outbox_world import running, until

ANN = Author(platform="bluesky", id="ann", handle="ann.example", name="Ann", followers=3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(path) as opened:
        yield opened


def _mention(name: str = "first", **more: Any) -> Judged:
    return s.judged(s.post(name, root=None), **more)


async def _heard(store: SqliteStore, *items: Judged) -> Leased:
    """The last alert that came out of a batch."""
    recorded = await store.record(s.entry(*items), now=s.at(5), lease_for=s.LEASE)
    return recorded.leased[-1]


async def _forget(store: SqliteStore, post_id: str) -> None:
    gone = Deletion(platform="bluesky", author_id="ann", post_id=post_id)
    await store.record(s.entry(deleted=(gone,)), now=s.at(6), lease_for=s.LEASE)


@pytest.mark.parametrize(
    "item",
    [
        _mention(),
        _mention(author=ANN),
        _mention(asks=False),
        _mention(alert=Alert.PING, author=replace(ANN, followers=None, verified=True)),
        s.judged(
            s.post("below", root=None, parent=("at://carl/above", "carl")),
            parent=s.post("above", author="carl", root=None),
        ),
    ],
    ids=["unknown author", "known author", "no question", "ping", "an answer to somebody"],
)
async def test_a_first_card_is_what_a_read_would_show(store: SqliteStore, item: Judged) -> None:
    """What comes with a new alert is exactly what stands in the database."""
    await _heard(store, _mention("before", author=replace(ANN, name="Ann the first")))
    leased = await _heard(store, item)
    assert leased.card is not None
    assert await store.card(leased) is leased.card
    assert await store.card(replace(leased, card=None)) == leased.card


async def test_a_first_card_of_another_life_is_read(path: Path) -> None:
    """What was remembered of conversations is gone with the process; the card is read then."""
    async with s.opened(path) as store:
        leased = await _heard(store, _mention(author=ANN))
    async with s.opened(path) as store:
        shown = await store.card(leased)
        assert (shown, shown is leased.card) == (leased.card, False)


async def test_an_answer_in_between_is_seen(store: SqliteStore) -> None:
    """An alert that waits for its turn must not ring when it was answered meanwhile."""
    leased = await _heard(store, _mention(author=ANN))
    ours = s.answer("ours", minute=6, root="at://ann/first")
    await store.record(s.entry(ours), now=s.at(6), lease_for=s.LEASE)
    shown = await store.card(leased)
    assert shown is not None
    assert shown.conversation.state is ConversationState.ANSWERED


async def test_a_deletion_in_between_is_seen(store: SqliteStore) -> None:
    """Nor when its author took it back."""
    leased = await _heard(store, _mention(author=ANN))
    await _forget(store, "at://ann/first")
    shown = await store.card(leased)
    assert shown is not None
    assert (shown.post_deleted, shown.mention.post.text) == (True, "")


async def test_the_deleted_line_above_is_not_shown(store: SqliteStore) -> None:
    """What stands above a mention and is taken back changes no version, and yet is gone from its card."""
    above = s.post("above", author="ann", root=None, text="the line above")
    item = s.judged(s.post("below", author="bob", root=None, parent=(above.id, "ann")), parent=above)
    leased = await _heard(store, item)
    assert leased.card is not None
    assert leased.card.parent == above
    await _forget(store, above.id)
    shown = await store.card(leased)
    assert shown is not None
    assert shown.parent is None


async def test_of_two_messages_in_one_batch_the_card_shows_both(store: SqliteStore) -> None:
    """The second joins the first one's ask: what was known when the first was written is not enough."""
    second = s.judged(s.post("second", root="at://ann/first", minute=1))
    leased = await _heard(store, _mention(author=ANN), second)
    shown = await store.card(leased)
    assert shown is not None
    assert shown.messages == 2


def test_what_is_not_remembered_is_doubted() -> None:
    """However many conversations change, only the last ones are kept in memory."""
    standing = Standing(size=2)
    cards = [_card(conversation) for conversation in (1, 2, 3)]
    for one in cards:
        standing.changed(one.conversation.id, 1)
    assert [standing.shows(one) for one in cards] == [False, True, True]


def _card(conversation: int) -> CardState:
    item = _mention()
    stands = Conversation(
        id=conversation,
        brand="acme",
        platform="bluesky",
        root_id="r",
        author_id="ann",
        state=ConversationState.OPEN,
        version=1,
    )
    return CardState(
        mention_id="m",
        mention=item.mention,
        verdict=item.verdict,
        facts=item.facts,
        conversation=stands,
        author=None,
        ask=None,
    )


class _CountingStore(SqliteStore):
    """Counts what the outbox asks of it."""

    looks = 0
    reads = 0

    async def next_due_at(self) -> datetime | None:
        type(self).looks += 1
        return await super().next_due_at()

    async def card(self, leased: Leased) -> Any:
        shown = await super().card(leased)
        type(self).reads += shown is not leased.card
        return shown


async def test_alerts_are_delivered_without_a_look_or_a_read(path: Path) -> None:
    """What is leased with its insertion goes from the commit to the channel; the poll is for recovery only."""
    async with running(path, store=_CountingStore) as desk:
        await desk.settled()
        _CountingStore.looks = _CountingStore.reads = 0
        for number in range(20):
            await desk.hear(s.judged(s.post(f"m{number}", author=f"w{number}", root=None)))
        await desk.outbox.drain(10)
        assert (len(desk.chat.sent), _CountingStore.looks, _CountingStore.reads) == (20, 0, 0)
        assert {state for _, _, state in desk.states()} == {"sent"}


async def test_a_change_behind_a_delivery_goes_out_at_once(path: Path) -> None:
    """An update that had to wait for its alert goes when that is settled, and not at the next poll."""
    async with running(path) as desk:
        desk.chat.gate.clear()
        await desk.hear(_mention(author=ANN))
        await until(lambda: desk.chat.tries)
        await desk.hear(s.judged(s.post("second", root="at://ann/first", minute=1, text="and now it smokes")))
        assert [state for _, _, state in desk.states()] == ["leased", "pending"]
        desk.chat.gate.set()
        await until(lambda: desk.chat.edits)
        assert len(desk.chat.edits) == 1


# --- leasing --------------------------------------------------------------------------------------

_ORACLE = (
    "SELECT id FROM (SELECT e.id, e.due_at,"
    " row_number() OVER (PARTITION BY e.channel ORDER BY e.due_at, e.id) AS place FROM effects e"
    " WHERE ((e.state = 'pending' AND e.due_at <= :now) OR (e.state = 'leased' AND e.leased_until <= :now))"
    " AND e.channel NOT IN (SELECT value FROM json_each(:without)))"
    " WHERE place <= :each ORDER BY due_at, id LIMIT :limit"
)
_row = st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.sampled_from(["pending", "leased", "sent"]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_row, max_size=40), st.integers(1, 12), st.integers(1, 6), st.sets(st.sampled_from("abc")))
def test_leased_are_the_oldest_of_each_channel(
    tmp_path: Path, rows: list[tuple[str, int, str]], limit: int, each: int, without: set[str]
) -> None:
    """Looking again without the channels that are full gives what sorting everything would give."""
    with closing(_effects(tmp_path, rows)) as conn:
        now = s.NOON
        work = Work(conn=conn, now=now, lease_for=s.LEASE, standing=Standing())
        values = {"now": work.at, "limit": limit, "each": each, "without": json.dumps(sorted(without))}
        expected = [id_ for (id_,) in conn.execute(_ORACLE, values)]
        leased = effects.lease(work, limit=limit, each=each, without=without)
        assert expected == [one.id for one in leased]


def _effects(folder: Path, rows: list[tuple[str, int, str]]) -> sqlite3.Connection:
    """A database in memory with the effects table of a fresh one, some due a little later than now."""
    template = folder / "template.db"
    if not template.exists():
        schema.prepare(template, may_upgrade=True)
    conn = sqlite3.connect(":memory:", isolation_level=None)
    with closing(sqlite3.connect(template)) as made:
        made.backup(conn)
    for number, (channel, minute, state) in enumerate(rows):
        due = int(s.at(minute - 6).timestamp() * 1e6)
        conn.execute(
            "INSERT INTO effects (key, kind, channel, payload, tried, state, due_at, leased_until, fence,"
            " attempts, created_at) VALUES (?, 'notice', ?, '{}', '[]', ?, ?, ?, 0, 0, 0)",
            (str(number), channel, state, due, due if state == "leased" else None),
        )
    return conn
