"""`outcare run`: say what is listened to, work until a signal comes, drain."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from bot.app import App
from bot.building import build
from bot.cli import setup
from bot.clock import SystemClock
from bot.filewatch import FileWatch
from bot.garbage import collected_between_callbacks
from bot.log import configure, in_background
from bot.memory import share_one_heap
from bot.reload import Reading
from bot.rulebook import ConfigFiles
from bot.settings.answers import DEFAULT_ANSWERS
from bot.settings.customers import DEFAULT_CUSTOMERS
from bot.settings.load import Settings
from bot.store.place import is_ephemeral

SWITCH_SECONDS = 0.00025
"""A thread that computes (compiling patterns, reading YAML) gives way to the event loop after so long. A
callback gives up the interpreter at each scan, write and line in the log: ten times with Python's own 5 ms,
and it has taken 50."""
NAMED_AT_MOST = 8
"""So many words of the brand are told at the start."""


def run_daemon(config: Path | None, since_ago: timedelta) -> None:
    """Raises: ConfigError, StoreError before anything is started."""
    share_one_heap()
    settings = setup.settings(config)
    configure(settings.log.level, settings.log.format, secrets=settings.secrets())
    sys.setswitchinterval(SWITCH_SECONDS)
    with in_background():
        asyncio.run(_serve(settings, config, since_ago))


async def _serve(settings: Settings, config: Path | None, since_ago: timedelta) -> None:
    stop = asyncio.Event()
    path = setup.config_path(config)
    known, answers = settings.customers, settings.answers
    others = (
        known.path if known else path.with_name(DEFAULT_CUSTOMERS),
        answers.path if answers else path.with_name(DEFAULT_ANSWERS),
    )
    files = ConfigFiles(path, settings.rules, others)
    reading = Reading(
        asked=asyncio.Event(),
        settings=lambda: setup.settings(config),
        rules=files.rules,
        files=FileWatch(files.paths),
        below=(settings.rules, path.parent),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reading.asked.set)
    app = await build(settings, setup.connectors(), clock=SystemClock(), since_ago=since_ago)
    for line in banner(app, path):
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    with collected_between_callbacks():
        await app.run(stop, reading)


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _some(words: Sequence[str]) -> str:
    more = len(words) - NAMED_AT_MOST
    return ", ".join(words[:NAMED_AT_MOST]) + (f" and {more:,} more" if more > 0 else "")


def banner(app: App, path: Path) -> list[str]:
    """What this daemon listens to and whom it tells, in a few lines."""
    settings = app.settings
    own, *rivals = settings.brands
    names = [f"{person.name} ({person.role.value})" for person in settings.people]
    lines = [
        f"Outcare · {settings.aim}" if settings.aim else "Outcare",
        f"  configuration  {_short(path)}",
        f"  brand          {own.name}: {_some(own.words)}",
        f"  rivals         {', '.join(brand.name for brand in rivals) or 'none'}",
        f"  listens to     {', '.join(settings.sources) or 'nothing (no sources are configured)'}",
        f"  alerts         {', '.join(settings.channels) or 'console'}",
        f"  people         {', '.join(names) or 'none: nobody can press a button yet'}",
        f"  rules          {app.rules.count} (version {app.rules.version})",
        f"  database       {settings.database}",
    ]
    used = {channel.partition(":")[0] for channel in settings.channels}
    lines += [
        f"  {kind:<15}has an account but no channel yet: docs/connectors/{kind}.md"
        for kind in app.feeds
        if kind not in used
    ]
    if path == setup.examples():
        lines.append("  The rest is the example configuration. `outcare init` makes it yours.")
    warning = is_ephemeral(settings.database)
    if warning:
        lines.append(f"  WARNING        the database will be lost: {warning}")
    return lines
