"""What decisions do to conversations, asks and cards: on a real database, with the real policies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.model import Alert, Urgency
from bot.overrides import ANEW, Anew
from bot.payload import REPLACED
from bot.staff import Verb
from bot.store import card, listing, rows
from bot.wishes import EffectKind
from tests.integration import store_samples as s
from tests.integration.deciding_world import ASK, World, world


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def stands(it: World) -> tuple[str, str | None]:
    conversation = it.card().conversation
    return conversation.state.value, conversation.claimed_by


def why(it: World) -> list[str]:
    """Why cards came once more, in order."""
    found = it.conn.execute("SELECT json_extract(payload, ?) FROM effects ORDER BY id", (f"$.{ANEW}",))
    return [row[0] for row in found if row[0] is not None]


# --- hand over ------------------------------------------------------------------------------------


def test_a_handed_over_conversation_comes_once_more(path: Path) -> None:
    """As a new message for its new owner; the one before says that there is a newer one."""
    with world(path) as it:
        it.press(Verb.CLAIM, minute=1)
        decided = it.press(Verb.HAND_OVER, "ben", minute=2)
        assert ("claimed", "ben") == stands(it)
        (rung,) = decided.leased
        assert (EffectKind.ALERT, Anew.HANDED) == (rung.effect.kind, rung.effect.payload[ANEW])
        (stepped_back,) = it.due(minute=3)
        assert stepped_back.effect.payload[REPLACED]
        assert "lost" == it.outcome(Verb.RELEASE, minute=4)
        assert "released" == it.outcome(Verb.RELEASE, minute=4, who="ben")
        assert ("open", None) == stands(it)


def test_what_is_asked_by_now_is_handed_over(path: Path) -> None:
    """After an answer its author asked again, and that stood in a digest only: the card shows it, and its own
    clock, not what is answered.
    """
    with world(path) as it:
        it.record(s.answer("a", minute=5), minute=5)
        again = s.post("q2", minute=10, parent=("at://ann/x", "ann"))
        it.record(s.judged(again, uid="B", urgency=Urgency.NORMAL, alert=Alert.DIGEST), minute=10)
        assert 2 == it.one("SELECT count(*) FROM asks")
        decided = it.press(Verb.HAND_OVER, "ben", minute=12)
        rung = next(one for one in decided.leased if one.effect.payload.get(ANEW))
        shown = card.of_effect(card.fetcher(it.conn), rung.id)
        assert shown is not None
        assert shown.ask is not None
        assert ("B", None) == (shown.mention_id, shown.ask.answered_at)
        assert s.at(12) == rows.moment(it.one("SELECT alerted_at FROM asks WHERE outcome IS NULL"))


# --- snooze ---------------------------------------------------------------------------------------


def test_a_snooze_ends_by_itself_and_rings(path: Path) -> None:
    """Open to everybody, its clock unchanged; the row says when, so a restart changes nothing."""
    with world(path) as it:
        asks = it.one("SELECT due_at FROM asks")
        it.press(Verb.SNOOZE, "10m", minute=1)
        assert ("snoozed", None) == stands(it)
        assert "anna" == it.card().conversation.snoozed_by
        assert [] == [one for one in it.due(minute=10.9) if one.effect.kind is EffectKind.ALERT]
        (rung,) = (one for one in it.due(minute=11) if one.effect.kind is EffectKind.ALERT)
        assert Anew.WOKEN == rung.effect.payload[ANEW]
        assert ("open", None) == stands(it)
        conversation = it.card().conversation
        assert (None, None) == (conversation.snoozed_until, conversation.snoozed_by)
        assert asks == it.one("SELECT due_at FROM asks WHERE outcome IS NULL")
        assert () == it.due(minute=12)[1:]


def test_what_stood_in_a_digest_only_comes_as_a_card(path: Path) -> None:
    """Snoozed on the page, with no card of its own: it is not forgotten when its time has come."""
    with world(path, alert=Alert.DIGEST, urgency=Urgency.LOW) as it:
        it.due(minute=60)
        it.press(Verb.SNOOZE, "1h", minute=61)
        assert () == it.due(minute=120)
        (woken,) = it.due(minute=121)
        assert (EffectKind.ALERT, "telegram:care") == (woken.effect.kind, woken.effect.channel)
        assert Anew.WOKEN == woken.effect.payload[ANEW]
        assert ("open", None) == stands(it)
        it.press(Verb.SNOOZE, "1h", minute=122)
        (again, *_) = [one for one in it.due(minute=183) if one.effect.kind is EffectKind.ALERT]
        assert again.effect.payload[ANEW] == Anew.WOKEN


async def test_the_outbox_knows_when_to_look(path: Path) -> None:
    """The end of a snooze is due like an effect; what wakes is leased with what is due."""
    with world(path) as it:
        it.press(Verb.SNOOZE, "1h", minute=1)
        it.due(minute=3.5)  # the button that undoes it is gone
    async with s.opened(path) as store:
        assert s.at(61) == await store.next_due_at()
        changes = store.changes
        (rung,) = await s.lease(store, minute=61)
        assert Anew.WOKEN == rung.effect.payload[ANEW]
        assert store.changes > changes
        assert await s.lease(store, minute=61) == ()


def test_who_had_it_has_it_again(path: Path) -> None:
    """Their conversation comes back to them, not to everybody."""
    with world(path) as it:
        it.press(Verb.CLAIM, minute=1)
        it.press(Verb.SNOOZE, "10m", minute=2)
        assert ("snoozed", "anna") == stands(it)
        it.due(minute=13)
        assert ("claimed", "anna") == stands(it)
        assert [Anew.WOKEN] == why(it)


@pytest.mark.parametrize(
    ("nap", "asks", "wakes"), [("1h", True, True), ("1h", False, False), ("reply", False, True)]
)
def test_an_author_who_writes_wakes_it(path: Path, nap: str, asks: bool, wakes: bool) -> None:
    """At once when they ask; when it was to last until they write, whatever they write."""
    with world(path) as it:
        it.press(Verb.SNOOZE, nap, minute=1)
        it.record(s.judged(s.post("q2", minute=5), asks=asks, urgency=Urgency.HIGH), minute=5)
        assert ("open" if wakes else "snoozed", None) == stands(it)
        assert ([Anew.WOKEN] if wakes else []) == why(it)


def test_until_they_write_has_no_other_end(path: Path) -> None:
    """Not tomorrow, not in a year."""
    with world(path) as it:
        it.press(Verb.SNOOZE, "reply", minute=1)
        it.due(minute=60 * 24 * 365)
        assert ("snoozed", None) == stands(it)


def test_an_answer_ends_a_snooze_for_good(path: Path) -> None:
    """A colleague answered natively: nothing rings any more."""
    with world(path) as it:
        it.press(Verb.SNOOZE, "10m", minute=1)
        it.record(s.answer("a", minute=5), minute=5)
        assert "answered" == stands(it)[0]
        it.due(minute=12)
        assert [] == why(it)


# --- answered elsewhere ---------------------------------------------------------------------------


def test_answered_elsewhere_is_counted_apart(path: Path) -> None:
    """The wait is over, without a response time; opened again, it goes on."""
    with world(path) as it:
        assert "answered_elsewhere" == it.outcome(Verb.ELSEWHERE, minute=7)
        assert [(0, None, "elsewhere")] == s.asks(path)
        assert "answered" == stands(it)[0]
        assert "reopened" == it.outcome(Verb.REOPEN, minute=8)
        assert [(0, None, None)] == s.asks(path)
        assert "open" == stands(it)[0]


# --- urgency and persona --------------------------------------------------------------------------


def test_a_persons_urgency_moves_promise_list_and_card(path: Path) -> None:
    """The verdict stays what the rules said; louder than before, it rings."""
    with world(path, urgency=Urgency.NORMAL) as it:
        it.press(Verb.URGENCY, "critical", minute=1)
        state = it.card()
        assert (Urgency.CRITICAL, Urgency.NORMAL) == (state.urgency, state.verdict.urgency)
        assert (Alert.PING, [Anew.RAISED]) == (state.alert, why(it))
        assert state.ask is not None
        assert s.at(60) == state.ask.due_at
        assert 0 == it.one("SELECT rank FROM listed")
        it.press(Verb.URGENCY, "normal", minute=2)
        assert (None, s.at(30)) == (it.card().conversation.override.urgency, _due(it))
        it.press(Verb.PERSONA, "press", minute=3)
        assert ("press", "press") == (it.card().persona, it.one("SELECT persona FROM listed"))


def _due(it: World) -> object:
    ask = it.card().ask
    return ask and ask.due_at


def test_a_promise_by_a_person_holds_for_what_joins_the_wait(path: Path) -> None:
    """A second question with a sooner promise by the rules changes nothing."""
    with world(path) as it:
        it.press(Verb.URGENCY, "low", minute=1)
        assert s.at(240) == _due(it)
        it.record(s.judged(s.post("q2", minute=5), due=5), minute=5)
        assert s.at(240) == _due(it)


def test_something_worse_outgrows_what_a_person_said(path: Path) -> None:
    """They did not know of it: the rules' urgency and promise count again."""
    with world(path) as it:
        it.press(Verb.URGENCY, "low", minute=1)
        it.record(s.judged(s.post("q2", minute=5), urgency=Urgency.CRITICAL, due=5), minute=5)
        assert Urgency.CRITICAL == card_of_newest(it)
        assert s.at(10) == _due(it)


