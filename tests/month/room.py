"""The staff's chat: rooms that number their messages, ring for whom a card calls, and take presses.

A room takes twenty messages or edits a minute, and says so to whoever sends more. What was taken stays in the
log, whatever becomes of the sender: it is what people saw. A life of the daemon that ended reaches nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import Reason, Unavailable
from bot.model import Alert, Cursor
from bot.staff import Card, Press, Presses, Receipt
from tests.month.virtual import WorldClock

KIND = "chat"
MOST, WITHIN = 20, timedelta(minutes=1)


@dataclass(kw_only=True)
class Message:
    """`cards`: as it was sent, and each edit of it. `rang`: the people it called, by their ids in the chat."""

    ref: str
    room: str
    key: str
    at: datetime
    cards: list[tuple[datetime, Card]]
    rang: tuple[str, ...] = ()

    @property
    def card(self) -> Card:
        return self.cards[-1][1]

    @property
    def first(self) -> Card:
        return self.cards[0][1]


@dataclass(kw_only=True)
class Life:
    """One run of the daemon; what it holds of the world is cut when it is over."""

    number: int
    started_at: datetime
    is_over: bool = False

    async def check(self) -> None:
        """A dead program sends nothing: whoever asks for it waits until it is swept away."""
        if self.is_over:
            await asyncio.get_running_loop().create_future()


@dataclass(kw_only=True)
class Chat:
    clock: WorldClock
    rng: random.Random
    messages: dict[str, Message] = field(default_factory=dict)
    presses: list[Press] = field(default_factory=list)
    told: list[tuple[datetime, str, str]] = field(default_factory=list)
    refused: int = 0
    on_message: Callable[[Message], None] = lambda _: None
    _took: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    _pressed: asyncio.Event = field(default_factory=asyncio.Event)

    def press(self, room: str, person: str, token: str, *, press_id: str | None = None) -> None:
        number = len(self.presses) + 1
        self.presses.append(
            Press(
                id=press_id or f"press-{number}",
                channel=f"{KIND}:{room}",
                person=f"{KIND}:{person}",
                token=token,
                at=self.clock.now(),
            )
        )
        self._pressed.set()
        self._pressed = asyncio.Event()

    async def another(self) -> None:
        await self._pressed.wait()

    def take(self, room: str) -> None:
        """Raises: Unavailable when there were too many already."""
        now, took = self.clock.now(), self._took[room]
        while took and took[0] <= now - WITHIN:
            took.popleft()
        if len(took) >= MOST:
            self.refused += 1
            wait = took[0] + WITHIN - now
            raise Unavailable("too many messages", reason=Reason.RATE_LIMITED, retry_after=wait)
        took.append(now)

    def send(self, room: str, card: Card, key: str) -> Message:
        self.take(room)
        ref, now = str(len(self.messages) + 1), self.clock.now()
        rang = tuple(who for kind, who in card.called if kind == KIND) if card.alert is Alert.PING else ()
        message = Message(ref=ref, room=room, key=key, at=now, cards=[(now, card)], rang=rang)
        self.messages[ref] = message
        self.on_message(message)
        return message

    def edit(self, room: str, ref: str, card: Card) -> None:
        self.take(room)
        self.messages[ref].cards.append((self.clock.now(), card))


class ChatNotifier:
    """`bot.ports.Notifier` over the chat, for one life; the line takes its time in both directions."""

    limits: tuple[tuple[int, timedelta], ...] = ((MOST, WITHIN),)

    def __init__(self, chat: Chat, life: Life, kind: str = KIND) -> None:
        self.kind, self.chat, self.life = kind, chat, life

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        await self._line()
        message = self.chat.send(channel, card, key)
        await self._line()
        return Receipt(ref=message.ref, at=message.at)

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        await self._line()
        self.chat.edit(channel, receipt.ref, card)
        await self._line()
        return receipt

    async def _line(self) -> None:
        await self.chat.clock.sleep(self.chat.rng.uniform(0.02, 0.4))
        await self.life.check()


class ChatFeed:
    """`bot.ports.DecisionFeed` over the chat's presses."""

    name = KIND

    def __init__(self, chat: Chat, life: Life) -> None:
        self.chat, self.life = chat, life

    async def read(self, after: Cursor | None) -> AsyncIterator[Presses]:
        position = int(after or "0")
        while True:
            while position < len(self.chat.presses):
                await self.life.check()
                press = self.chat.presses[position]
                position += 1
                yield Presses(presses=(press,), cursor=Cursor(str(position)))
            await self.chat.another()

    async def answer(self, press: Press, text: str, *, is_loud: bool) -> None:
        await self.life.check()
        self.chat.told.append((self.chat.clock.now(), press.token, text))
