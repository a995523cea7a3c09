"""X on loopback, with its activity stream: subscriptions and events, as
https://docs.x.com/x-api/activity has them.

Imports no connector.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.testing.x_messages import XMessages
from bot.testing.x_server import problem
from bot.testing.x_streams import Streams, XStreams
from bot.testing.x_world import Tweet

_PATH = "/2/activity/subscriptions"


class XActivity(XStreams, XMessages):
    """`subscriptions` by id; `unknown` kinds of events are refused. `activity` is the stream's manner."""

    def __init__(self, now: Any = None) -> None:
        super().__init__(now)
        self.activity = Streams(most=2)
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.unknown: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/2/activity/stream", self._activities),
            web.get(_PATH, self._list_subscriptions),
            web.post(_PATH, self._subscribe),
            web.delete(_PATH + "/{id}", self._unsubscribe),
            *super().routes(),
        ]

    def subscription(self, kind: str, tag: str, user_id: str = "") -> str:
        made = str(1_976_000_000_000_000_000 + len(self.subscriptions))
        user = {"user_id": user_id or self.owner_id}
        self.subscriptions[made] = {"subscription_id": made, "event_type": kind, "filter": user, "tag": tag}
        return made

    @property
    def kinds(self) -> set[str]:
        """What is told of the account."""
        return {one["event_type"] for one in self.subscriptions.values()}

    async def _list_subscriptions(self, request: web.Request) -> web.Response:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        shown = list(self.subscriptions.values())
        meta = {"total_subscriptions": len(shown)}
        return web.json_response({**({"data": shown} if shown else {}), "meta": meta})

    async def _subscribe(self, request: web.Request) -> web.Response:
        """What is private is the account's to ask for."""
        if refused := self._refused(request, "tweets"):
            return refused
        given = await request.json()
        if given["event_type"] in self.unknown or given["filter"]["user_id"] != self.owner_id:
            return problem(400, "Invalid Request")
        made = self.subscription(given["event_type"], given["tag"])
        return self._answer(request, {"data": self.subscriptions[made]})

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        self.subscriptions.pop(request.match_info["id"], None)
        meta = {"total_subscriptions": len(self.subscriptions)}
        return web.json_response({"data": {"deleted": True}, "meta": meta})

    async def _activities(self, request: web.Request) -> web.StreamResponse:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        seen, read = set(self.world.tweets), len(self.events)

        def news() -> list[bytes]:
            nonlocal read
            fresh = [self.world.tweets[one] for one in self.world.tweets if one not in seen]
            seen.update(one.id for one in fresh)
            messages, read = self.events[read:], len(self.events)
            told = [event for one in fresh for event in self._about(one)]
            return [
                json.dumps(one).encode() for one in [*told, *(self._direct(one) for one in messages)] if one
            ]

        return await self.serve(request, self.activity, news)

    def _about(self, tweet: Tweet) -> list[dict[str, Any] | None]:
        """A post may be several events."""
        quoted = self.world.tweets.get(tweet.quoted or "")
        names = {
            "post.mention.create": any(one.id == tweet.id for one in self.world.mentions_of(self.owner_id))
        }
        names["post.quote.create"] = quoted is not None and quoted.author == self.owner
        return [self._event(kind, self.world.shown(tweet)) for kind, is_one in names.items() if is_one]

    def _direct(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """In the older form that messages have here."""
        sender, pair = event["sender_id"], event["dm_conversation_id"].split("-")
        if len(pair) != 2:
            return None
        at = datetime.fromisoformat(event["created_at"])
        told = {
            "type": "message_create",
            "id": event["id"],
            "created_timestamp": str(int(at.timestamp() * 1000)),
            "message_create": {
                "target": {"recipient_id": next(one for one in pair if one != sender)},
                "sender_id": sender,
                "message_data": {"text": event["text"], "entities": {"urls": []}},
            },
        }
        kind = "dm.sent" if sender == self.owner_id else "dm.received"
        return self._event(kind, {"direct_message_events": [told], "users": {}})

    def _event(self, kind: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        wanted = next((one for one in self.subscriptions.values() if one["event_type"] == kind), None)
        if wanted is None:
            return None
        self.bought[kind] += 1
        about = {"filter": wanted["filter"], "event_type": kind, "tag": wanted["tag"]}
        return {"data": {"event_uuid": "-2781149976877970683", **about, "payload": payload, "includes": {}}}
