"""Decisions: atomic, once, with everything they change in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.changes import Change, Decided, Decision
from bot.model import Cursor
from bot.records import CardState
from bot.staff import Press, Verb
from bot.store.sqlite import SqliteStore
from tests.integration import store_samples as s


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with s.opened(tmp_path / "x.db") as made:
        done = await s.record(made, s.judged(s.post("q"), uid="A"))
        await s.settle(made, done.leased[0])
        yield made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def _decide(store: SqliteStore, decision: Decision, cursor: str | None = None) -> Decided | None:
    return await store.decide(
        decision,
        s.transition,
        cursor=Cursor(cursor) if cursor else None,
        now=s.at(61),
        lease_for=s.LEASE,
    )


async def test_a_claim_changes_state_card_audit_and_cursor(store: SqliteStore, path: Path) -> None:
    """Everything a press does is there when the call returns."""
    decided = await _decide(store, s.press(1, Verb.CLAIM, "A"), "9")
    assert decided is not None
    card = await store.card(decided.leased[0])
    assert card is not None
    assert ("claimed", "pia", s.at(61)) == (
        card.conversation.state,
        card.conversation.claimed_by,
        card.conversation.claimed_at,
    )
    assert Cursor("9") == await store.cursor("telegram")
    assert s.rows(path, "SELECT brand, person, verb, outcome, state_before, state_after FROM decisions") == [
        ("acme", "pia", "claim", "claimed", "open", "claimed")
    ]
    assert [(s.at(61).timestamp() * 1e6,)] == s.rows(path, "SELECT claimed_at FROM asks")


async def test_of_two_claims_at_once_one_wins(store: SqliteStore, path: Path) -> None:
    """The loser is told who has it."""
    replies = await asyncio.gather(
        *(_decide(store, s.press(number, Verb.CLAIM, "A", person=f"p{number}")) for number in range(8))
    )
    said = [one.reply for one in replies if one]
    assert (said.count("yours"), sum(text.endswith("has it") for text in said)) == (1, 7)
    winner = next(text.removesuffix(" has it") for text in said if text.endswith("has it"))
    assert [(winner,)] == s.rows(path, "SELECT claimed_by FROM conversations")


async def test_the_same_press_again_says_the_same(store: SqliteStore, path: Path) -> None:
    """A press that the feed hands over twice is one decision."""
    first = await _decide(store, s.press(1, Verb.CLAIM, "A"), "9")
    again = await _decide(store, s.press(1, Verb.CLAIM, "A"), "10")
    assert first is not None
    assert Decided(reply="yours", is_loud=False, change=None) == again
    assert ([(1,)], Cursor("10")) == (
        s.rows(path, "SELECT count(*) FROM decisions"),
        await store.cursor("telegram"),
    )


async def test_the_same_press_id_on_another_feed_is_another_press(store: SqliteStore) -> None:
    """Ids are unique per platform only."""
    await _decide(store, s.press(1, Verb.CLAIM, "A"))
    other = Decision(
        press_id="press-1",
        feed="slack",
        channel="slack:care",
        person="bo",
        verb=Verb.CLAIM,
        mention_id="A",
        at=s.at(61),
    )
    decided = await _decide(store, other)
    assert decided is not None
    assert decided.reply == "pia has it"


async def test_a_button_of_another_life_moves_only_the_cursor(store: SqliteStore, path: Path) -> None:
    """An unknown mention is None; the press is dealt with all the same."""
    assert await _decide(store, s.press(1, Verb.CLAIM, "nobody"), "9") is None
    assert (Cursor("9"), []) == (await store.cursor("telegram"), s.rows(path, "SELECT * FROM decisions"))


async def test_a_dismissal_ends_the_ask_and_stays_through_an_answer(store: SqliteStore, path: Path) -> None:
    """Nobody needs to answer; if somebody does, it is still dismissed."""
    await _decide(store, s.press(1, Verb.DISMISS, "A"))
    await s.record(store, s.answer("a", minute=5))
    assert s.asks(path) == [(0, None, "dismissed")]
    assert s.state(path) == ["dismissed"]


async def test_a_new_question_reopens_what_was_dismissed(store: SqliteStore, path: Path) -> None:
    """A dismissed conversation is not deaf."""
    await _decide(store, s.press(1, Verb.DISMISS, "A"))
    done = await s.record(store, s.judged(s.post("q2", minute=9)))
    assert (s.state(path), len(done.leased)) == (["open"], 1)


async def test_a_claimed_conversation_stays_claimed_over_a_new_ask(store: SqliteStore, path: Path) -> None:
    """Who had it before the answer has it after the next question."""
    await _decide(store, s.press(1, Verb.CLAIM, "A"))
    await s.record(store, s.answer("a", minute=5), s.judged(s.post("q2", minute=9)))
    assert s.state(path) == ["claimed"]


async def test_feedback_is_kept_against_the_verdict(store: SqliteStore, path: Path) -> None:
    """Per-rule precision will be read from it; the conversation stays as it is."""
    decided = await _decide(store, s.press(1, Verb.TOO_HIGH, "A"))
    assert decided is not None
    assert (
        decided.leased,
        s.rows(path, "SELECT verdict, brand, person, says FROM feedback"),
    ) == ((), [(1, "acme", "pia", "too_high")])


async def test_more_and_less_in_a_row_are_two_updates(store: SqliteStore) -> None:
    """Each press edits the card again, in order."""
    first = await _decide(store, s.press(1, Verb.MORE, "A"))
    assert first is not None
    await s.settle(store, first.leased[0])
    second = await _decide(store, s.press(2, Verb.LESS, "A"))
    assert second is not None
    assert [one.effect.payload["menu"] for done in (first, second) for one in done.leased] == [
        "more",
        "",
    ]


async def test_a_transition_that_fails_changes_nothing(store: SqliteStore, path: Path) -> None:
    """The error reaches the caller, and neither cursor nor state have moved."""

    def fails(_state: CardState, _decision: Decision) -> Change:
        raise LookupError("no such desk")

    with pytest.raises(LookupError, match="no such desk"):
        await store.decide(
            s.press(1, Verb.CLAIM, "A"), fails, cursor=Cursor("9"), now=s.at(61), lease_for=s.LEASE
        )
    assert (await store.cursor("telegram"), s.state(path)) == (None, ["open"])


async def test_a_refused_press_is_audited_once(store: SqliteStore, path: Path) -> None:
    """Who pressed without being staff is kept, with the reason."""
    pressed = Press(id="p", channel="telegram:care", person="telegram:666", token="t", at=s.at(61))
    for _ in range(2):
        await store.refuse(pressed, "telegram", "not staff", cursor=Cursor("4"))
    assert s.rows(path, "SELECT person, verb, outcome FROM decisions") == [
        ("telegram:666", None, "not staff")
    ]
    assert Cursor("4") == await store.cursor("telegram")


async def test_a_feed_advances_past_what_holds_no_decision(store: SqliteStore) -> None:
    """Its position is no source's: the status lists only sources."""
    await s.record(store, cursor="1")
    await store.advance("telegram", Cursor("12"))
    status = await store.status(now=s.at(61))
    assert (Cursor("12"), ["jetstream"]) == (
        await store.cursor("telegram"),
        [source.name for source in status.sources],
    )
