"""Whom cards call by name, as rows: who was called as often as their budget says is not called any more.

A row is written before its card goes out, so that cards that go out at once do not all take the last call. It
knows the tables calls and effects, and budgets by `work.noise`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.store import rows
from bot.store.work import Work

if TYPE_CHECKING:
    from datetime import datetime

    from bot.noise import AlertBudget, Call
    from bot.store.card import Fetch

CALLED = (
    "SELECT c.channel, count(*) FROM calls c JOIN effects e ON e.id = c.effect"
    " WHERE c.at >= :since AND c.person = :person AND NOT c.is_left_out AND e.state <> 'dead'"
    " GROUP BY c.channel"
)
"""What could not be delivered called nobody; another effect takes its place."""
_INSERT = (
    f"INSERT INTO calls (effect, person, channel, is_critical, is_left_out, at) VALUES ({rows.marks(6)})"
)


def take(work: Work, call: Call) -> frozenset[str]:
    """Who of them must not be called. What is tried again is counted anew, by its time."""
    budget = work.noise.budget(call.channel)
    if budget is None or budget.calls is None:
        return frozenset()
    work.conn.executemany(
        "DELETE FROM calls WHERE effect = ? AND person = ?", [(call.effect, one) for one in call.people]
    )
    since = budget.marks.before(work.now)
    left_out = frozenset(
        one
        for one in call.people
        if not call.is_critical and _called(work, one, budget, since) >= budget.calls
    )
    work.conn.executemany(
        _INSERT,
        [
            (call.effect, one, call.channel, call.is_critical, one in left_out, work.at)
            for one in dict.fromkeys(call.people)
        ],
    )
    return left_out


def _called(work: Work, person: str, budget: AlertBudget, since: datetime) -> int:
    """In all the channels that the budget is for."""
    found = work.conn.execute(CALLED, {"since": rows.micros(since), "person": person}).fetchall()
    return sum(count for channel, count in found if work.noise.budget(channel) == budget)


def left_out(fetch: Fetch, since: datetime) -> dict[str, tuple[int, int]]:
    """By channel how many calls were left out from then on, and how many of them were critical."""
    found = fetch(
        "SELECT channel, count(*), COALESCE(sum(is_critical), 0) FROM calls WHERE at >= ? AND is_left_out"
        " GROUP BY channel",
        (rows.micros(since),),
    )
    return {channel: (count, criticals) for channel, count, criticals in found}
