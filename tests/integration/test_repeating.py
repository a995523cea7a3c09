"""Cards that nobody takes ring again, once per interval, until somebody does; also through a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.changes import Change, Decision
from bot.errors import Unauthorized, Unavailable
from bot.gates import State
from bot.model import Alert, ConversationState, Deletion, Urgency
from bot.payload import REPLACED
from bot.records import CardState, Judged, Leased
from bot.staff import Card, Verb
from bot.wishes import Route
from tests.integration import outbox_world
from tests.integration import store_samples as s
from tests.integration.outbox_world import Desk

DUTY = Route(name="duty", to="telegram:duty", repeat_every=timedelta(minutes=15))
DESK = Route(name="desk", to="webhook:desk")
GROUPED = replace(DUTY, wait=timedelta(seconds=10), group_by=("platform",), interval=timedelta(minutes=5))
MENTION = "M-acme-at://one/one-"


def question(name: str = "one", route: Route = DUTY, **more: object) -> Judged:
    of = s.post(name, author=name, minute=5, root=None, text=f"{name} leaks")
    return s.judged(of, **{"routes": (route,), **more})  # type: ignore[arg-type]


def render(leased: Leased, state: State) -> Card:
    """As in the world of the outbox, with how often it rang; a card that was replaced says no more than that."""
    if leased.effect.payload.get(REPLACED):
        return Card(headline="see below")
    card = outbox_world.render(leased, state)
    return replace(card, headline=f"{card.headline} #{leased.rings}") if leased.rings > 1 else card


@asynccontextmanager
async def running(path: Path, *routes: Route, **more: object) -> AsyncIterator[Desk]:
    known: Mapping[str, Route] = {route.name: route for route in routes or (DUTY, DESK)}
    async with outbox_world.running(path, routes=known, render=render, **more) as desk:  # type: ignore[arg-type]
        yield desk


def transition(state: CardState, decision: Decision) -> Change:
    """The small desk's, and it can take back."""
    if decision.verb is Verb.RELEASE:
        return Change(outcome="released", reply="", state=ConversationState.OPEN, updates_all=True)
    if decision.verb is Verb.REOPEN:
        reopened = ConversationState.OPEN
        return Change(outcome="reopened", reply="", state=reopened, updates_all=True, reopens=True)
    return s.transition(state, decision)


async def decide(desk: Desk, number: int, verb: Verb, mention: str = MENTION) -> None:
    decided = await desk.store.decide(
        s.press(number, verb, mention), transition, cursor=None, now=desk.clock.now(), lease_for=s.LEASE
    )
    assert decided is not None
    desk.outbox.push(decided.leased)
    await desk.settled()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


async def test_what_nobody_takes_rings_again_once_per_interval(path: Path) -> None:
    """Each time in a new message, whose number says which it is; the card before it steps back."""
    async with running(path) as desk:
        await desk.heard(question())
        assert 1 == len(desk.chat.sent)
        await desk.later(899)
        assert 1 == len(desk.chat.sent)
        await desk.later(1)
        assert ["one leaks [open]", "one leaks [open] #2"] == desk.chat.sent
        assert {"telegram-1": "see below", "telegram-2": "one leaks [open] #2"} == desk.chat.messages
        await desk.later(3 * 900, steps=9)
        assert [f"one leaks [open] #{number}" for number in range(2, 6)] == desk.chat.sent[1:]
        assert ["see below"] * 4 == list(desk.chat.messages.values())[:4]


@pytest.mark.parametrize(("verb", "stands"), [(Verb.CLAIM, "claimed"), (Verb.DISMISS, "dismissed")], ids=str)
async def test_who_takes_it_ends_the_ringing(path: Path, verb: Verb, stands: str) -> None:
    """The newest card shows it, the older ones stay as they are, and nothing waits any more."""
    async with running(path) as desk:
        await desk.heard(question())
        await desk.later(900, steps=2)
        await decide(desk, 1, verb)
        assert ["see below", f"one leaks [{stands}]"] == list(desk.chat.messages.values())
        await desk.later(24 * 3600, steps=24)
        assert 2 == len(desk.chat.sent)
        assert await desk.store.next_due_at() is None


