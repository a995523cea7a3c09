"""Incidents on a real database: when one begins, what stands on its card, how it changes and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot import chronicle
from bot.briefing import BriefingState
from bot.buttons import Choices
from bot.drawing import draw
from bot.errors import Unauthorized
from bot.gates import State
from bot.incidents import Incidents
from bot.metrics import Metrics
from bot.model import Alert, Urgency
from bot.records import Judged, Leased
from bot.staff import Card, Verb
from bot.texts.en import ENGLISH
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.outbox_world import Desk, running

CARE = Route(name="care", to="telegram:care", fallback="webhook:desk")
POLICY = Incidents(at_least=4, authors=3, within=timedelta(minutes=5), ends_after=timedelta(minutes=15))
_numbers = count()


def complaint(route: Route = CARE, *, author: str | None = None, **more: object) -> Judged:
    """Somebody's question, in a thread of its own."""
    number = next(_numbers)
    of = s.post(f"p{number}", author=author or f"a{number}", minute=5, root=None, text=f"n{number} leaks")
    return s.judged(of, **{"routes": (route,), **more})  # type: ignore[arg-type]


def several(number: int, **more: object) -> list[Judged]:
    return [complaint(**more) for _ in range(number)]  # type: ignore[arg-type]


def shown(leased: Leased, state: State, *, desk: list[Desk]) -> Card:
    """As the daemon draws them."""
    assert not isinstance(state, BriefingState)
    return draw(
        leased,
        state,
        texts=ENGLISH,
        zone=ZoneInfo("UTC"),
        now=desk[0].clock.now(),
        choices=Choices(people={}),
    )


@asynccontextmanager
async def burst(path: Path, policy: Incidents = POLICY, **more: object) -> AsyncIterator[Desk]:
    """A desk that knows incidents."""
    known: list[Desk] = []
    async with running(path, render=partial(shown, desk=known), routes={"care": CARE}, **more) as desk:  # type: ignore[arg-type]
        desk.store.incidents = policy
        known.append(desk)
        yield desk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


def cards(said: list[str]) -> list[str]:
    return [one for one in said if one.startswith(("Incident", "Ended"))]


async def test_many_by_many_become_one_card(path: Path) -> None:
    """The first three ring by themselves, the fourth begins it, and what comes then stands on its card."""
    async with burst(path) as desk:
        await desk.heard(*several(3))
        assert (3, []) == (len(desk.chat.sent), cards(desk.chat.sent))
        await desk.heard(*several(7))
        assert (4, ["Incident · 10 posts since 12:05 · care"]) == (len(desk.chat.sent), cards(desk.chat.sent))
        assert [(10, 1)] == s.rows(path, "SELECT count(*), count(DISTINCT incident) FROM burst_posts")


async def test_many_by_few_are_none(path: Path) -> None:
    """Two people who write a lot are two conversations that ring."""
    async with burst(path) as desk:
        await desk.heard(*(complaint(author=f"b{number % 2}") for number in range(8)))
        assert (8, []) == (len(desk.chat.sent), cards(desk.chat.sent))


async def test_many_in_a_long_time_are_none(path: Path) -> None:
    """One every two minutes is an ordinary day; what is old is not even kept."""
    async with burst(path) as desk:
        for _ in range(6):
            await desk.heard(complaint())
            await desk.later(120)
        assert (6, []) == (len(desk.chat.sent), cards(desk.chat.sent))
        assert 4 > s.rows(path, "SELECT count(*) FROM burst_posts")[0][0]


@pytest.mark.parametrize(
    "policy",
    [Incidents(at_least=4, authors=3, is_off=True), Incidents(at_least=4, authors=3, routes=("vip",))],
)
async def test_only_where_it_is_wanted(path: Path, policy: Incidents) -> None:
    """Switched off, or wanted for other routes only."""
    async with burst(path, policy) as desk:
        await desk.heard(*several(9))
        assert (9, []) == (len(desk.chat.sent), cards(desk.chat.sent))


