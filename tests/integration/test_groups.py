"""Groups of alerts: who hears of a mention by several routes, what waits for what, and what comes as one card."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import Unauthorized
from bot.model import Alert, Deletion, Urgency
from bot.records import Judged
from bot.staff import Verb
from bot.store import grouping
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.outbox_world import Desk, running

CARE = Route(name="care", to="telegram:care")
DESK = Route(name="desk", to="webhook:desk")


def grouped(**more: object) -> Route:
    """A route whose alerts wait ten seconds for others, and five minutes after each other."""
    base = replace(CARE, wait=timedelta(seconds=10), interval=timedelta(minutes=5))
    return replace(base, **more)  # type: ignore[arg-type]


def question(name: str, route: Route = CARE, *, text: str = "", **more: object) -> Judged:
    """A question of its own thread and author, read at five past twelve."""
    of = s.post(name, author=name, minute=5, root=None, text=text or f"{name} leaks")
    return s.judged(of, **{"routes": (route,), **more})  # type: ignore[arg-type]


def more_of(name: str, number: int, route: Route = CARE, **more: object) -> Judged:
    """A further post of the same author in the same thread."""
    of = s.post(
        f"{name}{number}", author=name, minute=5 + number, root=f"at://{name}/{name}", text=f"{name} {number}"
    )
    return s.judged(of, **{"routes": (route,), **more})  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


async def decide(desk: Desk, verb: Verb, mention: str) -> None:
    decided = await desk.store.decide(
        s.press(1, verb, mention), s.transition, cursor=None, now=desk.clock.now(), lease_for=s.LEASE
    )
    assert decided is not None
    desk.outbox.push(decided.leased)
    await desk.settled()


# --- copies ---------------------------------------------------------------------------------------


async def test_each_route_has_a_card_of_its_own(path: Path) -> None:
    """A copy is a card like the first: both show a claim, and a further post updates both."""
    async with running(path) as desk:
        await desk.heard(question("one", routes=(CARE, DESK)))
        assert (["one leaks [open]"], ["one leaks [open]"]) == (desk.chat.sent, desk.channels["webhook"].sent)
        await desk.heard(more_of("one", 1, routes=(CARE, DESK)))
        await decide(desk, Verb.CLAIM, "M-acme-at://one/one-")
        for channel in (desk.chat, desk.channels["webhook"]):
            assert (1, ["one 1 [open]", "one 1 [claimed]"]) == (len(channel.sent), channel.edits)
        assert {("care", "telegram:care"), ("desk", "webhook:desk")} == set(
            s.rows(path, "SELECT route, channel FROM effects")
        )


async def test_no_channel_has_two_cards_of_one_ask(path: Path) -> None:
    """Another rule sends a later post of the ask to the copy's channel: the card there shows it."""
    async with running(path) as desk:
        await desk.heard(question("one", routes=(CARE, DESK)))
        await desk.heard(more_of("one", 1, DESK))
        assert ([], ["one 1 [open]"]) == (desk.chat.edits, desk.channels["webhook"].edits)
        assert 1 == len(desk.channels["webhook"].sent)


async def test_a_fallback_that_has_a_copy_needs_no_second_card(path: Path) -> None:
    """The chat refuses and its fallback is where the copy went."""
    async with running(path, fallback="webhook:desk") as desk:
        desk.chat.trouble = [Unauthorized("revoked")]
        await desk.heard(question("one", routes=(CARE, DESK)))
        assert ["one leaks [open]"] == desk.channels["webhook"].sent
        await desk.hear(question("two"))
        desk.chat.trouble = [Unauthorized("revoked")]
        await desk.settled()
        assert "two leaks [open]" in desk.channels["webhook"].sent


async def test_a_fallback_of_what_asks_nothing_goes_out_once_too(path: Path) -> None:
    """Without an ask it is the mention itself that a channel hears of once."""
    async with running(path, fallback="webhook:desk") as desk:
        desk.chat.trouble = [Unauthorized("revoked")]
        await desk.heard(question("one", asks=False, routes=(CARE, DESK)))
        assert ["one leaks [open]"] == desk.channels["webhook"].sent


