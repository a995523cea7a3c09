"""Undo after what is done about drafts: the words that were there are there again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.model import ConversationState
from bot.staff import Verb
from bot.texts.en import ENGLISH
from tests.integration._answers import WORDS, office

UNDONE = ENGLISH.say("press.undone")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_an_answer_that_was_begun_is_none_again(path: Path) -> None:
    """Neither the draft nor the claim that came with it is left."""
    async with office(path) as it:
        await it.write(WORDS)
        assert await it.press(Verb.UNDO) == UNDONE
        state = await it.state()
        assert (state.draft, state.conversation.state) == (None, ConversationState.OPEN)
        assert state.conversation.claimed_by is None


@pytest.mark.parametrize("drafts", [2, 12])
async def test_the_words_before_are_back(path: Path, drafts: int) -> None:
    """However many there were, the last ones go and those before them wait for approval again."""
    async with office(path) as it:
        for number in range(drafts):
            await it.write(f"words {number}")
        assert await it.press(Verb.UNDO) == UNDONE
        assert (await it.draft()).text == f"words {drafts - 2}"
        await it.press(Verb.APPROVE, (await it.draft()).id)
        await it.go_on()
        assert [f"words {drafts - 2}"] == [text for _, text, _ in it.wall.posts]


async def test_what_was_thrown_away_is_back(path: Path) -> None:
    """Nothing that somebody wrote is lost by a wrong press."""
    async with office(path) as it:
        await it.write(WORDS)
        draft = await it.draft()
        await it.press(Verb.DISCARD, draft.id)
        assert (await it.state()).draft is None
        assert await it.press(Verb.UNDO) == UNDONE
        assert (await it.draft()) == draft
        await it.press(Verb.APPROVE, draft.id)
        await it.go_on()
        assert [WORDS] == [text for _, text, _ in it.wall.posts]


async def test_what_is_to_be_public_is_stopped_by_its_own_button(path: Path) -> None:
    """Undo says that it cannot, whoever had the conversation before; Cancel does it."""
    async with office(path) as it:
        await it.write(WORDS)
        await it.press(Verb.RELEASE)
        await it.press(Verb.APPROVE, (await it.draft()).id)
        assert await it.press(Verb.UNDO) == ENGLISH.say("press.changed_since")
        assert await it.press(Verb.CANCEL, (await it.reply()).id) == ENGLISH.say("answer.canceled")
        await it.go_on()
        assert [] == it.wall.posts
