"""After an outage: intake, store and outbox together, with a replay whose answers come later than its questions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import digests
from bot.errors import Unauthorized
from bot.gates import State
from bot.intake import Intake
from bot.matcher.plain import PlainMatcher
from bot.metrics import Metrics
from bot.model import Account, Alert, Batch, Brand, Cursor, Facts, Post, PostRef, Urgency, Verdict
from bot.records import DigestState, Leased, Recorded
from bot.staff import Card
from bot.testing.clock import ManualClock
from bot.texts.en import ENGLISH
from bot.watchlist import LiveWatch, Watchlist
from tests.integration import outbox_world, test_intake
from tests.integration import store_samples as s

BERLIN = ZoneInfo("Europe/Berlin")
ACME = Brand(
    name="acme",
    words=("acme",),
    accounts=(Account(brand="acme", platform="bluesky", handle="acme.test", id="did:acme"),),
)


class Rules(test_intake.Rules):
    """A text that ends in "!" is critical, one with "quiet" is for the digest, "mute" for nobody."""

    def judge(self, facts: Facts) -> Verdict:
        verdict = super().judge(facts)
        if "!" in facts.text:
            verdict = replace(verdict, urgency=Urgency.CRITICAL, alert=Alert.PING)
        elif "quiet" in facts.text:
            verdict = replace(verdict, urgency=Urgency.LOW, alert=Alert.DIGEST)
        elif "mute" in facts.text:
            verdict = replace(verdict, urgency=Urgency.LOW, alert=Alert.NONE)
        return replace(verdict, respond_in=timedelta(minutes=15 if "!" in facts.text else 60))


def hours_ago(hours: float) -> float:
    """In minutes after noon; the daemon comes back at 15:00 (16:00 in Berlin)."""
    return 180 - hours * 60


def said(number: int, text: str, *, hours: float, to: int | None = None, by: str | None = None) -> Post:
    parent = PostRef(id=f"at://{to}", author_id=f"did:{to}") if to is not None else None
    return Post(
        platform="bluesky",
        id=f"at://{number}",
        author_id=by or f"did:{number}",
        author_handle=f"writer{number}.test",
        text=text,
        posted_at=s.at(hours_ago(hours)),
        seen_at=s.at(180),
        parent=parent,
        root=parent,
        url=f"https://bsky.example/{number}",
    )


def answer(number: int, *, to: int, hours: float) -> Post:
    return said(number, "we are on it", hours=hours, to=to, by="did:acme")


@dataclass(kw_only=True)
class Life:
    """One life of the daemon."""

    desk: outbox_world.Desk
    intake: Intake
    cards: list[Card]

    async def read(self, *posts: Post, to: float | None = None, source: str = "bluesky") -> Recorded:
        """A batch whose newest event was published `to` hours ago (None: the platform does not tell)."""
        observed_to = None if to is None else self.desk.clock.now() - timedelta(hours=to)
        batch = Batch(posts=posts, cursor=Cursor("1"), seen=len(posts), observed_to=observed_to)
        recorded = await self.intake.take(source, batch)
        if self.intake.deliver == self.desk.outbox.push:
            await self.desk.settled()
        return recorded

    @property
    def sent(self) -> list[str]:
        return self.desk.chat.sent


@asynccontextmanager
async def life(path: Path, *, minute: float = 180) -> AsyncIterator[Life]:
    cards: list[Card] = []

    def render(leased: Leased, state: State) -> Card:
        if isinstance(state, DigestState):
            cards.append(digests.render(state, texts=ENGLISH, zone=BERLIN, now=s.at(180)))
            return cards[-1]
        return outbox_world.render(leased, state)

    clock = ManualClock(s.at(minute))
    async with outbox_world.running(path, clock=clock, render=render, fallback="webhook:desk") as desk:
        await desk.store.save_brands([ACME])
        held = dict(await desk.store.held("bluesky", since=s.at(-10_000)))
        watch = LiveWatch(Watchlist([ACME], ids={}, matcher=PlainMatcher), held, "bluesky")
        intake = Intake(
            store=desk.store,
            judge=Rules(),
            watches={"bluesky": watch},
            lookups={},
            clock=clock,
            metrics=Metrics(),
            deliver=desk.outbox.push,
        )
        yield Life(desk=desk, intake=intake, cards=cards)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


async def test_three_hours_are_one_card(path: Path) -> None:
    """Nothing rings before the source has caught up; then one card, in golden words, and the critical one singly."""
    async with life(path) as it:
        await it.read(
            said(1, "acme, where is my order?", hours=2.9),
            said(2, "acme burns!", hours=2.5),
            said(3, "acme, what now?", hours=2.2),
            said(4, "acme burns too!", hours=2),
            to=2,
        )
        await it.read(
            answer(9, to=3, hours=1.9), answer(10, to=4, hours=1.8), said(5, "acme quiet", hours=1.5), to=1
        )
        assert (it.sent, it.desk.states().count(("alert", "telegram:care", "pending"))) == ([], 2)
        await it.read(said(6, "acme, are you there?", hours=0.01), to=0)
        assert sorted(it.sent) == [
            "Caught up 13:06–14:30: 5 mentions, 2 still wait for an answer",
            "acme burns! [open]",
            "acme, are you there? [open]",
        ]
    (card,) = it.cards
    assert [(line.text, line.href) for line in card.lines] == [
        ("Waiting: 1 critical, 1 high", None),
        (
            "overdue since 13:45 CET · CRITICAL · Bluesky · writer2.test: “acme burns!”",
            "https://bsky.example/2",
        ),
        (
            "overdue since 14:06 CET · HIGH · Bluesky · writer1.test: “acme, where is my order?”",
            "https://bsky.example/1",
        ),
        ("14:30 · LOW · Bluesky · writer5.test: “acme quiet”", "https://bsky.example/5"),
    ]
    assert ["already_answered"] == [reason for reason in it.desk.reasons() if reason]


async def test_many_are_one_card_that_counts(path: Path) -> None:
    """200 mentions: the first twenty by need, the rest counted; nothing else is sent."""
    async with life(path) as it:
        for start in range(0, 200, 50):
            posts = [
                said(n, f"acme {n}?" if n % 10 == 0 else f"acme quiet {n}", hours=3 - n / 100)
                for n in range(start, start + 50)
            ]
            await it.read(*posts, to=3 - (start + 50) / 100)
        await it.read(to=0)
        assert it.sent == ["Caught up 13:00–14:59: 200 mentions, 20 still wait for an answer"]
    (card,) = it.cards
    assert ("Waiting: 20 high", "… and 180 more: outcare inbox") == (card.lines[0].text, card.lines[-1].text)
    assert (22, 200) == (len(card.lines), len(card.data["mention_ids"]))  # type: ignore[arg-type]
    assert {"high": 20} == card.data["waiting"]


async def test_older_than_a_day_is_for_nobody(path: Path) -> None:
    """Stored and counted, on no card; also what is critical."""
    async with life(path) as it:
        await it.read(said(1, "acme burns!", hours=24.1), said(2, "acme?", hours=30), to=24)
        await it.read(to=0)
        assert ([], []) == (it.sent, it.desk.states())
        assert 2 == len(await it.desk.store.inbox(limit=9))


async def test_what_was_answered_meanwhile_is_not_asked_for(path: Path) -> None:
    """All of it was answered, dismissed or taken back: no card at all."""
    async with life(path) as it:
        await it.read(said(1, "acme, where?", hours=2.9), said(2, "acme burns!", hours=2.5), to=2)
        await it.read(answer(9, to=1, hours=1.9), answer(10, to=2, hours=1.8), to=1)
        await it.read(to=0)
        assert [] == it.sent
        assert {"nothing_left", "already_answered"} == set(it.desk.reasons())


async def test_on_a_long_way_back_a_card_comes_every_ten_minutes(path: Path) -> None:
    """Staff is not kept waiting for the end; each mention is on one card."""
    async with life(path) as it:
        await it.read(said(1, "acme, one?", hours=9), said(2, "acme burns!", hours=8.9), to=8)
        await it.desk.later(599)
        assert [] == it.sent
        await it.desk.later(2)
        first = "Caught up 07:00–07:06: 2 mentions, 2 still wait for an answer"
        assert [first, "acme burns! [open]"] == sorted(it.sent)
        await it.read(said(3, "acme, three?", hours=5), to=4)
        await it.read(said(4, "acme, four?", hours=3), to=3)
        await it.read(to=0)
        assert "Caught up 11:00–13:00: 2 mentions, 2 still wait for an answer" == it.sent[-1]
        assert 3 == len(it.sent)


async def test_a_restart_in_the_middle_is_still_one_card(path: Path) -> None:
    """What the first life had read waits for the second one to catch up."""
    async with life(path) as it:
        await it.read(said(1, "acme, one?", hours=2.9), said(2, "acme burns!", hours=2.5), to=2)
        assert [] == it.sent
    async with life(path, minute=181) as it:
        await it.desk.settled()
        assert [] == it.sent
        await it.read(said(3, "acme, three?", hours=1.9), answer(9, to=2, hours=1.8), to=1)
        await it.read(to=0)
        assert ["Caught up 13:06–14:06: 3 mentions, 2 still wait for an answer"] == it.sent


async def test_a_death_at_any_moment_loses_no_card(path: Path) -> None:
    """After each commit the process dies: the next life sends what was not settled, and only that."""
    async with life(path) as it:
        it.intake.deliver = lambda leased: None  # it dies before a byte goes out
        await it.read(said(1, "acme, one?", hours=2.9), said(2, "acme burns!", hours=2.5), to=2)
        await it.read(to=0)
        assert [] == it.sent
    async with life(path, minute=182) as it:
        await it.desk.later(1)
        card = "Caught up 13:06–13:30: 2 mentions, 2 still wait for an answer"
        assert [card, "acme burns! [open]"] == sorted(it.sent)
    async with life(path, minute=183) as it:
        await it.read(to=0)
        await it.desk.later(1200)
        assert [] == it.sent


async def test_a_claim_of_an_old_date_on_a_live_stream_waits_a_little(path: Path) -> None:
    """Several of them share a card; the source is not behind, so that a critical one rings at once."""
    async with life(path) as it:
        await it.read(to=0)
        await it.read(said(1, "acme, one?", hours=2), said(2, "acme burns!", hours=2), to=0)
        assert ["acme burns! [open]"] == it.sent
        await it.desk.later(300)
        await it.read(said(3, "acme, three?", hours=3), to=0)
        await it.desk.later(301)
        assert "Caught up 13:00–14:00: 2 mentions, 2 still wait for an answer" == it.sent[-1]
        assert 2 == len(it.sent)


async def test_a_poll_has_caught_up_when_it_ends(path: Path) -> None:
    """Its batches do not tell how far they are; the end of the poll does."""
    async with life(path) as it:
        await it.read(to=0)
        await it.read(said(1, "acme, one?", hours=2), said(2, "acme burns!", hours=2))
        await it.read(said(3, "acme, three?", hours=1), answer(9, to=2, hours=0.9))
        assert [] == it.sent
        await it.read(to=0)
        assert ["Caught up 14:00–15:00: 3 mentions, 2 still wait for an answer"] == it.sent


async def test_one_source_does_not_wait_for_another(path: Path) -> None:
    """Each has its own card."""
    async with life(path) as it:
        await it.read(said(1, "acme, one?", hours=2), to=2)
        await it.read(said(2, "acme, two?", hours=2), to=2, source="other")
        await it.read(to=0, source="other")
        assert ["Caught up 14:00: 1 mention, 1 still waits for an answer"] == it.sent
        await it.read(to=0)
        assert 2 == len(it.sent)


async def test_a_card_that_is_there_is_changed(path: Path) -> None:
    """Somebody whose first message had rung before the outage wrote again: their card shows it."""
    async with life(path) as it:
        await it.read(said(1, "acme, one?", hours=0.1), to=0)
        again = said(2, "acme, and two?", hours=-1, to=1, by="did:1")
        await it.desk.clock.advance(3 * 3600)
        await it.read(again, to=1)
        assert ["acme, and two? [open]"] == it.desk.chat.edits
        await it.read(to=0)
        assert "Caught up 17:00: 1 mention, 1 still waits for an answer" == it.sent[-1]


async def test_an_edit_after_the_card_is_on_the_next(path: Path) -> None:
    """The mention that began the first card begins the second one too, at the same moment of the clock."""
    async with life(path) as it:
        asked = replace(said(1, "acme, one?", hours=2), revised_at=s.at(hours_ago(2)))
        await it.read(asked, to=2)
        await it.read(to=0)
        edited = replace(asked, text="acme, one and a half?", is_edit=True, revision="2")
        await it.read(replace(edited, revised_at=s.at(hours_ago(1.9)), seen_at=s.at(181)), to=1.9)
        await it.read(to=0)
        card = "Caught up 14:00: 1 mention, 1 still waits for an answer"
        assert [card, card] == it.sent
        assert "acme, one and a half?" in it.cards[1].lines[1].text


@pytest.mark.parametrize("revised_at", [s.at(180), None])
async def test_an_edit_of_an_old_post_is_as_young_as_its_text(
    path: Path, revised_at: datetime | None
) -> None:
    """While we listen: the card that is there is changed, and one that begins to ask rings. Nothing is caught up."""
    async with life(path) as it:
        await it.read(said(1, "acme, one?", hours=0.1), said(2, "acme mute", hours=0.1), to=0)
        await it.desk.clock.advance(3600)
        edits = [
            replace(post, is_edit=True, revision="2", seen_at=s.at(240), revised_at=revised_at and s.at(240))
            for post in (said(1, "acme, and one?", hours=0.1), said(2, "acme, two?", hours=0.1))
        ]
        await it.read(*edits, to=0)
        await it.desk.later(1200)
        assert ["acme, one? [open]", "acme, two? [open]"] == it.sent
        assert ["acme, and one? [open]"] == it.desk.chat.edits


async def test_a_clock_that_was_put_back_makes_no_more_cards(path: Path) -> None:
    """A card that went out under a later time does not keep mentions from sharing the next one."""
    async with life(path, minute=190) as it:
        await it.read(said(1, "acme, one?", hours=2), to=2)
        await it.read(to=0)
        assert 1 == len(it.sent)
    async with life(path, minute=180) as it:
        await it.read(*(said(n, f"acme, {n}?", hours=2) for n in range(2, 9)), to=2)
        await it.read(said(9, "acme, nine?", hours=1.9), to=1)
        await it.read(to=0)
        assert ["Caught up 14:00–14:06: 8 mentions, 8 still wait for an answer"] == it.sent


async def test_what_is_muted_is_on_no_card(path: Path) -> None:
    """`alert: none` is none; and a refused channel hands the card to the fallback."""
    async with life(path) as it:
        await it.read(said(1, "acme mute", hours=2), to=2)
        await it.read(to=0)
        assert ([], []) == (it.sent, it.desk.states())
        it.desk.chat.trouble.append(Unauthorized("revoked"))
        await it.read(said(2, "acme, two?", hours=2), to=2)
        await it.read(to=0)
        card = "Caught up 14:00: 1 mention, 1 still waits for an answer"
        assert ([], [card]) == (it.sent, it.desk.channels["webhook"].sent)


async def test_the_inbox_has_all_of_them(path: Path) -> None:
    """What a card had no room for is found there."""
    async with life(path) as it:
        await it.read(*(said(n, f"acme {n}?", hours=2) for n in range(30)), to=2)
        await it.read(to=0)
        rows = await it.desk.store.inbox(limit=50)
        assert (30, {True}) == (len(rows), {row.is_waiting for row in rows})
