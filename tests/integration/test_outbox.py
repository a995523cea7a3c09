"""The outbox with a real database: what is tried, tried again, handed on, held back and settled."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.errors import Reason, Rejected, StoreError, Unauthorized, Unavailable
from bot.gates import State
from bot.model import Alert, Deletion, Urgency
from bot.outbox import LEASED_PER_CHANNEL
from bot.records import CardState, Judged, Leased, Settlement
from bot.staff import Card, Verb
from bot.store.sqlite import SqliteStore
from bot.wishes import Route
from tests.integration import store_samples as s
from tests.integration.outbox_world import Desk, running, until

MINUTE = timedelta(minutes=1)
LEAKS = "my kettle leaks, what now?"


def question(name: str = "one", **more: object) -> Judged:
    """A question of its own thread and author, read at five past twelve."""
    return s.judged(
        s.post(name, author=name, minute=5, root=None, text=f"{name} leaks"),
        **more,  # type: ignore[arg-type]
    )


async def decide(desk: Desk, verb: Verb, mention: str, *, number: int = 1) -> None:
    decided = await desk.store.decide(
        s.press(number, verb, mention), s.transition, cursor=None, now=desk.clock.now(), lease_for=s.LEASE
    )
    assert decided is not None
    desk.outbox.push(decided.leased)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outcare.db"


# --- trying again -----------------------------------------------------------------------------------


async def test_what_is_down_is_tried_again_with_growing_waits(path: Path) -> None:
    """Within two seconds, then four, then eight; the one that works ends it."""
    async with running(path) as desk:
        desk.chat.trouble = [Unavailable("down")] * 3
        await desk.hear(question())
        tries = []
        for seconds in (0, 2, 4, 8):
            await desk.later(seconds)
            tries.append(desk.chat.tries)
        assert [1, 2, 3, 4] == tries
        assert ["one leaks [open]"] == desk.chat.sent
        assert [("alert", "telegram:care", "sent")] == desk.states()


async def test_retry_after_is_obeyed(path: Path) -> None:
    """A channel that asks for forty seconds is left alone for forty."""
    async with running(path) as desk:
        desk.chat.trouble = [Unavailable("slow down", retry_after=timedelta(seconds=40))]
        await desk.hear(question())
        await desk.settled()
        await desk.later(30)
        assert 1 == desk.chat.tries
        await desk.later(10)
        assert ["one leaks [open]"] == desk.chat.sent


async def test_a_refusal_goes_down_the_chain(path: Path) -> None:
    """The route's fallback, and when that refuses too, the console; each is tried once."""
    async with running(path, fallback="webhook:desk") as desk:
        desk.chat.trouble = [Unauthorized("revoked")]
        desk.channels["webhook"].trouble = [Rejected("no such hook")]
        await desk.hear(question())
        await desk.settled()
        assert ["one leaks [open]"] == desk.channels["console"].sent
        assert [
            ("alert", "telegram:care", "dead"),
            ("alert", "webhook:desk", "dead"),
            ("alert", "console", "sent"),
        ] == desk.states()
        assert {"telegram:care", "webhook:desk"} == set(desk.outbox.failing)


async def test_a_day_of_silence_ends_at_the_console(path: Path) -> None:
    """Without a fallback a channel that is down is tried for a day, and then somebody else hears of it."""
    async with running(path) as desk:
        desk.chat.trouble = [Unavailable("down")] * 100_000
        await desk.hear(question())
        await desk.later(240, steps=8)
        await desk.clock.advance(23 * 3600)
        await desk.later(300)
        assert [] == desk.channels["console"].sent
        await desk.clock.advance(3600)
        await desk.later(300)
        assert ["one leaks [open]"] == desk.channels["console"].sent


async def test_a_message_that_cannot_be_edited_does_not_condemn_its_channel(path: Path) -> None:
    """Somebody deleted the card in the chat: the update ends, the chat is well."""
    async with running(path) as desk:
        await desk.hear(question(uid="m1"))
        await desk.settled()
        desk.chat.trouble = [Rejected("message to edit not found", reason=Reason.NOT_FOUND)]
        await decide(desk, Verb.CLAIM, "m1")
        await desk.settled()
        assert [("alert", "sent"), ("update", "dead")] == s.effects(path)
        assert {} == desk.outbox.failing


