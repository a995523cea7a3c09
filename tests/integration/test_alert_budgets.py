"""Budgets of alerts, digests at set times, and who has called already: on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import marks
from bot.hours import Shift
from bot.marks import Marks
from bot.model import Alert, Urgency
from bot.noise import AlertBudget, Digest, Noise, Why
from bot.records import Judged
from bot.staff import Verb
from bot.store import holding
from bot.testing.clock import ManualClock
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.outbox_world import Desk, running
from tests.integration.test_holding import AN_HOUR, decide
from tests.integration.test_holding import render as drawn
from tests.integration.test_holding import running as shown

BERLIN = ZoneInfo("Europe/Berlin")
CARE = Route(name="care", to="telegram:care")
TEN_OCLOCK = datetime(2026, 11, 24, 10, tzinfo=BERLIN).astimezone(UTC)
TWO = Noise(budgets=(AlertBudget(alerts=2, marks=marks.each(timedelta(hours=4), BERLIN)),))
SHIFTS: dict[tuple[int, ...], tuple[Shift, ...]] = {
    (0, 1, 2, 3, 4): (Shift(time(6), time(14)), Shift(time(14), time(22)))
}


def question(name: str, *, route: Route = CARE, number: int = 0, **more: object) -> Judged:
    """Of its own thread and author, a few minutes before ten; `number`: a further post of them."""
    minute = (TEN_OCLOCK - s.NOON).total_seconds() / 60 - 2 + number / 10
    root = f"at://{name}/{name}" if number else None
    of = s.post(f"{name}{number or ''}", author=name, minute=minute, root=root, text=f"{name} leaks")
    return s.judged(of, **{"routes": (route,), **more})  # type: ignore[arg-type]


def heads(desk: Desk) -> list[str]:
    return [one.split(" | ")[0] for one in desk.chat.sent]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


# --- budgets --------------------------------------------------------------------------------------


async def test_what_exceeds_the_budget_comes_with_the_next_digest(path: Path) -> None:
    """Two ring, three come on one card at the full hour that says so; what is critical rings all the same."""
    async with shown(path, TEN_OCLOCK) as desk:
        desk.store.noise = TWO
        for name in ("one", "two", "three", "four", "five"):
            await desk.heard(question(name))
        await desk.heard(question("fire", urgency=Urgency.CRITICAL))
        assert ["HIGH", "HIGH", "CRITICAL"] == heads(desk)
        await desk.later(AN_HOUR)
        assert "Budget of 2 alerts spent: 3 more" == heads(desk)[-1]
        await desk.heard(question("six"))
        assert 4 == len(desk.chat.sent)
        await desk.later(AN_HOUR)
        assert "Budget of 2 alerts spent: 1 more" == heads(desk)[-1]


async def test_a_budget_begins_anew_with_its_period(path: Path) -> None:
    """From twelve on two may ring again, and the rest of the period before is told at twelve at the latest."""
    daily = Digest(marks=Marks(BERLIN, ((time(17),),) * 7))
    async with shown(path, TEN_OCLOCK) as desk:
        desk.store.noise = replace(TWO, digests=(daily,))
        await desk.heard(question("one"), question("two"), question("three"))
        await desk.later(2 * AN_HOUR - 1)
        assert 2 == len(desk.chat.sent)
        await desk.later(1)
        assert "Budget of 2 alerts spent: 1 more" == heads(desk)[-1]
        await desk.heard(question("four"))
        assert "HIGH" == heads(desk)[-1]


async def test_a_budget_per_shift(path: Path) -> None:
    """What is spent in the morning shift is no business of the next one."""
    per_shift = AlertBudget(alerts=1, marks=marks.ends(SHIFTS, BERLIN))
    async with shown(path, TEN_OCLOCK) as desk:
        desk.store.noise = Noise(budgets=(per_shift,))
        await desk.heard(question("one"), question("two"))
        assert 1 == len(desk.chat.sent)
        await desk.later(4 * AN_HOUR, steps=4)
        await desk.heard(question("three"))
        assert ["HIGH", "Budget of 1 alerts spent: 1 more", "HIGH"] == heads(desk)


async def test_each_channel_has_a_budget_of_its_own(path: Path) -> None:
    """What rings elsewhere spends nothing here; a card of several counts once."""
    desk_route = Route(name="desk", to="webhook:desk")
    grouped = replace(CARE, wait=timedelta(seconds=10), group_by=("platform",))
    async with shown(path, TEN_OCLOCK) as desk:
        desk.store.noise = TWO
        for name in ("one", "two"):
            await desk.heard(question(name, route=desk_route))
        for name in ("three", "four", "five"):
            await desk.heard(question(name, route=grouped))
        await desk.later(10)
        assert (2, 1) == (len(desk.channels["webhook"].sent), len(desk.chat.sent))
        await desk.heard(question("six"))
        assert (2, "HIGH") == (len(desk.chat.sent), heads(desk)[-1])
        await desk.heard(question("seven"))
        assert 2 == len(desk.chat.sent)


async def test_what_rings_again_spends_nothing_and_is_held_by_nothing(path: Path) -> None:
    """A budget is for what comes in: whoever waits is not forgotten because others came."""
    again = replace(CARE, repeat_every=timedelta(minutes=15))
    async with shown(path, TEN_OCLOCK, routes={"care": again}) as desk:
        desk.store.noise = TWO
        await desk.heard(question("one", route=again))
        await desk.later(15 * 60)
        assert 2 == len(desk.chat.sent)
        await desk.heard(question("two", route=again))
        assert 3 == len(desk.chat.sent)
        await desk.later(15 * 60)
        assert 5 == len(desk.chat.sent)


async def test_a_card_over_budget_calls_nobody(path: Path) -> None:
    """Though one of them would have, by itself."""
    async with running(path, clock=ManualClock(TEN_OCLOCK)) as desk:
        desk.store.noise = TWO
        for name in ("one", "two", "three"):
            await desk.heard(question(name, alert=Alert.PING))
        (leased,) = await desk.store.lease(
            limit=9, now=TEN_OCLOCK + timedelta(hours=1), lease_for=s.LEASE, each=9
        )
        state = await desk.store.digest(leased)
        assert Alert.MESSAGE is state.group_alert
        assert ["Budget of 2 alerts spent: 1 more"] == drawn(leased, state).headline.split(" | ")[:1]


async def test_a_budget_that_is_gone_lets_go_of_what_waits(path: Path) -> None:
    """After a reload without it, at once."""
    async with shown(path, TEN_OCLOCK) as desk:
        desk.store.noise = TWO
        await desk.heard(question("one"), question("two"), question("three"))
        desk.store.noise = Noise()
        await desk.store.reconsider(now=desk.clock.now())
        await desk.later(0)
        assert "Budget of 2 alerts spent: 1 more" == heads(desk)[-1]
        (told,) = (await desk.store.status(now=desk.clock.now())).noise
        assert ({Why.BUDGET: 1}, 0, 2) == (told.held, told.criticals, told.alone)


def test_a_budget_is_counted_along_an_index(path: Path) -> None:
    """However many effects there are: by channel and time."""
    s.lay(path)
    values = {"channel": "telegram:care", "since": 0, "until": 1, "most": 20}
    named = {f":{name}": str(value) if name != "channel" else f"'{value}'" for name, value in values.items()}
    sql = holding.RANG
    for name, value in named.items():
        sql = sql.replace(name, value)
    plan = " ".join(row[3] for row in s.rows(path, f"EXPLAIN QUERY PLAN {sql}"))
    assert "ix_effects_rings (channel=? AND due_at>? AND due_at<?)" in plan


# --- digests --------------------------------------------------------------------------------------


async def test_digests_at_set_times(path: Path) -> None:
    """At nine and at five by the clocks of the team; another route's every hour, as ever."""
    twice = Digest(marks=Marks(BERLIN, ((time(9), time(17)),) * 7), routes=frozenset({"care"}))
    hourly = Route(name="desk", to="webhook:desk")
    async with running(path, clock=ManualClock(TEN_OCLOCK)) as desk:
        desk.store.noise = Noise(digests=(twice,))
        await desk.heard(question("one", alert=Alert.DIGEST, routes=(CARE, hourly)))
        await desk.later(AN_HOUR)
        assert (0, 1) == (len(desk.chat.sent), len(desk.channels["webhook"].sent))
        await desk.heard(question("two", alert=Alert.DIGEST))
        await desk.later(6 * AN_HOUR - 1)
        assert [] == desk.chat.sent
        await desk.later(1)
        assert ["digest | care | one leaks | two leaks"] == desk.chat.sent
        await desk.heard(question("three", alert=Alert.DIGEST))
        await desk.later(16 * AN_HOUR)
        assert "digest | care | three leaks" == desk.chat.sent[-1]


