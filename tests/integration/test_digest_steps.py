"""What staff was told of by a digest only: who is asked, once its promise is missed.

Ann asks at noon what is worth a line of the digest at one, and is to have an answer at two.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import time as clock
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine

from bot.cards import render
from bot.escalation import Escalation, Part, Step
from bot.hours import Hours, Shift
from bot.model import Alert, Urgency
from bot.noise import Noise
from bot.oncall import OnCall
from bot.overrides import Anew
from bot.quiet import Quiet
from bot.staff import Verb
from bot.store import next_steps
from bot.texts.en import ENGLISH
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.deciding_world import World, world
from tests.integration.outbox_world import running
from tests.integration.test_escalating import ESCALATION, FIRST, next_at, rung, steps

MIGRATION = "bot.store.migrations.versions.0025_told_by_digest"


def digested(path: Path, escalation: Escalation = ESCALATION) -> AbstractContextManager[World]:
    """Ann has asked at noon what is worth a line of the digest, and is to be answered at two."""
    return world(path, escalation, alert=Alert.DIGEST, due=120)


def test_what_stands_on_a_digest_only_is_asked_for_once_its_promise_is_missed(tmp_path: Path) -> None:
    """Before the digest is there nobody is; then who is on call, not before its time is up, and so again."""
    with digested(tmp_path / "x.db") as it:
        assert next_at(it) is None
        assert [("telegram:care", None)] == rung(it.due(minute=60))
        it.due(minute=60.1)
        assert ([], 120) == (steps(it), next_at(it))
        assert [("telegram:care", "asked")] == rung(it.due(minute=120))
        assert ([("ask", 100, FIRST)], 240) == (steps(it), next_at(it))
        it.due(minute=240)
        assert [("repeat", 100, FIRST)] == steps(it)[1:]


def test_a_digest_asks_the_leads_where_nobody_is_on_call(tmp_path: Path) -> None:
    """And nobody further."""
    with digested(tmp_path / "x.db", replace(ESCALATION, on_call=OnCall())) as it:
        it.due(minute=60)
        it.due(minute=120)
        it.due(minute=300)
        assert [("ask", 100, "lea"), ("repeat", 100, "lea")] == steps(it)


def test_many_of_a_digest_are_asked_for_on_one_card(tmp_path: Path) -> None:
    """A morning's worth of missed promises rings once."""
    with digested(tmp_path / "x.db") as it:
        for number in range(30):
            asked = s.judged(
                s.post(f"p{number}", author=f"a{number}", root=None), alert=Alert.DIGEST, due=120
            )
            it.record(asked, minute=1)
        it.due(minute=60)
        assert [] == rung(it.due(minute=119))
        assert [("telegram:care", "asked")] == rung(it.due(minute=120))
        assert 31 == it.one("SELECT count(DISTINCT ask) FROM escalations")


def test_who_claims_from_a_digest_is_reminded_and_loses_it(tmp_path: Path) -> None:
    """As whoever claims what rang."""
    with digested(tmp_path / "x.db") as it:
        it.due(minute=60)
        it.press(Verb.CLAIM, minute=61, who="anna")
        assert [("telegram:care", "reminded")] == rung(it.due(minute=96))
        assert [("telegram:care", "returned")] == rung(it.due(minute=120))


@pytest.mark.parametrize("state", ["sent", "dropped"])
def test_what_was_dismissed_as_its_digest_went_out_and_is_opened_again_has_its_step(
    tmp_path: Path, state: str
) -> None:
    """The digest left it out, or there was none because nothing else was on it, and no other will tell of it."""
    with digested(tmp_path / "x.db") as it:
        it.press(Verb.DISMISS, minute=59)
        it.due(minute=60)
        it.conn.execute("UPDATE effects SET state = ? WHERE kind = 'digest'", (state,))
        it.due(minute=60.1)
        it.press(Verb.REOPEN, minute=61)
        assert 120 == next_at(it)
        assert [("telegram:care", "asked")] == rung(it.due(minute=120))


def test_configured_steps_hold_for_digests_and_an_empty_list_turns_them_off(tmp_path: Path) -> None:
    """Where the steps of that urgency are."""
    half = Part(steps={Urgency.HIGH: (Step(after=75, ask="lead"),)})
    with digested(tmp_path / "x.db", replace(ESCALATION, everywhere=half)) as it:
        it.due(minute=60)
        it.due(minute=60.1)
        assert 90 == next_at(it)
        it.escalation = replace(ESCALATION, everywhere=Part(steps={Urgency.HIGH: ()}))
        it.write(next_steps.anew, minute=61)
        assert [] == rung(it.due(minute=600))
        assert next_at(it) is None


def test_one_that_nobody_can_be_named_for_is_a_message_all_the_same(tmp_path: Path) -> None:
    """Without rotation and leads the channel is asked, by more than a line."""
    with digested(tmp_path / "x.db", Escalation()) as it:
        it.due(minute=60)
        assert [("telegram:care", "asked")] == rung(it.due(minute=120))
        card = render(it.card(), texts=ENGLISH, zone=ZoneInfo("UTC"), now=s.at(120), again=Anew.ASKED)
        assert (Alert.MESSAGE, ()) == (card.alert, card.people)


def test_in_quiet_hours_it_waits(tmp_path: Path) -> None:
    """Until they are over."""
    night = Hours(zone=ZoneInfo("UTC"), week=((Shift(clock(13, 30), clock(15)),),) * 7)
    with digested(tmp_path / "x.db") as it:
        it.due(minute=60)
        it.noise = Noise(quiet=(Quiet(hours=night),))
        assert [] == rung(it.due(minute=120))
        assert [("telegram:care", "asked")] == rung(it.due(minute=180))


async def test_its_step_does_not_ring_again_by_its_route(tmp_path: Path) -> None:
    """A route that repeats does so for what rings by itself; the plan asks again."""
    often = Route(name="default", to="telegram:care", repeat_every=timedelta(minutes=10))
    async with running(tmp_path / "x.db", routes={"default": often}) as desk:
        desk.store.escalation = ESCALATION
        asked = s.judged(s.post("q"), alert=Alert.DIGEST, due=120, routes=(often,))
        await desk.heard(asked)
        await desk.later(3600)
        assert 1 == len(desk.chat.sent)
        await desk.later(3600)
        assert 2 == len(desk.chat.sent)
        await desk.later(3000, steps=5)
        assert 2 == len(desk.chat.sent)


@pytest.mark.parametrize(("alert", "is_overdue", "is_left"), [
    (Alert.DIGEST, True, True), (Alert.DIGEST, False, False), (Alert.MESSAGE, True, False),
])  # fmt: skip
def test_an_upgrade_leaves_alone_what_was_missed_long_ago(
    tmp_path: Path, alert: Alert, *, is_overdue: bool, is_left: bool
) -> None:
    """Else its first start would ask for all of it at once; what is still to be kept has a step."""
    path = tmp_path / "x.db"
    with world(path, ESCALATION, alert=alert, due=120) as it:
        it.due(minute=60)
        due_at = time.time_ns() // 1000 + (-1 if is_overdue else 1) * 3_600_000_000
        it.conn.execute("UPDATE asks SET due_at = ?, rang_at = started_at", (due_at,))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as bound, Operations.context(MigrationContext.configure(bound)):
        import_module(MIGRATION).upgrade()
    engine.dispose()
    with closing(sqlite3.connect(path)) as conn:
        assert is_left == (conn.execute("SELECT rang_at FROM asks").fetchone()[0] is None)
