"""PagerDuty's Events API v2 on loopback, with the incidents that its events make.

https://developer.pagerduty.com/docs/events-api-v2-overview: what is required, what is refused, and what an
event does to an incident. Knows no connector; the words of refusals are PagerDuty's.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.testing.journal import Journal
from bot.testing.loopback import Loopback, serve

_ACTIONS = frozenset({"trigger", "acknowledge", "resolve"})
_BECOMES = {"acknowledge": "acknowledged", "resolve": "resolved"}
_SEVERITIES = frozenset({"critical", "error", "warning", "info"})
_LARGEST = 512 * 1024


@dataclass(kw_only=True)
class Incident:
    """`called` counts how often people were called: once, as long as it is not resolved."""

    key: str
    status: str
    payload: Mapping[str, Any]
    called: int = 1
    log: list[Mapping[str, Any]] = field(default_factory=list)


class PagerDutyServer(Loopback):
    """`async with PagerDutyServer() as duty: duty.url`. `keys`: the integrations that there are.

    `per_minute`: so many events of a key are taken (None: all).
    """

    def __init__(self, *, journal: Path | None = None) -> None:
        super().__init__()
        self.keys: set[str] = set()
        self.incidents: dict[tuple[str, str], list[Incident]] = {}
        self.events: list[Mapping[str, Any]] = []
        self.per_minute: int | None = None
        self.journal = Journal(journal)
        self._taken: deque[float] = deque()

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v2/enqueue", self._enqueue)]

    async def control(self, command: Mapping[str, Any]) -> Any:
        if command.get("do") == "incidents":
            return [[one.status, one.called] for one in self.all()]
        return await super().control(command)

    def all(self) -> list[Incident]:
        """Every incident, in the order in which they began."""
        return [one for chain in self.incidents.values() for one in chain]

    async def _enqueue(self, request: web.Request) -> web.Response:
        body = await request.read()
        if len(body) > _LARGEST:
            return web.Response(status=413)
        try:
            event = await request.json()
        except ValueError:
            return _refused("JSON parse error")
        if not isinstance(event, dict):
            return _refused("Event object format is unrecognized")
        if wrong := self._wrong(event):
            return _refused(*wrong)
        if not self._has_room():
            return web.Response(status=429)
        self.events.append(event)
        self._apply(event)
        key = event.get("dedup_key")
        told = {"status": "success", "message": "Event processed", "dedup_key": key}
        self.journal.write("event", action=event["event_action"], key=key)
        return web.json_response(told, status=202)

    def _wrong(self, event: Mapping[str, Any]) -> list[str]:
        key, action, payload = event.get("routing_key"), event.get("event_action"), event.get("payload")
        errors = []
        if not isinstance(key, str) or len(key) != 32:
            errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
        if isinstance(key, str) and not key.isalnum():
            errors.append("'routing_key' cannot contain non-alphanumeric characters.")
        if not errors and key not in self.keys:
            return ["Invalid routing key"]
        if action not in _ACTIONS:
            errors.append("'event_action' is missing or blank")
        if action != "trigger" and not event.get("dedup_key"):
            errors.append("'dedup_key' is missing or blank")
        if len(str(event.get("dedup_key") or "")) > 255:
            errors.append("Length of 'dedup_key' is incorrect (should be no longer than 255 characters)")
        if action == "trigger" or payload:
            errors += _wrong_payload(payload)
        return errors

    def _has_room(self) -> bool:
        now = time.monotonic()
        while self._taken and now - self._taken[0] > 60:
            self._taken.popleft()
        if self.per_minute is not None and len(self._taken) >= self.per_minute:
            return False
        self._taken.append(now)
        return True

    def _apply(self, event: Mapping[str, Any]) -> None:
        """A trigger of what is open is one line more in its log, and calls nobody; a resolved one is over."""
        place = (event["routing_key"], str(event.get("dedup_key") or len(self.events)))
        chain = self.incidents.setdefault(place, [])
        current = chain[-1] if chain and chain[-1].status != "resolved" else None
        if event["event_action"] == "trigger" and current is None:
            chain.append(Incident(key=place[1], status="triggered", payload=event["payload"], log=[event]))
        elif current is not None:
            current.log.append(event)
            current.status = _BECOMES.get(event["event_action"], current.status)


def _wrong_payload(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    missing = [name for name in ("summary", "severity", "source") if not payload.get(name)]
    errors = [f"'payload.{name}' is missing or blank" for name in missing]
    if payload.get("severity") not in _SEVERITIES:
        errors.append("'payload.severity' is invalid (must be one of the following: critical, warning, …)")
    if len(str(payload.get("summary", ""))) > 1024:
        errors.append("Length of 'payload.summary' is incorrect (should be no longer than 1024 characters)")
    return errors


def _refused(*errors: str) -> web.Response:
    whole = {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    return web.json_response(whole, status=400)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="PagerDuty's Events API v2 on 127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", action="append", default=[], help="an integration key that there is")
    parser.add_argument("--state", type=Path, help="a journal of what was sent (JSON lines)")
    given = parser.parse_args()
    server = PagerDutyServer(journal=given.state)
    server.keys.update(given.key)
    asyncio.run(serve(server, given.port))
