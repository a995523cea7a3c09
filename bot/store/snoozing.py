"""Snoozed conversations wake: when their time has come, or when their author writes.

A snooze is a row; what leases effects wakes those that are due before it looks (`NEXT` says when that is).
"""

from __future__ import annotations

from datetime import datetime

from bot.model import ConversationState
from bot.overrides import Anew
from bot.records import Leased
from bot.store import listing, ringing, rows, threads
from bot.store.work import Work

NEXT = "SELECT min(snoozed_until) AS at FROM conversations WHERE snoozed_until IS NOT NULL"
_DUE = (
    "SELECT id, claimed_by FROM conversations WHERE snoozed_until <= ? AND state = 'snoozed'"
    " ORDER BY snoozed_until, id LIMIT 100"
)


def wake_due(work: Work) -> tuple[Leased, ...]:
    """Those whose time has come are open again, each with whoever had it, and ring."""
    leased: list[Leased] = []
    for conversation, owner in work.conn.execute(_DUE, (work.at,)).fetchall():
        state = ConversationState.CLAIMED if owner else ConversationState.OPEN
        version = threads.advance(work, conversation, state)
        leased += ringing.ring(work, conversation, Anew.WOKEN, version=version)
    listing.refresh(work)
    return tuple(leased)


def put_to_sleep(work: Work, conversation: int, until: datetime | None, person: str) -> None:
    """`until` None: until its author writes."""
    work.conn.execute(
        "UPDATE conversations SET snoozed_until = ?, snoozed_by = ? WHERE id = ?",
        (rows.micros_or_none(until), person, conversation),
    )
