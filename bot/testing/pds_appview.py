"""What the loopback PDS asks its AppView: others' posts, who may answer them, and notifications.

https://docs.bsky.app/docs/api/app-bsky-feed-get-posts, app-bsky-notification-list-notifications: what is
deleted or stands behind a block is left out, `viewer.replyDisabled` says that a thread is closed to who
asks, and notifications come newest first, in pages. Imports no connector.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.ports import Clock
from bot.testing.pds_records import POSTS, cid


@dataclass
class Shown:
    """A post. `shut`: a threadgate keeps us out; `blocked`: its author blocks us."""

    record: dict[str, Any]
    at: str
    shut: bool = False
    blocked: bool = False


@dataclass
class AppView:
    """Fill it with `post` and `notify`."""

    clock: Clock
    posts: dict[str, Shown] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    most: int = 100

    def post(self, uri: str, text: str, *, shut: bool = False, blocked: bool = False, **record: Any) -> str:
        """`record`: its other fields, reply and facets among them. Its CID."""
        now = _stamp(self.clock.now())
        body = {"$type": POSTS, "text": text, "createdAt": now, **record}
        self.posts[uri] = Shown(body, now, shut=shut, blocked=blocked)
        return cid(body)

    def remove(self, uri: str) -> None:
        """Its author deleted it: its notification goes too."""
        del self.posts[uri]
        self.notifications = [one for one in self.notifications if one["uri"] != uri]

    def notify(
        self, reason: str, uri: str, text: str = "", *, at: str | None = None, **record: Any
    ) -> dict[str, Any]:
        """Somebody did something that the account is told of; `at`: not now, but then."""
        self.post(uri, text, **record)
        told = self.posts[uri].record
        did = uri.split("/")[2]
        handle = next((name for name, owner in self.handles.items() if owner == did), "handle.invalid")
        row = {
            "uri": uri,
            "cid": cid(told),
            "author": {"did": did, "handle": handle},
            "reason": reason,
            "record": told,
            "isRead": False,
            "indexedAt": at or _stamp(self._after_all()),
        }
        self.notifications.append(row)
        return row

    def _after_all(self) -> datetime:
        """Now, and a millisecond after the newest at least: two at once have an order all the same."""
        newest = max((row["indexedAt"] for row in self.notifications), default="")
        now = self.clock.now()
        if newest and newest >= _stamp(now):
            return datetime.fromisoformat(newest) + timedelta(milliseconds=1)
        return now

    def record(self, uri: str) -> dict[str, Any] | None:
        return self.posts[uri].record if uri in self.posts else None

    def get_posts(self, request: web.Request, viewer: str) -> web.Response:
        asked = request.query.getall("uris", [])
        if len(asked) > 25:
            fault = {"error": "InvalidRequest", "message": "uris must not have more than 25 elements"}
            return web.json_response(fault, status=400)
        shown = [self._view(uri) for uri in asked if uri in self.posts and not self.posts[uri].blocked]
        return web.json_response({"posts": shown})

    def _view(self, uri: str) -> dict[str, Any]:
        post = self.posts[uri]
        author = {"did": uri.split("/")[2], "handle": "handle.invalid", "viewer": {"muted": False}}
        viewer: dict[str, Any] = {"threadMuted": False}
        if post.shut:
            viewer["replyDisabled"] = True
        return {
            "uri": uri,
            "cid": cid(post.record),
            "author": author,
            "record": post.record,
            "indexedAt": post.at,
            "viewer": viewer,
        }

    def list_notifications(self, request: web.Request, viewer: str) -> web.Response:
        limit = min(int(request.query.get("limit", "50")), self.most)
        before = request.query.get("cursor")
        reasons = set(request.query.getall("reasons", []))
        rows = sorted(self.notifications, key=lambda row: str(row["indexedAt"]), reverse=True)
        rows = [row for row in rows if not reasons or row.get("reason") in reasons]
        rows = [row for row in rows if before is None or _place(row) < before]
        page = rows[:limit]
        told: dict[str, Any] = {"notifications": page}
        if len(rows) > limit:
            told["cursor"] = _place(page[-1])
        return web.json_response(told)


def _place(row: dict[str, Any]) -> str:
    return str(row["indexedAt"])


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
