"""The daemon as a process, fed by a loopback Jetstream at a steady rate: into a webhook, or into many chats.

`steady` paces any sender. A post's clock starts at its scheduled time, so a late sender counts against us,
and ends when the receiver has the alert. Knows no target. Telegram takes about one message a second for a
chat (and our own limit is 20 a minute), so there are as many chats as alerts a second, each with a rule and a
route of its own.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks import harness
from benchmarks.harness import percentile
from bot.testing.telegram_server import TelegramServer
from tests.acceptance._world import World, until

SECONDS = 4
AUTHORS = 20
CHATS = tuple(-1001000000000 - number for number in range(100))
_NUMBER = re.compile(r"numbered (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One steady load: milliseconds of each delivery, of the disk before and after it, and while it lasts.

    A commit that waits holds up all that comes while it waits: one stall of the disk of 40 ms is the 99th
    percentile of 400 deliveries at 100/s.
    """

    took: tuple[float, ...]
    disk: tuple[float, ...]
    meanwhile: tuple[float, ...]

    @property
    def p50(self) -> float:
        return statistics.median(self.took)

    @property
    def p99(self) -> float:
        return percentile(self.took, 0.99)


async def steady(rate: int, send: Callable[[int], Awaitable[object]]) -> dict[int, float]:
    """Call `send` for `SECONDS` at `rate` a second; when each was due, by the monotonic clock."""
    first = time.monotonic() + 0.2
    due = {}
    for number in range(rate * SECONDS):
        due[number] = first + number / rate
        wait = due[number] - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        await send(number)
    return due


def delays(due: Mapping[int, float], arrived: Mapping[int, float]) -> tuple[float, ...]:
    return tuple((at - due[number]) * 1000 for number, at in arrived.items())


def number_in(text: str) -> int:
    found = _NUMBER.search(text)
    assert found, text
    return int(found[1])


class Ringing(World):
    """Every numbered post rings a webhook."""

    def text(self, number: int) -> str:
        return f"acme numbered {number}"

    @property
    def count(self) -> int:
        return len(self.webhook.deliveries)

    @property
    def arrived(self) -> dict[int, float]:
        return {number_in(one.body.decode()): one.at for one in self.webhook.deliveries}


class Chatting(Ringing):
    """Every numbered post becomes a card, in each chat in its turn."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.telegram = TelegramServer(chats=CHATS)

    def write_config(self, **more: object) -> None:
        chats = {f"telegram:lane{number}": {"chat": chat} for number, chat in enumerate(CHATS)}
        super().write_config(channels={**chats, "console": {}}, **more)
        (self.folder / "rules" / "rules.yaml").write_text(yaml.safe_dump(self._rules()))

    def text(self, number: int) -> str:
        return f"acme numbered {number} lane{number % len(CHATS)}"

    @property
    def count(self) -> int:
        return len(self.telegram.messages)

    @property
    def arrived(self) -> dict[int, float]:
        return {number_in(one.text): one.at for one in self.telegram.messages}

    @staticmethod
    def _rules() -> dict[str, object]:
        lanes = [f"lane{number}" for number in range(len(CHATS))]
        rules = {
            lane: {"why": "For one of the chats", "when": {"text": lane}, "score": 50, "route": lane}
            for lane in lanes
        }
        routes = {lane: {"to": f"telegram:{lane}"} for lane in lanes}
        return {"rules": rules, "routes": {"default": {"to": "console"}, **routes}}


async def by_daemon(world: Ringing, rate: int) -> Round:
    """`rate` alerts a second through a new daemon on a new database."""
    async with world:
        for author in range(AUTHORS):
            world.appview.profile(f"did:plc:w{author}", f"w{author}.test", followersCount=author)
        daemon = await world.outcare("run")
        try:
            return await _loaded(world, rate)
        finally:
            daemon.terminate()
            await daemon.wait()


async def _loaded(world: Ringing, rate: int) -> Round:
    await until(lambda: world.jetstream.open_requests, within=60, what=world.output)
    await asyncio.sleep(1)
    disk = harness.fdatasync_ms(world.folder)
    with harness.disk_watched(world.folder) as meanwhile:
        due = await steady(
            rate, lambda number: world.jetstream.post(f"did:plc:w{number % AUTHORS}", world.text(number))
        )
        await until(lambda: world.count >= len(due), within=120)
    disk += harness.fdatasync_ms(world.folder)
    return Round(took=delays(due, world.arrived), disk=tuple(disk), meanwhile=tuple(meanwhile))
