"""The policies of what people decide beside claiming and dismissing: pure, verb by verb."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Alert, ConversationState, Urgency
from bot.overrides import NO_OVERRIDE, Anew, Override, Undoable
from bot.records import Ask, Conversation
from bot.staff import Verb
from tests.unit._values import NOW, card_state
from tests.unit.test_desk import change

LAST = Undoable(decision=7, person="anna", verb="dismiss", at=NOW - timedelta(seconds=90))
TAKES = [(Verb.HAND_OVER, "ben"), (Verb.SNOOZE, "1h"), (Verb.ELSEWHERE, ""), (Verb.DISMISS, "spam")]


def conversation(**parts: object) -> Conversation:
    return replace(card_state().conversation, **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(("verb", "argument"), TAKES)
@pytest.mark.parametrize("state", ["claimed", "snoozed"])
def test_only_the_owner_or_a_lead_decides_what_somebody_has(verb: Verb, argument: str, state: str) -> None:
    """Snoozed or not: nobody takes work from under a colleague's hands."""
    theirs = {"state": state, "claimed_by": "anna", "argument": argument}
    assert "lost" == change(verb, person="ben", **theirs).outcome  # type: ignore[arg-type]
    for person in ("anna", "lea"):
        made = change(verb, person=person, **theirs)  # type: ignore[arg-type]
        assert made.state is not None
        assert made.updates_all


@pytest.mark.parametrize(("verb", "argument"), [*TAKES, (Verb.URGENCY, "low")])
@pytest.mark.parametrize("state", ["answered", "dismissed"])
def test_what_is_closed_is_not_decided_again(verb: Verb, argument: str, state: str) -> None:
    """It must be opened again first."""
    assert "closed" == change(verb, argument=argument, state=state).outcome


def test_a_handed_over_conversation_is_the_others() -> None:
    """Theirs at once, whoever had it or nobody; the card comes once more, so that they see it."""
    for state, owner in (("open", None), ("claimed", "anna"), ("snoozed", None)):
        made = change(Verb.HAND_OVER, argument="ben", state=state, claimed_by=owner)
        assert (ConversationState.CLAIMED, "ben", Anew.HANDED) == (made.state, made.claimed_by, made.rings)
        assert "Handed over to Ben." == made.reply


@pytest.mark.parametrize(("argument", "outcome"), [("carl", "unknown_person"), ("anna", "already_theirs")])
def test_nothing_is_handed_to_nobody_or_to_its_owner(argument: str, outcome: str) -> None:
    """An old menu may name somebody who left."""
    made = change(Verb.HAND_OVER, argument=argument, state="claimed", claimed_by="anna")
    assert (outcome, None) == (made.outcome, made.state)


@pytest.mark.parametrize(
    ("argument", "until", "told"),
    [
        ("10m", NOW + timedelta(minutes=10), "13:10 CET"),
        ("1h", NOW + timedelta(hours=1), "14:00 CET"),
        ("morning", datetime(2026, 11, 22, 8, tzinfo=UTC), "Sun 09:00 CET"),
        ("reply", None, "until they write again"),
    ],
)
def test_a_snooze_has_an_end(argument: str, until: datetime | None, told: str) -> None:
    """In the person's own time; the owner stays the owner."""
    made = change(Verb.SNOOZE, argument=argument)
    assert (ConversationState.SNOOZED, until) == (made.state, made.snoozed_until)
    assert told in made.reply


def test_tomorrow_is_nine_by_the_clock_on_the_wall() -> None:
    """Also in the night in which the clocks change: 2027-03-28 in Berlin."""
    before = datetime(2027, 3, 27, 20, tzinfo=UTC)
    made = change(Verb.SNOOZE, argument="morning", at=before)
    assert datetime(2027, 3, 28, 7, tzinfo=UTC) == made.snoozed_until
    assert "stale" not in change(Verb.SNOOZE, argument="morning", person="tom", at=before).outcome


def test_tomorrow_is_where_the_person_is() -> None:
    """Tom is in Tokyo, where it is tomorrow already."""
    made = change(Verb.SNOOZE, argument="morning", person="tom", at=datetime(2026, 11, 21, 20, tzinfo=UTC))
    assert datetime(2026, 11, 23, 0, tzinfo=UTC) == made.snoozed_until
    assert "JST" in made.reply


