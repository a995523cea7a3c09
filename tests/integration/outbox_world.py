"""An outbox on a real database, channels that behave as they are told, and a clock that stands still."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from bot.errors import BotError
from bot.gates import State
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.records import Answer, CardState, DigestState, Judged, Leased
from bot.staff import Card, Receipt
from bot.store.sqlite import SqliteStore
from bot.testing.clock import ManualClock
from bot.wishes import Route
from tests.integration import store_samples as s

T = TypeVar("T")


@dataclass(kw_only=True)
class Channel:
    """A channel kind that keeps its messages. `trouble` comes first, one each; a closed `gate` holds all."""

    kind: str
    clock: ManualClock
    limits: tuple[tuple[int, timedelta], ...] = ()
    messages: dict[str, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    tries: int = 0
    trouble: list[BotError] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    on_sent: Callable[[], object] = lambda: None

    again: timedelta | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    def rings_again(self, channel: str) -> timedelta | None:
        return self.again

    async def notify(self, channel: str, card: Card, *, key: str) -> Receipt:
        await self._arrive()
        ref = f"{self.kind}-{len(self.sent) + 1}"
        self.messages[ref] = card.headline
        self.sent.append(card.headline)
        self.cards.append(card)
        self.on_sent()
        return Receipt(ref=ref, at=self.clock.now())

    async def update(self, channel: str, receipt: Receipt, card: Card, *, key: str) -> Receipt:
        await self._arrive()
        self.messages[receipt.ref] = card.headline
        self.edits.append(card.headline)
        return receipt

    async def _arrive(self) -> None:
        self.tries += 1
        if self.trouble:
            raise self.trouble.pop(0)
        await self.gate.wait()


def render(leased: Leased, state: State) -> Card:
    """What it is, what it says, and how it stands."""
    if isinstance(state, DigestState):
        return Card(headline=" | ".join(["digest", state.route, *sorted(row.text for row in state.rows)]))
    if isinstance(state, CardState):
        text, stands = state.mention.post.text, state.conversation.state.value
        return Card(headline=f"{text} [{stands}]", alert=state.verdict.alert)
    return Card(headline=str(leased.effect.payload["text"]))


@dataclass(kw_only=True)
class Desk:
    """A running outbox and what is around it."""

    path: Path
    store: SqliteStore
    clock: ManualClock
    outbox: Outbox
    channels: Mapping[str, Channel]

    @property
    def chat(self) -> Channel:
        return self.channels["telegram"]

    async def hear(self, *items: Judged | Answer) -> None:
        """What intake does with a batch."""
        recorded = await self.store.record(
            s.entry(*items), now=self.clock.now(), lease_for=timedelta(seconds=60)
        )
        self.outbox.push(recorded.leased)

    async def heard(self, *items: Answer | Judged) -> None:
        """The same, and what follows from it is delivered: time may move on."""
        await self.hear(*items)
        await self.settled()

    async def later(self, seconds: float, *, steps: int = 1) -> None:
        """Move time on, in steps where something falls due on the way."""
        for _ in range(steps):
            await self.clock.advance(seconds / steps)
            self.outbox.wake()
            await self.settled()

    async def settled(self) -> None:
        """Until nothing is due and nothing is under way (but what a closed gate holds)."""
        while True:
            await until(self._is_idle)
            due_at = await self.store.next_due_at()
            is_due = due_at is not None and due_at <= self.clock.now()
            if self._is_idle() and not is_due and not self._has_leased():
                return
            self.outbox.wake()
            await asyncio.sleep(0.005)

    def _is_idle(self) -> bool:
        held = [one for one in self.channels.values() if not one.gate.is_set()]
        return bool(held) or not self.outbox.in_flight

    def _has_leased(self) -> bool:
        """Whether the outbox has taken something that it is about to deliver (what a gate holds aside)."""
        held = [one for one in self.channels.values() if not one.gate.is_set()]
        return not held and ("leased",) in s.rows(self.path, "SELECT state FROM effects")

    def states(self) -> list[tuple[str, str, str]]:
        """(kind, channel, state) of every effect, in the order written."""
        return s.rows(self.path, "SELECT kind, channel, state FROM effects ORDER BY id")

    def reasons(self) -> list[str]:
        return [value for (value,) in s.rows(self.path, "SELECT reason FROM effects ORDER BY id")]


async def until(ask: Callable[[], T], *, within: float = 10.0) -> T:
    deadline = time.monotonic() + within
    while not (answer := ask()):
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.005)
    return answer


@asynccontextmanager
async def running(
    path: Path,
    *,
    clock: ManualClock | None = None,
    fallback: str | None = None,
    routes: Mapping[str, Route] = {},
    limits: tuple[tuple[int, timedelta], ...] = (),
    store: type[SqliteStore] = SqliteStore,
    render: Callable[[Leased, State], Card] = render,
) -> AsyncIterator[Desk]:
    """An outbox at work on `path`, from five past twelve on unless `clock` says otherwise."""
    clock = clock or ManualClock(s.at(5))
    channels = {kind: Channel(kind=kind, clock=clock) for kind in ("webhook", "console")}
    channels["telegram"] = Channel(kind="telegram", clock=clock, limits=limits)
    async with s.opened(path, store=store, busy_seconds=0.1) as opened:
        outbox = Outbox(
            store=opened,
            notifiers=channels,
            render=render,
            route=lambda name: routes.get(name, Route(name=name, to="telegram:care", fallback=fallback)),
            clock=clock,
            metrics=Metrics(),
            rng=random.Random(1),
        )
        task = asyncio.create_task(outbox.run())
        try:
            yield Desk(path=path, store=opened, clock=clock, outbox=outbox, channels=channels)
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.wait([task])
            for channel in channels.values():
                channel.gate.set()
            await outbox.drain(5)