async def test_copies_of_a_quiet_mention_go_to_the_digests_of_their_routes(path: Path) -> None:
    """One line in each route's digest of the hour."""
    async with running(path) as desk:
        await desk.heard(question("one", alert=Alert.DIGEST, routes=(CARE, DESK)))
        await desk.later(3600)
        assert ["digest | care | one leaks"] == desk.chat.sent
        assert ["digest | desk | one leaks"] == desk.channels["webhook"].sent


# --- waiting --------------------------------------------------------------------------------------


async def test_the_first_of_a_group_waits_and_shows_what_is_true_then(path: Path) -> None:
    """Three posts of one person within the wait are one card, and nothing rings before."""
    async with running(path) as desk:
        await desk.heard(question("one", grouped()))
        await desk.later(6)
        await desk.hear(more_of("one", 1, grouped()))
        assert [] == desk.chat.sent
        await desk.later(4)
        assert ["one 1 [open]"] == desk.chat.sent
        assert [("alert", "telegram:care", "sent")] == desk.states()


async def test_what_belongs_together_comes_as_one_card(path: Path) -> None:
    """Two people within the wait, grouped by platform: one card that lists both; a third joins it."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        for name in ("one", "two", "three"):
            await desk.heard(question(name, route))
            await desk.later(3)
        assert [] == desk.chat.sent
        await desk.later(1)
        assert ["digest | care | one leaks | three leaks | two leaks"] == desk.chat.sent
        assert [("digest", "telegram:care", "sent")] == desk.states()


async def test_the_next_alert_of_a_group_comes_no_sooner_than_the_interval(path: Path) -> None:
    """One alone gets a card of its own when the interval is over; after a quiet interval the wait begins anew."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        await desk.heard(question("one", route))
        await desk.later(10)
        await desk.heard(question("two", route))
        await desk.later(299)
        assert 1 == len(desk.chat.sent)
        await desk.later(1)
        assert ["one leaks [open]", "two leaks [open]"] == desk.chat.sent
        await desk.later(301)
        await desk.heard(question("three", route))
        await desk.later(9)
        assert 2 == len(desk.chat.sent)
        await desk.later(1)
        assert "three leaks [open]" == desk.chat.sent[-1]


async def test_an_interval_alone_lets_the_first_ring_at_once(path: Path) -> None:
    """Without a wait; what comes in the interval is collected."""
    route = grouped(wait=None, group_by=("platform",))
    async with running(path) as desk:
        await desk.heard(question("one", route))
        for name in ("two", "three"):
            await desk.heard(question(name, route))
        await desk.later(300)
        assert ["one leaks [open]", "digest | care | three leaks | two leaks"] == desk.chat.sent


async def test_a_further_post_of_the_conversation_updates_its_card_at_once(path: Path) -> None:
    """The interval holds back what would ring, not what stands on the card."""
    async with running(path) as desk:
        await desk.heard(question("one", grouped()))
        await desk.later(10)
        await desk.heard(more_of("one", 1, grouped()))
        assert (["one leaks [open]"], ["one 1 [open]"]) == (desk.chat.sent, desk.chat.edits)


async def test_what_is_louder_shows_at_once_and_rings_when_it_may(path: Path) -> None:
    """A post of the same ask that is more urgent: the card there shows it, its own one waits."""
    async with running(path) as desk:
        await desk.heard(question("one", grouped(), urgency=Urgency.NORMAL))
        await desk.later(10)
        await desk.heard(more_of("one", 1, grouped()))
        assert (1, ["one 1 [open]"]) == (len(desk.chat.sent), desk.chat.edits)
        await desk.later(300)
        assert ["one leaks [open]", "one 1 [open]"] == desk.chat.sent


