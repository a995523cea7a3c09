"""Who looks on: what was written and what the chat got, compared with what is stored, at every minute.

`glance` asks what must hold at any minute: whoever waits has somebody or something next, and nothing that is
due lies about. `whole` asks at the end what must have come of it all. What is wrong is a `Finding` with its
time; the checks are in `tests.month.checks`, and none of them asks the program.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.month import checks, policies, steps
from tests.month.checks import Finding
from tests.month.world import World

MOST = 200
"""Findings that are kept: one bug may break a promise for everybody."""
BREATH = timedelta(minutes=3)
"""So long after a start, or after the machine slept, things may still be on their way."""


@dataclass(kw_only=True)
class Auditor:
    """`minutes`: how often it looked closely (where nothing was written since, nothing can have changed)."""

    world: World
    findings: list[Finding] = field(default_factory=list)
    minutes: int = 0
    _connection: sqlite3.Connection | None = None
    _path: Path | None = None
    _version: tuple[object, ...] = ()
    _next_at: datetime | None = None
    _known: set[tuple[str, object]] = field(default_factory=set)

    # --- at any minute ---

    def glance(self) -> None:
        if not self.world.is_running or self.world.database != self._path:
            self._close()
        if not self.world.is_running or not self.world.database.is_file():
            return
        now = self.world.clock.now()
        if self._is_as_before(now):
            return
        self.minutes += 1
        found, self._next_at = steps.look(self._read, self.world, now, is_calm=self._is_calm(now))
        self._note(found)

    def _is_calm(self, now: datetime) -> bool:
        return now - self.world.disturbed_at >= BREATH

    def _is_as_before(self, now: datetime) -> bool:
        """Whether nothing was written since the last look, and no time has come that something was to be done."""
        version = (self._path, *self._read("PRAGMA data_version"), self._is_calm(now))
        if version == self._version and (self._next_at is None or now < self._next_at):
            return True
        self._version = version
        return False

    def _read(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._path = self.world.database
            self._connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        return self._connection.execute(query, given).fetchall()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._path = None, None

    def _note(self, found: Iterable[Finding]) -> None:
        """Each once: what lasts is one finding."""
        for one in found:
            if (one.promise, one.about) not in self._known and len(self.findings) < MOST:
                self._known.add((one.promise, one.about))
                self.findings.append(one)

    # --- at the end ---

    async def settle(self) -> None:
        """Let what is on its way arrive."""
        await asyncio.sleep(BREATH.total_seconds())
        self.glance()

    def whole(self) -> None:
        """Everything that must have come of the month; the daemon has ended."""
        self._close()
        self._note([*checks.every(self.world), *policies.every(self.world)])
