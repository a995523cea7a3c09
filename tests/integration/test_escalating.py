"""Nobody answers: others are asked, in steps that are rows; claims that come to nothing go back to the queue.

Ann asks at noon, and is to have an answer half an hour later: half of that is 12:15, four fifths 12:24.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.escalation import Claimed, Escalation, Part, Step
from bot.hours import Hours, Shift
from bot.incidents import Incidents
from bot.model import Alert, Urgency
from bot.noise import Noise
from bot.oncall import Layer, OnCall, Rotation
from bot.overrides import ANEW
from bot.payload import ASKED, GROUP
from bot.quiet import Quiet
from bot.records import Leased
from bot.staff import Verb
from bot.store import next_steps
from bot.targets import Staffed, Targets
from bot.wishes import EffectKind, Route
from tests.integration import store_samples as s
from tests.integration.deciding_world import World, world

CARE = Rotation(
    name="care", layers=(Layer(people=("anna", "ben"), zone=ZoneInfo("UTC"), starts=date(2020, 1, 6)),)
)
ON_CALL = OnCall(rotations={"care": CARE})
FIRST = CARE.person(s.at(0))
SECOND = "ben" if FIRST == "anna" else "anna"
APPROVED = (
    "INSERT INTO replies (key, brand, conversation, mention, draft, platform, text, hash, approved_by,"
    " approved_at, due_at, until, state, may_be_there, asks_staff, fence, attempts, is_automatic)"
    " VALUES ('k', 'acme', 1, 1, 1, 'bluesky', 'On it', 'h', 'anna', 0, 0, 0, 'held', 0, 0, 0, 0, 0)"
)
ESCALATION = Escalation(leads=("lea",), on_call=ON_CALL)


@pytest.fixture
def it(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "x.db", ESCALATION) as made:
        yield made


def rung(leased: tuple[Leased, ...]) -> list[tuple[str, Any]]:
    """Why cards came again, and in which channel."""
    alerts = (one for one in leased if one.effect.kind is not EffectKind.UPDATE)
    return [(one.effect.channel, one.effect.payload.get(ANEW)) for one in alerts]


def steps(it: World) -> list[tuple[Any, ...]]:
    """Kind, share and whom of each step, in order."""
    found = it.conn.execute("SELECT kind, share, whom FROM escalations ORDER BY id").fetchall()
    return [(kind, share, *json.loads(who)) for kind, share, who in found]


def next_at(it: World) -> float | None:
    """In how many minutes after noon somebody is asked next."""
    at = it.one("SELECT escalate_at FROM asks WHERE outcome IS NULL")
    return None if at is None else (at - it.one("SELECT started_at FROM asks")) / 60_000_000


def test_nobody_claims_and_the_next_is_asked_and_at_last_the_lead(it: World) -> None:
    """Each on the card come again; the one before it steps back; each step once, though time stands still."""
    assert 15 == next_at(it)
    assert [] == rung(it.due(minute=14.9))
    assert [("telegram:care", "asked")] == rung(it.due(minute=15))
    assert [] == rung(it.due(minute=15))
    assert ((SECOND,), 24) == (it.card().asked[-1].whom, next_at(it))
    it.due(minute=24)
    it.due(minute=30)
    assert [("ask", 50, SECOND), ("ask", 80, "lea"), ("ask", 100, "lea")] == steps(it)
    it.due(minute=90)
    it.due(minute=150)
    assert [("repeat", 100, "lea")] * 2 == steps(it)[3:]
    standing = "SELECT count(*) FROM effects WHERE kind = 'alert' AND state = 'sent' AND replaced_by IS NULL"
    assert 1 == it.one(standing)


def test_of_what_was_slept_through_the_last_step_is_taken(it: World) -> None:
    """A machine that was off for a day asks once."""
    assert [("telegram:care", "asked")] == rung(it.due(minute=24 * 60))
    assert [("ask", 100, "lea")] == steps(it)


def test_a_claim_reminds_its_owner_and_goes_back_to_the_next(it: World) -> None:
    """Open again, with nobody's name on it; the card says who had it, and calls both."""
    it.press(Verb.CLAIM, minute=5, who="anna")
    assert 24 == next_at(it)
    assert [("telegram:care", "reminded")] == rung(it.due(minute=24))
    assert 30 == next_at(it)
    assert [("telegram:care", "returned")] == rung(it.due(minute=30))
    assert ("open", None) == it.conn.execute("SELECT state, claimed_by FROM conversations").fetchone()
    assert [("remind", 80, "anna"), ("return", 100, "ben")] == steps(it)
    assert "anna" == it.card().asked[-1].owner
    assert 90 == next_at(it)
    assert "open" == it.one("SELECT state FROM listed")
    assert "not_undoable" != it.outcome(Verb.CLAIM, minute=31, who="ben")


