"""People of a real server of the Mastodon API, who use it as an app does; and what the public reads there.

Knows none of our connectors, so that the two cannot share a mistake.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from tests.peers.mastodon.server import DOMAIN, Server

STATUSES = "/api/v1/statuses"


@dataclass(frozen=True, kw_only=True)
class Person:
    """An account, signed in. `name` is what it is called on its own server."""

    server: Server
    id: str
    name: str
    token: str

    @property
    def acct(self) -> str:
        """Its name with its domain."""
        return f"{self.name}@{DOMAIN}"

    def post(self, text: str, *, under: str = "", quoting: str = "", **more: Any) -> str:
        """The id."""
        above = {"in_reply_to_id": under} if under else {}
        quoted = {"quoted_status_id": quoting} if quoting else {}
        made = self._do("POST", STATUSES, {"status": text, **above, **quoted, **more})
        return str(made["id"])

    def edit(self, status: str, text: str) -> None:
        self._do("PUT", f"{STATUSES}/{status}", {"status": text})

    def delete(self, status: str) -> None:
        self._do("DELETE", f"{STATUSES}/{status}")

    def press(self, verb: str, status: str) -> None:
        """`favourite`, `reblog`."""
        self._do("POST", f"{STATUSES}/{status}/{verb}", {})

    def follow(self, other: Person) -> None:
        self._do("POST", f"/api/v1/accounts/{other.id}/follow", {})

    def said(self) -> list[dict[str, Any]]:
        """Its own posts, oldest first; more than forty are not looked at."""
        found: list[dict[str, Any]] = self._do("GET", f"/api/v1/accounts/{self.id}/statuses?limit=40")
        return found[::-1]

    def answers(self, status: str) -> list[dict[str, Any]]:
        """What stands below a post, as this person reads it."""
        below: list[dict[str, Any]] = self._do("GET", f"{STATUSES}/{status}/context")["descendants"]
        return below

    def told(self) -> list[str]:
        """The kinds of its notifications, the newest first."""
        return [row["type"] for row in self._do("GET", "/api/v1/notifications")]

    def _do(self, verb: str, path: str, body: object = None) -> Any:
        return self.server.call(verb, path, token=self.token, body=body)


def join(server: Server, name: str) -> Person:
    """A new account."""
    body = {"username": f"{name}_{secrets.token_hex(4)}", "display_name": name.title()}
    made = server.call("POST", "/api/v1/_mock/dev_user", body=body)
    return Person(server=server, id=made["id"], name=made["username"], token=made["access_token"])
