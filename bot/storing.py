"""What the core needs of the database, as one Protocol; its other half, for readers only, is `bot.reports`.

As with `bot.ports`: each docstring is the specification, and every method raises only `bot.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.history import Pasts
from bot.incidents import Incidents
from bot.noise import Call, Noise
from bot.ruleslog import RulesLog
from bot.targets import Targets
from bot.waits import Looks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime, timedelta

    from bot.briefing import BriefingState, Due
    from bot.changes import Change, Decided, Decision
    from bot.escalation import Escalation
    from bot.model import Brand, Cursor, PostRef
    from bot.records import CardState, DigestState, Entry, Leased, Recorded, Settlement
    from bot.staff import Press


class Store(RulesLog, Pasts, Looks, Protocol):
    """Everything that survives a restart. Every write is one transaction, durable when the call returns.

    `targets`: when an answer is due, by the hours in which somebody is there. `noise`: what is held back.
    `escalation`: who is asked when nobody answers (None: nobody is). `incidents`: when many alerts are one.
    """

    targets: Targets
    noise: Noise
    escalation: Escalation | None
    incidents: Incidents

    # listening
    async def cursor(self, name: str) -> Cursor | None:
        """The committed position of a source or a decision feed."""
        ...

    async def record(self, entry: Entry, *, now: datetime, lease_for: timedelta) -> Recorded:
        """Write one sorted and judged batch with its cursor, all or nothing.

        De-duplicates by (platform, post id) and (post, brand). An answer ends the open ask of the author
        it answers in that thread, wherever the two arrive first. Effects that are due now come back leased.
        """
        ...

    async def held(self, platform: str, *, since: datetime) -> Mapping[str, tuple[str, ...]]:
        """Post id → brands, of the posts stored since then (what replies are watched for)."""
        ...

    async def kept(self, platform: str, after: str) -> tuple[PostRef, ...]:
        """The posts of a platform whose text is stored, whatever they are to us, behind that post id and in
        the order of their ids, some at a time; empty: no more.
        """
        ...

    async def save_brands(self, brands: Iterable[Brand]) -> None:
        """Bring the tables of brands and accounts in step with the configuration, resolved ids kept."""
        ...

    async def account_ids(self) -> Mapping[tuple[str, str], str]:
        """(platform, handle) → id of every account resolved so far."""
        ...

    async def save_rules(
        self, version: str, engine: str, source: Mapping[str, str], *, now: datetime
    ) -> None:
        """Keep the source of a rule set under its version, so that its verdicts can be reproduced."""
        ...

    # delivering
    async def lease(
        self, *, limit: int, now: datetime, lease_for: timedelta, each: int, without: Collection[str]
    ) -> tuple[Leased, ...]:
        """Take up to `limit` effects that are due and not leased, oldest first.

        At most `each` of one channel, and none of those in `without`; at most one effect per delivered
        message at a time, in the order they were written.
        """
        ...

    async def settle(self, settlement: Settlement) -> bool:
        """Write how a try ended; whether something may be due by that. Ignored when another leases it."""
        ...

    async def call(self, call: Call, *, now: datetime) -> frozenset[str]:
        """Count whom a card calls by name; whom of them it must not call any more, by their budget."""
        ...

    async def plan_anew(self, *, now: datetime) -> None:
        """When `escalation` or `targets` are others: each open ask is planned by them, in turn."""
        ...

    async def next_due_at(self) -> datetime | None:
        """When the next pending effect wants to be tried (a lease running out counts), if any."""
        ...

    async def card(self, leased: Leased) -> CardState | None:
        """What the card of an effect shows now; None when its mention is gone."""
        ...

    async def digest(self, leased: Leased) -> DigestState:
        """What a digest effect has collected."""
        ...

    async def reconsider(self, *, now: datetime) -> None:
        """Bring what is held back in step with `noise`, after a change of it."""
        ...

    async def briefing(self, due: Due, *, now: datetime) -> BriefingState:
        """What a briefing says now."""
        ...

    async def notice(self, key: str, channel: str, text: str, *, now: datetime) -> None:
        """Queue one plain message to staff; the same `key` again is a no-op."""
        ...

    # deciding
    async def decide(
        self,
        decision: Decision,
        transition: Callable[[CardState, Decision], Change],
        *,
        cursor: Cursor | None,
        now: datetime,
        lease_for: timedelta,
    ) -> Decided | None:
        """Apply a decision atomically: state, audit row, feedback, card updates, feed cursor in one go.

        `transition` is pure and is called inside the transaction with the state as it stands. None when the
        mention is not known (a button of another life). The same press again changes nothing.
        """
        ...

    async def release_claims(
        self, people: Collection[str], *, now: datetime, lease_for: timedelta
    ) -> tuple[Leased, ...]:
        """Open what is claimed by somebody who is not in `people` any more; the updates of its cards."""
        ...

    async def advance(self, feed: str, cursor: Cursor) -> None:
        """Move a feed's cursor past updates that hold no decision."""
        ...

    async def refuse(self, press: Press, feed: str, reason: str, *, cursor: Cursor | None) -> None:
        """Keep an audit row of a press that was refused (not staff, unreadable), and move the cursor."""
        ...

    async def close(self) -> None:
        """Finish what was submitted, then let go of the database."""
        ...