async def test_critical_waits_for_nothing(path: Path) -> None:
    """It rings by itself, and what waited of its conversation is told with it; the interval begins anew."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        await desk.hear(question("one", route))
        await desk.heard(more_of("one", 1, route, urgency=Urgency.CRITICAL))
        assert ["one 1 [open]"] == desk.chat.sent
        await desk.heard(question("two", route))
        await desk.later(299)
        assert 1 == len(desk.chat.sent)
        await desk.later(1)
        assert ["one 1 [open]", "two leaks [open]"] == desk.chat.sent


async def test_critical_leaves_the_card_of_many(path: Path) -> None:
    """It stood on a card that was to come; there the others stay."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        for name in ("one", "two"):
            await desk.hear(question(name, route))
        await desk.heard(more_of("one", 1, route, urgency=Urgency.CRITICAL))
        await desk.later(10)
        assert ["one 1 [open]", "digest | care | two leaks"] == desk.chat.sent


async def test_a_critical_one_of_somebody_else_leaves_what_waits(path: Path) -> None:
    """The waiting alert comes when it was to come."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        await desk.hear(question("one", route))
        await desk.heard(question("two", route, urgency=Urgency.CRITICAL))
        await desk.later(10)
        assert ["two leaks [open]", "one leaks [open]"] == desk.chat.sent


async def test_whoever_stood_on_a_card_of_many_and_asks_again_has_a_card(path: Path) -> None:
    """Their first post was a line among others; the second is not lost."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        for name in ("one", "two"):
            await desk.heard(question(name, route))
        await desk.later(10)
        await desk.heard(more_of("one", 1, route))
        await desk.later(300)
        assert ["digest | care | one leaks | two leaks", "one 1 [open]"] == desk.chat.sent


async def test_a_new_ask_takes_the_place_of_the_one_that_waits(path: Path) -> None:
    """Answered within the wait, and asked again: one card, about what is asked now."""
    async with running(path) as desk:
        await desk.hear(question("one", grouped()))
        root = "at://one/one"
        await desk.heard(s.answer("a", minute=5.1, to="one", root=root), more_of("one", 1, grouped()))
        await desk.later(10)
        assert ["one 1 [open]"] == desk.chat.sent
        assert [(2,)] == s.rows(path, "SELECT ask FROM effects")


