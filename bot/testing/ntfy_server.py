"""An ntfy on loopback that publishes, refuses and limits as the documentation says.

https://docs.ntfy.sh/publish/ and the error codes of its server. Knows no connector; `shown` is what an app
that follows sequences shows.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.testing.journal import Journal
from bot.testing.loopback import Loopback, serve

TEXT_LIMIT = 4096
_NAME = re.compile(r"[-_A-Za-z0-9]{1,64}\Z")
_FIELDS = frozenset(
    {"topic", "message", "title", "tags", "priority", "actions", "click", "attach", "markdown", "icon"}
    | {"filename", "delay", "email", "call", "sequence_id"}
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """One message; `whole` is what came. `text` None: it was too long and became an attachment."""

    id: str
    topic: str
    sequence: str
    title: str
    text: str | None
    priority: int
    at: float
    whole: Mapping[str, Any] = field(default_factory=dict)


class NtfyServer(Loopback):
    """`async with NtfyServer() as ntfy: ntfy.url`.

    `tokens` and `users` may publish everywhere, everybody else to no topic of `reserved`. `burst` requests
    are taken at once, `per_day` messages altogether.
    """

    def __init__(self, *, journal: Path | None = None) -> None:
        super().__init__()
        self.messages: list[Published] = []
        self.tokens: set[str] = set()
        self.users: dict[str, str] = {}
        self.reserved: set[str] = set()
        self.burst: float = 60
        self.per_day = 17_280
        self.journal = Journal(journal)
        self._bucket = 0.0
        self._seen_at = time.monotonic()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/", self._publish),
            web.get("/v1/health", self._health),
            web.get("/v1/account", self._account),
        ]

    async def control(self, command: Mapping[str, Any]) -> Any:
        if command.get("do") == "messages":
            return [{"topic": one.topic, "title": one.title, "text": one.text} for one in self.messages]
        return await super().control(command)

    def of_topic(self, topic: str) -> list[Published]:
        return [one for one in self.messages if one.topic == topic]

    def shown(self, topic: str) -> dict[str, Published]:
        """The newest message of each sequence."""
        return {one.sequence: one for one in self.of_topic(topic)}

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def _account(self, request: web.Request) -> web.Response:
        if self._who(request) is None:
            return _error(401, 40101, "unauthorized")
        return web.json_response({"username": self._who(request) or "*", "role": "user"})

    async def _publish(self, request: web.Request) -> web.Response:
        who = self._who(request)
        if who is None:
            return _error(401, 40101, "unauthorized")
        if not self._has_room():
            return _error(429, 42901, "limit reached: too many requests, please be nice")
        body = await request.read()
        if len(body) > 2 * TEXT_LIMIT:
            return _error(413, 41303, "JSON body too large")
        try:
            whole = await request.json()
        except ValueError:
            return _error(400, 40017, "invalid request: request body must be message JSON")
        return self._wrong(whole, who) or self._take(whole)

    def _who(self, request: web.Request) -> str | None:
        """Their name, empty for nobody in particular; None: credentials that are wrong."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if not kind:
            return ""
        if kind == "Bearer":
            return "token" if given in self.tokens else None
        name, _, password = base64.b64decode(given).decode().partition(":")
        return name if self.users.get(name) == password else None

    def _has_room(self) -> bool:
        """A bucket of requests, refilled by one each five seconds."""
        now = time.monotonic()
        self._bucket = max(0.0, self._bucket - (now - self._seen_at) / 5)
        self._seen_at = now
        if self._bucket + 1 > self.burst:
            return False
        self._bucket += 1
        return True

    def _wrong(self, whole: Any, who: str) -> web.Response | None:
        if not isinstance(whole, dict) or not set(whole) <= _FIELDS:
            return _error(400, 40017, "invalid request: request body must be message JSON")
        if not _NAME.match(str(whole.get("topic", ""))):
            return _error(400, 40009, "invalid request: topic invalid")
        if not who and whole["topic"] in self.reserved:
            return _error(403, 40301, "forbidden")
        if len(self.messages) >= self.per_day:
            return _error(429, 42908, "limit reached: too many messages")
        return _wrong_values(whole)

    def _take(self, whole: dict[str, Any]) -> web.Response:
        id_ = f"m{len(self.messages) + 1:011d}"
        text = whole.get("message") or "triggered"
        fits = len(text.encode()) <= TEXT_LIMIT
        one = Published(
            id=id_,
            topic=whole["topic"],
            sequence=whole.get("sequence_id", id_),
            title=whole.get("title", ""),
            text=text if fits else None,
            priority=whole.get("priority", 3),
            at=time.monotonic(),
            whole=whole,
        )
        self.messages.append(one)
        self.journal.write("published", topic=one.topic, title=one.title, priority=one.priority)
        told = {key: value for key, value in whole.items() if key != "sequence_id"}
        return web.json_response({**told, "id": id_, "event": "message", "sequence_id": one.sequence})


def _wrong_values(whole: Mapping[str, Any]) -> web.Response | None:
    if whole.get("priority", 3) not in {1, 2, 3, 4, 5}:
        return _error(400, 40007, "invalid priority parameter")
    if "sequence_id" in whole and not _NAME.match(str(whole["sequence_id"])):
        return _error(400, 40049, "invalid request: sequence ID invalid")
    actions = whole.get("actions", [])
    is_whole = all(one.get("action") == "view" and one.get("label") and one.get("url") for one in actions)
    return None if len(actions) <= 3 and is_whole else _error(400, 40018, "invalid request: actions invalid")


def _error(status: int, code: int, said: str) -> web.Response:
    return web.json_response({"code": code, "http": status, "error": said}, status=status)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An ntfy on 127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="a journal of what was published (JSON lines)")
    given = parser.parse_args()
    asyncio.run(serve(NtfyServer(journal=given.state), given.port))
