"""What people say to the account, as it is said: X's activity stream, with the account's mentions behind it.

`GET /2/activity/stream` (https://docs.x.com/x-api/activity/introduction), with the app's bearer token: two
connections, 450 of them in 15 minutes, 250 events a second, each paid for like a post of the search
(https://docs.x.com/x-api/activity/event-pricing). Events: who names the account, who quotes it, and direct
messages that are not encrypted. What was missed is filled in from the account's mentions. Terms:
https://docs.x.com/developer-terms/policy.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bot.cursors import readable
from bot.model import Batch, Cursor
from connectors.x.budget import PLATFORM
from connectors.x.ids import cursor, first_id
from connectors.x.inbox import MentionsSource
from connectors.x.messages import Message, conversation_of, is_number, post_of
from connectors.x.own import own_account
from connectors.x.reading import Heard, Reading
from connectors.x.reconnects import Reconnects
from connectors.x.stream import opened
from connectors.x.stream_position import Position
from connectors.x.subscriptions import MENTIONED, QUOTED, RECEIVED, SENT, Filter, keep_subscriptions
from connectors.x.tweets import tweet_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from decimal import Decimal

    from bot.ports import Clock, Watch, Wiring
    from connectors.x.account import AccountSettings, BudgetSettings
    from connectors.x.own import Me
    from connectors.x.stream import Frame

NAME = MentionsSource.name
STREAM = "/2/activity/stream"


class Event(msgspec.Struct, frozen=True):
    """https://docs.x.com/x-api/activity/event-payloads"""

    event_type: str
    filter: Filter = Filter()
    payload: msgspec.Raw = msgspec.Raw(b"null")


class Target(msgspec.Struct, frozen=True):
    recipient_id: str = ""


class Said(msgspec.Struct, frozen=True):
    text: str = ""


class Told(msgspec.Struct, frozen=True):
    sender_id: str
    target: Target = Target()
    message_data: Said = Said()


class Direct(msgspec.Struct, frozen=True):
    """A message in the form that it has in events."""

    id: str
    created_timestamp: str
    message_create: Told


class Directs(msgspec.Struct, frozen=True):
    direct_message_events: tuple[Direct, ...] = ()


class StreamedMentions:
    """`bot.ports.Source`, a stream with a list behind it."""

    name = NAME
    platform = PLATFORM
    is_stream = True

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        self._wiring, self._clock = wiring, wiring.clock
        self._own = own_account(settings, wiring)
        self._budget = settings.budget
        private = (RECEIVED, SENT) if settings.direct_messages else ()
        self._wanted = (MENTIONED, QUOTED, *private)
        self._mentions = MentionsSource(settings, wiring)
        self._reconnects = Reconnects(wiring.clock)
        self._reached = 0
        """Up to here everything was told since the program began, also where nobody said anything."""

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncGenerator[Batch, None]:
        own = self._own
        with readable(NAME, self._clock.now()):
            position = Position.of(after or cursor(first_id(self._clock.now())))
        me = await own.me()
        events = Events(budget=self._budget, me=me, clock=self._clock)
        await own.meter.room(events.least, 1)
        await keep_subscriptions(own, me, self._wanted)
        reading = Reading(own, me, watch, events, self._mentions)
        reading.position = position.filled(self._reached)
        async with opened(own.app, self._wiring, STREAM, {}, self._reconnects) as lines:
            yield Batch(cursor=position.text) if after is None else Batch()
            async with aclosing(reading.batches(lines)) as batches:
                async for batch in batches:
                    reached = reading.reached
                    yield batch
                    self._reached = max(self._reached, reached)


@dataclass(frozen=True, kw_only=True)
class Events:
    """What the activity stream tells. Other apps' kinds of events, and other accounts', are passed over."""

    budget: BudgetSettings
    me: Me
    clock: Clock

    @property
    def least(self) -> Decimal:
        return self.budget.price_per_post_read

    def heard(self, frame: Frame) -> Heard:
        try:
            event = msgspec.json.decode(bytes(frame.data), type=Event)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Heard(is_strange=True)
        is_ours = event.filter.user_id == self.me.id
        if event.event_type in {MENTIONED, QUOTED}:
            tweet = tweet_of(bytes(event.payload))
            return Heard(price=self.least, tweet=tweet if is_ours else None, is_strange=tweet is None)
        if event.event_type in {RECEIVED, SENT}:
            price = self.budget.price_per_message_read if event.event_type == RECEIVED else None
            message = message_of(bytes(event.payload))
            post = post_of(message, self.clock.now(), self.me.id) if message and is_ours else None
            return Heard(price=price, post=post, is_strange=message is None)
        return Heard()


def message_of(raw: bytes) -> Message | None:
    """The message of an event, in the form of the list. None: it cannot be read. Pure."""
    try:
        [direct] = msgspec.json.decode(raw, type=Directs).direct_message_events
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    told, at = direct.message_create, direct.created_timestamp
    pair = (told.sender_id, told.target.recipient_id)
    if not all(is_number(one) for one in (direct.id, *pair)) or not (at.isdigit() and len(at) < 15):
        return None
    return Message(
        id=direct.id,
        text=told.message_data.text,
        sender_id=told.sender_id,
        dm_conversation_id=conversation_of(*pair),
        created_at=datetime.fromtimestamp(int(at) / 1000, UTC),
    )