async def test_an_answer_and_a_deletion_end_it(path: Path) -> None:
    """Also when they come from outside."""
    async with running(path) as desk:
        await desk.heard(question("one"), question("two"))
        await desk.hear(s.answer("a", minute=6, to="one", root="at://one/one"))
        gone = s.entry(deleted=(Deletion(platform="bluesky", author_id="two", post_id="at://two/two"),))
        recorded = await desk.store.record(gone, now=desk.clock.now(), lease_for=s.LEASE)
        desk.outbox.push(recorded.leased)
        await desk.settled()
        await desk.later(3600, steps=4)
        assert 2 == len(desk.chat.sent)
        assert {"already_answered", "post_deleted"} <= set(desk.reasons())


async def test_released_it_rings_again_after_an_interval(path: Path) -> None:
    """Nobody has it any more: the ringing goes on where it stopped, with the next number."""
    async with running(path) as desk:
        await desk.heard(question())
        await decide(desk, 1, Verb.CLAIM)
        await desk.later(3600, steps=4)
        assert 1 == len(desk.chat.sent)
        await decide(desk, 2, Verb.RELEASE)
        await desk.later(899)
        assert 1 == len(desk.chat.sent)
        await desk.later(1)
        assert "one leaks [open] #2" == desk.chat.sent[-1]
        await desk.later(900)
        assert "one leaks [open] #3" == desk.chat.sent[-1]


async def test_reopened_it_rings_again(path: Path) -> None:
    """A dismissal that was taken back."""
    async with running(path) as desk:
        await desk.heard(question())
        await decide(desk, 1, Verb.DISMISS)
        await desk.later(1800, steps=2)
        await decide(desk, 2, Verb.REOPEN)
        await desk.later(900)
        assert ["one leaks [open]", "one leaks [open] #2"] == desk.chat.sent


async def test_the_claim_of_one_who_left_is_released(path: Path) -> None:
    """So it rings again for those who are there."""
    async with running(path) as desk:
        await desk.heard(question())
        await decide(desk, 1, Verb.CLAIM)
        await desk.later(1800, steps=2)
        await desk.store.release_claims([], now=desk.clock.now(), lease_for=s.LEASE)
        await desk.later(900)
        assert "one leaks [open] #2" == desk.chat.sent[-1]


async def test_claimed_and_released_within_the_interval_changes_nothing(path: Path) -> None:
    """It rings when it was to ring."""
    async with running(path) as desk:
        await desk.heard(question())
        await desk.later(300)
        await decide(desk, 1, Verb.CLAIM)
        await decide(desk, 2, Verb.RELEASE)
        await desk.later(600)
        assert 2 == len(desk.chat.sent)


async def test_ringing_survives_a_restart_and_rings_once_for_an_outage(path: Path) -> None:
    """Down for two hours: one ring, and the next an interval after it."""
    async with running(path) as desk:
        await desk.heard(question())
        clock = desk.clock
    await clock.advance(7200)
    async with running(path, clock=clock) as desk:
        await desk.settled()
        assert ["one leaks [open] #2"] == desk.chat.sent
        await desk.later(899)
        assert 1 == len(desk.chat.sent)
        await desk.later(1)
        assert "one leaks [open] #3" == desk.chat.sent[-1]


async def test_the_interval_counts_from_what_arrived(path: Path) -> None:
    """A chat that is down for a while gets no two rings in a row afterwards."""
    async with running(path) as desk:
        await desk.heard(question())
        await desk.later(899)
        desk.chat.trouble = [Unavailable("down", retry_after=timedelta(minutes=20))]
        await desk.later(1)
        await desk.later(20 * 60)
        assert 2 == len(desk.chat.sent)
        await desk.later(899)
        assert 2 == len(desk.chat.sent)
        await desk.later(1)
        assert 3 == len(desk.chat.sent)


