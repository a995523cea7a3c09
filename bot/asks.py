"""When an ask starts, goes on and ends (docs/architecture.md, "Response time, defined once"). Pure.

Called by intake (does this mention ask?) and, inside the store's transaction, with the conversation as it
stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model import ConversationState, Facts, Urgency, Verdict
from bot.records import CLOSED, Ask


def has(facts: Facts, name: str) -> bool:
    signal = facts.signals.get(name)
    return signal is not None and signal.is_present


def asks(facts: Facts, verdict: Verdict) -> bool:
    """Whether somebody waits for an answer: a question, a complaint, or at least normal urgency.

    A mere thanks waits for nothing, unless the rules hold it to be of high urgency.
    """
    if verdict.ignored:
        return False
    if has(facts, "question") or has(facts, "complaint") or verdict.urgency >= Urgency.HIGH:
        return True
    return verdict.urgency >= Urgency.NORMAL and not has(facts, "thanks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a mention does to its conversation.

    `starts` a new ask (ended at once by `answered_at`, if our answer was stored before the question);
    `state` the conversation's new state (None: as it was); `alerts` whether staff may hear of it.
    """

    starts: bool
    alerts: bool
    state: ConversationState | None = None
    answered_at: datetime | None = None


def on_mention(
    *,
    state: ConversationState,
    claimed_by: str | None,
    open_ask: Ask | None,
    asks: bool,
    answered_at: datetime | None,
    sleeps_until_written: bool = False,
) -> Step:
    """`answered_at`: our first stored answer to this author in this thread at or after the mention.

    A snoozed conversation wakes when its author asks, or, if it was to sleep until then, writes at all.
    """
    reopened = ConversationState.CLAIMED if claimed_by else ConversationState.OPEN
    wakes = state is ConversationState.SNOOZED and (asks or sleeps_until_written)
    woken = reopened if wakes else None
    if not asks:
        return Step(starts=False, alerts=state not in CLOSED, state=woken)
    if open_ask is not None:
        return Step(starts=False, alerts=True, state=woken)
    if answered_at is not None:
        return Step(starts=True, alerts=False, answered_at=answered_at, state=ConversationState.ANSWERED)
    return Step(starts=True, alerts=True, state=reopened)


def ends(ask: Ask, *, answered_at: datetime) -> bool:
    """Whether an answer published then ends this ask: one older than the question does not."""
    return ask.answered_at is None and ask.outcome is None and answered_at >= ask.started_at
