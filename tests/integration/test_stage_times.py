"""How asks went from stage to stage, read from a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.changes import Change
from bot.model import Brand, ConversationState, Urgency
from bot.overrides import Override
from bot.overview import StageTimes
from bot.replies import Approve, Cancel, Origin, Propose, Step
from bot.staff import Verb
from bot.stages import Promise, Stage
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s

A_DAY = 24 * 60


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(tmp_path / "x.db") as made:
        yield made


async def asked(
    store: SqliteStore,
    who: str,
    *,
    minute: float = 0,
    seen: float | None = None,
    urgency: Urgency = Urgency.HIGH,
    brand: str = "acme",
    due: float | None = 30,
) -> str:
    """Somebody asks in a thread of their own; no card is sent. The id of the mention."""
    post = s.post(f"p{minute:g}", author=who, root=f"at://{who}/p0", minute=minute, seen=seen)
    item = s.judged(post, uid=f"{who}{minute:g}", brand=brand, urgency=urgency, due=due)
    await s.record(store, item, minute=minute if seen is None else seen)
    return item.mention_id


async def answered(store: SqliteStore, who: str, minute: float) -> None:
    await s.record(store, s.answer(f"a-{who}", minute=minute, to=who, root=f"at://{who}/p0"), minute=minute)


async def change(store: SqliteStore, mention: str, minute: float, **more: object) -> None:
    """A person decides something."""
    decision = replace(s.press(0, Verb.CLAIM, mention), press_id=f"{mention}@{minute}{more}")
    made = Change(outcome="done", reply="", updates_all=True, **more)  # type: ignore[arg-type]
    await store.decide(
        replace(decision, at=s.at(minute)),
        lambda _state, _decision: made,
        cursor=None,
        now=s.at(minute),
        lease_for=s.LEASE,
    )


async def approved(store: SqliteStore, mention: str, minute: float, *, draft: int = 1) -> None:
    steps: tuple[Step, ...] = (
        Propose(text="on it", origin=Origin.PERSON, lang="en"),
        Approve(draft=draft, due_at=s.at(minute), until=s.at(minute + 60)),
    )
    for step in steps:
        await change(store, mention, minute, step=step)


async def times(store: SqliteStore, *, minute: float = 60, since: float = -A_DAY) -> StageTimes:
    return await store.stage_times(s.at(since), now=s.at(minute))


async def test_an_ask_that_went_by_the_book(store: SqliteStore) -> None:
    """Read a minute after it was written, alerted, claimed, approved, answered: each after the question."""
    mention = await asked(store, "ann", seen=1)
    for leased in await s.lease(store, minute=2):
        await s.settle(store, leased, minute=2)
    await change(store, mention, 10, state=ConversationState.CLAIMED, claimed_by="pia")
    await approved(store, mention, 20)
    await answered(store, "ann", 21)
    found = await times(store)
    paces = found.whole.paces
    assert [paces[stage].median for stage in Stage] == [timedelta(minutes=m) for m in (1, 2, 10, 20, 21)]
    assert [paces[stage].step for stage in Stage] == [timedelta(minutes=m) for m in (1, 1, 8, 10, 1)]
    assert found.whole.promises[Promise.KEPT] == 1
    assert (found.waiting, found.longest) == ({}, ())


async def test_who_waits_is_not_left_out(store: SqliteStore) -> None:
    """Two were answered fast, three wait: nobody knows a median, and the promises of three were missed."""
    for place, who in enumerate(("ann", "ben", "cy", "dee", "eve")):
        await asked(store, who, minute=place)
    await answered(store, "ann", 5)
    await answered(store, "ben", 6)
    found = await times(store, minute=120)
    pace = found.whole.paces[Stage.ANSWERED]
    assert (pace.reached, pace.waiting, pace.median) == (2, 3, None)
    assert found.whole.promises[Promise.MISSED] == 3
    assert [(one.row.listed.author_id, one.length) for one in found.longest] == [
        (who, timedelta(minutes=120 - place)) for place, who in ((2, "cy"), (3, "dee"), (4, "eve"))
    ]
    await answered(store, "cy", 63)
    again = await times(store, minute=120)
    assert again.whole.paces[Stage.ANSWERED].median == timedelta(minutes=61)


async def test_a_dismissed_ask_is_no_answer(store: SqliteStore) -> None:
    """It counts as waiting until then; its promise, not yet due, is void."""
    mention = await asked(store, "ann")
    await change(store, mention, 10, state=ConversationState.DISMISSED)
    found = await times(store)
    assert found.whole.paces[Stage.ANSWERED].reached == found.whole.paces[Stage.ANSWERED].waiting == 0
    assert found.whole.promises[Promise.VOID] == 1


async def test_rivals_are_not_in_it_nor_what_was_before(store: SqliteStore) -> None:
    """Of the time that was asked for; but who waits now waits since whenever they asked."""
    await store.save_brands([Brand(name="rival", words=(), is_rival=True), Brand(name="acme", words=())])
    await asked(store, "ann", brand="rival")
    await asked(store, "ben", minute=-3 * A_DAY, urgency=Urgency.CRITICAL)
    found = await times(store)
    assert (found.whole.asks, found.by_urgency) == (0, {})
    assert found.waiting == {Urgency.CRITICAL: 1}
    assert [one.row.listed.author_id for one in found.longest] == ["ben"]
    assert (await times(store, since=-4 * A_DAY)).whole.asks == 1


async def test_by_the_most_urgent_of_what_was_asked(store: SqliteStore) -> None:
    """A later thanks makes a wait no less urgent; what a person says of it holds."""
    await asked(store, "ann", urgency=Urgency.NORMAL)
    await asked(store, "ann", minute=1, urgency=Urgency.CRITICAL)
    await answered(store, "ann", 5)
    ben = await asked(store, "ben", urgency=Urgency.LOW)
    await change(store, ben, 2, override=Override(urgency=Urgency.HIGH, respond_in=timedelta(hours=1)))
    found = await times(store)
    assert {level: one.asks for level, one in found.by_urgency.items()} == {
        Urgency.CRITICAL: 1,
        Urgency.HIGH: 1,
    }


async def test_an_approval_belongs_to_the_question_that_it_answers(store: SqliteStore) -> None:
    """Not to an earlier one of the same person; one that was canceled in time does not count."""
    await asked(store, "ann")
    await answered(store, "ann", 5)
    second = await asked(store, "ann", minute=10)
    await approved(store, second, 30)
    found = await times(store)
    assert (found.whole.asks, found.whole.paces[Stage.APPROVED].reached) == (2, 1)
    await change(store, second, 31, step=Cancel(reply=1))
    assert (await times(store)).whole.paces[Stage.APPROVED].reached == 0


async def test_nothing_is_known_of_the_time_when_nobody_listened(store: SqliteStore) -> None:
    """Of one who asked before we stopped listening it is known only that they waited until then."""
    await asked(store, "ann", due=None)
    await asked(store, "ben", due=None)
    await answered(store, "ben", 40)
    assert (await times(store, minute=600)).whole.paces[Stage.ANSWERED].median == timedelta(minutes=40)
    await s.record(store, observed_to=s.at(20), minute=20)
    found = await times(store, minute=600)
    assert found.observed_to == s.at(20)
    assert found.whole.paces[Stage.ANSWERED].median == timedelta(minutes=40), (
        "ann was not seen to wait longer"
    )
    await asked(store, "cy", minute=1, due=None)
    assert (await times(store, minute=600)).whole.paces[Stage.CLAIMED].median is None