async def test_a_route_that_repeats_no_more_stops_at_once(path: Path) -> None:
    """The rules of now decide, not those that wrote the alert."""
    async with running(path) as desk:
        await desk.heard(question())
        desk.outbox.route = lambda name: replace(DUTY, repeat_every=None)
        await desk.later(900)
        assert (1, "not_repeated") == (len(desk.chat.sent), desk.reasons()[-1])


async def test_a_louder_alert_rings_instead(path: Path) -> None:
    """Two chains of reminders about one ask would be one too many; in another channel both stay."""
    async with running(path) as desk:
        await desk.heard(question("one"))
        await desk.later(300)
        louder = s.post("one1", author="one", minute=6, root="at://one/one", text="now it burns")
        await desk.heard(s.judged(louder, routes=(DUTY,), urgency=Urgency.CRITICAL))
        await desk.later(900, steps=3)
        assert ["one leaks [open]", "now it burns [open]", "now it burns [open] #2"] == desk.chat.sent


async def test_a_copy_rings_as_its_own_route_says(path: Path) -> None:
    """The desk's route does not repeat; the duty's does, and one claim ends it."""
    async with running(path) as desk:
        await desk.heard(question(routes=(DESK, DUTY)))
        await desk.later(900)
        assert (1, 2) == (len(desk.channels["webhook"].sent), len(desk.chat.sent))


async def test_the_fallback_rings_on(path: Path) -> None:
    """The chat refuses the second ring: it comes in the fallback, and goes on there."""
    async with running(path, replace(DUTY, fallback="webhook:desk")) as desk:
        await desk.heard(question())
        await desk.later(899)
        desk.chat.trouble = [Unauthorized("revoked")] * 9
        await desk.later(1)
        assert ["one leaks [open] #2"] == desk.channels["webhook"].sent
        await desk.later(900)
        assert ["one leaks [open] #2", "one leaks [open] #3"] == desk.channels["webhook"].sent


async def test_an_ask_that_is_over_does_not_ring_in_the_next_one(path: Path) -> None:
    """Answered, and asked again before it was to ring: only the new card rings again."""
    async with running(path) as desk:
        await desk.heard(question())
        await desk.heard(s.answer("a", minute=6, to="one", root="at://one/one"))
        await desk.later(600)
        more = s.post("one1", author="one", minute=15, root="at://one/one", text="and now?")
        await desk.heard(s.judged(more, routes=(DUTY,)))
        await desk.later(1200, steps=4)
        assert ["one leaks [open]", "and now? [open]", "and now? [open] #2"] == desk.chat.sent
        assert "ask_answered" in desk.reasons()
        await decide(desk, 1, Verb.CLAIM, "M-acme-at://one/one1-")
        await desk.later(900)
        await decide(desk, 2, Verb.RELEASE, "M-acme-at://one/one1-")
        await desk.later(900)
        assert ["and now? [open] #3"] == desk.chat.sent[3:]


async def test_a_repetition_rings_in_the_fallback_also_where_a_copy_is(path: Path) -> None:
    """The copy there rang once, and nobody took it."""
    async with running(path, replace(DUTY, fallback="webhook:desk"), DESK) as desk:
        await desk.heard(question(routes=(DUTY, DESK)))
        desk.chat.trouble = [Unauthorized("revoked")] * 9
        await desk.later(900)
        assert ["one leaks [open]", "one leaks [open] #2"] == desk.channels["webhook"].sent


