"""Approved replies go out, each of them once.

Alerts may repeat, a public reply may not: so replies have an outbox of their own (docs/decisions/0019), in
which a try that nobody knows the end of is never simply repeated. It knows when something is tried, looked
for, left to a person or withheld; it knows no platform, no SQL and no wording.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from bot.backoff import asked, doubled
from bot.errors import BotError, Reason, Refused, Rejected, StoreError, Unauthorized, Unavailable, Unknown
from bot.metrics import Metrics
from bot.model import Post, PostRef
from bot.ports import Clock
from bot.records import LEASE_FOR as ALERTS_LEASED_FOR
from bot.records import Leased
from bot.replies import Corrector, Published, Replier, answers_as
from bot.tries import End, Failed, Left, Taken, Tried, Unsure, Wait, Went, Withheld

log = structlog.get_logger(__name__)

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=5)
LOOK_AFTER = timedelta(seconds=60)
"""What was cut off on its way may still arrive: a platform where a repetition would show gets so long."""
GIVE_UP_LOOKING = 8
PUBLISH_WITHIN = timedelta(seconds=30)
LEASE_FOR = timedelta(seconds=90)
RECOVERY_POLL = timedelta(seconds=30)
PAUSE_POLL = timedelta(seconds=5)
STORE_AGAIN = timedelta(seconds=1)
AT_ONCE = 2
"""So few that all of them are tried within their lease."""
PAUSED = "paused"
LATE = "late"
"""Why a reply was not published: nobody lets it go, or it was approved too long ago."""


class ReplyStore(Protocol):
    """What the store keeps of replies; each write is one transaction, durable when the call returns."""

    async def take_replies(
        self, platforms: Collection[str], *, limit: int, now: datetime, lease_for: timedelta
    ) -> tuple[Taken, ...]:
        """Lease up to `limit` replies of these platforms that are due, oldest first.

        Only approved ones are there at all. One whose lease ran out comes back with `may_be_there`.
        """
        ...

    async def settle_reply(
        self, tried: Tried, *, now: datetime, lease_for: timedelta
    ) -> tuple[Leased, ...] | None:
        """Write how a try ended: state, audit row, our own post (which ends the ask) and card updates in one
        go; the updates come back leased. None: ignored, the lease has passed to somebody else.
        """
        ...

    async def next_reply_at(self, platforms: Collection[str]) -> datetime | None:
        """When the next reply wants to be tried (a lease running out counts), if any."""
        ...


@dataclass(kw_only=True)
class Publisher:
    """Publishes what is due, one reply of a platform at a time. `is_paused`: nothing goes out just now.

    `deliver` gets the card updates, `on_unauthorized` an account whose credential a person must see to.
    """

    store: ReplyStore
    repliers: Mapping[str, Replier]
    clock: Clock
    metrics: Metrics
    deliver: Callable[[tuple[Leased, ...]], None]
    is_paused: Callable[[], bool]
    on_unauthorized: Callable[[str, BotError], None]
    rng: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was approved, canceled or let go."""
        self._wake.set()

    async def run(self) -> None:
        """Take and publish for ever; the slow poll is only for what nobody woke us for."""
        told = ""
        while True:
            self._wake.clear()
            try:
                pause = await self.once()
            except StoreError as error:
                if str(error) != told:  # a full disk may stay so for hours
                    told = str(error)
                    log.warning("publishing.failed", reason=told)
                await self.clock.sleep(STORE_AGAIN.total_seconds())
                continue
            if told:
                told = ""
                log.info("publishing.recovered")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def once(self) -> float:
        """Publish what is due now; the seconds until something is again. Raises: StoreError."""
        longest = RECOVERY_POLL.total_seconds()
        due_at = await self.store.next_reply_at(self.repliers)
        now = self.clock.now()
        if due_at is None:
            return longest
        if due_at > now:
            return min(longest, (due_at - now).total_seconds())
        taken = await self.store.take_replies(self.repliers, limit=AT_ONCE, now=now, lease_for=LEASE_FOR)
        by_platform: dict[str, list[Taken]] = {}
        for one in taken:
            by_platform.setdefault(one.outgoing.to.platform, []).append(one)
        await asyncio.gather(*map(self._in_order, by_platform.values()))
        return 0.0 if taken else STORE_AGAIN.total_seconds()

    async def _in_order(self, taken: Collection[Taken]) -> None:
        for one in taken:
            await self._publish(one)

    async def _publish(self, taken: Taken) -> None:
        started_at = self.clock.now()
        end = await self._try(taken)
        tried = Tried(
            taken=taken,
            end=end,
            started_at=started_at,
            ended_at=self.clock.now(),
            post=self._own_post(taken, end.published) if isinstance(end, Went) else None,
        )
        leased = await self._settle(tried)
        self._report(tried, is_settled=leased is not None)
        self.deliver(leased or ())

    async def _settle(self, tried: Tried) -> tuple[Leased, ...] | None:
        """While the database is in trouble, as long as the lease is ours; after that it is looked for."""
        while True:
            try:
                return await self.store.settle_reply(tried, now=self.clock.now(), lease_for=ALERTS_LEASED_FOR)
            except StoreError as error:
                log.warning("reply.unsettled", reply=tried.taken.id, reason=str(error))
                if self.clock.now() - tried.started_at >= LEASE_FOR:
                    return None
            await self.clock.sleep(STORE_AGAIN.total_seconds())

    def _report(self, tried: Tried, *, is_settled: bool) -> None:
        outcome, reason = type(tried.end).__name__.lower(), getattr(tried.end, "reason", "")
        platform = tried.taken.outgoing.to.platform
        is_automatic = tried.taken.is_automatic
        counter = self.metrics.acknowledgements if is_automatic else self.metrics.replies
        counter.labels(platform, outcome, reason).inc()
        log.info(
            "acknowledgement.tried" if is_automatic else "reply.tried",
            reply=tried.taken.id,
            platform=platform,
            outcome=outcome,
            reason=reason or None,
            attempt=tried.taken.attempt,
            settled=is_settled,
        )

    # --- one try ----------------------------------------------------------------------------------

    async def _try(self, taken: Taken) -> End:
        replier = self.repliers[taken.outgoing.to.platform]
        try:
            async with asyncio.timeout(PUBLISH_WITHIN.total_seconds()):
                return await self._go_out(replier, taken)
        except TimeoutError:
            return self._unsure(replier, taken, Reason.TIMEOUT)
        except BotError as error:
            return self._failed(replier, taken, error)
        except Exception:  # a bug in a connector: nobody knows what it did, and the others must go on
            log.exception("reply.crashed", reply=taken.id)
            if taken.leaves or taken.corrects:  # a person presses once more; nobody is asked whether to send
                return Failed(reason=Reason.BUG.value)
            return Unsure(reason=Reason.BUG.value, look_at=None)

    def _failed(self, replier: Replier, taken: Taken, error: BotError) -> End:
        if isinstance(error, Unavailable):
            return self._wait(taken, error)
        if isinstance(error, Refused):
            return self._refused(taken, error)
        return self._unsure(replier, taken, error.reason)

    async def _go_out(self, replier: Replier, taken: Taken) -> End:
        if taken.leaves:
            await replier.delete(taken.leaves)
            return Left()
        if taken.corrects:
            return await self._correct(replier, taken, taken.corrects)
        if taken.may_be_there:
            found = await self._found(replier, taken)
            if found is not None:
                return found
        held_back = self._held_back(taken)
        if held_back is not None:
            return held_back
        return Went(published=await replier.publish(taken.outgoing))

    async def _correct(self, replier: Replier, taken: Taken, standing: Published) -> End:
        """To ask for the same change twice does no harm: what is not known is asked for once more."""
        held_back = self._held_back(taken)
        if isinstance(held_back, Wait) or (held_back is not None and not taken.may_be_there):
            return held_back
        if not isinstance(replier, Corrector):
            raise Rejected(f"{taken.outgoing.to.platform} lets nothing be changed", reason=Reason.INVALID)
        await replier.correct(standing.post_id, taken.outgoing)
        return Went(published=replace(standing, at=self.clock.now()))

    async def _found(self, replier: Replier, taken: Taken) -> End | None:
        """What became of the try before; None: it is surely not there, so that this one is the first."""
        try:
            there = await replier.find(taken.outgoing)
        except Unknown as error:
            return Unsure(reason=error.reason.value, look_at=None)
        except (Unavailable, Refused) as error:  # a refusal to look says nothing of what was sent before
            self._tell(taken, error)
            if taken.attempt >= GIVE_UP_LOOKING:
                return Unsure(reason=error.reason.value, look_at=None)
            return Unsure(reason=error.reason.value, look_at=self._again_at(taken, error))
        return Went(published=there) if there is not None else None

    def _held_back(self, taken: Taken) -> End | None:
        """Our reasons not to publish what was approved. What happened since then withholds it for good, and a
        pause what only acknowledges.
        """
        now = self.clock.now()
        if taken.since:
            return Withheld(reason=taken.since[0])
        if now > taken.until:
            return Withheld(reason=LATE)
        if self.is_paused():
            if taken.is_automatic:
                return Withheld(reason=PAUSED)
            return Wait(until=now + PAUSE_POLL, reason=PAUSED, is_try=False)
        return None

    def _unsure(self, replier: Replier, taken: Taken, reason: Reason) -> End:
        again = doubled(FIRST_WAIT, LONGEST_WAIT, taken.attempt - 1)
        is_harmless = bool(taken.leaves or taken.corrects) or replier.is_idempotent
        wait = again if is_harmless else LOOK_AFTER
        return Unsure(reason=reason.value, look_at=self.clock.now() + wait)

    def _wait(self, taken: Taken, error: BotError) -> End:
        at = self._again_at(taken, error)
        if at > taken.until and not taken.leaves:
            return Failed(reason=error.reason.value)
        return Wait(until=at, reason=error.reason.value)

    def _again_at(self, taken: Taken, error: BotError) -> datetime:
        waited = doubled(FIRST_WAIT, LONGEST_WAIT, taken.attempt - 1) * (0.5 + self.rng.random() / 2)
        return self.clock.now() + max(waited, asked(error))

    def _refused(self, taken: Taken, error: Refused) -> End:
        self._tell(taken, error)
        return Failed(reason=error.reason.value)

    def _tell(self, taken: Taken, error: BotError) -> None:
        if isinstance(error, Unauthorized):
            self.on_unauthorized(taken.outgoing.to.platform, error)

    def _own_post(self, taken: Taken, there: Published) -> Post:
        """As a source would bring it: so that it is stored once, whoever is first."""
        outgoing, to, before = taken.outgoing, taken.outgoing.to, taken.corrects
        above = PostRef(id=to.id, author_id=to.author_id, revision=to.revision)
        now = self.clock.now()
        return Post(
            platform=to.platform,
            id=there.post_id,
            author_id=answers_as(self.repliers[to.platform], to) or "",
            text=outgoing.text,
            posted_at=min(before.at if before else there.at, now),
            seen_at=now,
            langs=(outgoing.lang,) if outgoing.lang else (),
            parent=above,
            root=to.root or above,
            revision=there.revision,
            url=there.url,
            is_edit=before is not None,
            revised_at=now if before else None,
        )
