"""How much of its platform a source observes, told to people (`/readyz`) and to machines (`/metrics`).

Pure but for setting gauges. What is stored of it stands in `bot.store.coverage`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.texts.en import ENGLISH

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from bot.listener import Listening
    from bot.metrics import Metrics
    from bot.status import SourceStatus
    from bot.texts.catalogue import Texts

A_DAY = timedelta(hours=24)
HELD_TO_BE_LIVE = timedelta(minutes=1)
"""A source that is no further behind is told as well; one without an event for so long is a quiet one."""


def observed_to(state: Listening, stored: SourceStatus | None) -> datetime | None:
    """How far the coverage reaches: as this life moved it, else as the last one left it."""
    return state.observed_to or (stored.observed_to if stored else None)


def told(
    state: Listening,
    stored: SourceStatus | None,
    *,
    now: datetime,
    zone: ZoneInfo,
    texts: Texts = ENGLISH,
) -> str:
    """Since when a source is not listened to and why; else which host it hears, and how far it is behind.

    In English for `/readyz` and the log; the error's own words are English always.
    """
    reached = observed_to(state, stored)
    if state.is_connected:
        is_busy = state.last_event_at is not None and now - state.last_event_at <= HELD_TO_BE_LIVE
        is_behind = reached is not None and now - reached > HELD_TO_BE_LIVE
        lag = texts.behind(now - reached) if reached and is_busy and is_behind else ""
        return "; ".join(filter(None, (state.place, lag)))
    if state.reason is None:
        return texts.say("coverage.not_heard_of")
    cause = state.message or ""
    if reached is None:
        return cause
    since = texts.time_in_zone(reached, now=now, zone=zone)
    return f"{cause}; {texts.not_listening(since, state.reason.value)}"


def gauge(metrics: Metrics, state: Listening, stored: SourceStatus | None, *, now: datetime) -> None:
    """Set what `/metrics` shows of a source; nothing of one that never observed anything."""
    reached = observed_to(state, stored)
    if reached is None or stored is None:
        return
    behind = max(timedelta(), now - reached)
    metrics.source_behind_seconds.labels(state.name).set(behind.total_seconds())
    ratio = coverage_ratio(stored, timedelta() if state.is_connected else behind, now=now)
    metrics.coverage_ratio.labels(state.name).set(ratio)


def coverage_ratio(stored: SourceStatus, outage: timedelta, *, now: datetime) -> float:
    """The part of the last 24 hours, or of the time since the first event, that lies in no gap.

    `outage` is the hole that lasts: it may still be filled, and counts as long as it is not.
    """
    begin = max(stored.observed_from or now, now - A_DAY)
    length = now - begin
    if length <= timedelta():
        return 1.0
    return 1.0 - min(1.0, (stored.missed + min(outage, length)) / length)
