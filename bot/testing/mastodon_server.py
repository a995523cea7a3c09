"""A loopback server of the Mastodon API, with the manners of Mastodon or of others that speak it.

Behaves as https://docs.joinmastodon.org/methods/ says: statuses are published with an Idempotency-Key,
edited, deleted, seen by whom they are meant for; notifications, an account's statuses and tags are read in
pages, newest first, by `max_id`, `since_id` and `min_id`, with `Link`; 300 requests are granted in five
minutes; a text too long is a 422, a parent that is gone a 404, an endpoint of newer servers a 404. Imports no
connector. `python -m bot.testing.mastodon_server --port 0 --journal FILE` runs it as a process;
`POST /_control` fills it, and the journal keeps what was published, one line each, through a kill.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.clock import SystemClock
from bot.ports import Clock
from bot.testing.journal import Journal
from bot.testing.loopback import Loopback, serve, silence
from bot.testing.mastodon_search import found
from bot.testing.mastodon_streams import LIVE, LIVE_GOTOSOCIAL, LIVE_PLEROMA, Streams
from bot.testing.mastodon_world import (
    GOTOSOCIAL,
    MASTODON,
    OLD_MASTODON,
    PAGE,
    PLEROMA,
    Manners,
    Requests,
    Status,
    World,
)

KNOWN = {"mastodon": MASTODON, "old": OLD_MASTODON, "gotosocial": GOTOSOCIAL, "pleroma": PLEROMA}
KNOWN |= {"live": LIVE, "live-gotosocial": LIVE_GOTOSOCIAL, "live-pleroma": LIVE_PLEROMA}
_VIEWER = web.RequestKey("viewer", str)
"""The id of whose token it is; empty: nobody's."""
_BLANKS = " \t\n\v\f\r\0"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What happens to the next write. `how`: cut, withhold (no answer), or a status that somebody answers."""

    how: str | int
    is_done: bool
    """Whether the write is carried out before."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = "the body of a refusal"