async def test_each_route_has_its_own(path: Path) -> None:
    """Another route to the same chat, and the same route's copy in another channel."""
    vip = Route(name="vip", to="telegram:care")
    copy = Route(name="copy", to="webhook:desk")
    async with burst(path) as desk:
        await desk.heard(*several(5, routes=(CARE, copy)), *several(3, route=vip))
        assert ["Incident · 5 posts since 12:05 · care"] == cards(desk.chat.sent)
        assert ["Incident · 5 posts since 12:05 · copy"] == cards(desk.channels["webhook"].sent)
        await desk.heard(*several(2, route=vip))
        assert "Incident · 5 posts since 12:05 · vip" == cards(desk.chat.sent)[-1]


async def test_critical_rings_alone_and_counts(path: Path) -> None:
    """Also the one with which it begins."""
    async with burst(path) as desk:
        await desk.heard(*several(3), *several(1, urgency=Urgency.CRITICAL, alert=Alert.PING))
        assert 5 == len(desk.chat.sent)
        await desk.heard(*several(3), *several(2, urgency=Urgency.CRITICAL, alert=Alert.PING))
        await desk.later(15)
        assert 7 == len(desk.chat.sent)
        assert ["Incident · 9 posts since 12:05 · care"] == desk.chat.edits
        assert 3 == sum(one.startswith("CRITICAL") for one in desk.chat.sent)


async def test_quieter_ones_are_not_counted(path: Path) -> None:
    """What goes into the hour's digest does so in an incident too."""
    async with burst(path) as desk:
        await desk.heard(*several(9, alert=Alert.DIGEST), *several(9, alert=Alert.NONE))
        assert [] == desk.chat.sent
        assert [(0,)] == s.rows(path, "SELECT count(*) FROM incidents")


async def test_the_card_changes_now_and_then_and_only_if_there_is_news(path: Path) -> None:
    """Two hundred in fifty seconds are a handful of edits; when nothing comes, there is none."""
    async with burst(path) as desk:
        await desk.heard(*several(10))
        for _ in range(50):
            await desk.heard(*several(4))
            await desk.later(1)
        assert 1 == len(cards(desk.chat.sent))
        assert 2 <= len(desk.chat.edits) <= 4
        await desk.later(90, steps=6)
        assert "Incident · 210 posts since 12:05 · care" == desk.chat.edits[-1]
        edits = len(desk.chat.edits)
        await desk.later(300, steps=20)
        assert edits == len(desk.chat.edits)


async def test_it_ends_by_itself_and_says_who_still_waits(path: Path) -> None:
    """After a quarter of an hour with fewer than began it; once; then the next burst is another one."""
    async with burst(path) as desk:
        await desk.heard(*several(3), *several(5, due=30))
        await desk.later(16 * 60, steps=64)
        assert desk.chat.edits[-1].startswith("Ended · 8 posts, none answered, 8 open · 12:05–12:2")
        edits = len(desk.chat.edits)
        uid = s.rows(path, "SELECT max(uid) FROM mentions")[0][0]
        done = await desk.store.decide(
            s.press(1, Verb.DISMISS, uid), s.transition, cursor=None, now=desk.clock.now(), lease_for=s.LEASE
        )
        assert done is not None
        desk.outbox.push(done.leased)
        await desk.settled()
        await desk.later(60)
        assert (edits + 1, True) == (len(desk.chat.edits), ", 7 open · 12:05" in desk.chat.edits[-1])
        await desk.heard(*several(4))
        assert 2 == len(cards(desk.chat.sent))


async def test_a_restart_goes_on_with_it(path: Path) -> None:
    """It is a row: another life counts on, changes the same message and ends it."""
    async with burst(path) as desk:
        await desk.heard(*several(6))
        clock = desk.clock
    async with burst(path, clock=clock) as desk:
        await desk.heard(*several(4))
        await desk.later(15)
        assert ([], ["Incident · 10 posts since 12:05 · care"]) == (desk.chat.sent, desk.chat.edits)
        await desk.later(16 * 60, steps=64)
        assert desk.chat.edits[-1].startswith("Ended · 10 posts")