def card_of_newest(it: World) -> Urgency:
    (shown,) = listing.of(card.fetcher(it.conn), [1])
    return shown.urgency


def test_an_urgency_is_for_this_wait(path: Path) -> None:
    """The next question after an answer begins with what the rules say of it."""
    with world(path) as it:
        it.press(Verb.URGENCY, "low", minute=1)
        it.press(Verb.PERSONA, "press", minute=1)
        it.record(s.answer("a", minute=5), minute=5)
        it.record(s.judged(s.post("q2", minute=9)), minute=9)
        override = it.card().conversation.override
        assert (None, "press") == (override.urgency, override.persona)
        assert s.at(39) == _due(it)


# --- notes and memory -----------------------------------------------------------------------------


def test_the_last_two_notes_are_on_the_card(path: Path) -> None:
    """Also on the next card of the same author in another thread; an undone one is not."""
    with world(path) as it:
        for number in range(4):
            it.press(Verb.NOTE, minute=number, note=f"note {number}")
        it.press(Verb.UNDO, minute=3.5)
        assert ["note 1", "note 2"] == [note.text for note in it.card().memory.notes]
        (leased,) = it.record(s.judged(s.post("z", root=None, minute=9)), minute=9)
        state = card.of_effect(card.fetcher(it.conn), leased.id)
        assert state is not None
        memory = state.memory
        assert (1, 1, ["note 1", "note 2"]) == (
            memory.earlier,
            memory.waiting,
            [note.text for note in memory.notes],
        )


