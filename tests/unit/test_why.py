"""What the button Why tells: the rules that fired, their points, and the words that made them fire."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import Fired, Signal
from bot.texts.en import ENGLISH
from tests.unit.test_cards import A_VERDICT

MOVED = (("refund", 0.8), ("waiting", 1.1), ("thanks", -0.9), ("my", 0.1), ("order", 0.2))
COMPLAINT = Fired(rule="c", points=25, why="A complaint", location="r:1", evidence=("complaint 0.99",))
REFUND = Fired(
    rule="r", points=40, why="Money is owed", location="r:2", evidence=('"my refund"', "question 0.60")
)


def test_why_names_the_words_that_moved_a_signal() -> None:
    """The number alone tells nobody why: the strongest three words stand beside it; quoted words stay."""
    signals = {"complaint": Signal(value=0.99, evidence=MOVED), "question": Signal(value=0.6)}
    verdict = replace(A_VERDICT, fired=(COMPLAINT, REFUND), signals=signals)
    assert ENGLISH.why(verdict) == (
        "CRITICAL, 85 points: A complaint +25 (complaint 0.99: waiting, refund, order);"
        ' Money is owed +40 ("my refund", question 0.60)'
    )


@pytest.mark.parametrize(("value", "words"), [(0.1, ": thanks"), (None, ": waiting, thanks, refund")])
def test_words_are_those_that_moved_it_there(value: float | None, words: str) -> None:
    """A low complaint is low by its thanks."""
    signals = {"complaint": Signal(value=value, evidence=MOVED)}
    assert f"complaint 0.10{words}" == ENGLISH.evidence("complaint 0.10", signals)


def test_why_says_that_the_rules_ignore_it() -> None:
    """An urgency that rings nobody would puzzle."""
    told = ENGLISH.why(replace(A_VERDICT, ignored=True, fired=(REFUND,), signals={}))
    assert told.startswith("Ignored by the rules, 85 points: Money is owed +40")
