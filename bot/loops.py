"""The loops of the running program: one for each source and one for each decision feed.

Knows to whom a loop hands over and to whom it tells its failures; knows no platform.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

from bot.credentials import Credentials
from bot.desk import Desk
from bot.errors import BotError
from bot.feeds import FeedLoop
from bot.intake import Intake
from bot.listener import Listener, Pace
from bot.ports import DecisionFeed, Source
from bot.watchlist import LiveWatch


def listeners(
    sources: Iterable[Source], intake: Intake, watches: Mapping[str, LiveWatch], credentials: Credentials
) -> list[Listener]:
    """One for each source, all of them to one intake."""
    by_name = {source.name: source for source in sources}

    def failed(name: str, error: BotError) -> None:
        intake.metrics.source_failures.labels(name, error.reason.value).inc()
        credentials.failed(name, by_name[name].platform, error)

    def works(name: str) -> None:
        credentials.works(name, by_name[name].platform)

    return [
        Listener(
            source=source,
            take=intake.take,
            watch=watches[source.platform],
            store=intake.store,
            pace=Pace(clock=intake.clock, random=random.random),
            on_failure=failed,
            on_works=works,
        )
        for source in by_name.values()
    ]


def feed_loops(
    feeds: Iterable[DecisionFeed], desk: Desk, on_failure: Callable[[str, BotError], None]
) -> list[FeedLoop]:
    """One for each feed, all of them to one desk."""
    return [
        FeedLoop(feed=feed, store=desk.store, take=desk.take, clock=desk.clock, on_failure=on_failure)
        for feed in feeds
    ]