async def test_what_is_answered_within_the_wait_rings_for_nobody(path: Path) -> None:
    """Neither the card of one nor the card of many that are all answered; they hold back nobody else."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        await desk.hear(question("one", route))
        await desk.heard(s.answer("a", minute=6, to="one", root="at://one/one"))
        await desk.later(10)
        assert ([], ["already_answered"]) == (desk.chat.sent, desk.reasons())
        await desk.hear(question("two", route), question("three", route))
        for name in ("two", "three"):
            await desk.heard(s.answer(f"a{name}", minute=6, to=name, root=f"at://{name}/{name}"))
        await desk.later(10)
        assert ([], ["already_answered", "nothing_left"]) == (desk.chat.sent, desk.reasons())
        await desk.heard(question("four", route))
        await desk.later(10)
        assert ["four leaks [open]"] == desk.chat.sent


async def test_what_waits_survives_a_restart(path: Path) -> None:
    """It is a row: the next life delivers it, and one more joins it there."""
    route = grouped(group_by=("platform",))
    async with running(path) as desk:
        await desk.hear(question("one", route))
        clock = desk.clock
    async with running(path, clock=clock) as desk:
        await desk.heard(question("two", route))
        await desk.later(10)
        assert ["digest | care | one leaks | two leaks"] == desk.chat.sent


async def test_a_card_of_many_goes_to_the_fallback_whole(path: Path) -> None:
    """The chat refuses; and the interval counts from what the fallback got."""
    route = grouped(group_by=("platform",))
    async with running(path, fallback="webhook:desk") as desk:
        desk.chat.trouble = [Unauthorized("revoked")]
        for name in ("one", "two"):
            await desk.heard(question(name, route))
        await desk.later(10)
        assert ["digest | care | one leaks | two leaks"] == desk.channels["webhook"].sent
        await desk.heard(question("three", route))
        await desk.later(290)
        assert [] == desk.chat.sent
        await desk.later(10)
        assert ["three leaks [open]"] == desk.chat.sent


async def test_a_card_of_many_shows_what_is_left(path: Path) -> None:
    """What is dismissed, answered or deleted leaves it, also when two conversations change alike."""
    route = grouped(group_by=("platform",))
    names = ("one", "two", "three", "four")
    async with running(path) as desk:
        for name in names:
            await desk.heard(question(name, route))
        await desk.later(10)
        await decide(desk, Verb.DISMISS, "M-acme-at://one/one-")
        assert ["digest | care | four leaks | three leaks | two leaks"] == desk.chat.edits
        answers = [s.answer(name, minute=6, to=name, root=f"at://{name}/{name}") for name in names[1:3]]
        await desk.heard(*answers)
        assert "digest | care | four leaks" == desk.chat.messages["telegram-1"]
        gone = s.entry(deleted=(Deletion(platform="bluesky", author_id="four", post_id="at://four/four"),))
        recorded = await desk.store.record(gone, now=desk.clock.now(), lease_for=s.LEASE)
        desk.outbox.push(recorded.leased)
        await desk.settled()
        assert {"telegram-1": "digest | care"} == desk.chat.messages
        assert 1 == len(desk.chat.sent)


async def test_a_digest_of_the_hour_is_not_kept_up(path: Path) -> None:
    """It tells of an hour that is over."""
    async with running(path) as desk:
        await desk.heard(question("one", alert=Alert.DIGEST))
        await desk.later(3600)
        await decide(desk, Verb.DISMISS, "M-acme-at://one/one-")
        assert (1, []) == (len(desk.chat.sent), desk.chat.edits)


@pytest.mark.parametrize("alert", [Alert.DIGEST, Alert.NONE])
async def test_only_what_rings_is_grouped(path: Path, alert: Alert) -> None:
    """The digest has its hour, and what is silent stays so."""
    async with running(path) as desk:
        await desk.heard(question("one", grouped(), alert=alert))
        await desk.later(600)
        assert [] == desk.chat.sent


# --- what makes a group ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group_by", "together"),
    [
        ((), ["one", "again"]),
        (("author",), ["one", "again", "elsewhere"]),
        (("thread",), ["one", "again", "neighbour"]),
        (("rule",), ["one", "again", "same rule"]),
        (("platform",), ["one", "again", "elsewhere", "neighbour", "same rule"]),
        (("author", "thread"), ["one", "again"]),
    ],
)
def test_what_makes_a_group(group_by: tuple[str, ...], together: list[str]) -> None:
    """Nothing named: the conversation. Several names: all of them have to be the same; a brand is never mixed."""
    route = grouped(group_by=group_by)
    posts = {
        "one": (s.post("a", author="ann", root="at://ann/a"), "leaks", 1),
        "again": (s.post("b", author="ann", root="at://ann/a"), "leaks", 1),
        "elsewhere": (s.post("c", author="ann", root=None), "smells", 2),
        "neighbour": (s.post("d", author="bob", root="at://ann/a"), "smells", 3),
        "same rule": (s.post("e", author="eve", root=None), "leaks", 4),
    }
    keys = {
        name: grouping.key(s.judged(of, rules=(rule, "question")), route, conversation)
        for name, (of, rule, conversation) in posts.items()
    }
    assert together == [name for name, key in keys.items() if key == keys["one"]]
    other = grouping.key(s.judged(posts["one"][0], brand="globex"), route, 1)
    assert other != keys["one"]
    assert grouping.key(s.judged(posts["one"][0], rules=()), route, 1)


def test_a_route_without_times_has_no_groups() -> None:
    """Nothing waits by default."""
    assert grouping.key(s.judged(s.post("a")), replace(CARE, repeat_every=timedelta(minutes=1)), 1) is None