def test_who_answered_last_is_remembered(path: Path) -> None:
    """By whoever had it then."""
    with world(path) as it:
        it.press(Verb.CLAIM, minute=1)
        it.record(s.answer("a", minute=5), minute=5)
        (leased,) = it.record(s.judged(s.post("z", root=None, minute=9)), minute=9)
        state = card.of_effect(card.fetcher(it.conn), leased.id)
        assert state is not None
        assert (s.at(5), "anna", 0) == (
            state.memory.answered_at,
            state.memory.answered_by,
            state.memory.waiting,
        )


# --- undo -----------------------------------------------------------------------------------------

CHANGES = [
    (Verb.CLAIM, ""),
    (Verb.DISMISS, "spam"),
    (Verb.HAND_OVER, "ben"),
    (Verb.SNOOZE, "1h"),
    (Verb.ELSEWHERE, ""),
    (Verb.URGENCY, "critical"),
    (Verb.PERSONA, "press"),
]


@pytest.mark.parametrize(("verb", "argument"), CHANGES)
def test_undo_restores_what_was_before(path: Path, verb: Verb, argument: str) -> None:
    """Byte by byte, with one audit row of its own; and only once."""
    with world(path) as it:
        before = it.rows()
        it.press(verb, argument, minute=1)
        assert before != it.rows()
        assert it.card().undo is not None
        assert "undone" == it.outcome(Verb.UNDO, minute=2)
        assert before == it.rows()
        assert it.card().undo is None
        assert "changed_since" == it.outcome(Verb.UNDO, minute=2)
        assert ["undo", 2] == list(
            it.conn.execute(
                "SELECT verb, (SELECT undone_by FROM decisions WHERE id = 1) FROM decisions"
            ).fetchall()[1]
        )


