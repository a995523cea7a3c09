"""The loops of the running program: one for each source and one for each decision feed.

Knows to whom a loop hands over and to whom it tells its failures; knows no platform.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

from bot.desk import Desk
from bot.errors import BotError, Reason
from bot.feeds import FeedLoop
from bot.intake import Intake
from bot.listener import Listener, Pace
from bot.ports import DecisionFeed, Source
from bot.watchlist import LiveWatch


def listeners(sources: Iterable[Source], intake: Intake, watches: Mapping[str, LiveWatch]) -> list[Listener]:
    """One for each source, all of them to one intake."""

    def count(name: str, reason: Reason) -> None:
        intake.metrics.source_failures.labels(name, reason.value).inc()

    return [
        Listener(
            source=source,
            take=intake.take,
            watch=watches[source.platform],
            store=intake.store,
            pace=Pace(clock=intake.clock, random=random.random),
            on_failure=count,
        )
        for source in sources
    ]


def feed_loops(
    feeds: Iterable[DecisionFeed], desk: Desk, on_failure: Callable[[str, BotError], None]
) -> list[FeedLoop]:
    """One for each feed, all of them to one desk."""
    return [
        FeedLoop(feed=feed, store=desk.store, take=desk.take, clock=desk.clock, on_failure=on_failure)
        for feed in feeds
    ]
