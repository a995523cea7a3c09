"""Whatever people press and however time jumps: nobody is forgotten, and nobody is asked twice for the same."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from bot.escalation import Escalation
from bot.model import ConversationState
from bot.oncall import Layer, OnCall, Rotation
from bot.store import next_steps
from bot.store.work import Standing
from tests.integration import store_samples as s
from tests.integration.deciding_world import world
from tests.integration.test_deciding_properties import Deciding

CARE = Rotation(
    name="care", layers=(Layer(people=("anna", "ben"), zone=ZoneInfo("UTC"), starts=date(2020, 1, 6)),)
)
ESCALATION = Escalation(leads=("lea",), on_call=OnCall(rotations={"care": CARE}))


class Escalating(Deciding):
    """As where people decide, and others are asked as long as nobody answers."""

    @initialize()
    def begin(self) -> None:
        """Ann asks, on a new database; her alert rings."""
        self.stack = ExitStack()
        path = Path(self.stack.enter_context(tempfile.TemporaryDirectory())) / "x.db"
        s.lay(path)
        self.it = self.stack.enter_context(world(path, ESCALATION))
        self.minute, self.posts = 1.0, 0

    @rule(minutes=st.sampled_from((1, 20, 700)))
    def sleep(self, minutes: float) -> None:
        """The machine sleeps, and nobody looks what is due."""
        self.minute += minutes

    @rule()
    def restart(self) -> None:
        """What was in memory is gone, and everything is planned anew."""
        self.it.standing = Standing()
        self.it.write(next_steps.anew, minute=self.minute)
        self.it.due(minute=self.minute)

    @invariant()
    def nobody_is_forgotten(self) -> None:
        """What rang, loud and promised, has a next step as long as nobody answers and no snooze runs."""
        if not hasattr(self, "it"):
            return
        waiting = self.it.write(lambda work: next_steps.read(work, 1), minute=self.minute)
        next_at = self.it.conn.execute("SELECT escalate_at FROM asks WHERE outcome IS NULL").fetchone()
        if waiting is None:
            return
        assert next_at is not None
        assert (next_at[0] is None) == (waiting.wait.state is ConversationState.SNOOZED)

    @invariant()
    def nobody_is_asked_twice(self) -> None:
        """Each share once, in order; nothing after the end."""
        if not hasattr(self, "it"):
            return
        steps: dict[int, list[int]] = {}
        for ask, share in self.it.conn.execute(
            "SELECT ask, share FROM escalations WHERE kind = 'ask' ORDER BY id"
        ):
            steps.setdefault(ask, []).append(share)
        assert all(shares == sorted(set(shares)) for shares in steps.values())
        late = "SELECT count(*) FROM escalations e JOIN asks a ON a.id = e.ask WHERE e.at > a.ended_at"
        assert 0 == self.it.one(late)
        rang = (
            "SELECT count(*) FROM effects WHERE key LIKE 'asked:%' GROUP BY ask, payload ->> 'asked', channel"
        )
        assert all(count == 1 for (count,) in self.it.conn.execute(rang))


TestEscalating = Escalating.TestCase
TestEscalating.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