async def test_its_begin_and_its_end_are_logged_once(path: Path) -> None:
    """With how much it was by then; over a restart in between."""
    with capture_logs() as lines:
        async with burst(path) as desk:
            chronicle.listen(desk.store, Metrics())
            await desk.heard(*several(3))
            await desk.later(60)
            await desk.heard(*several(2))
            await desk.later(30, steps=2)
            clock = desk.clock
        async with burst(path, clock=clock) as desk:
            chronicle.listen(desk.store, Metrics())
            await desk.heard(*several(3))
            await desk.later(32 * 60, steps=64)
    [(uid,)] = s.rows(path, "SELECT uid FROM incidents")
    told = [line for line in lines if line["event"].startswith("incident.")]
    same = {"incident": uid, "brand": "acme", "route": "care", "log_level": "info"}
    assert told[0] == {**same, "event": "incident.began", "posts": 4, "authors": 4, "seconds": 60}
    assert ("incident.ended", 8, 8) == (told[1]["event"], told[1]["posts"], told[1]["authors"])
    assert (2, True) == (len(told), 15 * 60 <= told[1]["seconds"] <= 18 * 60)


async def test_what_waited_for_its_group_or_its_channel_is_on_the_card(path: Path) -> None:
    """None of them rings by itself afterwards, and none is lost."""
    route = Route(name="care", to="telegram:care", wait=timedelta(minutes=2), group_by=("platform",))
    async with burst(path) as desk:
        await desk.heard(*several(6, route=route))
        assert ["Incident · 6 posts since 12:05 · care"] == desk.chat.sent
        await desk.later(180, steps=12)
        assert 1 == len(desk.chat.sent)
    other = path.with_name("other.db")
    minute = timedelta(minutes=1)
    policy = Incidents(at_least=15, authors=3)
    async with burst(other, policy, limits=((20, minute),)) as desk:
        await desk.heard(*several(14))
        assert 10 == len(desk.chat.sent)
        await desk.heard(*several(1))
        assert "Incident · 15 posts since 12:05 · care" == desk.chat.sent[-1]
        await desk.later(180, steps=12)
        assert 11 == len(desk.chat.sent)
        assert [(4,)] == s.rows(
            other, "SELECT count(*) FROM effects WHERE state = 'dropped' AND reason = 'incident'"
        )


async def test_a_channel_that_refuses_has_it_told_elsewhere(path: Path) -> None:
    """The fallback gets the card, and the changes of it."""
    async with burst(path) as desk:
        await desk.heard(*several(3))
        desk.chat.trouble = [Unauthorized("revoked")]
        await desk.heard(*several(1))
        hook = desk.channels["webhook"]
        assert ["Incident · 4 posts since 12:05 · care"] == cards(hook.sent)
        await desk.heard(*several(4))
        await desk.later(15)
        assert ["Incident · 8 posts since 12:05 · care"] == hook.edits


async def test_who_stands_on_it_was_alerted(path: Path) -> None:
    """The stage is noted for each ask when the card went out, or changed."""
    async with burst(path) as desk:
        await desk.heard(*several(6))
        await desk.later(15)
        await desk.heard(*several(3))
        await desk.later(15)
        assert [(9, 9)] == s.rows(path, "SELECT count(*), count(alerted_at) FROM asks")


async def test_woken_it_gets_a_card_of_its_own(path: Path) -> None:
    """What stood on the incident's card only rings by itself once its snooze is over."""
    async with burst(path) as desk:
        await desk.heard(*several(9))
        sent = len(desk.chat.sent)
        s.execute(
            path,
            "UPDATE conversations SET state = 'snoozed', snoozed_until = ? WHERE id = 9",
            int((desk.clock.now() + timedelta(seconds=30)).timestamp() * 1_000_000),
        )
        await desk.later(30)
        assert sent + 1 == len(desk.chat.sent)
