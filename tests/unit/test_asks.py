"""When an ask starts, goes on and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import asks
from bot.model import Alert, ConversationState, Facts, Kind, Signal, Urgency, Verdict
from bot.records import Ask

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def facts(**signals: float | None) -> Facts:
    measured = {name: Signal(value=value) for name, value in signals.items()}
    return Facts(
        mention_id="m", brand="acme", platform="bluesky", kind=Kind.MENTION, text="t", signals=measured
    )


def verdict(urgency: Urgency, *, ignored: bool = False) -> Verdict:
    return Verdict(
        mention_id="m",
        rules_version="1",
        engine_version="1",
        urgency=urgency,
        ignored=ignored,
        score=0,
        persona=None,
        route="default",
        tags=(),
        respond_in=None,
        alert=Alert.NONE,
    )


@pytest.mark.parametrize(
    ("signals", "urgency", "expected"),
    [
        ({"question": 0.9}, Urgency.LOW, True),
        ({"complaint": 0.5}, Urgency.LOW, True),
        ({"complaint": 0.4, "question": None}, Urgency.LOW, False),
        ({}, Urgency.NORMAL, True),
        ({"thanks": 0.9}, Urgency.NORMAL, False),
        ({"thanks": 0.9}, Urgency.HIGH, True),
        ({"thanks": 0.9, "question": 0.8}, Urgency.LOW, True),
    ],
)
def test_what_asks(signals: dict[str, float], urgency: Urgency, *, expected: bool) -> None:
    """A question, a complaint or normal urgency asks; a mere thanks does not, unless it is of high urgency."""
    assert expected is asks.asks(facts(**signals), verdict(urgency))


def test_ignored_mentions_ask_nothing() -> None:
    """What a rule ignores starts no ask, even if it is a question."""
    assert not asks.asks(facts(question=1.0), verdict(Urgency.CRITICAL, ignored=True))


OPEN_ASK = Ask(id=1, started_at=NOW, due_at=None)
STATES = list(ConversationState)


@pytest.mark.parametrize("state", STATES)
def test_a_thanks_never_reopens(state: ConversationState) -> None:
    """What does not ask changes no state, and rings nobody once the conversation is closed."""
    step = asks.on_mention(state=state, claimed_by=None, open_ask=None, asks=False, answered_at=None)
    is_closed = state in {ConversationState.ANSWERED, ConversationState.DISMISSED}
    assert asks.Step(starts=False, alerts=not is_closed) == step


@pytest.mark.parametrize("state", STATES)
def test_a_second_question_goes_on_waiting(state: ConversationState) -> None:
    """While an ask is open, another question belongs to it."""
    step = asks.on_mention(state=state, claimed_by=None, open_ask=OPEN_ASK, asks=True, answered_at=None)
    woken = ConversationState.OPEN if state is ConversationState.SNOOZED else None
    assert asks.Step(starts=False, alerts=True, state=woken) == step


@pytest.mark.parametrize("is_asking", [True, False])
@pytest.mark.parametrize("until_written", [True, False])
def test_a_snooze_ends_when_its_author_asks(is_asking: bool, until_written: bool) -> None:
    """Or writes at all, if it was to last until then; whoever had it has it again."""
    step = asks.on_mention(
        state=ConversationState.SNOOZED,
        claimed_by="anna",
        open_ask=OPEN_ASK,
        asks=is_asking,
        answered_at=None,
        sleeps_until_written=until_written,
    )
    woken = ConversationState.CLAIMED if is_asking or until_written else None
    assert (woken, False) == (step.state, step.starts)


@pytest.mark.parametrize("state", STATES)
def test_a_new_question_after_an_answer_starts_a_new_ask(state: ConversationState) -> None:
    """The conversation opens again; who claimed it keeps it."""
    step = asks.on_mention(state=state, claimed_by=None, open_ask=None, asks=True, answered_at=None)
    assert asks.Step(starts=True, alerts=True, state=ConversationState.OPEN) == step
    step = asks.on_mention(state=state, claimed_by="anna", open_ask=None, asks=True, answered_at=None)
    assert ConversationState.CLAIMED is step.state


def test_an_answer_that_arrived_first_ends_the_ask_at_once() -> None:
    """Networks deliver out of order: nobody is rung for what is answered already."""
    step = asks.on_mention(
        state=ConversationState.OPEN, claimed_by=None, open_ask=None, asks=True, answered_at=NOW
    )
    expected = asks.Step(starts=True, alerts=False, state=ConversationState.ANSWERED, answered_at=NOW)
    assert expected == step


def test_only_a_later_answer_ends_an_ask() -> None:
    """An answer older than the question does not end it, nor is an ended ask ended twice."""
    assert asks.ends(OPEN_ASK, answered_at=NOW)
    assert not asks.ends(OPEN_ASK, answered_at=NOW - timedelta(seconds=1))
    ended = Ask(id=1, started_at=NOW, due_at=None, answered_at=NOW, outcome="answered")
    assert not asks.ends(ended, answered_at=NOW + timedelta(hours=1))
