"""What a decision does to a conversation: the policy, pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from bot.changes import Change, Decision
from bot.desk import Desk
from bot.metrics import Metrics
from bot.model import ConversationState
from bot.ports import Clock
from bot.staff import FEEDBACK_VERBS, Person, Role, Staff, Verb
from bot.storing import Store
from bot.texts.catalogue import Texts
from bot.texts.en import ENGLISH
from bot.texts.es import SPANISH
from tests.unit._values import IN_BERLIN, MENTION_ID, NOW, card_state

PEOPLE = (
    Person(key="anna", name="Anna", role=Role.AGENT, identities=(("telegram", "1"),)),
    Person(key="ben", name="Ben", role=Role.AGENT, identities=(("telegram", "2"),)),
    Person(key="lea", name="Lea", role=Role.LEAD, identities=(("telegram", "3"),)),
    Person(key="paz", name="Paz", role=Role.AGENT, identities=(("telegram", "4"),), language="es"),
    Person(
        key="tom",
        name="Tom",
        role=Role.AGENT,
        identities=(("telegram", "5"),),
        timezone=ZoneInfo("Asia/Tokyo"),
    ),
)


def change(
    verb: Verb,
    *,
    person: str = "anna",
    state: str = "open",
    claimed_by: str | None = None,
    texts: Texts = ENGLISH,
    argument: str = "",
    note: str = "",
    at: datetime = NOW,
    **parts: Any,
) -> Change:
    """`parts` replace those of the card's state."""
    staff = Staff(by_identity={identity: one for one in PEOPLE for identity in one.identities})
    desk = Desk(
        store=cast("Store", None),
        staff=staff,
        clock=cast("Clock", None),
        metrics=Metrics(),
        texts=texts,
        **IN_BERLIN,
        deliver=lambda leased: None,
    )
    decision = Decision(
        press_id="p1",
        feed="telegram",
        channel="telegram:care",
        person=person,
        verb=verb,
        mention_id=MENTION_ID,
        at=at,
        argument=argument,
        note=note,
    )
    return desk.transition(card_state(state=state, claimed_by=claimed_by, **parts), decision)


@pytest.mark.parametrize("state", ["open", "snoozed"])
def test_the_first_claim_wins(state: str) -> None:
    """The conversation is theirs, and every card shows it."""
    made = change(Verb.CLAIM, state=state)
    assert ("claimed", ConversationState.CLAIMED, "anna") == (made.outcome, made.state, made.claimed_by)
    assert made.updates_all


def test_the_loser_is_told_who_has_it() -> None:
    """The second claim changes nothing and names the first."""
    made = change(Verb.CLAIM, person="ben", state="claimed", claimed_by="anna")
    assert ("lost", None) == (made.outcome, made.state)
    assert "Anna" in made.reply
    assert made.is_loud


def test_who_has_a_language_is_answered_in_it() -> None:
    """The others in that of the staff."""
    told = [
        change(Verb.CLAIM, person=person, texts=texts).reply
        for person in ("paz", "anna")
        for texts in (ENGLISH, SPANISH)
    ]
    english, spanish = "Yours. The clock is running.", "Es tuya. El reloj corre."
    assert [spanish, spanish, english, spanish] == told


def test_claiming_twice_is_harmless() -> None:
    """It is already theirs."""
    assert "already_yours" == change(Verb.CLAIM, state="claimed", claimed_by="anna").outcome


@pytest.mark.parametrize("verb", [Verb.CLAIM, Verb.DISMISS])
@pytest.mark.parametrize("state", ["answered", "dismissed"])
def test_what_is_closed_stays_closed(verb: Verb, state: str) -> None:
    """A stale card's button opens nothing."""
    made = change(verb, state=state)
    assert ("closed", None) == (made.outcome, made.state)


def test_only_the_claimer_or_a_lead_dismisses_a_claimed_conversation() -> None:
    """Nobody takes work from under a colleague's hands by accident."""
    assert "lost" == change(Verb.DISMISS, person="ben", state="claimed", claimed_by="anna").outcome
    for person in ("anna", "lea"):
        made = change(Verb.DISMISS, person=person, state="claimed", claimed_by="anna")
        assert ("dismissed", ConversationState.DISMISSED) == (made.outcome, made.state)


@pytest.mark.parametrize("verb", FEEDBACK_VERBS)
def test_feedback_is_kept_and_changes_no_state(verb: Verb) -> None:
    """Feedback is about the verdict, not about the conversation."""
    made = change(verb)
    assert (verb.value, None) == (made.feedback, made.state)


def test_more_opens_the_menu_on_the_pressed_card_only() -> None:
    """And less closes it."""
    assert ("more", "snooze", "") == (
        change(Verb.MORE).menu,
        change(Verb.MORE, argument="snooze").menu,
        change(Verb.LESS).menu,
    )
    assert not change(Verb.MORE).updates_all


def test_why_explains_itself() -> None:
    """In a box, to the person who asked."""
    made = change(Verb.WHY)
    assert made.is_loud
    assert made.reply
