"""A small world on loopback: a network, its directory, a staff chat, a webhook; and the daemon's files."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self, TypeVar

import yaml

from bot.testing.appview_server import AppViewServer
from bot.testing.jetstream_server import JetstreamServer
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from bot.testing.webhook_server import WebhookServer
from tests.acceptance._nursery import Daemon, started

T = TypeVar("T")

RULES = """
rules:
  complaint:
    why: Reads like a complaint
    when: {complaint: ">= 0.6"}
    score: 25
  question:
    why: Asks us something
    when: {question: true}
    score: 50
  numbered:
    why: A numbered post of a load test
    when: {text: numbered}
    score: 50
    route: desk
routes:
  default: {to: "telegram:care"}
  desk: {to: "webhook:desk"}
"""

ACME, ANN, CARL = "did:plc:acme", "did:plc:ann", "did:plc:carl"
ROOT = Path(__file__).parents[2]


class World:
    """`async with World(tmp_path) as world`: all servers are up; `config` is the daemon's file."""

    is_forked = False
    """Processes come out of the nursery: quicker, and without a start of Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "outcare.yaml"
        self.database = folder / "outcare.db"
        self.jetstream = JetstreamServer()
        self.appview = AppViewServer()
        self.telegram = TelegramServer()
        self.webhook = WebhookServer()
        self.secrets: dict[str, str] = {"OUTCARE_TELEGRAM__TOKEN": TOKEN}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for server in (self.jetstream, self.appview, self.telegram, self.webhook):
            await self._stack.enter_async_context(server)
        self.appview.profile(ACME, "acme.test", displayName="Acme")
        self.appview.profile(ANN, "ann.test", displayName="Ann Other", followersCount=1234)
        self.appview.profile(CARL, "carl.test", displayName="Carl")
        rules = self.folder / "rules"
        rules.mkdir(exist_ok=True)
        (rules / "rules.yaml").write_text(RULES)
        self.write_config()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def write_config(self, **more: object) -> None:
        """Write outcare.yaml; `more` replaces whole sections (None: leaves them out)."""
        config: dict[str, object] = {
            "aim": "Answer within minutes",
            "brand": {"name": "acme", "words": ["acme"], "accounts": {"bluesky": ["acme.test"]}},
            "sources": {"bluesky": {"jetstream": self.jetstream.url, "appview": self.appview.url}},
            "channels": {
                "telegram:care": {"chat": CHAT},
                "webhook:desk": {"url": f"{self.webhook.url}/desk"},
                "console": {},
            },
            "telegram": {"base_url": self.telegram.url},
            "people": {
                "anna": {"name": "Anna", "role": "agent", "telegram": 1},
                "ben": {"name": "Ben", "role": "agent", "telegram": 2},
            },
            "timezone": "Europe/Berlin",
            "incidents": {"off": True},  # else many questions are one card
            "database": str(self.database),
            "rules": str(self.folder / "rules"),
            "http": {"host": "127.0.0.1", "port": 0},
            "log": {"level": "info", "format": "json"},
        }
        wanted = {name: section for name, section in {**config, **more}.items() if section is not None}
        self.config.write_text(yaml.safe_dump(wanted, sort_keys=False))

    @property
    def env(self) -> dict[str, str]:
        """What the daemon's process gets."""
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return {**kept, **self.secrets, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}

    async def outcare(self, *words: str) -> Daemon:
        """Start the real command; its output goes to `output.log`."""
        given = (*words, "--config", str(self.config))
        with (self.folder / "output.log").open("ab") as sink:
            return await started(given, env=self.env, cwd=self.folder, sink=sink, is_forked=self.is_forked)

    @property
    def output(self) -> str:
        log = self.folder / "output.log"
        return log.read_text(errors="replace") if log.exists() else ""


async def until(ask: Callable[[], T], *, within: float = 15.0, what: str = "") -> T:
    """Poll until the answer is truthy; fail loudly when it does not become so in time.

    A fifth of a processor at most goes into asking: the daemon that is waited for needs one, too.
    """
    asked_at = time.monotonic()
    deadline = asked_at + within
    while not (answer := ask()):
        now = time.monotonic()
        assert now < deadline, f"not within {within} s: {what or ask}"
        await asyncio.sleep(max(0.01, 4 * (now - asked_at)))
        asked_at = time.monotonic()
    return answer