# --- who has it -------------------------------------------------------------------------------------


async def test_a_slow_delivery_is_not_overtaken_by_itself(path: Path) -> None:
    """A turn and a delivery that take as long as they may: nobody else begins the same one."""
    async with running(path) as desk:
        desk.chat.gate.clear()
        await desk.hear(question())
        await until(lambda: desk.chat.tries)
        await desk.later(40)
        assert 1 == desk.chat.tries
        desk.chat.gate.set()
        await desk.settled()
        assert ["one leaks [open]"] == desk.chat.sent


async def test_whose_lease_ran_out_has_no_say(path: Path) -> None:
    """The second delivery's receipt counts; the first one's settlement, much later, changes nothing."""
    async with running(path) as desk:
        desk.chat.gate.clear()
        await desk.hear(question())
        await until(lambda: desk.chat.tries)
        await desk.later(90)
        await until(lambda: desk.chat.tries == 2)
        desk.chat.gate.set()
        await desk.settled()
        assert 2 == len(desk.chat.sent)
        assert [(1,)] == s.rows(path, "SELECT count(*) FROM deliveries WHERE outcome = 'sent'")
        assert [("sent", 2)] == s.rows(path, "SELECT state, fence FROM effects")


async def test_what_was_delivered_while_the_database_was_locked_is_settled_later(path: Path) -> None:
    """Nobody is rung twice because another program held the database for some seconds; it is said once."""
    async with running(path) as desk:
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            desk.chat.on_sent = lambda: other.execute("BEGIN IMMEDIATE")
            with capture_logs() as lines:
                await desk.hear(question())
                await until(lambda: desk.outbox.store_trouble)
                for _ in range(5):
                    await desk.clock.advance(2)
                    await asyncio.sleep(0.15)
                other.execute("ROLLBACK")
                await desk.later(30)
            await desk.later(90)
            assert ["one leaks [open]"] == desk.chat.sent
            assert [("alert", "telegram:care", "sent")] == desk.states()
            assert desk.outbox.store_trouble is None
    said = [line["event"] for line in lines if line["event"].startswith("outbox.")]
    assert ["outbox.failed", "outbox.recovered"] == said


class Forgetful(SqliteStore):
    """It cannot write how a delivery ended."""

    works = False

    async def settle(self, settlement: Settlement) -> bool:
        if not self.works:
            raise StoreError("the disk is full; nothing was written")
        return await super().settle(settlement)


async def test_what_could_not_be_settled_is_repeated_and_counts_once(path: Path) -> None:
    """After a minute the lease has run out: said once, and no line calls that delivery settled."""
    async with running(path, store=Forgetful) as desk:
        with capture_logs() as lines:
            await desk.hear(question())
            await until(lambda: desk.outbox.store_trouble)
            while "delivery.unsettled" not in [line["event"] for line in lines]:
                await desk.clock.advance(5)
                await asyncio.sleep(0.01)
            cast("Forgetful", desk.store).works = True
            await desk.later(10, steps=5)  # not beyond the second lease
        assert ["one leaks [open]"] * 2 == desk.chat.sent
        assert [("alert", "telegram:care", "sent")] == desk.states()
    said = [line["event"] for line in lines if line["event"].startswith("delivery.")]
    assert ["delivery.unsettled", "delivery.settled"] == said


class Flaky(SqliteStore):
    """Its disk fails to read two cards."""

    left = 2

    async def card(self, leased: Leased) -> CardState | None:
        if self.left:
            self.left -= 1
            raise StoreError("the disk reported an error")
        return await super().card(leased)


async def test_a_card_that_cannot_be_read_is_not_the_channels_fault(path: Path) -> None:
    """The alert waits for the database; it neither dies nor moves to the console."""
    async with running(path, store=Flaky) as desk:
        await desk.hear(question())
        await desk.later(2)
        await desk.later(2)
        assert (["one leaks [open]"], []) == (desk.chat.sent, desk.channels["console"].sent)
        assert {} == desk.outbox.failing
        assert [(1,)] == s.rows(path, "SELECT attempts FROM effects")