def test_who_claims_a_snoozed_conversation_wakes_it() -> None:
    """Theirs, or nobody's; a colleague's stays theirs."""
    assert "claimed" == change(Verb.CLAIM, state="snoozed", claimed_by="anna").outcome
    assert "lost" == change(Verb.CLAIM, state="snoozed", claimed_by="ben").outcome
    assert "released" == change(Verb.RELEASE, state="snoozed", claimed_by="anna").outcome


def test_what_was_answered_elsewhere_can_be_opened_again() -> None:
    """What was answered in public cannot: that was no person's press."""
    elsewhere = Ask(id=1, started_at=NOW, due_at=None, outcome="elsewhere")
    made = change(Verb.REOPEN, state="answered", ask=elsewhere)
    assert ("reopened", True) == (made.outcome, made.reopens)
    answered = replace(elsewhere, outcome="answered", answered_at=NOW)
    assert "not_dismissed" == change(Verb.REOPEN, state="answered", ask=answered).outcome


def test_a_persons_urgency_stands_beside_the_rules() -> None:
    """With who said it, what the rules said then, and the promise that goes with it."""
    made = change(Verb.URGENCY, argument="critical")
    assert made.override == Override(
        urgency=Urgency.CRITICAL,
        urgency_by="anna",
        over=Urgency.HIGH,
        respond_in=timedelta(hours=1),
        alert=Alert.PING,
    )
    assert Anew.RAISED is made.rings


def test_what_somebody_has_does_not_ring_for_being_raised() -> None:
    """Its owner sees it on the card; nor does what becomes quieter ring."""
    assert change(Verb.URGENCY, argument="critical", state="claimed", claimed_by="ben").rings is None
    assert change(Verb.URGENCY, argument="low").rings is None


def test_back_to_the_rules_urgency_is_no_override() -> None:
    """The verdict needs nobody's word; what was said of the persona stays."""
    said = Override(urgency=Urgency.LOW, urgency_by="ben", persona="press", persona_by="ben")
    made = change(Verb.URGENCY, argument="high", conversation=conversation(override=said))
    assert Override(persona="press", persona_by="ben") == made.override
    alone = replace(said, persona=None, persona_by="")
    made = change(Verb.URGENCY, argument="high", conversation=conversation(override=alone))
    assert NO_OVERRIDE == made.override


@pytest.mark.parametrize(("argument", "outcome"), [("high", "same_urgency"), ("huge", "unknown_urgency")])
def test_an_urgency_that_changes_nothing(argument: str, outcome: str) -> None:
    """It is so already, or there is no such thing."""
    assert outcome == change(Verb.URGENCY, argument=argument).outcome


def test_a_persons_persona_stands_beside_the_rules() -> None:
    """One that the rules know, also of what is closed: it is about who writes."""
    made = change(Verb.PERSONA, argument="press", state="answered")
    assert Override(persona="press", persona_by="anna") == made.override
    assert "unknown_persona" == change(Verb.PERSONA, argument="clown").outcome
    said = conversation(override=Override(persona="press", persona_by="ben"))
    assert "same_persona" == change(Verb.PERSONA, argument="press", conversation=said).outcome


def test_a_note_needs_words() -> None:
    """And changes nothing but the card."""
    assert ("empty_note", False) == (change(Verb.NOTE).outcome, change(Verb.NOTE).updates_all)
    made = change(Verb.NOTE, note="wrote to the press office too")
    assert ("note_added", None, True) == (made.outcome, made.state, made.updates_all)


@pytest.mark.parametrize("argument", ["", "7"])
def test_ones_own_last_decision_is_undone(argument: str) -> None:
    """By its button, or by the command of a person who sees the page."""
    made = change(Verb.UNDO, argument=argument, undo=LAST)
    assert ("undone", True) == (made.outcome, made.undoes)


@pytest.mark.parametrize(
    ("undo", "person", "argument", "outcome"),
    [
        (LAST, "ben", "7", "not_theirs"),
        (LAST, "lea", "7", "not_theirs"),
        (LAST, "anna", "6", "changed_since"),
        (None, "anna", "7", "changed_since"),
        (replace(LAST, at=NOW - timedelta(minutes=2)), "anna", "7", "too_late"),
    ],
)
def test_what_cannot_be_undone_says_why(
    undo: Undoable | None, person: str, argument: str, outcome: str
) -> None:
    """Somebody else's, an older one, one that something has changed since, one of long ago."""
    made = change(Verb.UNDO, person=person, argument=argument, undo=undo)
    assert (outcome, False, True) == (made.outcome, made.undoes, made.is_loud)