@pytest.mark.parametrize("verb", [Verb.DISMISS, Verb.ELSEWHERE])
def test_what_is_over_asks_nobody(it: World, verb: Verb) -> None:
    """Whatever ends it; opened again it goes on, with the step that is due by then."""
    it.press(verb, minute=5)
    assert [] == rung(it.due(minute=600))
    it.press(Verb.REOPEN, minute=601)
    assert [("telegram:care", "asked")] == rung(it.due(minute=604))
    assert [("ask", 100, "lea")] == steps(it)


def test_after_an_answer_nobody_is_asked_and_a_new_ask_has_a_clock_of_its_own(it: World) -> None:
    """https://github.com/zammad/zammad/issues/3140."""
    it.due(minute=15)
    it.record(s.answer("a", minute=16, to="ann"), minute=16)
    assert [] == rung(it.due(minute=300))
    it.record(s.judged(s.post("again", minute=301)), minute=301)
    assert 316 == next_at(it)
    it.due(minute=316)
    assert [1, 1] == [n for (n,) in it.conn.execute("SELECT number FROM escalations ORDER BY id")]


def test_a_snooze_stops_the_steps(it: World) -> None:
    """Nobody is asked until it wakes; then the card rings, and the next step has patience."""
    it.press(Verb.SNOOZE, "1h", minute=5)
    wakes_at = (
        it.one("SELECT snoozed_until FROM conversations") - it.one("SELECT started_at FROM asks")
    ) / 6e7
    assert next_at(it) is None
    assert [("telegram:care", "woken")] == rung(it.due(minute=wakes_at))
    assert wakes_at + 3 == next_at(it)


def test_another_urgency_is_another_promise(it: World) -> None:
    """The steps follow the promise that moved; none is taken twice."""
    it.due(minute=15)
    it.press(Verb.URGENCY, "critical", minute=16)
    due_at = it.one("SELECT due_at - started_at FROM asks") / 60_000_000
    now = next_at(it)
    assert now is not None
    assert now == max(due_at * 0.8, 16 + due_at / 10)


def test_only_what_staff_was_told_of_and_promised_is_escalated(tmp_path: Path) -> None:
    """What was promised nothing, or is to be told to nobody, rings nobody at night."""
    cases: tuple[dict[str, Any], ...] = ({"alert": Alert.NONE}, {"due": None}, {"channel": None})
    for number, how in enumerate(cases):
        with world(tmp_path / f"{number}.db", ESCALATION, **how) as it:
            it.due(minute=70)
            it.due(minute=71)
            assert [] == rung(it.due(minute=3000))
            assert next_at(it) is None


def test_a_group_card_counts_as_heard(tmp_path: Path) -> None:
    """Several alerts that waited for each other and went as one card: each has a next step."""
    route = Route(name="default", to="telegram:care", wait=s.at(1) - s.at(0), group_by=("platform",))
    with world(tmp_path / "x.db", ESCALATION, routes=(route,)) as it:
        it.record(s.judged(s.post("two", author="bob", root=None), routes=(route,)), minute=0)
        assert next_at(it) is None
        it.due(minute=1)
        it.due(minute=2)
        at = [at for (at,) in it.conn.execute("SELECT escalate_at FROM asks")]
        assert [it.one("SELECT min(started_at) FROM asks") + 15 * 60_000_000] * 2 == at
        assert 2 == len(rung(it.due(minute=15)))


def test_many_at_once_stand_on_one_card(it: World) -> None:
    """After an outage a hundred steps are due: the team reads one card, and each ask has had its step."""
    for number in range(5):
        it.record(s.judged(s.post(f"p{number}", author=f"a{number}", root=None)), minute=0)
    leased = it.due(minute=15)
    assert [("telegram:care", "asked")] == rung(leased)
    (card,) = (one for one in leased if one.effect.kind is EffectKind.DIGEST)
    assert (True, [SECOND]) == (card.effect.payload[GROUP], card.effect.payload[ASKED])
    assert [("ask", 50, SECOND)] * 6 == steps(it)
    assert 6 == it.one("SELECT count(*) FROM digest_items")
    it.due(minute=16)
    assert 24 == next_at(it)


