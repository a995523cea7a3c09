"""One answer for very many: prepared with one press, a batch at a time, killed and stopped in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.changes import Decision
from bot.errors import StoreError
from bot.incidents import AnswerState
from bot.preparing import BATCH, Text
from bot.sharing import Sharing
from bot.staff import Verb
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration.test_sharing import Crisis, crisis

PEOPLE = 230
RUNS = "SELECT 1 FROM shared_answers WHERE preparing IS NOT NULL"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def restarted(all_: Crisis) -> Sharing:
    """What knows only what stands in the database."""
    before = all_.it.desk.incidents
    assert isinstance(before, Sharing)
    all_.it.desk.incidents = after = replace(before)
    return after


def drafts(path: Path) -> tuple[int, int]:
    """How many stand, in how many conversations."""
    found = s.rows(path, "SELECT count(*), count(DISTINCT conversation) FROM drafts WHERE state = 'open'")
    return found[0][0], found[0][1]


async def begin(all_: Crisis) -> str:
    await all_.say()
    return await all_.press(Verb.ALL_PREPARE, str((await all_.answer()).id))


async def test_one_press_prepares_all(path: Path) -> None:
    """More than two hundred; the card counts them, and the approval is of all of them."""
    async with crisis(path, people=PEOPLE) as all_:
        assert ENGLISH.say("share.prepared", count=PEOPLE) == await begin(all_)
        answer = await all_.answer()
        assert (True, 0, PEOPLE) == (answer.is_preparing, answer.drafts, answer.to)
        await all_.go_on()
        answer = await all_.answer()
        assert (AnswerState.PREPARED, False, PEOPLE) == (answer.state, answer.is_preparing, answer.drafts)
        told = await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.{PEOPLE}")
        assert ENGLISH.say("share.published", count=PEOPLE, left=0) == told


async def test_a_daemon_that_is_killed_goes_on(path: Path) -> None:
    """In the middle of a batch, twice: who has a draft keeps it, nobody gets two, and none is left out."""
    async with crisis(path, people=PEOPLE) as all_:
        await begin(all_)
        decided = 0

        async def dies(decision: Decision, text: Text | None) -> str:
            nonlocal decided
            decided += 1
            if decided > BATCH + 7:
                raise StoreError("killed")
            return await all_.it.desk.one_of_many(decision, text)

        for _ in range(2):
            decided = 0
            with pytest.raises(StoreError):
                await restarted(all_).preparing.once(dies)
        assert (2 * (BATCH + 7), 2 * (BATCH + 7)) == drafts(path)
        answer = await all_.answer()
        assert ENGLISH.say("share.outdated") == await all_.press(Verb.ALL_PUBLISH, f"{answer.id}.{PEOPLE}")
        restarted(all_)
        await all_.go_on()
        assert (PEOPLE, PEOPLE) == drafts(path)
        assert not (await all_.answer()).is_preparing


async def test_it_can_be_stopped_meanwhile(path: Path) -> None:
    """The batch that is on its way ends; then all that was prepared is thrown away, and no more follows."""
    async with crisis(path, people=PEOPLE) as all_:
        await begin(all_)
        answer, stopping = await all_.answer(), list[asyncio.Task[str]]()

        async def stopped(decision: Decision, text: Text | None) -> str:
            if not stopping and drafts(path)[0] >= BATCH:
                stopping.append(asyncio.create_task(all_.press(Verb.ALL_STOP, str(answer.id))))
            while stopping and s.rows(path, RUNS):  # noqa: ASYNC110 - it stands in the database
                await asyncio.sleep(0.01)
            return await all_.it.desk.one_of_many(decision, text)

        sharing = all_.it.desk.incidents
        assert isinstance(sharing, Sharing)
        await sharing.preparing.once(stopped)
        told = await stopping[0]
        made = s.rows(path, "SELECT count(*) FROM drafts")[0][0]
        assert 2 * BATCH == made
        assert ENGLISH.say("share.stopped", count=made) == told
        await all_.go_on()
        assert (0, 0) == drafts(path)
        assert [("open", PEOPLE)] == s.rows(
            path, "SELECT state, count(*) FROM conversations WHERE author_id LIKE 'b%' GROUP BY 1"
        )
        assert AnswerState.STOPPED is (await all_.answer()).state


async def test_who_comes_meanwhile_is_prepared_too_and_who_cannot_be_is_tried_once(path: Path) -> None:
    """A refusal leaves a row: it is not tried for ever."""
    async with crisis(path) as all_:
        await begin(all_)
        s.execute(path, "UPDATE posts SET deleted_at = 1 WHERE author_id = 'b0'")
        late = s.judged(s.post("late", author="b9", minute=61, root=None), channel="chat:care")
        await all_.it.hear(late)
        await all_.go_on()
        assert (6, 6) == drafts(path)
        tried = "SELECT count(*) FROM decisions WHERE argument LIKE 'all.%'"
        assert [(7,)] == s.rows(path, tried)
        assert (1, False) == ((await all_.answer()).to, (await all_.answer()).is_preparing)


async def test_whoever_began_it_may_have_left(path: Path) -> None:
    """Nothing is prepared in their name any more, and nothing waits for it."""
    async with crisis(path) as all_:
        await begin(all_)
        del all_.it.desk.people["anna"]
        await all_.go_on()
        assert (0, 0) == drafts(path)
        assert not (await all_.answer()).is_preparing
