"""X on loopback, with its direct messages, as https://docs.x.com/x-api/direct-messages has them.

Imports no connector.
"""

from __future__ import annotations

import html
from collections import Counter
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.testing.x_server import XServer, problem

WINDOW_SECONDS = 900


class XMessages(XServer):
    """`events`: oldest first. `may_message`: the app's permission is *Read, write and Direct Messages*;
    `closed`: the ids of those who take no messages. `messages_granted`: so many are listed, or sent, in a
    quarter of an hour.
    """

    def __init__(self, now: Any = None) -> None:
        super().__init__(now)
        self.events: list[dict[str, Any]] = []
        self.may_message = True
        self.closed: set[str] = set()
        self.messages_granted = 15
        self._asked: Counter[tuple[str, int]] = Counter()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/2/dm_events", self._list_messages),
            web.get("/2/dm_conversations/with/{id}/dm_events", self._list_messages),
            web.post("/2/dm_conversations/with/{id}/messages", self._send),
            *super().routes(),
        ]

    def message(
        self, sender: str, text: str, *, to: str = "acme", at: datetime | None = None, **more: Any
    ) -> str:
        """Between two, unless `more` says otherwise."""
        self.world.next_id += 1
        pair = sorted((self.world.user(sender), self.world.user(to)), key=int)
        event = {
            "id": str(self.world.next_id),
            "event_type": "MessageCreate",
            "text": html.escape(text, quote=False),
            "sender_id": self.world.user(sender),
            "dm_conversation_id": "-".join(pair),
            "created_at": (at or self.now()).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **more,
        }
        self.events.append(event)
        return str(event["id"])

    def sent(self) -> list[dict[str, Any]]:
        """What the account said in private, oldest first."""
        return [one for one in self.events if one["sender_id"] == self.owner_id]

    def _barred(self, request: web.Request, kind: str) -> web.Response | None:
        """`kind`: of a request for posts, whose grants are wider than these."""
        if refused := self._refused(request, kind):
            return refused
        window = int(self.now().timestamp()) // WINDOW_SECONDS
        self._asked[kind, window] += 1
        if self._asked[kind, window] > self.messages_granted:
            reset = str((window + 1) * WINDOW_SECONDS)
            return problem(429, "Too Many Requests", headers={"x-rate-limit-reset": reset})
        return None if self.may_message else problem(403, "Forbidden")

    async def _list_messages(self, request: web.Request) -> web.Response:
        """Newest first; the token of the next page names where it begins."""
        if refused := self._barred(request, "tweets"):
            return refused
        query = request.query
        count = int(query.get("max_results", "100"))
        if not 1 <= count <= 100:
            return problem(400, "Invalid Request")
        whom = request.match_info.get("id")
        events = [one for one in reversed(self.events) if whom is None or self._is_with(one, whom)]
        start = int(query.get("pagination_token", "t0").removeprefix("t"))
        page = events[start : start + min(count, self.most)]
        self.bought["message"] += len(page)
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + len(page) < len(events):
            meta["next_token"] = f"t{start + len(page)}"
        wanted = {"id", "event_type", "text", *query.get("dm_event.fields", "").split(",")}
        shown = [{name: value for name, value in one.items() if name in wanted} for one in page]
        return self._answer(request, {"meta": meta, **({"data": shown} if shown else {})})

    def _is_with(self, event: dict[str, Any], whom: str) -> bool:
        pair = sorted((self.owner_id, whom), key=int)
        return bool(event["dm_conversation_id"] == "-".join(pair))

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if refused := self._barred(request, "publish"):
            return refused
        whom, text = request.match_info["id"], (await request.json())["text"]
        if whom in self.closed:
            return problem(403, "You cannot send messages to this user.")
        return await self._done(request, lambda: self._told(request, whom, text))

    def _told(self, request: web.Request, whom: str, text: str) -> web.Response:
        self.bought["sent message"] += 1
        made = self.message(self.owner, text, to=self.world.name_of(whom))
        told = {"dm_event_id": made, "dm_conversation_id": self.events[-1]["dm_conversation_id"]}
        return self._answer(request, {"data": told}, status=201)
