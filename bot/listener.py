"""The one loop that drives a source: reads, hands over, waits, and begins again.

Knows when to ask again and what to say about it; knows no platform and no table. What a batch means is
`take`'s to decide: when it returns, the batch is committed, and only then is the next one taken.
"""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.backoff import asked, doubled
from bot.errors import BotError, CursorLost, Reason, StoreError, Unauthorized, Unavailable
from bot.model import Batch, Cursor, Gap

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from typing import Protocol

    from bot.ports import Clock, Source, Watch

    Take = Callable[[str, Batch], Awaitable[object]]

    class Cursors(Protocol):
        """What the loop needs of `bot.storing.Store`."""

        async def cursor(self, name: str) -> Cursor | None: ...


COMMIT_EVERY = timedelta(seconds=5)
"""How often a position is committed that nothing was found on the way to."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=60)
LONGEST_STORE_WAIT = timedelta(seconds=5)
UNTIL_A_PERSON_ACTED = timedelta(minutes=15)
NOT_RUNNING, NO_CURSOR = "down", "no_cursor"
"""Reasons of a gap: it began before this program did; a source that gave no position was asked again."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Time and chance, and how they are used.

    `random` gives numbers in [0, 1). `poll_every` is the rest of a polling source that has caught up, where
    it does not name its own.
    `healthy_after`: a stream must last that long before its failures are forgotten, so that one which dies at
    once does not begin the back-off anew.
    """

    clock: Clock
    random: Callable[[], float]
    poll_every: timedelta = timedelta(seconds=60)
    healthy_after: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """How a source does, for /readyz and `outcare status`.

    `is_connected`: this connection has been heard of, or the last poll was complete. `reason`, `message`: why
    it last failed, until it is heard of again; `retry_at`: when the next try begins. `observed_to`: how far
    its coverage is stored (None: not moved since the program began). The counters begin with the program.
    `place`: which of several hosts this is about, where the source says so.
    """

    name: str
    place: str | None = None
    is_connected: bool = False
    last_event_at: datetime | None = None
    observed_to: datetime | None = None
    reason: Reason | None = None
    message: str | None = None
    retry_at: datetime | None = None
    seen: int = 0
    posts_seen: int = 0
    undecodable: int = 0


@dataclass(kw_only=True)
class Listener:
    """Drives one source until it is cancelled. `on_failure` hears of each connection that failed."""

    source: Source
    take: Take
    watch: Watch
    store: Cursors
    pace: Pace
    on_failure: Callable[[str, Reason], None] = lambda _name, _reason: None

    def __post_init__(self) -> None:
        self._state = Listening(name=self.source.name)
        self._clock = self.pace.clock
        self._failures = 0
        self._told: tuple[Reason, str] | None = None
        self._starts_anew = False
        self._resumes = self._begins = False
        self._began_at = self._clock.now()
        self._cause: str | None = NOT_RUNNING
        self._lost: Gap | None = None
        self._heard_at: float | None = None
        self._held: Batch | None = None
        self._committed_at = 0.0

    def state(self) -> Listening:
        return self._state

    async def run(self) -> None:
        """Listen for ever. Cancellation closes the source and leaves nothing open."""
        while True:
            wait = await self._attempt()
            rests = not self.source.is_stream and self._state.reason is None
            retry_at = self._clock.now() + wait
            self._state = replace(self._state, is_connected=rests, retry_at=retry_at)
            await self._clock.sleep(wait.total_seconds())

    async def _attempt(self) -> timedelta:
        """One reading; how long to wait before the next."""
        try:
            await self._read()
        except Exception as error:  # noqa: BLE001 - a bug in a connector must not end the program
            return self._failed(error)
        if self.source.is_stream:
            return self._failed(Unavailable("the stream ended"))
        self._recovered()
        return getattr(self.source, "poll_every", self.pace.poll_every)

    async def _read(self) -> None:
        self._heard_at, self._held = None, None
        after = await self._position()
        self._resumes, self._begins = after is not None, after is None
        self._began_at = self._clock.now()
        async with aclosing(_closable(self.source, after, self.watch)) as batches:
            try:
                async for batch in batches:
                    await self._hand_over(self._observed(batch))
            except CursorLost as error:
                self._starts_anew = True
                self._lost, self._cause = error.gap, error.gap.reason
                raise
            except BotError:
                await self._release()
                raise
        if not self.source.is_stream:
            self._held = merged(self._held, self._begun(Batch(observed_to=self._began_at)))
        await self._release()

    async def _position(self) -> Cursor | None:
        if self._starts_anew:
            return None
        return await self.store.cursor(self.source.name)

    def _observed(self, batch: Batch) -> Batch:
        """A batch of ours: with the gap before it, and with our time where the platform has none.

        A stream that holds a position says itself how far it has read; a poll is done when it ends.
        """
        batch = self._begun(batch)
        self._hear(batch)
        is_told = batch.observed_to is not None or (self._resumes and batch.cursor is None)
        if is_told or not self.source.is_stream:
            return batch
        return replace(batch, observed_to=self._clock.now())

    def _begun(self, batch: Batch) -> Batch:
        """The first batch of a reading that resumes nowhere says what was missed before it."""
        if not self._begins:
            return batch
        self._begins = False
        begun = self._clock.now() if self.source.is_stream else self._began_at
        since = self._lost.started_at if self._lost else begun
        reason = self._cause or NO_CURSOR
        gap = Gap(source=self.source.name, started_at=min(since, begun), ended_at=begun, reason=reason)
        return replace(batch, gap=batch.gap or gap)

    def _hear(self, batch: Batch) -> None:
        now = self._clock.monotonic()
        self._heard_at = now if self._heard_at is None else self._heard_at
        state = self._state
        self._state = replace(
            state,
            place=getattr(self.source, "place", None),
            is_connected=True,
            reason=None,
            message=None,
            retry_at=None,
            last_event_at=self._clock.now() if batch.seen else state.last_event_at,
            seen=state.seen + batch.seen,
            posts_seen=state.posts_seen + batch.posts_seen,
            undecodable=state.undecodable + batch.undecodable,
        )
        if self._is_healthy:
            self._recovered()

    async def _hand_over(self, batch: Batch) -> None:
        """Commit a batch, or hold it for a while when it does no more than move the cursor."""
        self._held = merged(self._held, batch)
        is_quiet = not (batch.posts or batch.deleted or batch.gap)
        since = self._clock.monotonic() - self._committed_at
        if not (is_quiet and since < COMMIT_EVERY.total_seconds()):
            await self._release()

    async def _release(self) -> None:
        held, self._held = self._held, None
        if held is None or held == Batch():
            return
        await self.take(self.source.name, held)
        self._committed_at = self._clock.monotonic()
        self._cause = self._lost = None
        self._state = replace(self._state, observed_to=held.observed_to or self._state.observed_to)
        if held.cursor is not None:
            self._starts_anew = False

    @property
    def _is_healthy(self) -> bool:
        if self._heard_at is None:
            return False
        return self._clock.monotonic() - self._heard_at >= self.pace.healthy_after.total_seconds()

    def _failed(self, error: Exception) -> timedelta:
        """Say so, once per change of reason; how long to wait."""
        if self._is_healthy:
            self._recovered()
        reason = error.reason if isinstance(error, BotError) else Reason.BUG
        message = str(error) if isinstance(error, BotError) else type(error).__name__
        self._cause = self._cause or reason.value
        wait = back_off(error, self._failures, self.pace.random())
        self._failures += 1
        self.on_failure(self.source.name, reason)
        retry_at = self._clock.now() + wait
        self._state = replace(self._state, reason=reason, message=message, retry_at=retry_at)
        self._tell(reason, message, error)
        return wait

    def _tell(self, reason: Reason, message: str, error: Exception) -> None:
        is_bug = reason is Reason.BUG
        told = (reason, message if is_bug else "")
        if told == self._told:
            return
        self._told = told
        retry_at = self._state.retry_at
        _log.log(
            logging.ERROR if is_bug else logging.WARNING,
            "source.failed",
            source=self.source.name,
            reason=reason.value,
            message=message,
            retry_at=retry_at.isoformat(timespec="seconds") if retry_at else None,
            exc_info=error if is_bug else None,
        )

    def _recovered(self) -> None:
        self._failures = 0
        if self._told is not None:
            place, after = self._state.place, self._told[0].value
            _log.info("source.recovered", source=self.source.name, after=after, place=place)
        self._told = None
        self._state = replace(self._state, reason=None, message=None)


def back_off(error: Exception, failures: int, chance: float) -> timedelta:
    """Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

    `failures` before this one, `chance` in [0, 1). At least what the other side asked for; a credential that
    is wrong will be wrong for a while; our own database is not spared by waiting.
    """
    if isinstance(error, Unauthorized):
        return UNTIL_A_PERSON_ACTED
    longest = LONGEST_STORE_WAIT if isinstance(error, StoreError) else LONGEST_WAIT
    jittered = chance * doubled(FIRST_WAIT, longest, failures)
    named = asked(error)
    return max(jittered, named + chance * FIRST_WAIT) if named else jittered


def merged(held: Batch | None, batch: Batch) -> Batch:
    """Two batches in a row as one; the first holds no posts."""
    if held is None:
        return batch
    return replace(
        batch,
        cursor=batch.cursor or held.cursor,
        seen=held.seen + batch.seen,
        posts_seen=held.posts_seen + batch.posts_seen,
        undecodable=held.undecodable + batch.undecodable,
        observed_to=batch.observed_to or held.observed_to,
    )


async def _closable(source: Source, after: Cursor | None, watch: Watch) -> AsyncGenerator[Batch, None]:
    """A source's batches, closed with the loop also where the iterator is no generator."""
    batches = source.read(after, watch)
    try:
        async for batch in batches:
            yield batch
    finally:
        close = getattr(batches, "aclose", None)
        if close is not None:
            await close()
