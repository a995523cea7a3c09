"""The short listen of `outcare init`: in how many posts does each word stand?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from bot import duration
from bot.cli import setup
from bot.clock import SystemClock
from bot.http import HttpClient
from bot.matcher.fast import FastMatcher
from bot.ports import Wiring
from bot.settings.load import Settings
from bot.starting.listening import Counting, Listen

BACK = timedelta(minutes=15)
"""Where the platform replays, so much of the past is read: ten seconds of it show more than the next ten."""


def hear(settings: Settings, words: Sequence[str], within: timedelta) -> tuple[Counting, list[str]]:
    """What each word was found in, and a line per source on how much was read. Keeps nothing."""
    return asyncio.run(_hear(settings, words, within.total_seconds()))


async def _hear(settings: Settings, words: Sequence[str], seconds: float) -> tuple[Counting, list[str]]:
    clock, connectors = SystemClock(), setup.connectors()
    http = HttpClient(clock)
    wiring = Wiring(http=http, clock=clock)
    counting = Counting.of(words, FastMatcher)
    listens = []
    for name, given in settings.sources.items():
        factory, cursor_at = connectors[name].source, connectors[name].cursor_at
        if factory is not None and (source := factory(given, wiring)).is_stream:
            listens.append(Listen.back(BACK, source, cursor_at, clock=clock, seconds=seconds))
    try:
        with _progress(f"Listening for {seconds:.0f} s …"):
            await asyncio.gather(*(_through(listen, counting) for listen in listens))
    finally:
        await http.close()
    return counting, [_told(listen) for listen in listens]


async def _through(listen: Listen, counting: Counting) -> None:
    async for _ in listen.read(counting):
        pass


def _told(listen: Listen) -> str:
    if listen.trouble is not None and not listen.posts:
        return f"{listen.source.name} cannot be heard: {listen.trouble}"
    return f"{listen.source.name}: {listen.posts:,} posts of {duration.show(listen.span)}"


def _progress(text: str) -> Progress:
    console = Console(stderr=True)
    bar = Progress(
        SpinnerColumn(), TextColumn(text), console=console, transient=True, disable=not console.is_terminal
    )
    bar.add_task("")
    return bar
