"""What the store tells after a commit, as metrics and as lines in the log: stages of asks, steps, incidents.

Knows what is written down of them, not when they happen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from bot.incidents import Turn
    from bot.metrics import Metrics
    from bot.store.escalating import Escalated
    from bot.store.sqlite import SqliteStore

log = structlog.get_logger()


def listen(store: SqliteStore, metrics: Metrics) -> None:
    store.on_stage = metrics.came_to
    store.on_step = partial(_asked, metrics)
    store.on_incident = _turned


def _asked(metrics: Metrics, step: Escalated) -> None:
    """Nobody had answered: somebody was asked, or reminded."""
    metrics.escalations.labels(step.step).inc()
    log.info(
        "ask.escalated",
        conversation=step.conversation,
        ask=step.ask,
        step=step.step,
        share=step.share,
        whom=list(step.whom),
        channel=step.channel,
    )


def _turned(turn: Turn) -> None:
    log.info(
        "incident.ended" if turn.is_over else "incident.began",
        incident=turn.uid,
        brand=turn.brand,
        route=turn.route,
        posts=turn.posts,
        authors=turn.authors,
        seconds=round(turn.lasted.total_seconds()),
    )
