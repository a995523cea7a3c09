"""Everything around one daemon: network, line, directory, chat, webhook, disk, clock; and the daemon's lives."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self, TypeVar

import yaml

from bot.testing.appview_server import AppViewServer
from bot.testing.jetstream_server import JetstreamServer
from bot.testing.jetstream_wire import METHOD
from bot.testing.telegram_server import TOKEN
from tests.faults.knobs import Knobs
from tests.faults.platforms import LossyChat, LossyWebhook
from tests.faults.wire import Wire

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
ACME = "did:plc:acme"
SECRET = "planted-webhook-secret-0815"
CHATS = tuple(-1001000000000 - number for number in range(40))
"""Many, because a chat takes twenty messages a minute, and we have no minute."""
SILENCE = 0.8
HISTORY_SECONDS = 7200
EVERY_SECONDS = 20
STOP_WITHIN = 10.0
"""What docs/operations.md tells people to allow; five seconds are tested where nothing else runs."""


class Violation(AssertionError):  # noqa: N818 - named like what it is
    """A promise that the daemon broke."""


def rules() -> dict[str, object]:
    lanes = {
        f"lane{number}": {
            "why": "A question for one of the chats", "when": {"text": f"lane{number}"}, "score": 50,
            "route": f"lane{number}",
        }
        for number in range(len(CHATS))
    }  # fmt: skip
    numbered = {"why": "A numbered post", "when": {"text": "numbered"}, "score": 50, "route": "desk"}
    routes = {f"lane{number}": {"to": f"telegram:lane{number}"} for number in range(len(CHATS))}
    return {
        "rules": {"numbered": numbered, **lanes},
        "routes": {"default": {"to": "console"}, "desk": {"to": "webhook:desk"}, **routes},
    }


class World:
    """`async with World(folder, rng) as world`: all servers are up, the daemon is not."""

    def __init__(
        self,
        folder: Path,
        rng: random.Random,
        hosts: Sequence[str] = ("v1",),
        *,
        silence: float = SILENCE,
    ) -> None:
        """`hosts`: the wire that each host of the network is read over, the preferred one first. `silence`: see
        `connectors.bluesky.jetstream.Settings`.
        """
        self.folder = folder
        self.silence = silence
        self.config = folder / "outcare.yaml"
        self.database = folder / "db" / "outcare.db"
        self.log = folder / "output.log"
        self.hosts = hosts
        self.networks = [
            JetstreamServer(now_us=self.now_us, first_seq=1 + 50_000 * number) for number in range(len(hosts))
        ]
        self.network = self.networks[0]
        self.network.peers = self.networks[1:]
        self.wires = [Wire(network, rng) for network in self.networks]
        self.appview = AppViewServer()
        self.chat = LossyChat(chats=CHATS, journal=folder / "chat.jsonl")
        self.webhook = LossyWebhook()
        self.daemon: asyncio.subprocess.Process | None = None
        self.lives = 0
        self._passed_us = 0
        self._off_us = self._skew_us = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.database.parent.mkdir(exist_ok=True)
        self.knobs = self._stack.enter_context(Knobs(self.folder / "control"))
        for server in (*self.networks, *self.wires, self.appview, self.chat, self.webhook):
            await self._stack.enter_async_context(server)
        self.appview.profile(ACME, "acme.test", displayName="Acme")
        (self.folder / "rules").mkdir(exist_ok=True)
        (self.folder / "rules" / "rules.yaml").write_text(yaml.safe_dump(rules(), sort_keys=False))
        self.config.write_text(yaml.safe_dump(self._configuration(), sort_keys=False))
        await self._history(self.now_us() - HISTORY_SECONDS * 1_000_000, self.now_us())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()
        await self._stack.aclose()

    def _configuration(self) -> dict[str, object]:
        def named(server: Wire | AppViewServer) -> str:
            return f"localhost:{server.port}"  # a name: so that its resolution can fail

        paths = {"v1": "/subscribe", "v2": f"/xrpc/{METHOD}"}
        urls = [f"ws://{named(wire)}{paths[kind]}" for kind, wire in zip(self.hosts, self.wires, strict=True)]
        source = {"jetstream": urls, "appview": f"http://{named(self.appview)}"}
        chats = {f"telegram:lane{number}": {"chat": chat} for number, chat in enumerate(CHATS)}
        return {
            "brand": {"name": "acme", "words": ["acme"], "accounts": {"bluesky": ["acme.test"]}},
            "sources": {"bluesky": {**source, "silence": self.silence}},
            "channels": {**chats, "webhook:desk": {"url": f"{self.webhook.url}/desk"}, "console": {}},
            "telegram": {"base_url": self.chat.url},
            "people": {
                "anna": {"name": "Anna", "role": "agent", "telegram": 1},
                "ben": {"name": "Ben", "role": "agent", "telegram": 2},
            },
            "incidents": {"off": True},  # each alert is counted, however many come
            "escalation": {  # and a clock that jumps would make it ring again
                **{level: [] for level in ("low", "normal", "high", "critical")},
                "claimed": {"remind": "off", "return": "off"},
            },
            "database": str(self.database),
            "rules": str(self.folder / "rules"),
            "lookup_budget": "300ms",
            "http": {"host": "127.0.0.1", "port": 0},
            "log": {"level": "info", "format": "json"},
        }

    # --- time ---

    def now_us(self) -> int:
        """The true time of this world."""
        return time.time_ns() // 1000 + self._passed_us

    def its_now_us(self) -> int:
        """What the daemon takes for the time."""
        return self.now_us() + self._skew_us

    async def pass_time(self, seconds: float) -> None:
        """So much time goes by at once: the network wrote something all along."""
        passed_us, now_us = int(seconds * 1e6), self.now_us()
        await self._history(now_us + EVERY_SECONDS * 1_000_000, now_us + passed_us)
        self._passed_us += passed_us
        self._set_clock()

    def skew(self, seconds: float) -> None:
        """The daemon's clock is wrong by so much more than it always is."""
        self._skew_us = self._off_us + int(seconds * 1e6)
        self._set_clock()

    def keep_wrong(self, seconds: float) -> None:
        """The daemon's clock is wrong by so much from now on."""
        self._off_us = int(seconds * 1e6)
        self.skew(0)

    def _set_clock(self) -> None:
        self.knobs.turn(clock_ns=(self._passed_us + self._skew_us) * 1000)

    async def _history(self, since_us: int, until_us: int) -> None:
        for at_us in range(since_us, until_us, EVERY_SECONDS * 1_000_000):
            commit = {
                "rev": f"3old{at_us}", "operation": "create", "collection": "app.bsky.feed.post",
                "rkey": f"3old{at_us}", "cid": "bafyreiold",
                "record": {"$type": "app.bsky.feed.post", "text": "the weather", "createdAt": "2026-01-05T09:00:00Z"},
            }  # fmt: skip
            event = {"did": "did:plc:old", "time_us": at_us, "kind": "commit", "commit": commit}
            await self.network.publish(event)

    # --- the daemon ---

    @property
    def requests(self) -> int:
        """How often the network's hosts were asked."""
        return sum(wire.requests for wire in self.wires)

    @property
    def is_alive(self) -> bool:
        return self.daemon is not None and self.daemon.returncode is None

    def cut(self) -> None:
        """Every line to the network is reset."""
        for wire in self.wires:
            wire.cut()

    async def spawn(self) -> asyncio.subprocess.Process:
        """A new life; returns at once."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        env = {
            **kept, **self.knobs.env(), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error",
            "OUTCARE_TELEGRAM__TOKEN": TOKEN, "OUTCARE_WEBHOOK__SECRET": SECRET,
        }  # fmt: skip
        self.lives += 1
        with self.log.open("ab") as sink:
            self.daemon = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.hurried", "run", "--config", str(self.config)),
                env=env, cwd=self.folder, stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink,
            )  # fmt: skip
        return self.daemon

    async def start(self) -> None:
        """A new life that listens to the network. Raises: Violation when it does not come to that."""
        before = self.requests
        daemon = await self.spawn()
        await until(
            lambda: self.requests > before or daemon.returncode is not None, what="the daemon listens"
        )
        if daemon.returncode is not None:
            raise Violation(f"it did not start (exit {daemon.returncode}):\n{self.output[-2000:]}")

    async def kill(self) -> None:
        if self.daemon is not None and self.daemon.returncode is None:
            self.daemon.kill()
        if self.daemon is not None:
            await self.daemon.wait()

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to end. Raises: Violation for another exit status than 0, or when it does not end in time."""
        assert self.daemon is not None
        if self.is_alive:
            self.daemon.send_signal(how)
        try:
            status = await asyncio.wait_for(self.daemon.wait(), STOP_WITHIN)
        except TimeoutError:
            raise Violation(f"it did not end within {STOP_WITHIN} s of {how.name}") from None
        if status:
            raise Violation(f"exit {status} after {how.name}:\n{self.output[-2000:]}")

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def heal(self) -> None:
        """Nothing goes wrong any more. (A wrong clock stays: `skew`.)"""
        self.knobs.heal()
        for wire in self.wires:
            wire.heal()
        self.appview.delay = 0.0
        for server in (self.appview, self.webhook, *self.networks):
            server.faults.clear()
        self.chat.failures.clear()
        self.chat.lost_answers = self.webhook.lost_answers = 0


async def until(ask: Callable[[], T], *, within: float = 60.0, what: str = "") -> T:
    """Poll until the answer is truthy. Raises: Violation when it does not become so in time."""
    asked_at = time.monotonic()
    deadline = asked_at + within
    while not (answer := ask()):
        now = time.monotonic()
        if now > deadline:
            raise Violation(f"not within {within} s: {what}")
        await asyncio.sleep(max(0.02, 4 * (now - asked_at)))  # the daemon needs the processor, too
        asked_at = time.monotonic()
    return answer
