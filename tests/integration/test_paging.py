"""Who is called by a card is called by pager too: once, wherever the card itself has got to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.briefing import BriefingState
from bot.buttons import Choices
from bot.changes import Decision
from bot.drawing import draw
from bot.errors import Reason, Rejected, Unavailable
from bot.gates import State
from bot.model import Alert, Urgency
from bot.oncall import Duty
from bot.paging import Paging
from bot.records import Judged, Leased
from bot.staff import Card, Person, Receipt, Role, Verb
from bot.texts.en import ENGLISH
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.deciding_world import DESK
from tests.integration.outbox_world import Channel, Desk, running, until

ANNA = Person(key="anna", name="Anna", role=Role.AGENT, pager="pager:anna")
BEN = Person(key="ben", name="Ben", role=Role.AGENT, pager="pager:ben")
LEA = Person(key="lea", name="Lea", role=Role.LEAD)
CARE = Route(name="default", to="telegram:care")


@dataclass(kw_only=True)
class Pager(Channel):
    """Keeps for whom it rang, and what it says now."""

    rung: list[str] = field(default_factory=list)
    says: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, bool]] = field(default_factory=list)
    """Whether each change of a page calls its person."""

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        receipt = await super().notify(channel, card, key=key)
        self.rung.append(channel)
        self.says[channel] = card.headline
        return receipt

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        self.says[channel] = card.headline
        self.calls.append((channel, card.alert is Alert.PING))
        return await super().update(channel, receipt, card, key=key)


@dataclass(kw_only=True)
class Shift:
    """Who is on call just now; nobody where it is None."""

    person: str | None = "anna"

    def duty(self, route: str, at: datetime) -> Duty | None:
        return Duty(person=self.person, until=at + timedelta(hours=1))


@dataclass(kw_only=True)
class Night:
    desk: Desk
    pager: Pager
    shift: Shift
    pressed: int = 0

    async def press(self, verb: Verb, argument: str = "", *, who: str = "lea") -> None:
        self.pressed += 1
        now = self.desk.clock.now()
        decision = Decision(
            press_id=f"{who}-{self.pressed}",
            feed="chat",
            channel="telegram:care",
            person=who,
            verb=verb,
            mention_id="A",
            at=now,
            argument=argument,
        )
        decided = await self.desk.store.decide(
            decision, DESK.transition, cursor=None, now=now, lease_for=timedelta(seconds=60)
        )
        assert decided is not None
        self.desk.outbox.push(decided.leased)
        await self.desk.settled()


@asynccontextmanager
async def night(path: Path, **more: object) -> AsyncIterator[Night]:
    """An outbox that draws real cards, and pagers."""
    shift, names = Shift(), {one.key: one.name for one in (ANNA, BEN, LEA)}
    choices = Choices(people=names, duty=shift.duty)

    def render(leased: Leased, state: State) -> Card:
        assert not isinstance(state, BriefingState)
        now = desk.clock.now()
        return draw(leased, state, texts=ENGLISH, zone=ZoneInfo("UTC"), now=now, choices=choices)

    async with running(path, render=render, **more) as desk:  # type: ignore[arg-type]
        pager = Pager(kind="pager", clock=desk.clock)
        assert isinstance(desk.channels, dict)
        desk.channels["pager"] = pager
        desk.outbox.paging = Paging(
            store=desk.store,
            staff=(ANNA, BEN, LEA),
            duty=shift.duty,
            clock=desk.clock,
            deliver=desk.outbox.push,
        )
        yield Night(desk=desk, pager=pager, shift=shift)


def urgent(
    name: str = "root", *, uid: str = "A", routes: tuple[Route, ...] = (CARE,), urgency: int = 3
) -> Judged:
    return s.judged(
        s.post(name, minute=4), uid=uid, alert=Alert.PING, urgency=Urgency(urgency), routes=routes
    )


async def test_who_is_on_call_is_called_by_pager_too(tmp_path: Path) -> None:
    """The card and the page are two messages, each with its receipt."""
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(urgent())
        assert (1, ["anna"]) == (len(it.desk.chat.sent), it.pager.rung)
        states = [("alert", "telegram:care", "sent"), ("alert", "pager:anna", "sent")]
        assert states == it.desk.states()


async def test_a_message_calls_no_pager(tmp_path: Path) -> None:
    """Only what pings does, and only while somebody is on call who has one."""
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(s.judged(s.post("root", minute=4), uid="A"))
        it.shift.person = None
        await it.desk.heard(urgent("two", uid="B"))
        it.shift.person = "lea"
        await it.desk.heard(s.judged(s.post("y", author="bob", root=None), alert=Alert.PING, uid="C"))
        assert (3, []) == (len(it.desk.chat.sent), it.pager.rung)


async def test_the_page_shows_who_took_it_and_how_it_ended(tmp_path: Path) -> None:
    """Claimed, then answered."""
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(urgent())
        await it.press(Verb.CLAIM, who="ben")
        assert it.pager.says["anna"].startswith("Claimed by Ben")
        await it.desk.heard(s.answer("reply", minute=5))
        assert it.pager.says["anna"].startswith("Answered")
        assert ["anna"] == it.pager.rung


async def test_what_is_given_back_calls_whoever_is_on_call(tmp_path: Path) -> None:
    """Whom the page is for, as long as that is who is on call, or nobody is."""
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(urgent())
        called = []
        for person in ("anna", None, "ben"):
            it.shift.person = person
            await it.press(Verb.CLAIM)
            await it.press(Verb.RELEASE)
            called.append(it.pager.calls[-2:])
        free, taken = ("anna", True), ("anna", False)
        assert [[taken, free], [taken, free], [taken, taken]] == called
        assert ["anna"] == it.pager.rung


async def test_two_routes_call_one_person_once(tmp_path: Path) -> None:
    """A copy of the card by another route is no second call."""
    press = Route(name="press", to="webhook:press")
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(urgent(routes=(CARE, press)))
        assert (1, 1, ["anna"]) == (
            len(it.desk.chat.sent),
            len(it.desk.channels["webhook"].sent),
            it.pager.rung,
        )


async def test_a_chat_that_hangs_does_not_hold_up_the_pager(tmp_path: Path) -> None:
    """It rings while the card waits."""
    async with night(tmp_path / "x.db") as it:
        it.desk.chat.gate.clear()
        await it.desk.hear(urgent())
        await until(lambda: it.pager.rung)
        assert ([], ["anna"]) == (it.desk.chat.sent, it.pager.rung)
        it.desk.chat.gate.set()
        await it.desk.settled()
        assert (1, ["anna"]) == (len(it.desk.chat.sent), it.pager.rung)


async def test_tries_and_the_fallback_of_a_card_call_once(tmp_path: Path) -> None:
    """A chat that is down, later one that refuses: the page went out with the first try."""
    async with night(tmp_path / "x.db", fallback="webhook:desk") as it:
        it.desk.chat.trouble = [Unavailable("later"), Rejected("no", reason=Reason.FORBIDDEN)]
        await it.desk.heard(urgent())
        await it.desk.later(120, steps=4)
        assert (1, ["anna"]) == (len(it.desk.channels["webhook"].sent), it.pager.rung)


async def test_a_pager_that_refuses_is_given_up_and_told(tmp_path: Path) -> None:
    """The chat knows already: no fallback, not even the console."""
    told: list[str] = []
    async with night(tmp_path / "x.db", fallback="webhook:desk") as it:
        it.desk.outbox.on_refused = lambda channel, _: told.append(channel)
        it.pager.trouble = [Rejected("no", reason=Reason.FORBIDDEN)]
        await it.desk.heard(urgent())
        assert [("alert", "telegram:care", "sent"), ("alert", "pager:anna", "dead")] == it.desk.states()
        assert (["pager:anna"], {"pager:anna"}) == (told, set(it.desk.outbox.failing))


async def test_a_page_that_comes_too_late_is_not_sent(tmp_path: Path) -> None:
    """Somebody took it while the pager's service was away."""
    async with night(tmp_path / "x.db") as it:
        it.pager.trouble = [Unavailable("later")]
        await it.desk.heard(urgent())
        await it.press(Verb.CLAIM, who="ben")
        await it.desk.later(60, steps=4)
        assert [] == it.pager.rung
        assert ("alert", "pager:anna", "dropped") in it.desk.states()


