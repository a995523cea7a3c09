"""Quiet hours on a real database: what comes at once, what waits, and what the morning's card tells."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import drawing
from bot.briefing import BriefingState
from bot.buttons import Choices
from bot.changes import Change
from bot.errors import Unauthorized
from bot.gates import State
from bot.hours import Hours, Shift
from bot.model import Alert, Urgency
from bot.noise import NO_LIMITS, Noise, Why
from bot.overrides import Anew
from bot.quiet import Quiet
from bot.records import Judged, Leased
from bot.staff import Card, Verb
from bot.testing.clock import ManualClock
from bot.texts.en import ENGLISH
from bot.wishes import Route
from tests.integration import outbox_world
from tests.integration import store_samples as s
from tests.integration.outbox_world import Desk

BERLIN = ZoneInfo("Europe/Berlin")
CARE = Route(name="care", to="telegram:care")
DESK = Route(name="desk", to="telegram:care")
NIGHT = Noise(quiet=(Quiet(hours=Hours(BERLIN, ((Shift(time(22), time(7)),),) * 7)),))
AN_HOUR = 3600.0
TEN = datetime(2026, 11, 24, 22, tzinfo=BERLIN).astimezone(UTC)


def question(
    name: str, hour: float = 0, *, route: Route = CARE, text: str = "", number: int = 0, **more: object
) -> Judged:
    """Of its own thread and author, so many hours after ten at night; `number`: a further post of them."""
    minute = (TEN - s.NOON).total_seconds() / 60 + hour * 60
    root = f"at://{name}/{name}" if number else None
    of = s.post(f"{name}{number or ''}", author=name, minute=minute, root=root, text=text or f"{name} leaks")
    return s.judged(of, **{"routes": (route,), **more})  # type: ignore[arg-type]


def render(leased: Leased, state: State) -> Card:
    """The card as it is, as one line."""
    assert not isinstance(state, BriefingState)
    card = drawing.draw(
        leased, state, texts=ENGLISH, zone=BERLIN, now=TEN, choices=Choices(people={"pia": "Pia"})
    )
    lines = [card.headline.split(" · ")[0], *(line.text for line in card.lines if "leaks" in line.text)]
    return replace(card, headline=" | ".join(lines))


def running(path: Path, at: datetime = TEN, **more: object) -> AbstractAsyncContextManager[Desk]:
    return outbox_world.running(path, clock=ManualClock(at), render=render, **more)  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


async def decide(desk: Desk, number: int, verb: Verb, name: str) -> None:
    decided = await desk.store.decide(
        s.press(number, verb, f"M-acme-at://{name}/{name}-"),
        s.transition,
        cursor=None,
        now=desk.clock.now(),
        lease_for=s.LEASE,
    )
    assert decided is not None
    desk.outbox.push(decided.leased)
    await desk.settled()


async def test_the_night_comes_as_one_card_by_who_is_due_first(path: Path) -> None:
    """Of several routes, with what only belongs into a digest; nothing rings before seven."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("late", due=600))
        await desk.heard(question("soon", route=DESK, due=60, urgency=Urgency.NORMAL))
        await desk.heard(question("calm", asks=False, alert=Alert.DIGEST))
        await desk.later(9 * AN_HOUR - 1)
        assert [] == desk.chat.sent
        await desk.later(1)
        (card,) = desk.chat.sent
        head, *lines = card.split(" | ")
        assert "Quiet hours are over: 3 alerts waited" == head
        assert ["soon", "late", "calm"] == [line.split(" leaks")[0].split("“")[-1] for line in lines]
        assert [3] == [count for (count,) in s.rows(path, "SELECT count(*) FROM digest_items")]


async def test_what_is_critical_rings_at_once(path: Path) -> None:
    """And by itself."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("fire", urgency=Urgency.CRITICAL))
        assert 1 == len(desk.chat.sent)
        await desk.later(9 * AN_HOUR)
        assert 1 == len(desk.chat.sent)


async def test_what_becomes_critical_rings_and_stands_on_no_card_of_the_morning(path: Path) -> None:
    """Told once: by itself."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("fire"), question("other"))
        await desk.later(AN_HOUR)
        await desk.heard(question("fire", 1, number=1, urgency=Urgency.CRITICAL, text="fire! it leaks"))
        assert ["CRITICAL"] == [sent.split(" | ")[0] for sent in desk.chat.sent]
        await desk.later(8 * AN_HOUR)
        (_, morning) = desk.chat.sent
        assert "Quiet hours are over: 1 alert waited" in morning
        assert "fire" not in morning


