"""Everything around the daemon, and its lives: files, the plaza, the chat; starts, stops and deaths.

The program is the real one, built from real YAML by `bot.building`, on a real database. A death leaves what is
on the disk just then: the next life begins with a copy of it.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
import yaml

from bot.app import App
from bot.building import build
from bot.model import Cursor
from bot.ports import Connector
from bot.settings.load import Settings, load
from tests.month.plan import Plan, Stop
from tests.month.plaza import NAME, Plaza, PlazaSource, number_at
from tests.month.room import KIND, Chat, ChatFeed, ChatNotifier, Life
from tests.month.team import RULES, configuration
from tests.month.virtual import VirtualSchedule, WorldClock, nobody_outside

_BESIDE = ("", "-wal")


@dataclass(kw_only=True)
class World:
    """`lives`: when each run of the daemon began and ended (None: it still runs); `slept`: when its machine
    did; `tables`: those of its database.
    """

    folder: Path
    plan: Plan
    clock: WorldClock
    chat: Chat
    plaza: Plaza
    lives: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    slept: list[tuple[datetime, datetime]] = field(default_factory=list)
    warnings: list[Mapping[str, Any]] = field(default_factory=list)
    tables: frozenset[str] = frozenset()
    app: App | None = None
    _life: Life | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _reader: sqlite3.Connection | None = None

    @classmethod
    def of(cls, folder: Path, plan: Plan) -> World:
        """Nothing runs yet; `folder` gets the configuration."""
        clock = WorldClock(plan.begins)
        rules = folder / "rules"
        rules.mkdir(parents=True, exist_ok=True)
        (rules / "rules.yaml").write_text(yaml.safe_dump(RULES, sort_keys=False))
        (folder / "outcare.yaml").write_text(yaml.safe_dump(configuration(), sort_keys=False))
        chat = Chat(clock=clock, rng=random.Random(plan.seed + 1))
        plaza = Plaza(clock=clock, outages=plan.outages)
        return cls(folder=folder, plan=plan, clock=clock, chat=chat, plaza=plaza)

    # --- the daemon ---

    @property
    def database(self) -> Path:
        return self.folder / f"life-{len(self.lives)}" / "outcare.db"

    @property
    def is_running(self) -> bool:
        return self._task is not None

    @property
    def disturbed_at(self) -> datetime:
        """When the daemon last began, or its machine woke."""
        return max([self.lives[-1][0], *(until for _, until in self.slept)])

    @property
    def settings(self) -> Settings:
        assert self.app is not None
        return self.app.settings

    async def start(self) -> None:
        """A new life on what the last one left."""
        self.close()
        left = self.database
        self.lives.append((self.clock.now(), None))
        self.database.parent.mkdir(exist_ok=True)
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{left}{suffix}", f"{self.database}{suffix}")
        shutil.rmtree(left.parent, ignore_errors=True)
        self._life = Life(number=len(self.lives), started_at=self.clock.now())
        self._stop = asyncio.Event()
        connectors = self.connectors(self._life)
        path = self.folder / "outcare.yaml"
        settings = load(path, connectors, env={"OUTCARE_DATABASE": str(self.database)})
        self.app = await build(settings, connectors, clock=self.clock)
        self.app.schedule = VirtualSchedule()  # type: ignore[assignment]
        self.app.outbox.rng = random.Random(self.plan.seed + len(self.lives))
        self.tables = frozenset(name for (name,) in self.rows("SELECT name FROM sqlite_master"))
        self._task = asyncio.create_task(self.app.run(self._stop), name="daemon")

    def connectors(self, life: Life) -> dict[str, Connector]:
        """As a plug-in's entry points would name them."""
        return {
            NAME: Connector(
                name=NAME,
                source=lambda _given, _wiring: PlazaSource(self.plaza),
                cursor_at=lambda at: Cursor(str(number_at(self.plaza, at))),
            ),
            KIND: Connector(
                name=KIND,
                notifier=lambda _own, _rooms, _wiring: ChatNotifier(self.chat, life),
                feed=lambda _own, _rooms, _wiring: ChatFeed(self.chat, life),
            ),
            "console": Connector(
                name="console",
                notifier=lambda _own, _rooms, _wiring: ChatNotifier(self.chat, life, "console"),
            ),
        }

    async def stop(self) -> None:
        """It is asked to end, and drains."""
        self._stop.set()
        await self._ended()

    async def kill(self) -> None:
        """What it has on the disk just now is what the next life finds."""
        assert self._life is not None
        self._life.is_over = True
        await nobody_outside()  # copied in the middle of a commit, the two files would not fit
        kept = self.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        for suffix in _BESIDE:
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{self.database}{suffix}", kept / f"outcare.db{suffix}")
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._ended()
        shutil.rmtree(self.database.parent)
        kept.rename(self.database.parent)

    async def _ended(self) -> None:
        assert self._task is not None
        task, self._task = self._task, None
        self.close()
        try:
            await task
        finally:
            began, _ = self.lives[-1]
            self.lives[-1] = (began, self.clock.now())

    async def crashed(self) -> None:
        """Raise what ended the daemon by itself."""
        if self._task is not None and self._task.done():
            await self._task
            raise RuntimeError("the daemon ended by itself")

    async def interrupt(self, how: Stop, lasts: timedelta) -> None:
        if how is Stop.SLEEP:
            began = self.clock.now()
            self.clock.asleep(lasts)
            self.slept.append((began, self.clock.now()))
            return
        await (self.stop() if how is Stop.CLEAN else self.kill())
        await self.clock.until(self.clock.now() + lasts)
        await self.start()

    # --- looking at it ---

    def rows(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """Read what is stored, beside the daemon."""
        if self._reader is None:
            self._reader = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        return self._reader.execute(query, given).fetchall()

    def close(self) -> None:
        """Let go of the database: it will be another file."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def post_of(self, uid: str) -> str | None:
        found = self.rows(
            "SELECT p.post_id FROM mentions m JOIN posts p ON p.id = m.post WHERE m.uid = ?", uid
        )
        return found[0][0] if found else None

    @contextmanager
    def hearing_warnings(self) -> Iterator[None]:
        """The log as far as something is wrong; nothing else of it is kept."""

        def keep(_logger: object, _name: str, event: Any) -> Any:
            self.warnings.append({"at": self.clock.now(), **event})
            raise structlog.DropEvent

        before = structlog.get_config()
        structlog.configure(
            processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, keep],
            wrapper_class=structlog.make_filtering_bound_logger(30),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)
