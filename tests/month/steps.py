"""Whoever waits has a next step, at any minute; and what is due is done.

A next step is a row that says when something will happen by itself: an alert, a digest or a card that is to
go, a snooze that ends, a step of the escalation, an incident that runs and is looked at (its end plans who still
waits). An ask that was promised no answer, or of a program without escalation, is in the hands of those who
were told, or who claimed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.month.checks import Finding
from tests.month.world import World

Read = Callable[..., list[tuple[Any, ...]]]

LATE = timedelta(minutes=3)
COMING = frozenset({"pending", "leased"})
EDIT_LATE = timedelta(minutes=15)
"""Edits are the last that a full channel takes."""

OPEN_ASKS = """
SELECT a.id, c.state, c.snoozed_until, c.claimed_by, a.due_at,
 EXISTS (SELECT 1 FROM effects e WHERE e.ask = a.id AND e.kind <> 'update' AND e.state IN ('pending', 'leased')),
 EXISTS (SELECT 1 FROM effects e WHERE (e.ask = a.id OR e.conversation = c.id) AND e.kind <> 'update'
         AND +e.state = 'sent'),
 (SELECT group_concat(e.state) FROM mentions m JOIN digest_items d ON d.mention = m.id
  JOIN effects e ON e.id = d.effect WHERE m.ask = a.id),
 (SELECT v.alert FROM verdicts v JOIN mentions m ON m.id = v.mention WHERE m.ask = a.id
  ORDER BY v.urgency DESC LIMIT 1), {escalate_at},
 (SELECT max(i.look_at) FROM burst_posts b JOIN incidents i ON i.id = b.incident
  WHERE b.conversation = c.id AND i.ended_at IS NULL)
FROM asks a JOIN conversations c ON c.id = a.conversation
JOIN brands b ON b.name = a.brand WHERE a.outcome IS NULL AND NOT b.is_rival
"""


_STUCK_MESSAGES = """
SELECT id, kind, state, due_at FROM effects WHERE subject IS NULL
 AND ((state = 'pending' AND due_at < ?) OR (state = 'leased' AND leased_until < ?))
"""
_STUCK_EDITS = _STUCK_MESSAGES.replace(
    "subject IS NULL",
    "EXISTS (SELECT 1 FROM effects m WHERE m.id = effects.subject AND m.state = 'sent')",
)
"""Of a message that has not gone out yet (quiet hours) there is nothing to edit."""


def look(read: Read, world: World, now: datetime, *, is_calm: bool) -> tuple[list[Finding], datetime | None]:
    """What is wrong just now; and when something that is written down is to happen next."""
    micros = int(now.timestamp() * 1_000_000)
    found = list(_waits(read, world, now))
    if is_calm:
        found += [*_overdue(read, now), *_steps_overdue(read, world, now)]
    times = read("SELECT min(due_at) FROM effects WHERE state = 'pending' AND due_at > ?", micros)
    if "escalations" in world.tables:
        times += read("SELECT min(escalate_at) FROM asks WHERE outcome IS NULL AND escalate_at > ?", micros)
    due = [_moment(at) for (at,) in times if at is not None]
    return found, min(due) + LATE if due else None


def _waits(read: Read, world: World, now: datetime) -> Iterator[Finding]:
    has_steps = "escalations" in world.tables
    asks = read(OPEN_ASKS.format(escalate_at="a.escalate_at" if has_steps else "NULL"))
    for ask, state, snoozed_until, owner, due_at, coming, told, listed, alert, next_at, look_at in asks:
        if alert == "none":
            continue  # the rules want nobody to be told
        if state == "snoozed":  # until a time, or until its author writes
            ends_at = max(_moment(snoozed_until), world.disturbed_at) if snoozed_until is not None else now
            if now - ends_at > LATE * 2 and not coming:
                yield Finding("a snooze ends", ask, now, f"it was to end at {_moment(snoozed_until)}")
            continue
        stands = set((listed or "").split(","))
        is_promised = has_steps and due_at is not None
        is_told = told or owner or "sent" in stands
        if not (coming or next_at or look_at or stands & COMING or (is_told and not is_promised)):
            about = f"{alert}, state {state}, owner {owner}, told {told}, on cards {listed}"
            yield Finding("whoever waits has a next step", ask, now, about)


def _overdue(read: Read, now: datetime) -> Iterator[Finding]:
    """What lies about although its time has come."""
    for query, late in ((_STUCK_MESSAGES, LATE), (_STUCK_EDITS, EDIT_LATE)):
        before = int((now - late).timestamp() * 1_000_000)
        for id_, what, state, due_at in read(query, before, before):
            yield Finding("what is due is done", id_, now, f"{what} is {state} since {_moment(due_at)}")


def _steps_overdue(read: Read, world: World, now: datetime) -> Iterator[Finding]:
    if "escalations" not in world.tables:
        return
    before = int((now - LATE).timestamp() * 1_000_000)
    for ask, at in read("SELECT id, escalate_at FROM asks WHERE outcome IS NULL AND escalate_at < ?", before):
        yield Finding("what is due is done", f"ask {ask}", now, f"a step is due since {_moment(at)}")


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)