# --- what holds back ------------------------------------------------------------------------------


@pytest.mark.parametrize("over", ["answered", "dismissed", "deleted"])
async def test_what_is_over_before_it_could_be_delivered_rings_nobody(path: Path, over: str) -> None:
    """The chat was down; when it is back, the alert is dropped, and the reason is stored."""
    async with running(path) as desk:
        desk.chat.trouble = [Unavailable("down")]
        asked = question(uid="m1")
        await desk.hear(asked)
        await until(lambda: not desk.outbox.in_flight)
        if over == "answered":
            reply = s.answer("a", minute=6, to="one", root=asked.mention.post.id)
            await desk.hear(reply)
        elif over == "dismissed":
            await decide(desk, Verb.DISMISS, "m1")
        else:
            gone = Deletion(platform="bluesky", author_id="one", post_id=asked.mention.post.id)
            await desk.store.record(s.entry(deleted=(gone,)), now=desk.clock.now(), lease_for=s.LEASE)
        await desk.later(5)
        assert [] == desk.chat.sent
        assert [("alert", "telegram:care", "dropped")] == desk.states()
        assert ["post_deleted" if over == "deleted" else f"already_{over}"] == desk.reasons()


async def test_updates_wait_for_their_alert_and_the_newest_wins(path: Path) -> None:
    """Claimed and dismissed while the card was on its way: it is edited once, to how it stands."""
    async with running(path) as desk:
        desk.chat.gate.clear()
        await desk.hear(question(uid="m1"))
        await until(lambda: desk.chat.tries)
        await decide(desk, Verb.CLAIM, "m1")
        await decide(desk, Verb.DISMISS, "m1", number=2)
        assert 1 == desk.chat.tries
        desk.chat.gate.set()
        await until(lambda: desk.chat.edits)
        await desk.settled()
        assert (["one leaks [open]"], ["one leaks [dismissed]"]) == (desk.chat.sent, desk.chat.edits)
        assert [
            *(("alert", "sent"), ("update", "dropped"), ("update", "sent")),
            ("update", "pending"),  # takes the button away that undoes the last decision
        ] == s.effects(path)


async def test_a_channel_that_hangs_holds_up_no_other(path: Path) -> None:
    """A hundred alerts wait for a dead chat; one for another channel that is due goes out at once."""
    async with running(path, fallback="webhook:desk") as desk:
        chat, hook = desk.chat, desk.channels["webhook"]
        chat.trouble = [Unavailable("down")] * 100
        hook.trouble = [Unavailable("down")]
        await desk.hear(*(question(f"n{number}") for number in range(100)))
        await desk.hear(question("other", channel="webhook:desk"))
        await until(lambda: not desk.outbox.in_flight)
        chat.gate.clear()
        await desk.clock.advance(5)
        desk.outbox.wake()
        await until(lambda: hook.sent)
        assert ["other leaks [open]"] == hook.sent
        leased = s.rows(path, "SELECT count(*) FROM effects WHERE state = 'leased'")[0][0]
        assert leased <= 2 * LEASED_PER_CHANNEL


async def test_what_a_press_makes_due_is_not_left_to_the_slow_poll(path: Path) -> None:
    """Somebody gives back what should have been asked about long ago: that is done at once, not in half a minute."""
    async with running(path) as desk:
        await asyncio.sleep(0.05)
        await desk.store.notice("due", "telegram:care", "a step that is due", now=desk.clock.now())
        assert [] == desk.chat.sent
        desk.outbox.after_decision(())
        await until(lambda: desk.chat.sent)
    assert ["a step that is due"] == desk.chat.sent


async def test_a_flood_on_a_slow_channel_is_merged_and_a_ping_overtakes_it(path: Path) -> None:
    """Twenty a minute: of forty, ten come at once and thirty as one card, each once; the ping waits for none."""
    async with running(path, limits=((20, MINUTE),)) as desk:
        await desk.hear(*(question(f"n{number}") for number in range(40)))
        await desk.settled()
        assert 10 == len(desk.chat.sent)
        await desk.hear(question("urgent", alert=Alert.PING))
        await desk.settled()
        assert "urgent leaks [open]" == desk.chat.sent[-1]
        await desk.later(60)
        assert 12 == len(desk.chat.sent)
        told = re.findall(r"n\d+ leaks", " ".join(desk.chat.sent))
        assert (40, 40) == (len(told), len(set(told)))
        dropped = "SELECT count(*) FROM effects WHERE state = 'dropped' AND reason = 'merged'"
        assert [(29,)] == s.rows(path, dropped)