async def test_a_card_of_many_rings_again_while_one_of_them_is_open(path: Path) -> None:
    """With those who still wait; when all are taken, it stops."""
    async with running(path, GROUPED) as desk:
        await desk.heard(question("one", GROUPED), question("two", GROUPED))
        await desk.later(10)
        await decide(desk, 1, Verb.DISMISS)
        await desk.later(900)
        assert ["digest | duty | one leaks | two leaks", "digest | duty | two leaks #2"] == desk.chat.sent
        assert ["see below", "digest | duty | two leaks #2"] == list(desk.chat.messages.values())
        await decide(desk, 2, Verb.CLAIM, "M-acme-at://two/two-")
        await desk.later(1800, steps=2)
        assert 2 == len(desk.chat.sent)
        assert "taken" in desk.reasons()
        await decide(desk, 3, Verb.RELEASE, "M-acme-at://two/two-")
        await desk.later(900)
        assert "digest | duty | two leaks #3" == desk.chat.sent[-1]
        await desk.heard(s.answer("a", minute=6, to="two", root="at://two/two"))
        await desk.later(1800, steps=2)
        assert 3 == len(desk.chat.sent)


async def test_digests_of_the_hour_do_not_ring_again(path: Path) -> None:
    """They are for when there is time."""
    async with running(path) as desk:
        await desk.heard(question(alert=Alert.DIGEST))
        await desk.later(6 * 3600, steps=6)
        assert 1 == len(desk.chat.sent)


async def test_a_deleted_text_stands_on_no_card(path: Path) -> None:
    """The cards that stepped back hold none; the newest is updated."""
    async with running(path) as desk:
        await desk.heard(question())
        await desk.later(900)
        gone = s.entry(deleted=(Deletion(platform="bluesky", author_id="one", post_id="at://one/one"),))
        recorded = await desk.store.record(gone, now=desk.clock.now(), lease_for=s.LEASE)
        desk.outbox.push(recorded.leased)
        await desk.settled()
        assert not any("leaks" in text for text in desk.chat.messages.values())


async def test_a_further_post_updates_the_newest_card_alone(path: Path) -> None:
    """The others say where it is."""
    async with running(path) as desk:
        await desk.heard(question())
        await desk.later(900)
        more = s.post("one1", author="one", minute=21, root="at://one/one", text="and now?")
        await desk.heard(s.judged(more, routes=(DUTY,)))
        assert ["see below", "and now? [open]"] == list(desk.chat.messages.values())


# --- pings, by their channel ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alert", "route", "minutes", "rings"),
    [
        (Alert.PING, Route(name="duty", to="telegram:duty"), 10, 4),
        (Alert.PING, DUTY, 10, 3),
        (Alert.MESSAGE, Route(name="duty", to="telegram:duty"), 10, 1),
        (Alert.PING, Route(name="duty", to="telegram:duty"), None, 1),
    ],
    ids=["a ping", "its route says how often", "no ping", "a channel that does not"],
)
async def test_a_ping_rings_until_somebody_takes_it(
    path: Path, alert: Alert, route: Route, minutes: int | None, rings: int
) -> None:
    """As often as its channel says, where the route says nothing; no more once it is claimed."""
    async with running(path, route) as desk:
        desk.chat.again = timedelta(minutes=minutes) if minutes else None
        await desk.heard(question(route=route, alert=alert, urgency=Urgency.CRITICAL))
        await desk.later(31 * 60, steps=31)
        assert rings == len(desk.chat.sent)
        await decide(desk, 1, Verb.CLAIM)
        await desk.later(31 * 60, steps=31)
        assert rings == len(desk.chat.sent)


async def test_a_ping_that_became_quieter_rings_no_more(path: Path) -> None:
    """What is due says so when its time comes."""
    route = Route(name="duty", to="telegram:duty")
    async with running(path, route) as desk:
        desk.chat.again = timedelta(minutes=10)
        await desk.heard(question(route=route, alert=Alert.PING, urgency=Urgency.CRITICAL))
        desk.chat.again = None
        await desk.later(31 * 60, steps=31)
        assert 1 == len(desk.chat.sent)
        assert "not_repeated" in desk.reasons()