@pytest.mark.parametrize(("month", "day", "first"), [(3, 29, 3), (10, 25, 2)])
async def test_a_digest_of_a_time_that_never_comes_or_comes_twice(
    path: Path, month: int, day: int, first: int
) -> None:
    """One each: half past two is three o'clock in spring, and the first half past two in autumn."""
    midnight = datetime(2026, month, day, tzinfo=BERLIN).astimezone(UTC)
    nightly = Digest(marks=Marks(BERLIN, ((time(2, 30),),) * 7))
    async with running(path, clock=ManualClock(midnight)) as desk:
        desk.store.noise = Noise(digests=(nightly,))
        await desk.heard(question("one", alert=Alert.DIGEST))
        (due,) = s.rows(path, "SELECT due_at FROM effects")
        at = datetime.fromtimestamp(due[0] / 1e6, BERLIN)
        assert (first, 0 if first == 3 else 30, 0) == (at.hour, at.minute, at.fold)
        await desk.later((at.astimezone(UTC) - midnight).total_seconds())
        await desk.heard(question("two", alert=Alert.DIGEST))
        await desk.later(6 * AN_HOUR, steps=6)
        assert ["digest | care | one leaks"] == desk.chat.sent


# --- who has called already -----------------------------------------------------------------------


def alerts(desk: Desk) -> list[bool]:
    """Of each alert whether it is hushed."""
    found = s.rows(desk.path, "SELECT payload FROM effects WHERE kind = 'alert' ORDER BY id")
    return ["hushed" in payload for (payload,) in found]


