"""Direct messages on X: read once and for no more than they must cost, answered in private alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.errors import Reason, Refused, Rejected, Unavailable
from bot.matcher.plain import PlainMatcher
from bot.model import Account, Batch, Brand, Cursor, Kind, Post
from bot.testing.replier_contract import a_reply
from bot.testing.source_contract import WatchAll
from bot.testing.x_messages import XMessages
from bot.watchlist import Watchlist
from connectors.x.connector import CONNECTOR
from connectors.x.ids import cursor_at, first_id
from connectors.x.messages import PREFIX, message_of, post_of
from connectors.x.messages_inbox import NAME, MessagesSource
from connectors.x.private_replier import LIMIT, XAnswering
from tests.unit.x_stand import NOW, Stand, stand_at


@dataclass
class Box:
    stood: Stand
    server: XMessages
    after: Cursor | None = field(default_factory=lambda: cursor_at(NOW - timedelta(days=1)))
    posts: list[Post] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = MessagesSource(self.stood.settings, self.stood.wiring)

    async def read(self) -> list[str]:
        """What has come by now."""
        async for batch in self.source.read(self.after, WatchAll()):
            self.batches.append(batch)
            self.posts += batch.posts
            self.after = batch.cursor or self.after
        return [post.text for post in self.posts]

    def spent(self) -> int:
        bill = self.stood.bills[-1].sources if self.stood.bills else {}
        return bill[NAME].month if NAME in bill else 0


@asynccontextmanager
async def box(**more: object) -> AsyncIterator[Box]:
    async with stand_at(XMessages, direct_messages=True, **more) as (stood, server):
        server.world.next_id = first_id(NOW)
        yield Box(stood, server)


async def test_what_is_said_is_read_and_paid_for_once() -> None:
    """Nothing new costs nothing on the same day; X asks for the newest one again on the next."""
    async with box() as b:
        for number in range(25):
            b.server.message("ann", f"hello {number}")
        assert await b.read() == [f"hello {number}" for number in range(25)]
        assert b.spent() == 25
        for _ in range(5):
            await b.read()
        assert b.spent() == 25
        b.server.message("ann", "still there?")
        assert (await b.read())[25:] == ["still there?"]
        assert b.spent() == 26
        await b.stood.clock.advance(86_400)
        await b.read()
        assert b.spent() == 27


async def test_it_is_a_direct_message_of_one_conversation() -> None:
    """Whoever writes, and what we answer in the app, which ends the ask; both are one conversation's."""
    async with box() as b:
        b.server.message("ann", "is it &lt;down&gt;?")
        b.server.message("acme", "no", to="ann")
        await b.read()
        asked, answered = b.posts
        account = Account(brand="acme", platform="x", handle="acme", id="1000")
        brand = Brand(name="acme", words=("acme",), accounts=(account,))
        watchlist = Watchlist((brand,), ids={("x", "acme"): "1000"}, matcher=PlainMatcher)
        [mention] = watchlist.concerns(asked, lambda _: ())
        assert (mention.kind, mention.post.is_private) == (Kind.DM, True)
        assert asked.text == "is it &lt;down&gt;?"
        assert asked.root_id == answered.root_id == "dm:1000-1001"
        assert (answered.author_id, answered.parent and answered.parent.author_id) == ("1000", "1001")
        assert asked.url == "https://x.com/messages/1000-1001"


async def test_groups_and_whatever_else_are_passed_over() -> None:
    """They move the position all the same."""
    async with box() as b:
        b.server.message("ann", "all of you!", dm_conversation_id="1582103724607971328")
        b.server.message("ann", "", event_type="ParticipantsJoin")
        b.server.message("ann", "hello", created_at="2026-11-20T13:05:00")
        assert await b.read() == []
        assert sum(batch.undecodable for batch in b.batches) == 1
        await b.read()
        assert sum(batch.undecodable for batch in b.batches) == 1


async def test_an_interrupted_reading_goes_on() -> None:
    """X grants fifteen requests: what was read by then is not read again."""
    async with box() as b:
        b.server.messages_granted, b.server.most = 4, 10
        for number in range(60):
            b.server.message("ann", f"hello {number}")
        with pytest.raises(Unavailable) as caught:
            await b.read()
        assert caught.value.reason is Reason.RATE_LIMITED
        b.server.messages_granted = 8
        assert len(await b.read()) == 60
        assert b.spent() == 60


async def test_what_x_keeps_no_more_is_a_gap() -> None:
    """It keeps thirty days."""
    async with box() as b:
        b.after = cursor_at(NOW - timedelta(days=40))
        b.server.message("ann", "hello")
        await b.read()
        gap = b.batches[0].gap
        assert gap is not None
        assert gap.ended_at == NOW - timedelta(days=30)


async def test_a_permission_that_is_missing_is_said() -> None:
    """The app may read and write, and not more."""
    async with box() as b:
        b.server.may_message = False
        with pytest.raises(Refused):
            await b.read()


async def test_it_is_asked_as_seldom_as_x_wants() -> None:
    """Fifteen requests in a quarter of an hour; the first reading begins now."""
    async with box() as b:
        assert b.source.poll_every == timedelta(minutes=2)
        b.server.message("ann", "before")
        b.after = None
        assert await b.read() == []
        assert b.after == cursor_at(NOW)


async def test_only_who_wants_them_reads_them() -> None:
    """`x: direct_messages: true`."""
    for wanted in (True, False):
        async with stand_at(XMessages, direct_messages=wanted) as (stood, _):
            assert CONNECTOR.besides is not None
            read = [one.name for one in CONNECTOR.besides(stood.settings, stood.wiring)]
            assert (NAME in read) is wanted


async def test_a_post_is_answered_in_public_as_ever() -> None:
    """And a message can be longer; what is no message is not answered in private."""
    async with box() as b:
        answering = XAnswering(b.stood.settings, b.stood.wiring)
        post = b.server.world.post("ann", "@acme is it down?", at=NOW)
        to = Post(
            platform="x",
            id=post,
            author_id="1001",
            text="@acme?",
            posted_at=NOW,
            seen_at=NOW,
            mentions=("1000",),
        )
        await answering.publish(a_reply(to))
        assert [one.text for one in b.server.said()] == ["We are on it, sorry!"]
        assert b.server.sent() == []
        assert answering.length_to(post, "x").limit == 280
        private, public = answering.price("see acme.com", f"{PREFIX}7"), answering.price("see acme.com", post)
        assert (private.money.micros, public.money.micros) == (15_000, 200_000)
        assert answering.length_to("dm:5", "x").limit == LIMIT
        strange = Post(platform="x", id="dm:5", author_id="@ann", text="?", posted_at=NOW, seen_at=NOW)
        with pytest.raises(Rejected):
            await answering.publish(a_reply(strange))


def test_a_message_without_sense_is_none() -> None:
    """Neither its time, nor who talks to whom."""
    told = {
        "id": "5",
        "text": "x",
        "sender_id": "7",
        "dm_conversation_id": "7-7",
        "created_at": NOW.isoformat(),
    }
    message = message_of(json.dumps(told).encode())
    assert message is not None
    assert post_of(message, NOW, "7") is None
    assert message_of(b"[]") is None
