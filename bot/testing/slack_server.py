"""Slack on loopback: `async with SlackServer() as slack:`.

The Web API of https://docs.slack.dev/apis/web-api (statuses, tokens, errors in answers of status 200); what
the methods do is in `slack_workspace`, what people do in `slack_people`, how the app hears of it in
`slack_sockets`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.testing.loopback import Loopback, silence
from bot.testing.slack_people import ANNA, People
from bot.testing.slack_sockets import COMMANDS, EVENTS, INTERACTIVE, Sockets
from bot.testing.slack_workspace import CHANNEL, SCOPES, ApiError, Sent, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

BOT_TOKEN = "xoxb-4711-0815-opensNothing"  # noqa: S105 - opens nothing
APP_TOKEN = "xapp-1-A0OUTCARE-4711-opensNothing"  # noqa: S105

__all__ = ["APP_TOKEN", "BOT_TOKEN", "CHANNEL", "Failure", "SlackServer"]


@dataclass(kw_only=True)
class Failure:
    """What the next requests (of `method`, `times`) get instead of an answer: an `error` in an answer of
    `status`, or a `body`. Status 0: silence until the client gives up; -1: the connection breaks.
    """

    status: int = 200
    method: str | None = None
    times: int = 1
    error: str = "planted"
    retry_after: str | None = None
    body: bytes | None = None


class SlackServer(Loopback):
    """One app in one workspace. Attributes and methods are for the test; the app comes over HTTP."""

    def __init__(self, *, burst: int | None = None) -> None:
        super().__init__()
        self.workspace = Workspace(burst=burst)
        self.people = People(self.workspace)
        self.sockets = Sockets()
        self.failures: list[Failure] = []
        self.revoked = ""

    # --- what the test sees and does ---

    @property
    def messages(self) -> list[Sent]:
        """All messages as they stand now, oldest first."""
        return list(self.workspace.messages.values())

    @property
    def api(self) -> str:
        """Where the Web API is."""
        return f"{self.url}/api"

    def fail(self, error: str = "planted", **more: Any) -> None:
        """Let the next request fail; see `Failure`."""
        self.failures.append(Failure(error=error, **more))

    def revoke(self, why: str = "token_revoked") -> None:
        """From now on both tokens are refused: somebody uninstalled the app."""
        self.revoked = why

    @property
    def is_read(self) -> bool:
        """Whether somebody reads, and has acknowledged all that there was."""
        return bool(self.sockets.links) and not self.sockets.pending

    def press(self, sent: Sent, label: str, *, user: str = ANNA, name: str = "Anna") -> str:
        """Somebody presses a button; the time of that, which is its name."""
        payload = self.people.press(sent, label, user=user, name=name)
        self.sockets.give(INTERACTIVE, payload)
        return str(payload["actions"][0]["action_ts"])

    def say(self, text: str, *, user: str = ANNA, **more: Any) -> str:
        """Somebody writes a message; its time. `more` as in `People.say`."""
        payload = self.people.say(text, user=user, **more)
        self.sockets.give(EVENTS, payload)
        return str(payload["event"]["ts"])

    def command(self, text: str, *, user: str = ANNA, name: str = "Anna", channel: str = CHANNEL) -> None:
        """Somebody writes `/outcare TEXT`."""
        self.sockets.give(COMMANDS, self.people.command(text, user=user, name=name, channel=channel))

    def submit(self, view_id: str, text: str, *, user: str = ANNA, name: str = "Anna") -> None:
        """Somebody fills in an open form."""
        view = self.workspace.views[view_id]
        self.sockets.give(INTERACTIVE, self.people.submit(view, text, user=user, name=name))

    # --- HTTP ---

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/api/{method}", self._handle), web.get("/link/", self.sockets.handle)]

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            self._authorize(method, request.headers.get("Authorization", ""))
            given = await _given(request)
            planted = await self._planted(method)
            return planted or _json({"ok": True, **self.call(method, given)})
        except ApiError as error:
            told: dict[str, Any] = {"ok": False, "error": error.code}
            if error.code == "missing_scope":
                told |= {"needed": "chat:write", "provided": "commands"}
            return _json(told, status=error.status, headers=error.headers)

    def call(self, method: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Raises: ApiError."""
        if method == "apps.connections.open":
            return self.sockets.ticket(self.host)
        return self.workspace.call(method, given)

    def _authorize(self, method: str, header: str) -> None:
        kind, _, token = header.partition(" ")
        if kind != "Bearer" or not token:
            raise ApiError("not_authed")
        if token not in {BOT_TOKEN, APP_TOKEN}:
            raise ApiError("invalid_auth")
        if self.revoked:
            raise ApiError(self.revoked)
        if (token == APP_TOKEN) != (method == "apps.connections.open"):
            raise ApiError("not_allowed_token_type")

    async def _planted(self, method: str) -> web.Response | None:
        found = next((one for one in self.failures if one.method in {None, method}), None)
        if found is None:
            return None
        found.times -= 1
        if not found.times:
            self.failures.remove(found)
        if found.status == -1:
            self.cut()
        if found.status <= 0:
            await silence()
        headers = {"Retry-After": found.retry_after} if found.retry_after else {}
        if found.body is not None:
            return web.Response(
                status=found.status, body=found.body, headers=headers, content_type="application/json"
            )
        raise ApiError(found.error, status=found.status, headers=headers)


async def _given(request: web.Request) -> dict[str, Any]:
    """Arguments as JSON, as a form, or in the query: https://docs.slack.dev/apis/web-api#slack-web-api."""
    if request.content_type == "application/json":
        try:
            given = await request.json()
        except ValueError as error:
            raise ApiError("invalid_json") from error
        if not isinstance(given, dict):
            raise ApiError("json_not_object")
        return {**request.query, **given}
    return {**request.query, **await request.post()}


def _json(
    told: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    scopes = {"x-oauth-scopes": SCOPES}
    return web.Response(
        status=status,
        text=json.dumps(told),
        headers={**scopes, **(headers or {})},
        content_type="application/json",
    )
