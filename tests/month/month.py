"""One month: the plan is carried out around the daemon, minute by minute looked at, and told.

`live` is the whole of it; what is wrong is a list of findings (`tests.month.audit`), not an exception.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.model import Post
from tests.month.audit import Auditor
from tests.month.checks import Finding
from tests.month.people import Crew
from tests.month.plan import Plan
from tests.month.world import World

EVERY = timedelta(minutes=1)
AFTERWARDS = timedelta(minutes=15)
"""So long the world goes on when nobody writes any more."""


@dataclass(kw_only=True)
class Month:
    """A world, who lives in it, and who looks on. `spoil` is called each minute: planted faults."""

    world: World
    crew: Crew
    auditor: Auditor
    spoil: Callable[[World], Awaitable[None]] | None = None
    seconds: float = 0.0
    written: dict[str, Post] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, plan: Plan) -> Month:
        world = World.of(folder, plan)
        crew = Crew(world=world, rng=random.Random(plan.seed + 2))
        return cls(world=world, crew=crew, auditor=Auditor(world=world))

    @property
    def findings(self) -> list[Finding]:
        return self.auditor.findings

    async def live(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """From the first start to the last stop."""
        random.seed(self.world.plan.seed)
        with self.world.hearing_warnings():
            await self._live(tell)

    async def _live(self, tell: Callable[[str], None]) -> None:
        began = time.monotonic()
        await self.world.start()
        await asyncio.sleep(5)
        self.crew.begin()
        tasks = [asyncio.create_task(work) for work in (*self._stories(), self._tell(tell))]
        watch = asyncio.create_task(self._watch())
        try:
            await self.world.clock.until(self.world.plan.ends + AFTERWARDS)
            await self.auditor.settle()
        finally:
            for task in (*tasks, watch):
                task.cancel()
            await asyncio.gather(*tasks, watch, return_exceptions=True)
            await self.crew.end()
            if self.world.is_running:
                await self.world.stop()
            self.seconds = time.monotonic() - began
        self.auditor.whole()

    def _stories(self) -> list[Coroutine[Any, Any, None]]:
        return [self._write(), self._break(), self._storms(), self._say(), self.world.plaza.live()]

    async def _write(self) -> None:
        last: dict[str, Post] = {}
        for one in self.world.plan.written:
            await self.world.clock.until(one.at)
            parent = last.get(one.author) if one.goes_on else None
            last[one.author] = self.world.plaza.write(one.author, one.text, at=one.at, parent=parent)

    async def _break(self) -> None:
        for one in self.world.plan.breaks:
            await self.world.clock.until(one.at)
            await self.world.interrupt(one.how, one.lasts)

    async def _storms(self) -> None:
        for at in self.world.plan.storms:
            await self.world.clock.until(at)
            self.crew.storm()

    async def _say(self) -> None:
        for at, who, command in self.world.plan.said:
            await self.world.clock.until(at)
            self.crew.say(who, command)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            if self.spoil is not None and self.world.is_running:
                await self.spoil(self.world)
            self.auditor.glance()

    async def _tell(self, tell: Callable[[str], None]) -> None:
        """A line a day."""
        while True:
            await asyncio.sleep(86_400)
            world = self.world
            tell(
                f"{world.clock.now():%d %b}: {len(world.plaza.posts)} posts,"
                f" {len(world.chat.messages)} messages, {len(self.findings)} findings"
            )
