"""What can be pressed on a card, and what a press hands back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import buttons, cards
from bot.buttons import Token, parse_token, short
from bot.model import Alert, ConversationState, Urgency
from bot.overrides import Anew, Memory, Override, Undoable
from bot.staff import Verb
from bot.texts.en import ENGLISH
from tests.unit.test_cards import BERLIN, ID, NOW, PEOPLE, a_state, in_state, labels, render, whole


def test_three_buttons_and_a_menu() -> None:
    """Never more than three at first; the rest is under More."""
    assert ["Claim", "Dismiss", "More…"] == labels(render(a_state()))
    assert [
        *("Hand over…", "Snooze…", "Dismiss because…", "Answered elsewhere", "Urgency…", "Persona…"),
        *("Silence author 24 h", "Was it right?", "Why", "Back"),
    ] == labels(render(a_state(), menu="more"))


@pytest.mark.parametrize(
    ("menu", "expected"),
    [
        ("people", ["Anna", "Ben"]),
        ("snooze", ["10 minutes", "1 hour", "Tomorrow 09:00", "Until they write"]),
        ("reasons", ["Needs no answer", "Not for us", "Spam", "Duplicate", "Other"]),
        ("urgency", ["HIGH", "NORMAL", "LOW"]),
        ("persona", ["press"]),
        ("feedback", ["Right", "Too high", "Too low", "Not about us", "Spam"]),
    ],
)
def test_each_menu_offers_what_can_be_chosen(menu: str, expected: list[str]) -> None:
    """One menu at a time, with a way back."""
    assert [*expected, "Back"] == labels(render(a_state(), menu=menu))


def test_a_menu_of_another_life_is_no_menu() -> None:
    """A card is drawn whatever stands in an old row."""
    assert ["Claim", "Dismiss", "More…"] == labels(render(a_state(), menu="dessert"))


@pytest.mark.parametrize("verb", list(Verb))
def test_tokens_come_back(verb: Verb) -> None:
    """What a button sends is read again, and fits Telegram's 64 bytes."""
    for argument in ("", short("anna"), short("Марія " * 20)):
        token = buttons.token(verb, ID, argument)
        assert Token(verb, ID, argument) == parse_token(token)
        assert len(token.encode()) <= 64


@pytest.mark.parametrize(
    "token",
    [
        "",
        "claim",
        "claim:",
        "claim:1",
        f"claim:{ID}x",
        f"claim:{ID}\n",
        f"eat:{ID}",
        f"claim:{ID.lower()}",
        f"claim:{ID}:",
        f"claim:{ID}:a b",
    ],
)
def test_a_token_of_another_life_is_nothing(token: str) -> None:
    """Presses are input from outside: anything unknown is None, never an exception."""
    assert parse_token(token) is None


def test_who_waits_elsewhere_is_shown_with_the_way_there() -> None:
    """One person, two threads: whoever answers one should know of the other."""
    before = Memory(earlier=1, waiting=1, waiting_url="https://example.org/other")
    found = [line for line in render(a_state(memory=before)).lines if line.href == before.waiting_url]
    assert ["They wait in 1 other thread"] == [line.text for line in found]


def test_what_a_person_says_stands_beside_what_the_rules_say() -> None:
    """The headline goes by the person, with their name below; the data too."""
    said = Override(urgency=Urgency.LOW, urgency_by="anna", alert=Alert.DIGEST)
    card = render(in_state(ConversationState.OPEN, override=said))
    assert card.headline.startswith("LOW · ")
    assert "LOW by Anna, the rules say CRITICAL" in whole(card)
    assert ("low", Alert.DIGEST) == (card.data["urgency"], card.alert)


def test_a_card_that_was_handed_over_calls_its_owner() -> None:
    """By name, and aloud, once: the next update is silent."""
    state = in_state(ConversationState.CLAIMED, claimed_by="anna")
    card = cards.render(state, texts=ENGLISH, zone=BERLIN, now=NOW, again=Anew.HANDED, choices=PEOPLE)
    assert (Alert.PING, ("Anna",)) == (card.alert, card.ping)
    assert () == render(state).ping


def test_undo_is_offered_for_two_minutes() -> None:
    """And says what it undoes."""
    state = replace(
        in_state(ConversationState.DISMISSED),
        undo=Undoable(decision=7, person="anna", verb="dismiss", at=NOW - timedelta(seconds=119)),
    )
    assert ["Open again", "More…", "Undo: Dismiss"] == labels(render(state))
    later = cards.render(state, texts=ENGLISH, zone=BERLIN, now=NOW + timedelta(seconds=1))
    assert ["Open again", "More…"] == labels(later)