def test_undo_is_refused_when_somebody_acted_since(path: Path) -> None:
    """A colleague, or the author, or an answer: what they did would be lost."""
    with world(path) as it:
        it.press(Verb.DISMISS, minute=1)
        it.record(s.judged(s.post("q2", minute=1.5)), minute=1.5)
        assert "changed_since" == it.outcome(Verb.UNDO, minute=2)
        it.press(Verb.CLAIM, minute=3)
        it.press(Verb.URGENCY, "critical", who="ben", minute=3.5)
        assert "not_theirs" == it.outcome(Verb.UNDO, minute=4)
        assert "changed_since" == it.outcome(Verb.UNDO, "2", minute=4)


@pytest.mark.parametrize("verb", [Verb.ELSEWHERE, Verb.DISMISS])
def test_a_wait_that_was_parted_is_one_again(path: Path, verb: Verb) -> None:
    """Reopened, what came before an answer is ended by it, what came after goes on; undone, both are one."""
    with world(path) as it:
        it.record(s.judged(s.post("w", minute=2)), minute=2)
        it.press(verb, minute=3)
        it.record(s.answer("a", minute=1), minute=4)
        before = it.rows()
        it.press(Verb.REOPEN, minute=5)
        assert 2 == it.one("SELECT count(*) FROM asks")
        assert it.card().undo is not None
        assert "undone" == it.outcome(Verb.UNDO, minute=6)
        assert before == it.rows()
        assert 0 == it.one("SELECT count(*) FROM mentions WHERE ask NOT IN (SELECT id FROM asks)")


def test_a_wait_is_not_rejoined_with_one_that_nobody_knows(path: Path) -> None:
    """As decisions were kept before: refused, and nothing changed."""
    with world(path) as it:
        it.record(s.judged(s.post("w", minute=2)), minute=2)
        it.press(Verb.ELSEWHERE, minute=3)
        it.record(s.answer("a", minute=1), minute=4)
        it.press(Verb.REOPEN, minute=5)
        it.conn.execute("UPDATE decisions SET changed = json_remove(changed, ?)", ('$."ask:1".mention',))
        before = it.rows()
        assert "changed_since" == it.outcome(Verb.UNDO, minute=6)
        assert before == it.rows()


def test_an_answer_that_came_since_ends_what_undo_opens(path: Path) -> None:
    """Undone is only what the person did."""
    with world(path) as it:
        it.press(Verb.DISMISS, minute=1)
        it.record(s.answer("a", minute=1.5), minute=1.5)
        assert "undone" == it.outcome(Verb.UNDO, minute=2)
        assert ("answered", [(0, 1.5, "answered")]) == (stands(it)[0], s.asks(path))


def test_the_button_goes_when_it_is_over(path: Path) -> None:
    """An update of the card waits for it; any other update takes its place."""
    with world(path) as it:
        it.press(Verb.CLAIM, minute=1)
        assert [] == list(it.due(minute=2.9))
        (over,) = it.due(minute=3)
        assert (EffectKind.UPDATE, s.at(3)) == (over.effect.kind, over.effect.due_at)
        it.press(Verb.RELEASE, minute=4)
        it.press(Verb.CLAIM, minute=4.5)
        assert [s.at(6.5)] == [one.effect.due_at for one in it.due(minute=60)]


def test_what_was_decided_is_kept_before_and_after(path: Path) -> None:
    """Who, when, from where, and every column that changed."""
    with world(path) as it:
        it.press(Verb.SNOOZE, "10m", minute=1)
        sql = "SELECT person, channel, argument, state_before, state_after, json_extract(changed, ?) FROM decisions"
        until = s.rows(path, "SELECT snoozed_until FROM conversations")[0][0]
        assert it.conn.execute(sql, ("$.conversation.snoozed_until[1]",)).fetchall() == [
            ("anna", "telegram:care", "10m", "open", "snoozed", until)
        ]
        assert s.at(11) - s.at(1) == timedelta(minutes=10)
        assert ASK
