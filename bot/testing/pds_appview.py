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

_LOOKS = 10


@dataclass
class Shown:
    """A post. `shut`: a threadgate keeps us out; `blocked`: its author blocks us; not `is_indexed`: it is in
    its author's repository, and not shown yet.
    """

    record: dict[str, Any]
    at: str
    shut: bool = False
    blocked: bool = False
    is_indexed: bool = True

    @property
    def is_shown(self) -> bool:
        return self.is_indexed and not self.blocked


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
        shown = [self._view(uri) for uri in asked if uri in self.posts and self.posts[uri].is_shown]
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

    def get_profile(self, request: web.Request, viewer: str) -> web.Response:
        """Also of who blocks us: `viewer` says so."""
        did = request.query["actor"]
        theirs = [post for uri, post in self.posts.items() if uri.split("/")[2] == did]
        if not theirs and did not in self.handles.values():
            return web.json_response({"error": "InvalidRequest", "message": "Profile not found"}, status=400)
        terms = {"muted": False, "blockedBy": any(post.blocked for post in theirs)}
        return web.json_response({"did": did, "handle": "handle.invalid", "viewer": terms})

    def list_notifications(self, request: web.Request, viewer: str) -> web.Response:
        """Cut into pages first, sorted by reason then (packages/bsky, `fillPage`): half a page is enough, and
        after ten looks whatever was found is given out, with a cursor, be it nothing.
        """
        limit = min(int(request.query.get("limit", "50")), self.most)
        cursor = request.query.get("cursor")
        reasons = set(request.query.getall("reasons", []))
        found: list[dict[str, Any]] = []
        for _ in range(_LOOKS):
            rows, cursor = self._cut(cursor, limit - len(found))
            found += [row for row in rows if not reasons or row.get("reason") in reasons]
            if cursor is None or 2 * len(found) >= limit:
                break
        told: dict[str, Any] = {"notifications": found}
        return web.json_response({**told, "cursor": cursor} if cursor else told)

    def _cut(self, before: str | None, count: int) -> tuple[list[dict[str, Any]], str | None]:
        """The newest ones before a time, and where the next ones begin."""
        rows = sorted(self.notifications, key=_place, reverse=True)
        rows = [row for row in rows if before is None or _place(row) < before]
        return rows[:count], _place(rows[count - 1]) if len(rows) > count else None


def _place(row: dict[str, Any]) -> str:
    return str(row["indexedAt"])


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