async def test_a_page_is_tried_again(tmp_path: Path) -> None:
    """As long as nobody has taken what it is about."""
    async with night(tmp_path / "x.db") as it:
        it.pager.trouble = [Unavailable("later")]
        await it.desk.heard(urgent())
        await it.desk.later(10)
        assert ["anna"] == it.pager.rung


async def test_who_is_handed_a_conversation_is_called(tmp_path: Path) -> None:
    """Ben, not Anna who was on call; her page shows that he has it."""
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(urgent())
        await it.desk.later(300)
        await it.press(Verb.HAND_OVER, "ben")
        assert ["anna", "ben"] == it.pager.rung
        assert it.pager.says["anna"].startswith("Claimed by Ben")


async def test_what_wakes_calls_anew(tmp_path: Path) -> None:
    """Snoozed for an hour by nobody in particular: whoever is on call then; the old page steps back."""
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(urgent())
        await it.press(Verb.SNOOZE, "1h")
        assert it.pager.says["anna"].startswith("Snoozed")
        await it.desk.later(3700, steps=10)
        assert ["anna", "anna"] == it.pager.rung
        assert not any(calls for _, calls in it.pager.calls), (
            "the old page calls once more beside the new one"
        )
        rang = [headline for headline in it.pager.messages.values() if "rang again" in headline.lower()]
        assert 1 == len(rang), it.pager.messages


