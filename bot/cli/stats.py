"""`outcare stats`: how fast asks were answered, and who waits. What it says is `bot.cli.pace`'s."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli import output, pace, setup
from bot.cli.reports import long_ago, read


def show_stats(config: Path | None, database: Path | None, *, since: timedelta, as_json: bool) -> int:
    setup.tell_demo(config)
    settings = setup.settings(config, needs_secrets=False)
    now = datetime.now(UTC)
    times = read(
        database or settings.database, lambda store: store.stage_times(long_ago(since, now=now), now=now)
    )
    if as_json:
        output.json(pace.plain(times))
    else:
        pace.show(times, now=now, zone=settings.timezone)
    return 0
