"""`/catchup`, and what is told as shifts begin, on a real database: what, in which order, and once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import briefing_cards
from bot.briefing import Due
from bot.handing_over import due_of
from bot.incidents import Incidents
from bot.model import Gap, Urgency
from bot.mornings import Morning
from bot.oncall import Cover
from bot.orders import Order, Ordered
from bot.records import Leased
from bot.shifts import Posting, Roster
from bot.staff import Verb
from bot.store.sqlite import SqliteStore
from bot.texts.en import ENGLISH
from bot.told_rows import Reader
from tests.integration import store_samples as s
from tests.integration.test_commands import ON_CALL, office
from tests.integration.test_inquiries import ANN, BEN, CY, answered, heard, press

UTC = ZoneInfo("UTC")
NAMES = {"anna": "Anna", "li": "Li", "omar": "Omar"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_in_the_order_in_which_it_is_to_be_read(path: Path) -> None:
    """What is mine, what presses, what was not heard, what was missed, who answered, what it was about."""
    async with office(path) as it:
        first = (await it.say("/catchup")).split("\n")
        assert ["You have not acted yet. Since Fri 12:00 UTC:", "nothing new"] == first
        await heard(it.store, "zoe", "before", minute=-90)
        await heard(it.store, "ann", ANN, minute=-20, urgency=Urgency.CRITICAL)
        await heard(it.store, "ben", BEN, minute=-50)
        await heard(it.store, "cy", CY, minute=-10, urgency=Urgency.LOW)
        await answered(it.store, "zoe", "before", -5)
        await gap(it.store)
        await press(it, "claim", CY, who=2)
        await it.say("/silence rule praise 2h too loud")
        await it.clock.advance(60)
        assert [
            "Since 11:01 UTC:",
            "Yours, and waiting: 1",
            "LOW · answer by 12:20 UTC · cy.example: “my kettle leaks, what now?” · Claimed by Li",
            "https://chat.example/msg-4",
            "Critical or high, and open: 2",
            "HIGH · overdue since 11:40 UTC · ben.example: “my kettle leaks, what now?”",
            "https://chat.example/msg-3",
            "CRITICAL · answer by 12:10 UTC · ann.example: “my kettle leaks, what now?”",
            "https://chat.example/msg-2",
            "Not listening to jetstream: 11:00–11:50 (connection)",
            "praise counts for nothing until 14:00 UTC (Li: too loud)",
            "1 promise missed, still open: 1",
            "1 answered: nobody in particular (1)",
            "3 mentions",
            "About: product 3",
            "Where: Bluesky 3",
        ] == (await it.say("/catchup 1h")).split("\n")


async def test_incidents_that_run_and_that_ended_since(path: Path) -> None:
    """How many by how many, since when, on which route, what is open, and its card; what ended before is not told."""
    async with office(path) as it:
        await it.clock.advance(3600)
        it.store.incidents = Incidents(at_least=4, authors=3)
        for uid in (ANN, "m1", "m2", "m3", "m4"):
            await heard(it.store, f"of{uid}", uid, minute=50, urgency=Urgency.NORMAL)
        [(receipt,)] = s.rows(path, "SELECT receipt FROM effects WHERE group_key = 'incident:1'")
        said = "Incident, still running: 5 posts by 5 authors since 12:50 UTC · default · 5 open"
        told = (await it.say("/catchup 1h")).split("\n")
        assert f"https://chat.example/{receipt}" == told[told.index(said.replace(" UTC", "")) + 1]
        await press(it, "dismiss", ANN)
        await it.clock.advance(3600)
        for one in await s.lease(it.store, minute=120):
            await s.settle(it.store, one, minute=120)
        over = "Incident, over: 5 posts by 5 authors, 12:50–14:00 · default · 4 open"
        assert over in (await it.say("/catchup 2h")).split("\n")
        await it.clock.advance(3600)
        assert "Incident" not in await it.say("/catchup 30m")
        assert over in (await it.say("/catchup 90m")).split("\n")


async def test_many_incidents_fit_a_message(path: Path) -> None:
    """Three are told, those that run before those that are over; the rest is counted, in the card of a shift too."""
    async with office(path) as it:
        it.store.incidents = Incidents(at_least=2, authors=2)
        for number in range(5):
            for who in "ab":
                route = f"{number}"
                await heard(it.store, f"{who}{number}", f"{who}{number}", minute=-50, channel=f"chat:{route}")
        s.execute(path, "UPDATE incidents SET ended_at = begun_at + 60000000 * id WHERE id > 1")
        told = (await it.say("/catchup 2h")).split("\n")
        first, second, third = (line for line in told if line.startswith("Incident"))
        assert ("still running" in first, "11:10–11:15" in second, "11:10–11:14" in third) == (True,) * 3
        assert "… and 2 more" in told
        summary = await it.store.briefing(
            Due(person="anna", before="li", until=s.at(9), since=s.at(-60), is_summary=True), now=s.at(0)
        )
        assert summary.summary is not None
        assert (3, 2) == (len(summary.summary.running.bursts), summary.summary.running.more_bursts)


async def gap(store: SqliteStore) -> None:
    """Ten minutes of which nothing was read."""
    await store.record(s.entry(observed_to=s.at(-60)), now=s.at(-60), lease_for=s.LEASE)
    missed = Gap(source="jetstream", started_at=s.at(-20), ended_at=s.at(-10), reason="connection")
    await store.record(s.entry(gap=missed, observed_to=s.at(-5)), now=s.at(-5), lease_for=s.LEASE)


async def test_since_when(path: Path) -> None:
    """The end of the last shift, else the last decision; or what was said; and what cannot be read is said."""
    async with office(path) as it:
        await heard(it.store, "ann", ANN)
        await it.say("/cover omar 13:00-14:00")
        await press(it, "claim", ANN, who=2)
        await it.clock.advance(4 * 3600)
        assert "Since you last acted (12:00 UTC):" == (await it.say("/catchup")).split("\n")[0]
        assert "Since your last shift ended (13:00 UTC):" == (await it.say("/catchup", who=1)).split("\n")[0]
        spanish = (await it.say("/catchup", who=3)).split("\n")[0]
        assert "Desde que acabó tu última guardia (14:00 UTC):" == spanish
        for words, told in (
            ("yesterday", "Fri 00:00"),
            ("today", "00:00"),
            ("30m", "15:30"),
            ("fri", "Fri 00:00"),
        ):
            assert f"Since {told} UTC:" == (await it.say(f"/catchup {words}")).split("\n")[0]
        for words in ("soon", "40d", "8h please", "2030-01-01", "0001-01-01"):
            assert ENGLISH.say("catchup.usage") == await it.say(f"/catchup {words}")


async def test_compared_with_the_weeks_before(path: Path) -> None:
    """The same hours a week ago, as far as we were there; more than is usual, and less."""
    async with office(path) as it:
        week = 7 * 24 * 60
        await it.store.record(
            s.entry(observed_to=s.at(-2 * week - 600)), now=s.at(-2 * week - 600), lease_for=s.LEASE
        )
        for number in range(6):
            minute = -week * (1 + number % 2) - 10
            await heard(it.store, f"old{number}", f"old{number}", minute=minute)
        assert "Quiet: no mentions (usually 3)" in (await it.say("/catchup 1h")).split("\n")
        for number in range(8):
            await heard(it.store, f"new{number}", f"new{number}", minute=-10)
        told = (await it.say("/catchup 1h")).split("\n")
        assert [
            "8 mentions (usually 3)",
            "About: product 8 (usually 3)",
            "Where: Bluesky 8 (usually 3)",
        ] == told[-3:]
        assert "14 mentions" in (await it.say("/catchup 20d")).split("\n")


async def test_it_fits_a_message(path: Path) -> None:
    """However much there is: the rest is counted."""
    async with office(path) as it:
        for number in range(30):
            level = Urgency.CRITICAL if number % 2 else Urgency.HIGH
            await heard(it.store, f"{'w' * 200}{number}", f"m{number}", text="long " * 90, urgency=level)
        for number in range(0, 30, 3):
            await it.say(f"claim:m{number}")
        await it.clock.advance(7200)
        told = await it.say("/catchup 4h")
        assert len(told) < 4096
        assert "… and 26 more" in told.split("\n")


# --- shifts --------------------------------------------------------------------------------------


ROSTER = Roster(
    postings=(
        Posting(rotation=ON_CALL.rotations["care"], routes=("default",), channels={"default": "chat:care"}),
    ),
    direct={"omar": "chat:@3"},
    lobby="chat:care",
)


async def covered(store: SqliteStore, person: str, since: datetime, until: datetime) -> None:
    order = Order(
        order_id=f"{since}",
        feed="chat",
        channel="chat:care",
        person=person,
        verb="cover",
        argument="",
        at=since,
    )
    cover = Cover(rotation="care", person=person, since=since, until=until, by=person, ordered_at=since)
    await store.order(
        order, lambda _: Ordered(outcome="covered", reply="", covers=cover), cursor=None, now=since
    )


async def shown(store: SqliteStore, leased: Leased, now: datetime) -> list[str]:
    due = due_of(leased.effect.payload)
    assert due is not None
    reader = Reader(
        texts=ENGLISH, zone=UTC, now=now, people=_named(NAMES), link=lambda _channel, ref: f"https://c/{ref}"
    )
    card = briefing_cards.card(await store.briefing(due, now=now), reader)
    return [card.headline, *(line.text for line in card.lines)]


def _named(names: dict[str, str]) -> Callable[[str], str]:
    return lambda key: names.get(key, key)


async def test_a_hand_over_is_told_once_over_restarts(path: Path) -> None:
    """To the channel and to who comes, with what is left; woken at the time; not again by the next life."""
    async with s.opened(path) as store:
        store.roster = ROSTER
        assert () == await s.lease(store, minute=-60)
        await heard(store, "ann", ANN, minute=-40, urgency=Urgency.CRITICAL)
        await heard(store, "ben", BEN, minute=-20)
        await heard(store, "zoe", "zoe", minute=-30)
        await answered(store, "zoe", "zoe", -25)
        await claimed(store, BEN, "anna")
        await covered(store, "omar", s.at(0), s.at(120))
        for one in await s.lease(store, minute=-10):  # the cards that changed
            await s.settle(store, one, minute=-10)
        assert s.at(0) == await store.next_due_at()
    async with s.opened(path) as store:
        store.roster = ROSTER
        leased = await s.lease(store, minute=1)
        assert ["chat:care", "chat:@3"] == [one.effect.channel for one in leased]
        summary, card = [await shown(store, one, s.at(1)) for one in leased]
        taken_over = [
            "2 open: 1 critical, 1 overdue",
            "Anna has claimed and not answered: 1",
            "HIGH · answer by 12:10 UTC · ben.example: “my kettle leaks, what now?” · Claimed by Anna",
            "Since 11:00 UTC: 3 alerts, 1 answered, 1 promise missed",
        ]
        assert ["care: Anna → Omar", *taken_over] == summary
        assert ["Omar is on call: care, until 14:00 UTC", "From Anna:", *taken_over] == card[:6]
        assert "Critical or high, and open: 2" in card
        for one in leased:
            await s.settle(store, one, minute=1)
        assert () == await s.lease(store, minute=2)
    async with s.opened(path) as store:
        store.roster = ROSTER
        assert () == await s.lease(store, minute=3)
        late = await s.lease(store, minute=500)  # the machine slept through the end of it
        [back] = [one for one in late if due_of(one.effect.payload)]
        assert "care: Omar → Anna" == (await shown(store, back, s.at(500)))[0]


async def claimed(store: SqliteStore, uid: str, person: str) -> None:
    await store.decide(
        s.press(1, Verb.CLAIM, uid, person=person),
        s.transition,
        cursor=None,
        now=s.at(-15),
        lease_for=s.LEASE,
    )


async def test_a_morning_is_told_once_a_day_over_restarts(path: Path) -> None:
    """In the chat of the person alone; from when they last did something."""
    morning = Morning(person="omar", zone=UTC, week=(time(8, 30),) * 7)
    for _ in range(2):
        async with s.opened(path) as store:
            store.roster = replace(ROSTER, postings=(), mornings=(morning,))
            assert () == await s.lease(store, minute=0)
            assert s.at(20 * 60 + 30) == await store.next_due_at()
    async with s.opened(path) as store:
        store.roster = replace(ROSTER, postings=(), mornings=(morning,))
        await heard(store, "ann", ANN, minute=600)
        [leased] = await s.lease(store, minute=20 * 60 + 30)
        assert "chat:@3" == leased.effect.channel
        told = await shown(store, leased, s.at(20 * 60 + 30))
        assert "Good morning, Omar. Since Sat 08:30 UTC:" == told[0]
        assert "Critical or high, and open: 1" == told[1]
        await s.settle(store, leased, minute=20 * 60 + 30)
        assert () == await s.lease(store, minute=20 * 60 + 31)
        assert s.at(44 * 60 + 30) == await store.next_due_at()


async def test_without_a_roster_nothing_is_told(path: Path) -> None:
    """And nothing is written."""
    async with s.opened(path) as store:
        await covered(store, "omar", s.at(0), s.at(120))
        assert () == await s.lease(store, minute=1)
        assert await store.next_due_at() is None
        assert [] == s.rows(path, "SELECT * FROM turns_told")


async def test_briefings_with_covers_of_the_past(path: Path) -> None:
    """`/catchup` finds the shift of somebody who only covered, weeks ago."""
    async with office(path) as it:
        await it.say("/cover omar 13:00-14:00")
        await it.clock.advance(20 * 24 * 3600)
        told = await it.say("/catchup", who=3)
        assert "Desde que acabó tu última guardia (sáb 21 nov 14:00 UTC):" == told.split("\n")[0]
