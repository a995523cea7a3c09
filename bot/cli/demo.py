"""`outcare run` without a configuration: the demo, from an empty database, on platforms of its own.

Knows how the daemon is pointed at the demo's platforms and what the terminal says of it. What is played is in
`bot.demo`; what is shown of it is the daemon's own work.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.app import App
from bot.building import build
from bot.cli import setup
from bot.cli.run import SWITCH_SECONDS
from bot.clock import SystemClock
from bot.demo.place import CONFIG, DAY
from bot.demo.stage import PHONE, VISITOR_KEY, Demo
from bot.demo.story import NOTICE
from bot.errors import ConfigError, StoreError
from bot.filewatch import FileWatch
from bot.listing import View, Wanted
from bot.log import configure, in_background
from bot.reload import Reading
from bot.rulebook import load_ruleset
from bot.settings.load import Settings, load
from bot.store.lock import holder
from bot.vault import vault_beside
from bot.web.page import Face
from connectors.console import visible

if TYPE_CHECKING:
    from bot.demo.director import Director
    from bot.testing.telegram_chats import Sent

LOOK_EVERY = 0.5
MOST_HELD = 200
READY_WITHIN = 6.0
"""Seconds until the day begins, though something may not be ready."""
_BESIDE = ("", "-wal", "-shm", "-journal")
_ZONES = "zoneinfo/"


def run_demo(config: Path | None, *, pace: float = 1.0, day: Path | None = None) -> None:
    """Raises: ConfigError, StoreError before anything is started."""
    if config is not None and config != CONFIG:
        raise ConfigError("--demo has a configuration of its own: leave --config (OUTCARE_CONFIG) out")
    sys.setswitchinterval(SWITCH_SECONDS)
    asyncio.run(_run(Demo(pace=pace, day_file=day or DAY)))


async def _run(demo: Demo) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with demo:
        settings = _settings(demo)
        configure(settings.log.level, settings.log.format)
        with in_background():
            await _serve(demo, settings, stop)


def _settings(demo: Demo) -> Settings:
    env = {**_zone(), **setup.demo_environment(), **demo.variables}
    return load(CONFIG, setup.connectors(), env=env)


async def _serve(demo: Demo, settings: Settings, stop: asyncio.Event) -> None:
    forget(settings.database)
    app = await build(settings, setup.connectors(), clock=SystemClock())
    app.show(Face(visitor=VISITOR_KEY, aside_url=PHONE, notice=NOTICE, extra={PHONE: demo.phone()}))
    reading = Reading(
        asked=asyncio.Event(), settings=lambda: settings, rules=load_ruleset, files=FileWatch(tuple)
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reading.asked.set)
    over = asyncio.Event()
    running = asyncio.create_task(app.run(over, reading))
    playing = asyncio.create_task(_play(demo, app))
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait({running, playing, asked}, return_when=asyncio.FIRST_COMPLETED)
    for task in (playing, asked):  # first: whoever plays reads the daemon's database
        task.cancel()
    await asyncio.wait([playing, asked])
    over.set()
    await running
    if not playing.cancelled():
        playing.result()  # a day that cannot be played on is a bug: the program ends with it


async def _play(demo: Demo, app: App) -> None:
    """Wait until the daemon listens, say where it can be seen, and play."""
    await _ready(app)
    for line in welcome(app, demo):
        _say(line)
    director = demo.director(on_card=_tell)
    async with asyncio.TaskGroup() as group:
        group.create_task(director.play())
        group.create_task(_follow(app, director))


async def _follow(app: App, director: Director) -> None:
    """Tell the demo what the visitor has claimed and dismissed, on the phone or on the page."""
    own, seen = app.settings.brands[0].name, -1
    while True:
        await asyncio.sleep(LOOK_EVERY)  # the store tells nobody; the page looks as often
        if seen == app.store.changes:
            continue
        seen, now = app.store.changes, app.clock.now()
        for view, tell in ((View.OPEN, director.claimed), (View.DISMISSED, director.dismissed)):
            wanted = Wanted(brand=own, view=view, holder=VISITOR_KEY, limit=MOST_HELD)
            for row in (await app.store.listing(wanted, now=now)).rows:
                state = await app.store.card_of(row.mention_id)
                if state and (state.draft or state.reply):
                    director.written(row.url or "")
                tell(row.url or "")


async def _ready(app: App) -> None:
    """The brand's handle has to be known before it answers anybody."""
    try:
        async with asyncio.timeout(READY_WITHIN):
            while not (app.web.url and all(check.ok for check in app.readiness.checks())):  # noqa: ASYNC110 - asked
                await asyncio.sleep(0.05)  # checks are asked, they do not tell
    except TimeoutError:
        _say("  Something is not ready yet: outcare status")


def forget(database: Path) -> None:
    """Each start is a new day: the chat of the last one is gone too, and its cards mean nothing any more.

    Raises: StoreError when another demo runs here, or the files cannot be removed.
    """
    if (pid := holder(database)) is not None:
        raise StoreError(
            f"the demo runs here already (pid {pid}); stop it, or start this one in another folder"
        )
    shutil.rmtree(vault_beside(database), ignore_errors=True)  # sessions at a platform that was made anew
    for ending in _BESIDE:
        path = database.with_name(database.name + ending)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot begin the demo anew, {path}: {error.strerror}") from error


def welcome(app: App, demo: Demo) -> list[str]:
    """What this is, where to look, what to do next."""
    settings = app.settings
    own, *rivals = settings.brands
    lines = [
        "Outcare · this is the DEMO: a made-up brand on made-up networks, all of it on this machine.",
        f"  look here      {app.web.url}/     (the inbox, and the staff's chat beside it)",
        f"  brand          {own.name}, an e-bike service; rivals {', '.join(brand.name for brand in rivals)}",
        f"  the day        {demo.day.posts} posts; what reads, judges, stores and alerts is the real thing",
        f"  database       {settings.database}, begun anew at each start",
        "  your own       outcare init     (a few questions; then `outcare run` watches your brand)",
        "  to stop        Ctrl-C",
    ]
    if unused := setup.left_out():
        lines.append(f"  not looked at  {', '.join(unused)}: the demo takes nothing of a real brand")
    return [*lines, ""]


def _tell(card: Sent) -> None:
    """One line of the terminal for a card that arrives on the phone."""
    first, _, rest = card.text.partition("\n")
    _say(visible(f"  card           {first}  ({rest.partition(chr(10))[0]})"))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _zone() -> dict[str, str]:
    """The visitor's own time zone, so that "answer by" is what their clock says."""
    given = os.environ.get("TZ", "")
    try:
        link = f"{_ZONES}{given.removeprefix(':')}" if given else str(Path("/etc/localtime").readlink())
    except OSError:
        return {}
    _, _, name = link.partition(_ZONES)
    try:
        return {"OUTCARE_TIMEZONE": ZoneInfo(name).key} if name else {}
    except (KeyError, ValueError, OSError):
        return {}
