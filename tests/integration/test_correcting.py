"""What is public is changed in its place: approved like any answer, one post all the while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.errors import BotError, Reason, Rejected
from bot.model import ConversationState
from bot.replies import ReplyState
from bot.staff import Verb
from bot.testing.wall import Board, Wall, cut, down
from bot.texts.en import ENGLISH
from tests.integration import store_samples as s
from tests.integration._answers import QUESTION, WORDS, Office, office

BETTER = "Sorry! Which kettle is it, and since when?"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


@asynccontextmanager
async def answered(path: Path, wall: Wall | None = None) -> AsyncIterator[Office]:
    """An answer of ours is public, and better words are proposed."""
    async with office(path, wall or Board()) as it:
        await it.approve()
        await it.go_on()
        assert await it.write(BETTER) == ENGLISH.say("answer.look_at_it")
        yield it


async def test_an_answer_is_corrected_in_its_place(path: Path) -> None:
    """After the hold, once; the same post says it then, here and there, and nobody waits again."""
    async with answered(path) as it:
        draft = await it.draft()
        assert it.answering.equipped(await it.state()).means.can_correct
        assert await it.press(Verb.CORRECT, draft.id) == ENGLISH.say("answer.corrected", seconds=it.hold)
        assert ["publish"] == it.wall.asked
        await it.go_on()
        assert [("at://us/1", BETTER, QUESTION)] == it.wall.posts
        state, reply = await it.state(), await it.reply()
        assert (reply.state, reply.corrects, reply.text) == (ReplyState.PUBLISHED, True, BETTER)
        assert state.conversation.state is ConversationState.ANSWERED
        ours = s.rows(path, "SELECT text FROM posts WHERE post_id = 'at://us/1'")
        assert [(BETTER,)] == ours
        await it.go_on(3600)
        assert ["publish", "correct"] == it.wall.asked
        said = s.rows(path, "SELECT verb, outcome FROM decisions ORDER BY id DESC LIMIT 1")
        assert [("correct", "corrected")] == said


async def test_what_was_corrected_is_taken_back_as_one(path: Path) -> None:
    """The button is that of what stands there now; nothing of the first words comes to light again."""
    async with answered(path) as it:
        await it.press(Verb.CORRECT, (await it.draft()).id)
        await it.go_on()
        state = await it.state()
        assert state.standing
        await it.press(Verb.TAKE_BACK, state.standing.id)
        await it.go_on()
        state = await it.state()
        assert ([], None) == (it.wall.posts, state.standing)
        assert state.conversation.state is ConversationState.CLAIMED


@pytest.mark.parametrize("error", [cut(), down()])
async def test_what_is_not_known_is_asked_for_again(path: Path, error: BotError) -> None:
    """The same change twice does no harm, so that nobody has to look."""
    async with answered(path) as it:
        (it.wall.after if error.reason is Reason.OUTCOME_UNKNOWN else it.wall.before).append(error)
        await it.press(Verb.CORRECT, (await it.draft()).id)
        await it.go_on()
        await it.go_on(60)
        assert ["publish", "correct", "correct"] == it.wall.asked
        assert [("at://us/1", BETTER, QUESTION)] == it.wall.posts
        assert (await it.reply()).state is ReplyState.PUBLISHED


async def test_a_refused_correction_leaves_what_is_public(path: Path) -> None:
    """The card says so, keeps the words, and what stands there can still be taken back."""
    async with answered(path) as it:
        it.wall.before.append(Rejected("too old", reason=Reason.FORBIDDEN))
        await it.press(Verb.CORRECT, (await it.draft()).id)
        await it.go_on()
        state, reply = await it.state(), await it.reply()
        assert (ReplyState.REFUSED, "forbidden", BETTER) == (reply.state, reply.reason, reply.text)
        assert [("at://us/1", WORDS, QUESTION)] == it.wall.posts
        assert state.standing
        assert state.conversation.state is ConversationState.ANSWERED
        await it.press(Verb.TAKE_BACK, state.standing.id)
        await it.go_on()
        assert [] == it.wall.posts


async def test_a_new_question_is_not_answered_by_a_correction(path: Path) -> None:
    """Whoever waits again gets an answer of its own: the button is gone, and a press of it says why."""
    async with answered(path) as it:
        draft = await it.draft()
        again = s.post("q1", author="a0", minute=90, root=QUESTION)
        await it.hear(s.judged(again, uid="M2"))
        assert await it.press(Verb.CORRECT, draft.id) == ENGLISH.say("answer.outdated")
        await it.press(Verb.AGAIN)
        assert not it.answering.equipped(await it.state()).means.can_correct
        assert await it.press(Verb.CORRECT, (await it.draft()).id) == ENGLISH.say("answer.outdated")
        await it.go_on()
        assert ["publish"] == it.wall.asked


async def test_canceled_within_the_hold_nothing_is_changed(path: Path) -> None:
    """As with an answer."""
    async with answered(path) as it:
        await it.press(Verb.CORRECT, (await it.draft()).id)
        await it.press(Verb.CANCEL, (await it.reply()).id)
        await it.go_on()
        assert [("at://us/1", WORDS, QUESTION)] == it.wall.posts
        assert (await it.state()).standing


async def test_where_nothing_can_be_changed_it_is_not_offered(path: Path) -> None:
    """The words can be published as another answer."""
    async with answered(path, Wall()) as it:
        draft = await it.draft()
        assert not it.answering.equipped(await it.state()).means.can_correct
        assert await it.press(Verb.CORRECT, draft.id) == ENGLISH.say("answer.outdated")
        await it.press(Verb.APPROVE, draft.id)
        await it.go_on()
        assert [WORDS, BETTER] == [text for _, text, _ in it.wall.posts]