async def test_what_waits_for_its_channel_joins_the_card_that_does(path: Path) -> None:
    """Also of another route; what is critical waits for its own slot. What was merged shows who has it."""
    async with running(path, limits=((20, MINUTE),)) as desk:
        await desk.heard(*(question(f"n{number}") for number in range(30)))
        other = Route(name="billing", to="telegram:care")
        await desk.heard(question("bill", routes=(other,)), question("fire", urgency=Urgency.CRITICAL))
        await desk.later(60)
        [merged] = [said for said in desk.chat.sent if said.startswith("digest")]
        assert "bill leaks" in merged
        assert "fire leaks [open]" in desk.chat.sent
        assert "fire" not in merged
        uid = s.rows(
            path, "SELECT uid FROM mentions m JOIN posts p ON p.id = m.post WHERE p.text = 'bill leaks'"
        )
        await decide(desk, Verb.CLAIM, uid[0][0])
        await desk.settled()
        assert [merged] == [said for said in desk.chat.edits if "bill" in said]


# --- digests ----------------------------------------------------------------------------------------


async def test_a_digest_is_one_card_an_hour_of_what_is_still_open(path: Path) -> None:
    """At the end of the hour, one card for the route, whoever it is about; what was answered is not on it."""
    async with running(path) as desk:
        gone = question("answered", alert=Alert.DIGEST)
        await desk.hear(gone, question("waiting", alert=Alert.DIGEST))
        await desk.hear(question("rival", alert=Alert.DIGEST, brand="globex"))
        await desk.hear(question("dropped", alert=Alert.DIGEST, uid="m1"))
        await desk.later(1800)
        await desk.hear(question("later", alert=Alert.DIGEST))
        await desk.hear(s.answer("a", minute=40, to="answered", root=gone.mention.post.id))
        await decide(desk, Verb.DISMISS, "m1")
        await desk.later(1470)
        assert [] == desk.chat.sent
        await desk.later(30)
        assert ["digest | default | later leaks | rival leaks | waiting leaks"] == desk.chat.sent
        await desk.later(3600)
        assert 1 == len(desk.chat.sent)


async def test_an_empty_digest_is_not_sent(path: Path) -> None:
    """Everything in it was dealt with: no card, and the reason is stored."""
    async with running(path) as desk:
        await desk.hear(question(alert=Alert.DIGEST, uid="m1"))
        await decide(desk, Verb.DISMISS, "m1")
        await desk.later(3600)
        assert ([], ["nothing_left"]) == (desk.chat.sent, desk.reasons())


async def test_a_digest_survives_a_restart(path: Path) -> None:
    """Collected by one life, added to by the next, delivered once, late if nobody was there."""
    async with running(path) as desk:
        await desk.hear(question("first", alert=Alert.DIGEST))
        clock = desk.clock
        await clock.advance(600)
    async with running(path, clock=clock) as desk:
        await desk.hear(question("second", alert=Alert.DIGEST))
        await desk.later(600)
        assert [] == desk.chat.sent
    await clock.advance(7200)
    async with running(path, clock=clock) as desk:
        await desk.settled()
        assert ["digest | default | first leaks | second leaks"] == desk.chat.sent
        await desk.later(3600)
        assert 1 == len(desk.chat.sent)


async def test_others_have_a_turn_between_drawing_and_sending(path: Path) -> None:
    """Either takes a millisecond or two of the event loop; they are not taken together."""
    happened: list[str] = []
    async with running(path) as desk:
        draw = desk.outbox.render

        def drawn(leased: Leased, state: State) -> Card:
            asyncio.get_running_loop().call_soon(happened.append, "others")
            happened.append("drawn")
            return draw(leased, state)

        desk.outbox.render = drawn
        desk.chat.on_sent = lambda: happened.append("sent")
        await desk.heard(question())
    assert ["drawn", "others", "sent"] == happened
