"""What a card says where a platform lets this one post not be answered by a program."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.card_answers import lines
from bot.model import ConversationState
from bot.replies import Means
from bot.texts.catalogue import Texts
from bot.texts.languages import LANGUAGES
from tests.unit.test_cards import in_state


def said(refusal: str, state: ConversationState, texts: Texts) -> list[str]:
    card = replace(in_state(state), means=Means(refusal=refusal))
    return [one.text for one in lines(card, texts, to="Ann", time=lambda _: "09:12", name="Anna")]


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES)
def test_whoever_has_it_learns_why(texts: Texts) -> None:
    """What holds for this post; what holds everywhere there is said only to whoever tries."""
    claimed, new = ConversationState.CLAIMED, ConversationState.OPEN
    assert [texts.say("refusal.not_summoned")] == said("not_summoned", claimed, texts)
    assert [] == said("not_summoned", new, texts)
    assert [] == said("no_account", claimed, texts) + said("deleted", claimed, texts)
