"""Budgets of calls: how often one person is called by name, by chat and pager, whatever calls them.

Anna is on call, and is to be called twice in eight hours, from eight to four in the afternoon.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import marks, withheld
from bot.errors import Reason, Rejected, Unavailable
from bot.escalation import Escalation, Part, Step
from bot.model import Alert, Urgency
from bot.noise import AlertBudget, ChannelNoise, Noise
from bot.oncall import OnCall
from bot.records import Judged
from bot.staff import Verb
from bot.store import counting_calls
from bot.texts.en import ENGLISH
from bot.texts.es import SPANISH
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.test_paging import CARE, Night, night

AFTERNOON = datetime(2026, 11, 24, 16, tzinfo=UTC)
DESK = Route(name="desk", to="webhook:desk")
NOT_CALLED = "Budget of calls spent, not called: Anna"


def budget(*channels: str, calls: int = 2) -> Noise:
    periods = marks.each(timedelta(hours=8), ZoneInfo("UTC"))
    return Noise(budgets=(AlertBudget(alerts=99, marks=periods, calls=calls, channels=frozenset(channels)),))


def ping(
    name: str, *, urgency: Urgency = Urgency.HIGH, routes: tuple[Route, ...] = (CARE,), uid: str | None = None
) -> Judged:
    post = s.post(name, author=name, minute=4, root=None)
    return s.judged(post, uid=uid or name, alert=Alert.PING, urgency=urgency, routes=routes)


def called(it: Night) -> list[tuple[str, ...]]:
    """Whom each message to the chat called, in order."""
    return [card.people if card.alert is Alert.PING else () for card in it.desk.chat.cards]


async def heard(it: Night, *names: str, **more: object) -> None:
    for name in names:
        await it.desk.heard(ping(name, **more))  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_whoever_was_called_so_often_is_not_called_any_more(path: Path) -> None:
    """The card comes all the same, as a message, and says so; the pager stays silent with it."""
    async with night(path) as it:
        it.desk.store.noise = budget()
        await heard(it, "one", "two", "three")
        assert [("anna",), ("anna",), ()] == called(it)
        assert (3, ["anna", "anna"]) == (len(it.desk.chat.sent), it.pager.rung)
        card = it.desk.chat.cards[-1]
        assert (NOT_CALLED, Alert.MESSAGE, (), ()) == (
            card.lines[0].text, card.alert, card.ping, card.called
        )  # fmt: skip


async def test_what_is_critical_counts_and_calls_all_the_same(path: Path) -> None:
    """Whatever is spent; and what was left out is counted."""
    async with night(path) as it:
        it.desk.store.noise = budget(calls=1)
        await heard(it, "fire", "blaze", urgency=Urgency.CRITICAL)
        await heard(it, "one")
        assert [("anna",), ("anna",), ()] == called(it)
        told = {one.channel: one for one in (await it.desk.store.status(now=it.desk.clock.now())).noise}
        assert (1, 0) == (told["telegram:care"].left_out, told["telegram:care"].criticals)


async def test_another_period_and_another_person_have_calls_of_their_own(path: Path) -> None:
    """Ben may be called when Anna may not; from four o'clock on Anna, too."""
    async with night(path) as it:
        it.desk.store.noise = budget(calls=1)
        await heard(it, "one", "two")
        it.shift.person = "ben"
        await heard(it, "three")
        it.shift.person = "anna"
        await it.desk.later((AFTERNOON - it.desk.clock.now()).total_seconds())
        await heard(it, "four")
        assert [("anna",), (), ("ben",), ("anna",)] == called(it)


async def test_a_budget_is_for_its_channels_together(path: Path) -> None:
    """One that names two counts both; what another channel calls is no business of it."""
    async with night(path) as it:
        it.desk.store.noise = budget("telegram:care", "webhook:desk", calls=1)
        await heard(it, "one", routes=(DESK,))
        await heard(it, "two")
        assert [()] == called(it)
        it.desk.store.noise = budget("telegram:care", calls=1)
        await heard(it, "three")
        assert [(), ("anna",)] == called(it)


async def test_steps_count_and_are_left_out_for_those_who_were_called_enough(path: Path) -> None:
    """Of two who are asked only the one is called who may be; the step is taken."""
    async with night(path) as it:
        it.desk.store.noise = budget(calls=1)
        steps = Part(steps={Urgency.HIGH: (Step(after=50, ask="lead"),)})
        it.desk.store.escalation = Escalation(everywhere=steps, leads=("anna", "lea"), on_call=OnCall())
        await heard(it, "one")
        await it.desk.later(3600)
        assert [("anna",), ("lea",)] == called(it)
        assert NOT_CALLED == it.desk.chat.cards[-1].lines[0].text
        assert [(1,)] == s.rows(path, "SELECT count(*) FROM escalations")
        await it.desk.later(3600)
        assert [("anna",), ("lea",), ()] == called(it)


async def test_what_a_person_hands_over_calls_and_does_not_count(path: Path) -> None:
    """Somebody wants them called just now."""
    async with night(path) as it:
        it.desk.store.noise = budget(calls=1)
        await it.desk.heard(ping("one", uid="A"))
        await it.press(Verb.CLAIM)
        await it.press(Verb.HAND_OVER, "anna")
        await heard(it, "two")
        assert [("anna",), ("anna",), ()] == called(it)


async def test_a_group_calls_a_pager_no_more_often(path: Path) -> None:
    """Its card names nobody; the pager of who is on call counts as any call."""
    wait = timedelta(seconds=10)
    grouped = Route(name="default", to="telegram:care", wait=wait, group_by=("platform",))
    async with night(path) as it:
        it.desk.store.noise = budget(calls=1)
        await it.desk.heard(ping("one", routes=(grouped,)), ping("two", routes=(grouped,)))
        await it.desk.later(10)
        await it.desk.heard(ping("three", routes=(grouped,)), ping("four", routes=(grouped,)))
        await it.desk.later(10)
        assert (2, ["anna"]) == (len(it.desk.chat.sent), it.pager.rung)


async def test_what_is_tried_again_counts_once(path: Path) -> None:
    """A chat that is down for a while, and a card that came by its fallback, called once."""
    async with night(path, fallback="webhook:desk") as it:
        it.desk.store.noise = budget()
        it.desk.chat.trouble = [Unavailable("later"), Unavailable("later")]
        await heard(it, "one")
        await it.desk.later(120, steps=4)
        it.desk.chat.trouble = [Rejected("no", reason=Reason.FORBIDDEN)]
        await heard(it, "two")
        await it.desk.later(120, steps=4)
        await heard(it, "three")
        assert ("anna",) == it.desk.channels["webhook"].cards[0].people
        assert [("anna",), ()] == called(it)


def test_calls_are_counted_along_an_index(path: Path) -> None:
    """However many there have been: by time."""
    s.lay(path)
    sql = counting_calls.CALLED.replace(":since", "0").replace(":person", "'anna'")
    plan = " ".join(row[3] for row in s.rows(path, f"EXPLAIN QUERY PLAN {sql}"))
    assert "ix_calls_at (at>?)" in plan


def test_what_was_left_out_is_told_beside_what_was_held() -> None:
    """In the line of `outcare status` and of `/stats`."""
    channels = [ChannelNoise(channel="telegram:care", alone=5, left_out=2)]
    assert ["telegram:care: 5 by themselves, 2 calls over budget; critical ones held back: 0"] == list(
        withheld.lines(channels, ENGLISH)
    )
    assert "2 llamadas por encima del cupo" in "".join(withheld.lines(channels, SPANISH))
