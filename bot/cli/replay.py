"""`outcare replay FILE`: a recording through the whole pipeline, with a progress bar and a summary."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.cli import output, setup
from bot.errors import ConfigError, Rejected
from bot.log import configure
from bot.replay import Summary, replay
from bot.rulebook import load_ruleset
from bot.settings.load import Settings
from bot.store.sqlite import SqliteStore
from connectors.bluesky.recording import RecordingSource
from rules.ruleset import RuleSet


def replay_file(file: Path, config: Path | None, database: Path | None, *, as_json: bool) -> int:
    """Raises: ConfigError, Rejected (not a recording, damaged), StoreError."""
    if not file.is_file():
        raise ConfigError(f"there is no file {file}")
    setup.tell_demo(config)
    settings = setup.settings(config, needs_secrets=False)
    rules = load_ruleset(settings)
    configure("warning", settings.log.format, secrets=settings.secrets())
    if database is not None:
        summary = asyncio.run(_replay(file, settings, rules, database))
        summary.database = str(database)
    else:
        with tempfile.TemporaryDirectory(prefix="outcare-replay-") as folder:
            summary = asyncio.run(_replay(file, settings, rules, Path(folder) / "replay.db"))
    if summary.events and summary.undecodable == summary.events:
        raise Rejected(f"{file} is no recording: none of its {summary.events} lines is a Jetstream event")
    if as_json:
        output.json(summary)
    else:
        _show(summary)
    return 0


async def _replay(file: Path, settings: Settings, rules: RuleSet, database: Path) -> Summary:
    store = await SqliteStore.open(database, upgrade=True)
    size = os.stat(file).st_size  # noqa: PTH116 - pathlib's own would be a blocking call to the linter
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(file.name, total=size)
        source = RecordingSource(file, progress=lambda count: bar.advance(task, count))
        try:
            return await replay(source, settings, rules, store)
        finally:
            await store.close()


def _show(summary: Summary) -> None:
    rate = round(summary.events / summary.seconds) if summary.seconds else summary.events
    rows = {
        "events": f"{summary.events} ({rate}/s)",
        "posts": str(summary.posts),
        "undecodable": str(summary.undecodable),
        **({"duplicates": str(summary.duplicates)} if summary.duplicates else {}),
        "mentions": str(summary.mentions),
        **{f"  {name}": str(count) for name, count in summary.by_urgency.items()},
        **{f"  {name}": str(count) for name, count in summary.by_brand.items()},
    }
    if summary.database:
        rows["database"] = summary.database
    for name, value in rows.items():
        sys.stdout.write(f"{name:<14}{value}\n")