async def test_what_a_person_holds_to_be_more_urgent_rings_at_once(path: Path) -> None:
    """Also where it is not critical: somebody is awake. The card of the morning does not tell of it again."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one"), question("two"))
        decided = await desk.store.decide(
            s.press(1, Verb.URGENCY, "M-acme-at://one/one-"),
            lambda state, decision: Change(outcome="raised", reply="", updates_all=True, rings=Anew.RAISED),
            cursor=None,
            now=desk.clock.now(),
            lease_for=s.LEASE,
        )
        assert decided is not None
        desk.outbox.push(decided.leased)
        await desk.settled()
        assert 1 == len(desk.chat.sent)
        await desk.later(9 * AN_HOUR)
        assert "Quiet hours are over: 1 alert waited" in desk.chat.sent[1]
        assert "one leaks" not in desk.chat.sent[1]


async def test_what_was_handled_meanwhile_is_left_out(path: Path) -> None:
    """Dismissed or answered in the night; nobody is told when nothing is left."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one"), question("two"))
        await decide(desk, 1, Verb.DISMISS, "one")
        await desk.later(9 * AN_HOUR)
        assert ["Quiet hours are over: 1 alert waited"] == [one.split(" | ")[0] for one in desk.chat.sent]
        await decide(desk, 2, Verb.DISMISS, "two")
        assert ["Quiet hours are over: nothing open any more"] == desk.chat.edits
    again = path.with_name("again.db")
    async with running(again) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one"))
        await decide(desk, 1, Verb.DISMISS, "one")
        await desk.later(9 * AN_HOUR)
        assert ([], ["nothing_left"]) == (desk.chat.sent, desk.reasons())


async def test_cards_that_are_there_change_in_silence(path: Path) -> None:
    """A further post of an ask that has its card already is an edit, by night too."""
    async with running(path, TEN - timedelta(minutes=5)) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one", -0.1))
        await desk.later(600)
        await desk.heard(question("one", 0.1, number=1))
        assert (1, 1) == (len(desk.chat.sent), len(desk.chat.edits))
        await desk.later(9 * AN_HOUR)
        assert 1 == len(desk.chat.sent)


async def test_what_comes_due_in_the_night_waits_too(path: Path) -> None:
    """A card that nobody took, and the alert of a group whose time comes after ten."""
    again = replace(CARE, repeat_every=timedelta(minutes=15))
    grouped = replace(CARE, name="grouped", wait=timedelta(minutes=10))
    routes = {"care": again, "grouped": grouped}
    async with running(path, TEN - timedelta(minutes=5), routes=routes) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one", -0.1, route=again), question("two", -0.1, route=grouped))
        await desk.later(8 * AN_HOUR, steps=8)
        assert 1 == len(desk.chat.sent)
        assert ["quiet_hours"] * 2 == [one for one in desk.reasons() if one]
        await desk.later(AN_HOUR + 300)
        assert 3 == len(desk.chat.sent)


async def test_a_repetition_of_what_is_critical_does_not_wait(path: Path) -> None:
    """It rings until somebody takes it."""
    again = replace(CARE, repeat_every=timedelta(minutes=15))
    async with running(path, routes={"care": again}) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("fire", route=again, urgency=Urgency.CRITICAL))
        await desk.later(15 * 60)
        assert 2 == len(desk.chat.sent)


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 28, 8), (10, 24, 10), (11, 24, 9)])
async def test_the_night_on_which_clocks_change(path: Path, month: int, day: int, hours: int) -> None:
    """Seven is seven by the clocks of the team."""
    ten = datetime(2026, month, day, 22, tzinfo=BERLIN).astimezone(UTC)
    async with running(path, ten) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one", (ten - TEN) / timedelta(hours=1)))
        await desk.later(hours * AN_HOUR - 1)
        assert [] == desk.chat.sent
        await desk.later(1)
        assert 1 == len(desk.chat.sent)