def remark(name: str, number: int, urgency: Urgency = Urgency.HIGH) -> Judged:
    """Asks nothing, so that each rings by itself."""
    return question(name, number=number, asks=False, alert=Alert.PING, urgency=urgency)


async def test_an_author_calls_once_an_hour_by_one_conversation(path: Path) -> None:
    """The second is a message; after an hour the third calls again; somebody else calls any time."""
    async with shown(path, TEN_OCLOCK) as desk:
        for number in (1, 2):
            await desk.heard(remark("ann", number))
            await desk.later(600)
        await desk.heard(remark("bob", 1))
        assert [False, True, False] == alerts(desk)
        await desk.later(2401)
        await desk.heard(remark("ann", 3))
        assert [False, True, False, False] == alerts(desk)


async def test_what_becomes_more_urgent_calls_again(path: Path) -> None:
    """From high to critical; once more at the same urgency it does not."""
    async with shown(path, TEN_OCLOCK) as desk:
        await desk.heard(remark("ann", 1))
        await desk.heard(remark("ann", 2, urgency=Urgency.CRITICAL))
        await desk.heard(remark("ann", 3, urgency=Urgency.CRITICAL))
        assert [False, False, True] == alerts(desk)


async def test_a_new_question_in_a_conversation_that_called_is_a_message(path: Path) -> None:
    """After an answer a new ask begins; its card comes without a call."""
    async with shown(path, TEN_OCLOCK) as desk:
        await desk.heard(question("ann", alert=Alert.PING))
        await decide(desk, 1, Verb.DISMISS, "ann")
        await desk.heard(question("ann", number=3, alert=Alert.PING))
        assert [False, True] == alerts(desk)


async def test_who_has_called_already_gets_a_card_that_calls_nobody(path: Path) -> None:
    """It says the same, and nobody's phone rings louder for it."""
    async with running(path, clock=ManualClock(TEN_OCLOCK)) as desk:
        loud = []
        for number in (1, 2):
            recorded = await s.record(desk.store, remark("ann", number), minute=minutes(TEN_OCLOCK))
            (leased,) = recorded.leased
            loud.append(drawn(leased, await desk.store.card(leased)).alert)
            await s.settle(desk.store, leased, minute=minutes(TEN_OCLOCK))
        assert [Alert.PING, Alert.MESSAGE] == loud


def minutes(at: datetime) -> float:
    return (at - s.NOON) / timedelta(minutes=1)
