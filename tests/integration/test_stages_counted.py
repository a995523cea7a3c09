"""Each stage of each ask is told of once, when it comes: not again after an undo, a restart, a second answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.changes import Change, Decision
from bot.model import Brand, ConversationState, Urgency
from bot.records import CardState
from bot.replies import Cancel
from bot.staff import Verb
from bot.stages import Reached, Stage
from bot.store import schema
from bot.store.migrations import run
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s
from tests.integration.test_stage_times import answered, approved, asked, change

CLAIMED = {"state": ConversationState.CLAIMED, "claimed_by": "pia"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


@asynccontextmanager
async def watched(path: Path) -> AsyncIterator[tuple[SqliteStore, list[Reached]]]:
    """A store, and what it tells."""
    told: list[Reached] = []
    async with s.opened(path) as store:
        store.on_stage = told.append
        yield store, told


def minutes(told: list[Reached]) -> list[tuple[Stage, float]]:
    return [(one.stage, one.after / timedelta(minutes=1)) for one in told]


async def test_each_stage_when_it_comes(path: Path) -> None:
    """With the urgency that it had then."""
    async with watched(path) as (store, told):
        mention = await asked(store, "ann", seen=1, urgency=Urgency.CRITICAL)
        assert minutes(told) == [(Stage.SEEN, 1)]
        for leased in await s.lease(store, minute=2):
            await s.settle(store, leased, minute=2)
        assert minutes(told)[1:] == [(Stage.ALERTED, 2)]
        await change(store, mention, 10, **CLAIMED)
        assert minutes(told)[2:] == [(Stage.CLAIMED, 10)]
        await approved(store, mention, 20)
        assert minutes(told)[3:] == [(Stage.APPROVED, 20)]
        await answered(store, "ann", 21)
        assert minutes(told)[4:] == [(Stage.ANSWERED, 21)]
        assert {one.urgency for one in told} == {Urgency.CRITICAL}


async def test_not_again(path: Path) -> None:
    """Neither in the same run nor in the next: given back and claimed again, canceled and approved again."""
    async with watched(path) as (store, told):
        mention = await asked(store, "ann")
        await change(store, mention, 10, **CLAIMED)
        await approved(store, mention, 20)
        assert len(told) == 3
        await change(store, mention, 21, step=Cancel(reply=1))
        await change(store, mention, 22, state=ConversationState.OPEN)
    s.execute(path, "UPDATE asks SET claimed_at = NULL")  # as an undo leaves it
    async with watched(path) as (store, told):
        await change(store, mention, 30, **CLAIMED)
        await approved(store, mention, 31, draft=2)
        assert told == []
        await answered(store, "ann", 40)
        assert minutes(told) == [(Stage.ANSWERED, 40)]


async def test_an_answer_says_whether_it_came_when_it_was_due(path: Path) -> None:
    """Within the half hour, after it, and where nobody promised anything."""
    async with watched(path) as (store, told):
        for who, due, minute in (("ann", 30, 30), ("ben", 30, 31), ("cy", None, 31)):
            await asked(store, who, due=due)
            await answered(store, who, minute)
        assert [one.kept for one in told if one.stage is Stage.ANSWERED] == [True, False, None]
        assert {one.kept for one in told if one.stage is Stage.SEEN} == {None}


async def test_a_rivals_ask_is_not_ours(path: Path) -> None:
    """The metrics are of our own answers."""
    async with watched(path) as (store, told):
        await store.save_brands([Brand(name="rival", words=(), is_rival=True)])
        await asked(store, "ann", brand="rival")
        assert told == []


async def test_what_was_not_written_is_not_told(path: Path) -> None:
    """A unit that fails after it noted something; the next ones are told of all the same."""

    class BrokenError(Exception):
        pass

    def breaks(_state: CardState, _decision: Decision) -> Change:
        store._reached.append(told[0])  # as if it had come to a stage before it broke
        raise BrokenError

    async with watched(path) as (store, told):
        mention = await asked(store, "ann")
        with pytest.raises(BrokenError):
            await store.decide(
                replace(s.press(1, Verb.CLAIM, mention), at=s.at(5)),
                breaks,
                cursor=None,
                now=s.at(5),
                lease_for=s.LEASE,
            )
        await change(store, mention, 10, **CLAIMED)
        assert minutes(told) == [(Stage.SEEN, 0), (Stage.CLAIMED, 10)]


async def test_what_was_before_the_upgrade_is_not_told_late(path: Path) -> None:
    """0015 to 0016: rows of the older version know what they came to; only what comes now is told."""
    async with watched(path) as (store, _):
        mention = await asked(store, "ann")
        await change(store, mention, 10, **CLAIMED)
        await approved(store, mention, 12)
        await asked(store, "ben")
    with closing(schema.connect(path)) as connection:
        run.downgrade(connection, "0015")
    schema.upgrade(path)
    assert [(13,), (1,)] == s.rows(path, "SELECT counted FROM asks ORDER BY id")
    async with watched(path) as (store, told):
        await asked(store, "ann", minute=20)
        assert told == []
        await answered(store, "ann", 21)
        assert minutes(told) == [(Stage.ANSWERED, 21)]
