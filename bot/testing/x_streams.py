"""X on loopback, with what it pushes: the filtered stream and its rules, as https://docs.x.com has them.

One connection, so many in a quarter of an hour, a sign of life while nothing is said; and every way in which
a stream may stumble. Imports no connector.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.testing.x_server import XServer, problem
from bot.testing.x_world import Tweet

BEARER = "bearer-of-acme"
CONNECTS = 50
_LOOKS_EVERY = 0.01


@dataclass(kw_only=True)
class Manner:
    """How a stream behaves: `sign_every` seconds there is a sign of life (0: never), lines go out in pieces
    of so many bytes (0: whole), and it `ends_after` so many seconds, cleanly.
    """

    sign_every: float = 0.05
    piece: int = 0
    ends_after: float = 0.0


@dataclass
class Streams:
    """What is pushed to whoever listens. `open` connections now, `connects`: when they were made; `most`: so
    many at once.
    """

    manner: Manner = field(default_factory=Manner)
    open: int = 0
    connects: list[float] = field(default_factory=list)
    most: int = 1
    pushed: list[bytes] = field(default_factory=list)
    """Whatever else is to be said, as it is."""


class XStreams(XServer):
    """`rules`: id → value and tag. `bought["stream"]`: posts that were pushed."""

    def __init__(self, now: Any = None) -> None:
        super().__init__(now)
        self.bearer = BEARER
        self.streams = Streams()
        self.rules: dict[str, dict[str, str]] = {}
        self.refused_words: set[str] = set()
        self.longest_rule = 1024
        self._next_rule = 1_700_000_000_000_000_000

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/2/tweets/search/stream", self._stream),
            web.get("/2/tweets/search/stream/rules", self._list_rules),
            web.post("/2/tweets/search/stream/rules", self._change_rules),
            *super().routes(),
        ]

    # --- rules ---

    def rule(self, value: str, tag: str | None = None) -> str:
        self._next_rule += 1
        self.rules[str(self._next_rule)] = {"value": value, **({"tag": tag} if tag else {})}
        return str(self._next_rule)

    def _is_app(self, request: web.Request) -> bool:
        return not self.is_revoked and request.headers.get("Authorization") == f"Bearer {self.bearer}"

    async def _list_rules(self, request: web.Request) -> web.Response:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        ids = sorted(self.rules)
        start = int(request.query.get("pagination_token", "0"))
        page = ids[start : start + self.most]
        meta: dict[str, Any] = {"sent": self.now().isoformat(), "result_count": len(page)}
        if start + self.most < len(ids):
            meta["next_token"] = str(start + self.most)
        shown = [{"id": one, **self.rules[one]} for one in page]
        return web.json_response({"meta": meta, **({"data": shown} if shown else {})})

    async def _change_rules(self, request: web.Request) -> web.Response:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        given = await request.json()
        if "delete" in given:
            gone = [self.rules.pop(one, None) for one in given["delete"]["ids"]]
            deleted = sum(one is not None for one in gone)
            summary = {"deleted": deleted, "not_deleted": len(gone) - deleted}
            return web.json_response({"meta": {"summary": summary}})
        made, errors = [], []
        for one in given["add"]:
            fault = self._fault(one["value"])
            if fault:
                errors.append(fault)
            else:
                made.append({"id": self.rule(one["value"], one.get("tag")), **one})
        summary = {"created": len(made), "not_created": len(errors)}
        content = {"meta": {"summary": summary}, **({"data": made} if made else {})}
        content |= {"errors": errors} if errors else {}
        return web.json_response(content, status=201 if made else 400)

    def _fault(self, value: str) -> dict[str, Any] | None:
        kind = "https://api.twitter.com/2/problems"
        same = next((one for one, rule in self.rules.items() if rule["value"] == value), None)
        if same:
            return {"value": value, "id": same, "title": "DuplicateRule", "type": f"{kind}/duplicate-rules"}
        if len(value) > self.longest_rule or any(word in value for word in self.refused_words):
            return {
                "value": value,
                "details": ["…"],
                "title": "UnprocessableEntity",
                "type": f"{kind}/invalid",
            }
        return None

    def fits(self, tweet: Tweet) -> list[dict[str, str]]:
        """The rules that let it through."""
        matched = []
        for one, rule in self.rules.items():
            wanted, _, without = rule["value"].partition(")")
            words = [word.strip('"') for word in wanted.removeprefix("(").split(" OR ")]
            excluded = re.findall(r"-from:(\w+) -@(\w+)", without)
            is_in = any(found.id == tweet.id for found in self.world.search(words))
            text = tweet.text.lower()
            is_out = any(tweet.author == author or f"@{name}" in text for author, name in excluded)
            if is_in and not is_out and not (tweet.retweeted and "-is:retweet" in without):
                matched.append({"id": one, "tag": rule.get("tag", "")})
        return matched

    # --- streams ---

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        if not self._is_app(request):
            return problem(401, "Unauthorized")
        if self.is_depleted:
            return problem(402, "CreditsDepleted")
        wanted = {"id", "text", "edit_history_tweet_ids", *request.query.get("tweet.fields", "").split(",")}
        seen = set(self.world.tweets)

        def news() -> list[bytes]:
            fresh = [self.world.tweets[one] for one in self.world.tweets if one not in seen]
            seen.update(one.id for one in fresh)
            return [line for one in fresh if (line := self._line(one, wanted))]

        return await self.serve(request, self.streams, news)

    def _line(self, tweet: Tweet, wanted: set[str]) -> bytes:
        matched = self.fits(tweet)
        if not matched:
            return b""
        self.bought["stream"] += 1
        shown = {name: value for name, value in self.world.shown(tweet).items() if name in wanted}
        return json.dumps({"data": shown, "matching_rules": matched}).encode()

    async def serve(
        self, request: web.Request, streams: Streams, news: Callable[[], list[bytes]]
    ) -> web.StreamResponse:
        """A stream of this kind, until it ends as its manner wants it."""
        at, now = asyncio.get_running_loop().time(), self.now().timestamp()
        streams.connects.append(now)
        if sum(one > now - 900 for one in streams.connects) > CONNECTS:
            return problem(429, "Too Many Requests")
        if streams.open >= streams.most:
            return problem(429, "ConnectionException", connection_issue="TooManyConnections")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        async with _counted(streams):
            with suppress(ConnectionError):  # whoever listened has gone
                await self._push(response, streams, news, at)
        return response

    async def _push(
        self, response: web.StreamResponse, streams: Streams, news: Callable[[], list[bytes]], began: float
    ) -> None:
        loop, signed_at = asyncio.get_running_loop(), began
        while not streams.manner.ends_after or loop.time() - began < streams.manner.ends_after:
            lines = [*news(), *streams.pushed]
            streams.pushed.clear()
            for line in lines:
                await _written(response, line + b"\r\n", streams.manner.piece)
            if streams.manner.sign_every and loop.time() - signed_at >= streams.manner.sign_every:
                signed_at = loop.time()
                await response.write(b"\r\n")
            await asyncio.sleep(_LOOKS_EVERY)


@asynccontextmanager
async def _counted(streams: Streams) -> AsyncIterator[None]:
    streams.open += 1
    try:
        yield
    finally:
        streams.open -= 1


async def _written(response: web.StreamResponse, line: bytes, piece: int) -> None:
    for start in range(0, len(line), piece or len(line)):
        await response.write(line[start : start + (piece or len(line))])


def disconnect(title: str = "operational-disconnect", **more: Any) -> bytes:
    """https://docs.x.com/x-api/fundamentals/handling-disconnections#common-disconnection-errors"""
    kind = f"https://api.x.com/2/problems/{title}"
    told: Mapping[str, Any] = {"title": title, "detail": "secret: of nobody", "type": kind, **more}
    return json.dumps({"errors": [told]}).encode()
