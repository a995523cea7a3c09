"""The activity stream: what is said to the account is pushed, by post and in private, and nothing is missed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from bot.errors import Unauthorized
from bot.testing.x_activity import XActivity
from bot.testing.x_streams import BEARER
from connectors.x.activity import NAME, StreamedMentions, message_of
from connectors.x.connector import CONNECTOR
from connectors.x.ids import first_id
from connectors.x.inbox import MentionsSource
from connectors.x.own import own_account
from tests.unit.x_stand import NOW, Stand, stand_at
from tests.unit.x_streaming import Reader, until

TAG = "outcare @acme"


@dataclass
class Active:
    stood: Stand
    server: XActivity
    reader: Reader

    def say(self, text: str, author: str = "ann", **more: str) -> str:
        """A post of now."""
        world = self.server.world
        world.next_id = max(world.next_id, first_id(self.stood.clock.now()))
        return world.post(author, text, at=self.stood.clock.now(), **more)


@asynccontextmanager
async def active(**more: object) -> AsyncIterator[Active]:
    given = {"bearer_token": SecretStr(BEARER), "activity": True, **more}
    async with stand_at(XActivity, **given) as (stood, server):
        server.world.next_id = first_id(NOW - timedelta(minutes=30))
        own_account(stood.settings, stood.wiring)
        yield Active(stood, server, Reader(StreamedMentions(stood.settings, stood.wiring)))


async def test_what_is_said_to_us_is_pushed() -> None:
    """Who names us, and who quotes us without a name; ours and other people's are not told."""
    async with active() as x:
        ours = x.say("the lift works", "acme")
        before = x.say("@acme is the lift down?")
        await x.stood.clock.advance(60)
        async with x.reader.reading():
            await until(lambda: x.reader.ids)
            named = x.say("@acme hello &lt;3")
            x.say("@globex hello")
            x.say("@acme is great, we say", "acme")
            quoted = x.say("no it does not", quoted=ours)
            await until(lambda: quoted in x.reader.ids)
        assert x.reader.ids == [before, named, quoted]
        assert x.server.kinds == {"post.mention.create", "post.quote.create"}
        assert {one["tag"] for one in x.server.subscriptions.values()} == {TAG}
        bill = x.stood.bills[-1].sources[NAME]
        assert (bill.month, bill.micros_month) == (4, 16_000), "one of the list, three of the stream"


async def test_what_was_missed_is_in_the_mentions() -> None:
    """Each once, whoever tells it."""
    async with active() as x:
        async with x.reader.reading():
            one = x.say("@acme one")
            await until(lambda: x.reader.ids)
            x.server.cut()
            await until(lambda: x.reader.error and not x.server.activity.open)
        two = x.say("@acme two")
        async with x.reader.reading():
            await until(lambda: len(x.reader.ids) == 2)
        assert x.reader.ids == [one, two]
        assert all(batch.gap is None for batch in x.reader.batches)


async def test_messages_come_with_them() -> None:
    """Where they are wanted; what we say in the app ends the ask."""
    async with active(direct_messages=True) as x:
        async with x.reader.reading():
            assert {"dm.received", "dm.sent"} <= x.server.kinds
            x.server.message("ann", "is it &lt; down?")
            x.server.message("acme", "no", to="ann")
            await until(lambda: len(x.reader.ids) == 2)
        assert all(one.startswith("dm:") for one in x.reader.ids)
        asked, answered = [post for batch in x.reader.batches for post in batch.posts]
        assert (asked.is_private, asked.text, asked.root_id) == (True, "is it &lt; down?", "dm:1000-1001")
        assert (answered.author_id, answered.root_id) == ("1000", "dm:1000-1001")
        assert x.stood.bills[-1].sources[NAME].month == 1, "what we send ourselves costs nothing"


async def test_subscriptions_are_kept_in_step() -> None:
    """Ours that are not wanted any more go; somebody else's stay, and are not doubled."""
    async with active() as x:
        gone = x.server.subscription("dm.received", TAG)
        theirs = x.server.subscription("post.mention.create", "somebody's")
        other = x.server.subscription("post.create", TAG, user_id="5")
        async with x.reader.reading():
            x.say("@acme hello")
            await until(lambda: x.reader.ids)
        assert gone not in x.server.subscriptions
        assert {theirs, other} <= x.server.subscriptions.keys()
        assert [one["event_type"] for one in x.server.subscriptions.values()].count(
            "post.mention.create"
        ) == 1


async def test_what_not_every_app_has_may_lack() -> None:
    """Quotes; without mentions there is nothing to stream, and that is said."""
    async with active() as x:
        x.server.unknown = {"post.quote.create"}
        async with x.reader.reading():
            assert x.server.kinds == {"post.mention.create"}
        x.server.subscriptions.clear()
        x.server.unknown = {"post.mention.create"}
        await x.reader.read()
        assert isinstance(x.reader.error, Unauthorized)
        assert "set x: activity: false" in str(x.reader.error)


async def test_odd_events_cost_no_other() -> None:
    """Another account's, a kind that nobody knows, and what cannot be read."""
    async with active() as x:
        async with x.reader.reading():
            about = {"filter": {"user_id": "5"}, "payload": {}}
            x.server.activity.pushed += [
                json.dumps({"data": one}).encode()
                for one in (
                    {"event_type": "like.create", **about},
                    {"event_type": ["?"], **about},
                    {"event_type": "post.mention.create", **about},
                    {"event_type": "dm.received", **about},
                )
            ]
            one = x.say("@acme hello")
            await until(lambda: sum(batch.undecodable for batch in x.reader.batches) == 3)
            await until(lambda: x.reader.ids)
        assert x.reader.ids == [one]


async def test_the_option_makes_it_a_stream() -> None:
    """`x: activity: true`; without the app's token that is said."""
    async with active() as x:
        assert CONNECTOR.inbox is not None
        assert isinstance(CONNECTOR.inbox(x.stood.settings, x.stood.wiring), StreamedMentions)
    async with active(activity=False, bearer_token=None) as x:
        assert isinstance(CONNECTOR.inbox(x.stood.settings, x.stood.wiring), MentionsSource)
        await x.reader.read()
        assert "OUTCARE_X__BEARER_TOKEN" in str(x.reader.error)


def test_a_message_without_sense_is_none() -> None:
    """To a group, without a time, or none at all."""
    told = {"sender_id": "7", "target": {}, "message_data": {"text": "x"}}
    direct = {"id": "5", "created_timestamp": "1784927750704", "message_create": told}
    assert message_of(json.dumps({"direct_message_events": [direct]}).encode()) is None
    assert message_of(b'{"direct_message_events": []}') is None
    told["target"] = {"recipient_id": "8"}
    assert message_of(json.dumps({"direct_message_events": [direct]}).encode()) is not None
    direct["created_timestamp"] = "soon"
    assert message_of(json.dumps({"direct_message_events": [direct]}).encode()) is None
