"""Prepares the one answer for all: a draft for each who may get it, a batch at a time, until none is left.

What was begun is a row, and each draft is decided in its own conversation, so that a daemon that was killed
goes on where it stopped, and nobody is asked about twice. Between two batches it can be stopped. It knows no
chat, no SQL and no platform.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from bot.changes import Decision
from bot.errors import StoreError
from bot.ports import Clock
from bot.records import CardState
from bot.staff import Verb
from bot.suggestions import Asked, asked

log = structlog.get_logger(__name__)

MARK = "all."
"""The argument of a decision that makes a draft of a shared answer begins with it."""
BATCH = 50
"""So many conversations are decided together: one commit for all of them, and a stop waits for no more."""
STORE_AGAIN = 5.0
"""Seconds until the next try, after the database failed."""

Text = Callable[[CardState], str]
Decide = Callable[[Decision, Text | None], Awaitable[str]]
"""Has a decision taken in its conversation, with the text that is made of what stands there; its outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An answer that is being prepared: what was pressed, by whom; `began` is the number of that decision."""

    began: int
    incident: int
    answer: int
    text: str
    press_id: str
    feed: str
    channel: str
    person: str
    at: datetime

    def decision(self, mention: str) -> Decision:
        return Decision(
            press_id=f"{self.press_id}/{Verb.EDIT.value}/{mention}",
            feed=self.feed,
            channel=self.channel,
            person=self.person,
            verb=Verb.EDIT,
            mention_id=mention,
            at=self.at,
            argument=f"{MARK}{self.answer}",
            text=self.text,
        )


class PreparingStore(Protocol):
    """What this needs of the store."""

    async def being_prepared(self) -> tuple[Job, ...]:
        """What was begun and is neither done nor stopped."""
        ...

    async def recipients(self, job: Job, *, limit: int) -> tuple[str, ...]:
        """The next mentions of those who may be answered and were not tried yet; none once it is stopped."""
        ...

    async def end_preparing(self, answer: int, *, began: int | None, now: datetime) -> None:
        """All have theirs; `began` None: whoever began it, it is stopped."""
        ...

    async def look_again(self, incident: int, *, now: datetime) -> None:
        """Its card may say something else by now."""
        ...


@dataclass(kw_only=True)
class Preparing:
    """`personal` fills a text in for one person and signs it; `wake`: cards are to be looked at."""

    store: PreparingStore
    clock: Clock
    personal: Callable[[Asked, str], str]
    wake: Callable[[], None]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    """Whoever decides in many conversations has it for a batch."""
    _begun: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def begin(self) -> None:
        """There is something to prepare."""
        self._begun.set()

    async def run(self, decide: Decide) -> None:
        """Go on with what was begun before the start, then with what is begun."""
        while True:
            self._begun.clear()
            try:
                await self.once(decide)
            except StoreError as error:
                log.warning("preparing.waits", reason=str(error))
                await self.clock.sleep(STORE_AGAIN)
            else:
                await self._begun.wait()

    async def once(self, decide: Decide) -> None:
        """All that was begun. Raises: StoreError."""
        for job in await self.store.being_prepared():
            made = 0
            while batch := await self._batch(job, decide):
                made += batch["proposed"]
                await self._show(job)
            await self._show(job)
            log.info("preparing.ended", answer=job.answer, drafts=made)

    async def _batch(self, job: Job, decide: Decide) -> Counter[str]:
        """The outcomes of the next ones; none: that was all."""
        async with self.turn:
            mentions = await self.store.recipients(job, limit=BATCH)
            decisions = [job.decision(mention) for mention in mentions]
            outcomes = await together(decide, decisions, lambda state: self.personal(asked(state), job.text))
            if not outcomes.keys() - {"gone"}:  # what leaves no row would be tried for ever
                await self.store.end_preparing(job.answer, began=job.began, now=self.clock.now())
                return Counter()
            return outcomes

    async def _show(self, job: Job) -> None:
        await self.store.look_again(job.incident, now=self.clock.now())
        self.wake()


async def together(decide: Decide, decisions: Sequence[Decision], text: Text | None = None) -> Counter[str]:
    """A batch of decisions in one commit; how often they ended how. Raises: StoreError, when all are over."""
    outcomes = await asyncio.gather(*(decide(one, text) for one in decisions), return_exceptions=True)
    _raise_first(outcomes)
    return Counter(one for one in outcomes if isinstance(one, str))


def _raise_first(outcomes: Iterable[str | BaseException]) -> None:
    for one in outcomes:
        if isinstance(one, BaseException):
            raise one