async def test_quiet_hours_that_end_sooner_or_later_by_a_reload(path: Path) -> None:
    """Sooner: the card comes when they end now. Later: with the new end, and what comes meanwhile joins it."""
    longer = Noise(quiet=(Quiet(hours=Hours(BERLIN, ((Shift(time(22), time(9)),),) * 7)),))
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one"))
        desk.store.noise = longer
        await desk.store.reconsider(now=desk.clock.now())
        await desk.later(10 * AN_HOUR)
        assert [] == desk.chat.sent
        await desk.heard(question("two", 10))
        await desk.later(AN_HOUR / 2)
        desk.store.noise = NO_LIMITS
        await desk.store.reconsider(now=desk.clock.now())
        await desk.later(0)
        assert ["Quiet hours are over: 2 alerts waited"] == [one.split(" | ")[0] for one in desk.chat.sent]


async def test_a_restart_in_the_night_loses_nothing(path: Path) -> None:
    """What waits stands in the database; what comes after the restart joins it."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one"))
    async with running(path, TEN + timedelta(hours=3)) as desk:
        desk.store.noise = NIGHT
        await desk.store.reconsider(now=desk.clock.now())
        await desk.heard(question("two", 3))
        await desk.later(6 * AN_HOUR)
        assert ["Quiet hours are over: 2 alerts waited"] == [one.split(" | ")[0] for one in desk.chat.sent]


async def test_the_morning_s_card_falls_back_as_alerts_do(path: Path) -> None:
    """The chat refuses: the fallback gets the whole card, unless it is quiet there for longer."""
    only_care = Noise(
        quiet=(
            replace(NIGHT.quiet[0], channels=frozenset({"telegram:care"})),
            Quiet(hours=Hours(BERLIN, ((Shift(time(22), time(8)),),) * 7), channels=frozenset({"webhook:x"})),
        )
    )
    async with running(path, fallback="webhook:x") as desk:
        desk.store.noise = only_care
        await desk.heard(question("one"), question("two"))
        desk.chat.trouble = [Unauthorized("revoked")]
        await desk.later(9 * AN_HOUR)
        assert [] == desk.channels["webhook"].sent
        await desk.later(AN_HOUR)
        (card,) = desk.channels["webhook"].sent
        assert "Quiet hours are over: 2 alerts waited" in card


async def test_other_channels_are_not_quiet(path: Path) -> None:
    """Where quiet hours name theirs."""
    async with running(path) as desk:
        desk.store.noise = Noise(quiet=(replace(NIGHT.quiet[0], channels=frozenset({"email:care"})),))
        await desk.heard(question("one"))
        assert 1 == len(desk.chat.sent)


async def test_when_staff_was_told_is_known_of_all_on_a_card(path: Path) -> None:
    """An ask is told of when the card went out that it stands on: of the night, and of an hour."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one"), question("two"))
        await desk.later(9 * AN_HOUR)
        await desk.heard(question("calm", 9, alert=Alert.DIGEST))
        await desk.later(AN_HOUR)
        told = [at for (at,) in s.rows(path, "SELECT alerted_at FROM asks ORDER BY id")]
        seven = int((TEN + timedelta(hours=9)).timestamp() * 1e6)
        assert [seven, seven, seven + 3_600_000_000] == told


async def test_what_was_held_back_is_told(path: Path) -> None:
    """By channel and reason; nothing critical, and if it were, the number would say so."""
    async with running(path) as desk:
        desk.store.noise = NIGHT
        await desk.heard(question("one"), question("two"), question("fire", urgency=Urgency.CRITICAL))
        (told,) = (await desk.store.status(now=desk.clock.now())).noise
        assert ("telegram:care", 1, {Why.QUIET_HOURS: 2}, 0) == (
            told.channel, told.alone, told.held, told.criticals,
        )  # fmt: skip
        s.execute(path, "UPDATE digest_items SET urgency = 3 WHERE mention = 1")
        assert 1 == (await desk.store.status(now=desk.clock.now())).noise[0].criticals