def test_a_step_names_its_channel(tmp_path: Path) -> None:
    """The card there is a new one; the first stays as it is."""
    plan = Part(steps={Urgency.HIGH: (Step(after=50, ask="lead", to="slack:leads"),)})
    with world(tmp_path / "x.db", replace(ESCALATION, everywhere=plan)) as it:
        assert [("slack:leads", "asked")] == rung(it.due(minute=15))
        assert 0 == it.one("SELECT count(*) FROM effects WHERE replaced_by IS NOT NULL")
        assert [("slack:leads", "asked")] == rung(it.due(minute=75))
        assert 1 == it.one("SELECT count(*) FROM effects WHERE replaced_by IS NOT NULL")


def test_without_rotation_and_lead_the_channel_rings_again(tmp_path: Path) -> None:
    """Nobody is named."""
    with world(tmp_path / "x.db", Escalation()) as it:
        assert [("telegram:care", "asked")] == rung(it.due(minute=15))
        assert [("ask", 50)] == steps(it)


def test_shares_are_of_business_hours(tmp_path: Path) -> None:
    """Asked at noon on a Saturday: nobody is asked before Monday, whatever the calendar says."""
    day = Hours(zone=ZoneInfo("UTC"), week=((Shift(time(9), time(17)),),) * 5 + ((), ()))
    monday = (24 + 21) * 60
    with world(tmp_path / "x.db", ESCALATION, due=monday + 30) as it:
        it.targets = Targets(everywhere=Staffed(hours=day))
        it.write(next_steps.anew, minute=1)
        assert [] == rung(it.due(minute=1))
        assert monday + 15 == next_at(it)


def test_a_reload_plans_anew(it: World) -> None:
    """What has a step keeps its clock; a plan without steps asks nobody any more."""
    it.escalation = replace(ESCALATION, everywhere=Part(steps={Urgency.HIGH: (Step(after=10, ask="lead"),)}))
    it.write(next_steps.anew, minute=1)
    assert [] == rung(it.due(minute=1))
    assert 3 == next_at(it)
    it.escalation = replace(ESCALATION, everywhere=Part(steps={Urgency.HIGH: ()}, claimed=Claimed(remind=10)))
    it.write(next_steps.anew, minute=2)
    assert [] == rung(it.due(minute=600))
    assert next_at(it) is None


def test_what_is_about_to_be_published_asks_nobody(it: World) -> None:
    """An approved answer on its way is looked at again a little later."""
    it.press(Verb.CLAIM, minute=5, who="anna")
    it.conn.execute("PRAGMA foreign_keys=OFF")
    it.conn.execute(APPROVED)
    it.due(minute=30)
    assert ([], 35) == (steps(it), next_at(it))


def test_in_quiet_hours_nobody_is_asked_and_once_when_they_are_over(it: World) -> None:
    """The steps that came due meanwhile are one; what is critical is asked for at any hour."""
    night = Hours(zone=ZoneInfo("UTC"), week=((Shift(time(12, 10), time(13)),),) * 7)
    it.noise = Noise(quiet=(Quiet(hours=night),))
    assert ([], 60) == (rung(it.due(minute=15)), next_at(it))
    assert [("telegram:care", "asked")] == rung(it.due(minute=60))
    assert [("ask", 100, "lea")] == steps(it)
    it.record(s.judged(s.post("fire", author="eve", root=None), urgency=Urgency.CRITICAL), minute=24 * 60)
    it.due(minute=24 * 60)
    assert [("telegram:care", "asked")] == rung(it.due(minute=24 * 60 + 20))


def test_while_an_incident_runs_its_card_asks_and_then_who_still_waits(it: World) -> None:
    """Nobody is asked one by one in a burst; its end forgets nobody."""
    it.incidents = Incidents(at_least=4, authors=3)
    for number in range(6):
        it.record(s.judged(s.post(f"p{number}", author=f"a{number}", root=None)), minute=1)
    it.due(minute=2)
    asked = [rung(it.due(minute=minute)) for minute in (15.1, 15.9)]
    assert [[("telegram:care", "asked")], []] == asked
    assert 1 == len(steps(it))
    for minute in range(17, 40):
        it.due(minute=minute)
    assert 0 == it.one("SELECT count(*) FROM incidents WHERE ended_at IS NULL")
    assert 7 == it.one("SELECT count(DISTINCT ask) FROM escalations")