class Denied(Exception):  # noqa: N818 - what a request is answered with
    def __init__(self, status: int, said: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(said)
        self.status, self.headers = status, headers or {}


class MastodonServer(Loopback):
    """Give it people and statuses by `world`, and tokens by `sign_in`."""

    def __init__(
        self,
        clock: Clock | None = None,
        manners: Manners = MASTODON,
        *,
        domain: str = "social.test",
        journal: Path | None = None,
    ) -> None:
        super().__init__()
        self.clock = clock or SystemClock()
        self.world = World(self.clock, manners, domain)
        self.manners = manners
        self.granted = Requests(self.clock, manners)
        self.mishaps: deque[Mishap] = deque()
        self.asked: list[str] = []
        self.most: int | None = None
        """So many rows a page at most, whatever is asked for."""
        self.privacy = "public"
        self.streams_at = ""
        """Where it says that its streams are."""
        self._tokens: dict[str, tuple[str, frozenset[str]]] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._journal = Journal(journal)
        self.streams = Streams(self.world, self.clock, lambda token: self._tokens.get(token, ("",))[0])

    def sign_in(self, token: str, acct: str, scopes: str = "read write") -> str:
        """The id of the account that a token is for."""
        who = self.world.account(acct)
        self._tokens[token] = (who, frozenset(scopes.split()))
        return who

    def revoke(self, token: str) -> None:
        del self._tokens[token]

    def ask(self, text: str = "@acme is it down?", *, by: str = "ann@else.example", **more: Any) -> str:
        """Somebody mentions the account: a status and its notification; the id of the status."""
        made = self.world.post(by, text, **more)
        self.world.tell("mention", made)
        return made

    def said(self, acct: str) -> list[Status]:
        """What the public reads of an account, oldest first."""
        who = self.world.account(acct)
        return [one for one in self.world.statuses.values() if one.account == who]

    def mishap(self, how: str | int, *, is_done: bool, **more: Any) -> None:
        self.mishaps.append(Mishap(how=how, is_done=is_done, **more))

    async def control(self, command: Mapping[str, Any]) -> Any:
        more = {name: value for name, value in command.items() if name != "do"}
        match command.get("do"):
            case "sign_in":
                return self.sign_in(**more)
            case "ask":
                return self.ask(**more)
            case "post":
                return self.world.post(**more)
            case "mishap":
                self.mishap(**more)
            case "calm":
                self.mishaps.clear()
            case "grant":
                self.granted.most = more["requests"]
            case "said":
                return [{"id": one.id, "text": one.text} for one in self.said(more["acct"])]
            case _:
                return await super().control(command)
        return {}

    def routes(self) -> list[web.RouteDef]:
        status = "/api/v1/statuses/{id}"
        return [
            web.get("/api/v2/instance", self._served(self._instance, "")),
            web.get("/api/v1/instance", self._served(self._old_instance, "")),
            web.get("/api/v1/accounts/verify_credentials", self._served(self._verify, "read")),
            web.get("/api/v1/accounts/lookup", self._served(self._lookup, "")),
            web.get("/api/v1/accounts/{id}/statuses", self._served(self._account_statuses, "")),
            web.get("/api/v1/notifications", self._served(self._notifications, "read")),
            web.get("/api/v1/timelines/tag/{tag}", self._served(self._tagged, "")),
            web.get("/api/v1/timelines/public", self._served(self._published, "")),
            web.get("/api/v2/search", self._served(self._search, "read")),
            web.get(status, self._served(self._status, "")),
            web.get(f"{status}/context", self._served(self._context, "")),
            web.get(f"{status}/source", self._served(self._source, "read")),
            web.post("/api/v1/statuses", self._served(self._written(self._create), "write")),
            web.put(status, self._served(self._written(self._edit), "write")),
            web.delete(status, self._served(self._written(self._delete), "write")),
            *(self.streams.routes() if self.manners.streams else []),
        ]

    # --- every request ---

    def _served(self, handler: _Handler, scope: str) -> _Handler:
        async def served(request: web.Request) -> web.StreamResponse:
            self.asked.append(f"{request.method} {request.path}")
            is_granted = self.granted.spend()
            try:
                if not is_granted:
                    raise Denied(429, "Too many requests")  # noqa: TRY301 - answered as the others
                self._enter(request, scope)
                answer = await handler(request)
            except Denied as denied:
                answer = web.json_response(
                    {"error": str(denied)}, status=denied.status, headers=denied.headers
                )
            for name, value in self.granted.headers.items():
                answer.headers.setdefault(name, value)
            return answer

        return served

    def _enter(self, request: web.Request, scope: str) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        who, scopes = self._tokens.get(token, ("", frozenset[str]()))
        if (token or scope) and not who:
            raise Denied(401, "The access token is invalid")
        if scope and not any(one.partition(":")[0] == scope for one in scopes):
            challenge = {"WWW-Authenticate": 'Bearer realm="Doorkeeper", error="insufficient_scope"'}
            raise Denied(403, "This action is outside the authorized scopes", challenge)
        request[_VIEWER] = who

    def _seen(self, request: web.Request) -> Status:
        """Raises: Denied for what is not there, or not for this viewer."""
        status = self.world.statuses.get(request.match_info["id"])
        if status is None or not self.world.is_shown(status, request[_VIEWER]):
            raise Denied(404, "Record not found")
        return status

    def _page(self, request: web.Request, rows: list[Any], kind: str) -> list[Any]:
        """`rows` newest first; what a query for a page of them gives."""
        order, query = self.world.order, request.query
        below = order.get(query.get("max_id", ""), float("inf"))
        above = order.get(query.get("since_id", ""), 0) if self.manners.keeps_since else 0
        limit = min(int(query.get("limit", 20)), PAGE[kind], self.most or PAGE[kind])
        number = {id(row): order[row["id"] if isinstance(row, dict) else row.id] for row in rows}
        rows = [row for row in rows if above < number[id(row)] < below]
        if "min_id" in query:
            above = order.get(query["min_id"], 0)
            return [row for row in rows if number[id(row)] > above][-limit:]
        return rows[:limit]

    def _paged(self, request: web.Request, ids: list[str], told: list[Any]) -> web.Response:
        answer = web.json_response(told)
        if ids and self.manners.has_links:
            base = f"{self.world.url}{request.path}"
            answer.headers["Link"] = (
                f'<{base}?{self.manners.next_by}={ids[-1]}>; rel="next", <{base}?min_id={ids[0]}>; rel="prev"'
            )
        return answer

    # --- reading ---

    async def _instance(self, _: web.Request) -> web.Response:
        if not self.manners.has_v2:
            raise Denied(404, "Not found")
        versions = {} if self.manners.api is None else {"api_versions": {"mastodon": self.manners.api}}
        return web.json_response(
            {"domain": self.world.domain, "version": self.manners.software, **versions, **self._limits()}
        )

    async def _old_instance(self, _: web.Request) -> web.Response:
        extra = {"max_toot_chars": self.manners.longest} if "Pleroma" in self.manners.software else {}
        limits = {} if extra else self._limits()
        uri = self.world.url if extra else self.world.domain
        urls = {"urls": {"streaming_api": self.streams_at}} if self.streams_at else {}
        return web.json_response({"uri": uri, "version": self.manners.software, **extra, **limits, **urls})

    def _limits(self) -> dict[str, Any]:
        longest, per_url = self.manners.longest, self.manners.per_url
        counted = {"max_characters": longest, "characters_reserved_per_url": per_url}
        urls = {"urls": {"streaming": self.streams_at}} if self.streams_at else {}
        return {"configuration": {"statuses": {**counted, "max_media_attachments": 4}, **urls}}

    async def _verify(self, request: web.Request) -> web.Response:
        source = {"privacy": self.privacy, "sensitive": False, "language": "en"}
        return web.json_response({**self.world.accounts[request[_VIEWER]], "source": source})

    async def _lookup(self, request: web.Request) -> web.Response:
        username, _, domain = request.query["acct"].removeprefix("@").partition("@")
        found = self.world.named(username, domain or None)
        if found is None:
            raise Denied(404, "Record not found")
        return web.json_response(found)

    async def _account_statuses(self, request: web.Request) -> web.Response:
        who = request.match_info["id"]
        return self._listed(request, lambda one: one.account == who)

    async def _tagged(self, request: web.Request) -> web.Response:
        tag = request.match_info["tag"].lower()
        return self._listed(
            request, lambda one: self._is_public(one, request) and tag in self.world.tags(one)
        )

    async def _published(self, request: web.Request) -> web.Response:
        return self._listed(request, lambda one: self._is_public(one, request))

    def _is_public(self, status: Status, request: web.Request) -> bool:
        is_local = "@" not in self.world.accounts[status.account]["acct"]
        return status.visibility == "public" and (is_local or request.query.get("local") != "true")

    def _listed(self, request: web.Request, is_in: Callable[[Status], bool]) -> web.Response:
        every = [one for one in self.world.statuses.values() if is_in(one)]
        every.sort(key=lambda one: self.world.order[one.id], reverse=True)
        shown = [one for one in every if self.world.is_shown(one, request[_VIEWER])]
        page = self._page(request, shown, "statuses")
        return self._paged(request, [one.id for one in page], [self.world.entity(one) for one in page])

    async def _notifications(self, request: web.Request) -> web.Response:
        types = set(request.query.getall("types[]", []))
        rows = self.world.notifications
        if types and self.manners.filters_types:
            rows = [row for row in rows if row["type"] in types]
        page = self._page(request, rows, "notifications")
        return self._paged(request, [row["id"] for row in page], [self._notified(row) for row in page])

    def _notified(self, row: dict[str, Any]) -> dict[str, Any]:
        status = self.world.statuses.get(row["status"]) if isinstance(row["status"], str) else None
        told = self.world.entity(status) if status else row["status"]
        return {**row, "status": told, "account": dict(self.world.accounts[row["account"]])}

    async def _search(self, request: web.Request) -> web.Response:
        if not self.manners.has_search:
            raise Denied(404, "Not found")
        statuses = found(self.world, request.query, request[_VIEWER])
        if self.manners.searches_texts:
            entities = [self.world.entity(one) for one in self.world.statuses.values()]
            wanted = request.query["q"]
            statuses += [one for one in entities if wanted in one.get("content", "") and one not in statuses]
        return web.json_response({"accounts": [], "hashtags": [], "statuses": statuses})

    async def _status(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.entity(self._seen(request)))

    async def _context(self, request: web.Request) -> web.Response:
        status, viewer, world = self._seen(request), request[_VIEWER], self.world
        sides = {"ancestors": world.ancestors(status), "descendants": world.descendants(status)}
        return web.json_response(
            {
                side: [world.entity(one) for one in rows if world.is_shown(one, viewer)]
                for side, rows in sides.items()
            }
        )

    async def _source(self, request: web.Request) -> web.Response:
        status = self._seen(request)
        if not self.manners.has_source:
            raise Denied(404, "Not found")
        return web.json_response({"id": status.id, "text": status.text, "spoiler_text": status.spoiler})

    # --- writing ---

    def _written(self, handler: _Handler) -> _Handler:
        async def written(request: web.Request) -> web.StreamResponse:
            mishap = self.mishaps.popleft() if self.mishaps else None
            if mishap is None:
                return await handler(request)
            if mishap.is_done:
                await handler(request)
            if mishap.how == "withhold":
                await silence()
            if mishap.how == "cut" and request.transport is not None:
                request.transport.abort()
            status = mishap.how if isinstance(mishap.how, int) else 500
            return web.Response(status=status, text=mishap.body, headers=dict(mishap.headers))

        return written

    async def _create(self, request: web.Request) -> web.StreamResponse:
        given, who = await request.json(), request[_VIEWER]
        key = (who, request.headers.get("Idempotency-Key", ""))
        if key[1] and key in self._keys and self.manners.key != "ignores":
            if self.manners.key == "stumbles":
                raise Denied(500, "We're sorry, but something went wrong on our end.")
            return web.json_response(self.world.entity(self.world.statuses[self._keys[key]]))
        parent = given.get("in_reply_to_id")
        if parent is not None:
            above = self.world.statuses.get(parent)
            if above is None or not self.world.is_shown(above, who):
                raise Denied(404, "The post you are trying to reply to does not appear to exist.")
        text, spoiler = self._fitting(given)
        status = Status(
            id=self.world.next_id(), account=who, text=text, at=self.clock.now(), parent=parent,
            spoiler=spoiler, visibility=given.get("visibility") or self.privacy,
            language=given.get("language"), sent=given,
        )  # fmt: skip
        self.world.statuses[status.id] = status
        self._keys[key] = status.id
        self._journal.write("published", id=status.id, text=text)
        return web.json_response(self.world.entity(status))

    def _fitting(self, given: Mapping[str, Any]) -> tuple[str, str]:
        text = (given.get("status") or "").strip(_BLANKS)
        spoiler = (given.get("spoiler_text") or "").strip(_BLANKS)
        if not text:
            raise Denied(422, "Validation failed: Text can't be blank")
        if self.world.length(text, spoiler) > self.manners.longest:
            raise Denied(422, f"Validation failed: Text character limit of {self.manners.longest} exceeded")
        return text, spoiler

    def _own(self, request: web.Request) -> Status:
        status = self.world.statuses.get(request.match_info["id"])
        if status is None or status.account != request[_VIEWER]:
            raise Denied(404, "Record not found")
        return status

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        if not self.manners.has_edits:
            raise Denied(404, "Not found")
        status = self._own(request)
        text, spoiler = self._fitting(await request.json())
        self.world.edit(status.id, text, spoiler=spoiler)
        return web.json_response(self.world.entity(status))

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        status = self._own(request)
        self.world.delete(status.id)
        return web.json_response({**self.world.entity(status), "text": status.text})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback server of the Mastodon API")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--manners", choices=sorted(KNOWN), default="mastodon")
    arguments = parser.parse_args()
    fake = MastodonServer(manners=KNOWN[arguments.manners], journal=arguments.journal)
    asyncio.run(serve(fake, arguments.port))
