"""Whatever people press in whatever order, conversations and asks stay in order; and who is first, wins."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from contextlib import ExitStack, closing
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.changes import Decision
from bot.model import Urgency
from bot.staff import Verb
from bot.store import deciding, schema
from bot.store.work import Standing, Work
from tests.integration import store_samples as s
from tests.integration.deciding_world import ASK, DESK, World, world

CHOICES = {
    Verb.CLAIM: ("",),
    Verb.RELEASE: ("",),
    Verb.DISMISS: ("", "spam"),
    Verb.REOPEN: ("",),
    Verb.HAND_OVER: ("anna", "ben", "lea"),
    Verb.SNOOZE: ("10m", "1h", "morning", "reply"),
    Verb.ELSEWHERE: ("",),
    Verb.URGENCY: ("low", "normal", "high", "critical"),
    Verb.PERSONA: ("press", "customer"),
    Verb.NOTE: ("",),
    Verb.MORE: ("", "snooze"),
    Verb.RIGHT: ("",),
}
PRESSES = st.sampled_from([(verb, argument) for verb, some in CHOICES.items() for argument in some])
WHO = st.sampled_from(("anna", "ben", "lea"))


class Deciding(RuleBasedStateMachine):
    """One conversation, three people, an author who writes and a brand that answers."""

    @initialize()
    def begin(self) -> None:
        """Ann asks, on a new database."""
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        path = Path(folder) / "x.db"
        s.lay(path)
        self.it: World = self.stack.enter_context(world(path))
        self.minute, self.posts = 1.0, 0

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(pressed=PRESSES, who=WHO)
    def press(self, pressed: tuple[Verb, str], who: str) -> None:
        """Anybody presses anything; what is refused changes nothing."""
        before = self.it.rows()
        decided = self.it.press(*pressed, who=who, minute=self.minute, note="n")
        change = decided.change
        assert change is not None
        if not change.updates_all:
            assert before == self.it.rows()

    @rule(pressed=PRESSES, who=WHO)
    def press_and_undo(self, pressed: tuple[Verb, str], who: str) -> None:
        """What the same person undoes at once is as it was, to the byte."""
        before = self.it.rows()
        decided = self.it.press(*pressed, who=who, minute=self.minute, note="n")
        changed = before != self.it.rows()
        said = self.it.outcome(Verb.UNDO, who=who, minute=self.minute)
        if changed:
            assert "undone" == said
        if changed or (decided.change and not decided.change.updates_all and said != "undone"):
            assert before == self.it.rows()

    @rule(who=WHO)
    def undo(self, who: str) -> None:
        """Whatever was last, by whoever it was: it is undone or refused."""
        before = self.it.rows()
        if self.it.outcome(Verb.UNDO, who=who, minute=self.minute) != "undone":
            assert before == self.it.rows()

    @rule(asks=st.booleans(), urgency=st.sampled_from(Urgency))
    def write(self, *, asks: bool, urgency: Urgency) -> None:
        """The author writes again."""
        self.posts += 1
        post = s.post(f"w{self.posts}", minute=self.minute)
        self.it.record(s.judged(post, asks=asks, urgency=urgency), minute=self.minute)

    @rule()
    def answer(self) -> None:
        """A colleague answers in the platform's own app."""
        self.posts += 1
        self.it.record(s.answer(f"a{self.posts}", minute=self.minute), minute=self.minute)

    @rule(minutes=st.sampled_from((0.5, 3, 15, 90, 60 * 24)))
    def wait(self, minutes: float) -> None:
        """Time passes, and the outbox looks what is due."""
        self.minute += minutes
        self.it.due(minute=self.minute)

    @invariant()
    def holds(self) -> None:
        """At most one wait; an owner only of what is owned; an end of a snooze only of a snooze."""
        if not hasattr(self, "it"):
            return
        assert self.it.one("SELECT count(*) FROM asks WHERE outcome IS NULL") <= 1
        state, owner, until, by = self.it.conn.execute(
            "SELECT state, claimed_by, snoozed_until, snoozed_by FROM conversations"
        ).fetchone()
        assert not (state == "open" and owner)
        assert not (state == "claimed" and not owner)
        assert (state == "snoozed") == (by is not None)
        assert state == "snoozed" or until is None
        closed = state in {"answered", "dismissed"}
        assert not (closed and self.it.one("SELECT count(*) FROM asks WHERE outcome IS NULL"))
        assert 0 == self.it.one(
            "SELECT count(*) FROM listed l JOIN conversations c ON c.id = l.conversation"
            " WHERE l.state <> c.state OR l.claimed_by IS NOT c.claimed_by"
        )


TestDeciding = Deciding.TestCase
TestDeciding.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


# --- who is first ---------------------------------------------------------------------------------


def _claim(path: Path, who: str, ready: threading.Barrier, said: dict[str, str]) -> None:
    """One press by a connection of its own."""
    with closing(schema.connect(path, busy_seconds=20)) as conn:
        decision = Decision(
            press_id=who,
            feed=who,
            channel="telegram:care",
            person=who,
            verb=Verb.CLAIM,
            mention_id=ASK,
            at=s.at(1),
        )
        ready.wait()
        conn.execute("BEGIN IMMEDIATE")
        work = Work(conn=conn, now=s.at(1), lease_for=s.LEASE, standing=Standing())
        decided = deciding.decide(work, decision, DESK.transition, cursor=None)
        conn.execute("COMMIT")
        assert decided is not None
        assert decided.change is not None
        said[who] = decided.change.outcome


def test_of_two_claims_by_two_connections_one_wins(tmp_path: Path) -> None:
    """At the same moment, fifty times: one has it, the other is told so."""
    path = tmp_path / "x.db"
    with world(path) as it:
        for _ in range(50):
            said: dict[str, str] = {}
            ready = threading.Barrier(2)
            people = [
                threading.Thread(target=_claim, args=(path, who, ready, said)) for who in ("anna", "ben")
            ]
            for one in people:
                one.start()
            for one in people:
                one.join()
            assert ["claimed", "lost"] == sorted(said.values())
            winner = next(who for who, outcome in said.items() if outcome == "claimed")
            assert winner == it.one("SELECT claimed_by FROM conversations")
            _as_it_was(it.conn)


def _as_it_was(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE conversations SET state = 'open', claimed_by = NULL, claimed_at = NULL")
    conn.execute("DELETE FROM decisions")