async def test_what_rings_again_calls_again(tmp_path: Path) -> None:
    """`repeat_every`: the pager rings with the card, the page itself has no repetitions."""
    routes = {"default": Route(name="default", to="telegram:care", repeat_every=timedelta(minutes=10))}
    async with night(tmp_path / "x.db", routes=routes) as it:
        await it.desk.heard(urgent(routes=(routes["default"],)))
        await it.desk.later(1230, steps=10)
        assert (3, ["anna"] * 3) == (len(it.desk.chat.sent), it.pager.rung)
        await it.press(Verb.CLAIM, who="ben")
        await it.desk.later(1230, steps=10)
        assert ["anna"] * 3 == it.pager.rung
        assert it.pager.says["anna"].startswith("Claimed by Ben")


async def test_worse_calls_again(tmp_path: Path) -> None:
    """What becomes critical within the minute is a call of its own; the same again is none."""
    async with night(tmp_path / "x.db") as it:
        await it.desk.heard(urgent(urgency=2))
        await it.desk.heard(urgent("two", uid="B", urgency=2))
        assert ["anna"] == it.pager.rung
        await it.desk.heard(urgent("three", uid="C"))
        assert ["anna", "anna"] == it.pager.rung


async def test_several_that_belong_together_call_once(tmp_path: Path) -> None:
    """A group is one card and one page, and the page shows when nobody is left."""
    routes = (Route(name="default", to="telegram:care", group_by=("rule",), wait=timedelta(seconds=30)),)
    async with night(tmp_path / "x.db", routes={"default": routes[0]}) as it:
        for name in ("ann", "bob", "cay"):
            post = s.post("root", author=name, root=None, minute=4)
            uid = "A" if name == "ann" else name
            await it.desk.heard(s.judged(post, uid=uid, alert=Alert.PING, routes=routes))
        await it.desk.later(31)
        assert (1, ["anna"]) == (len(it.desk.chat.sent), it.pager.rung)
        assert it.pager.says["anna"].startswith("3 ")
        await it.press(Verb.DISMISS, "spam")
        assert it.pager.says["anna"].startswith("2 ")


@pytest.mark.parametrize("is_written", [False, True])
async def test_a_page_survives_a_crash(tmp_path: Path, is_written: bool) -> None:
    """Written before it or not yet, it goes out in the next life, and once."""
    async with night(tmp_path / "x.db") as it:
        clock, calling = it.desk.clock, it.desk.outbox.paging
        it.desk.outbox.paging = calling if is_written else None
        it.desk.chat.gate.clear()
        it.pager.gate.clear()
        await it.desk.hear(urgent())
        await until(lambda: it.pager.tries if is_written else it.desk.chat.tries)
        await it.desk.outbox.drain(0.1)
    await clock.advance(120)
    async with night(tmp_path / "x.db", clock=clock) as it:
        await it.desk.later(1)
        assert (1, ["anna"]) == (len(it.desk.chat.sent), it.pager.rung)
