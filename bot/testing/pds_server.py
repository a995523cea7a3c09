"""A loopback Bluesky PDS with an AppView and a chat service behind it: sessions, records, threads,
notifications, direct messages, and mishaps.

Behaves as https://docs.bsky.app/docs/api/ and the servers' source say (packages/pds of
bluesky-social/atproto): `putRecord` of the same record changes nothing, `swapRecord: null` refuses where
another one stands, `createRecord` of a key that is taken is a 500, `deleteRecord` of what is not there is
success, a reply is taken wherever it points. Its limits and sessions follow the given clock. Imports no
connector. `python -m bot.testing.pds_server --port 0 --journal FILE` runs it as a process; `POST /_control`
fills it, and the journal keeps what was published, one line each, through a kill.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.clock import SystemClock
from bot.ports import Clock
from bot.testing.journal import Journal
from bot.testing.loopback import Loopback, serve, silence
from bot.testing.pds_appview import AppView
from bot.testing.pds_chat import CONVO, DECLARATION, PRIVILEGED, SERVICE, ChatFault, ChatService
from bot.testing.pds_records import POSTS, Invalid, Repository, as_read, cid
from bot.testing.pds_sessions import Denied, Holder, Sessions

POINTS = ((timedelta(hours=1), 5_000), (timedelta(days=1), 35_000))
_COSTS = {"putRecord": 2, "createRecord": 3, "deleteRecord": 1}
_REPO = "com.atproto.repo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What happens to the next write. `how`: cut, withhold (no answer), or a status that somebody answers."""

    how: str | int
    is_done: bool
    """Whether the write is carried out before."""
    wait: int | None = None
    body: str = "the body of a refusal"
    named: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        if self.how == "withhold":
            await silence()
        if self.how == "cut" and request.transport is not None:
            request.transport.abort()
        status = self.how if isinstance(self.how, int) else 500
        headers = {"Retry-After": str(self.wait)} if self.wait is not None else {}
        if self.named:
            return _fault(status, self.named, self.body)
        return web.Response(status=status, text=self.body, headers=headers)


class PdsServer(Loopback):
    """Give it accounts (`account`), and posts of others (`appview`)."""

    def __init__(self, clock: Clock | None = None, journal: Path | None = None) -> None:
        super().__init__()
        self.clock = clock or SystemClock()
        self.sessions = Sessions(self.clock)
        self.appview = AppView(self.clock)
        self.chat = ChatService(self.clock)
        self.mishaps: deque[Mishap] = deque()
        self.repositories: dict[str, Repository] = {}
        self.asked: list[str] = []
        self.endpoint: str | None = None
        """What the DID document says the account's server is; None: this one."""
        self.on_change: Callable[[str, dict[str, Any] | None], None] | None = None
        """Hears of each post that is new in a repository, and (None) of each that was deleted."""
        self._journal = Journal(journal)
        self._spent: list[tuple[datetime, int]] = []

    def account(self, did: str, handle: str, password: str) -> Holder:
        self.repositories[did] = Repository(did)
        self.appview.handles[handle] = did
        holder = self.sessions.holders[did] = Holder(did, handle, password)
        return holder

    def may_chat(self, did: str) -> None:
        """Its app password has the right to its direct messages."""
        holder = self.sessions.holders[did]
        holder.scope = "com.atproto.appPassPrivileged"
        self.chat.did, self.chat.handle = did, holder.handle

    def posts(self, did: str) -> list[dict[str, Any]]:
        """What the public reads of an account, oldest first."""
        return [as_read(record) for record in self.repositories[did].records.values()]

    def mishap(self, how: str | int, *, is_done: bool, **more: Any) -> None:
        self.mishaps.append(Mishap(how=how, is_done=is_done, **more))

    async def control(self, command: Mapping[str, Any]) -> Any:
        more = {name: value for name, value in command.items() if name != "do"}
        match command.get("do"):
            case "account":
                self.account(**more)
            case "post":
                self.appview.post(**more)
            case "notify":
                self.appview.notify(**more)
            case "mishap":
                self.mishap(**more)
            case "calm":
                self.mishaps.clear()
            case "dm":
                self.chat.say(**more)
            case "posts":
                return self.posts(more["did"])
            case _:
                return await super().control(command)
        return {}

    def routes(self) -> list[web.RouteDef]:
        writes = {"putRecord": self._put, "createRecord": self._create, "deleteRecord": self._delete}
        reads = {
            "app.bsky.actor.getProfile": self.appview.get_profile,
            "app.bsky.feed.getPosts": self.appview.get_posts,
            "app.bsky.notification.listNotifications": self.appview.list_notifications,
        }
        return [
            web.post("/xrpc/com.atproto.server.createSession", self._login),
            web.post("/xrpc/com.atproto.server.refreshSession", self._renew),
            web.get("/xrpc/com.atproto.server.getSession", self._session),
            web.get("/xrpc/com.atproto.identity.resolveHandle", self._resolve),
            web.get(f"/xrpc/{_REPO}.getRecord", self._get_record),
            *(web.post(f"/xrpc/{_REPO}.{name}", self._write(name, do)) for name, do in writes.items()),
            *(web.get(f"/xrpc/{name}", self._proxied(answer)) for name, answer in reads.items()),
            *(web.get(f"/xrpc/{CONVO}.{name}", self._chatted(name)) for name in self.chat.queries),
            web.post(f"/xrpc/{CONVO}.sendMessage", self._chatted("sendMessage")),
        ]

    # --- sessions ---

    async def _login(self, request: web.Request) -> web.Response:
        self._note(request)
        given = await request.json()
        try:
            return _json(self._told(self.sessions.login(given["identifier"], given["password"])))
        except Denied as denied:
            return _denied(denied)

    async def _renew(self, request: web.Request) -> web.Response:
        self._note(request)
        if request.body_exists:
            return _fault(400, "InvalidRequest", "A request body was provided when none was expected")
        try:
            return _json(self._told(self.sessions.renew(_bearer(request))))
        except Denied as denied:
            return _denied(denied)

    async def _session(self, request: web.Request) -> web.Response:
        self._note(request)
        try:
            holder = self.sessions.whose(_bearer(request))
        except Denied as denied:
            return _denied(denied)
        return _json({"did": holder.did, "handle": holder.handle, "active": True})

    def _told(self, session: dict[str, Any]) -> dict[str, Any]:
        service = {
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": self.endpoint or self.url,
        }
        return {**session, "didDoc": {"id": session["did"], "service": [service]}, "active": True}

    # --- records ---

    def _write(self, name: str, do: Callable[[Repository, dict[str, Any]], dict[str, Any]]) -> Any:
        async def handler(request: web.Request) -> web.Response:
            self._note(request)
            given = await request.json()
            try:
                holder = self._owner(request, given["repo"])
                self._spend(_COSTS[name])
            except Denied as denied:
                return _denied(denied)
            repository = self.repositories[holder.did]
            mishap = self.mishaps.popleft() if self.mishaps else None
            if mishap and not mishap.is_done:
                return await mishap.answer(request)
            answer = self._done(repository, do, given)
            return await mishap.answer(request) if mishap else answer

        return handler

    def _owner(self, request: web.Request, repo: str) -> Holder:
        holder = self.sessions.whose(_bearer(request))
        if repo not in {holder.did, holder.handle}:
            raise Denied(401, "AuthenticationRequired", "Authentication Required")
        return holder

    def _done(self, repository: Repository, do: Any, given: dict[str, Any]) -> web.Response:
        before = repository.written
        try:
            told = do(repository, given)
        except Invalid as invalid:
            return _fault(400, invalid.name, str(invalid))
        except KeyError:
            return _fault(500, "InternalServerError", "Internal Server Error")
        if repository.written > before:
            self._journal.write("published", uri=told["uri"], text=given["record"]["text"])
            self._tell(told["uri"], given["record"])
        return _json(told)

    def _tell(self, uri: str, record: dict[str, Any] | None) -> None:
        if self.on_change is not None:
            self.on_change(uri, record)

    def _put(self, repository: Repository, given: dict[str, Any]) -> dict[str, Any]:
        swap = {"swap": given["swapRecord"]} if "swapRecord" in given else {}
        name = repository.put(_posts_only(given), given["record"], **swap)
        return {"uri": repository.uri(given["rkey"]), "cid": name, "validationStatus": "valid"}

    def _create(self, repository: Repository, given: dict[str, Any]) -> dict[str, Any]:
        name = repository.create(_posts_only(given), given["record"])
        return {"uri": repository.uri(given["rkey"]), "cid": name, "validationStatus": "valid"}

    def _delete(self, repository: Repository, given: dict[str, Any]) -> dict[str, Any]:
        if repository.records.pop(_posts_only(given), None) is not None:
            self._tell(repository.uri(given["rkey"]), None)
        return {}

    async def _get_record(self, request: web.Request) -> web.Response:
        """Our own from the repository, others' from the AppView."""
        self._note(request)
        did, rkey, collection = (request.query[name] for name in ("repo", "rkey", "collection"))
        if collection == DECLARATION:
            record = self.chat.declaration
        elif did in self.repositories:
            record = self.repositories[did].records.get(rkey)
        else:
            record = self.appview.record(f"at://{did}/{POSTS}/{rkey}")
        uri = f"at://{did}/{collection}/{rkey}"
        if record is None:
            return _fault(400, "RecordNotFound", f"Could not locate record: {uri}")
        return _json(
            {"uri": uri, "cid": cid(record), "value": as_read(record) if "text" in record else record}
        )

    async def _resolve(self, request: web.Request) -> web.Response:
        self._note(request)
        did = self.appview.handles.get(request.query["handle"])
        return _json({"did": did}) if did else _fault(400, "InvalidRequest", "Unable to resolve handle")

    def _proxied(self, answer: Callable[[web.Request, str], web.Response]) -> Any:
        async def handler(request: web.Request) -> web.Response:
            self._note(request)
            try:
                holder = self.sessions.whose(_bearer(request))
            except Denied as denied:
                return _denied(denied)
            return answer(request, holder.did)

        return handler

    def _chatted(self, name: str) -> Any:
        async def handler(request: web.Request) -> web.Response:
            self._note(request)
            try:
                holder = self.sessions.whose(_bearer(request))
            except Denied as denied:
                return _denied(denied)
            if request.headers.get("atproto-proxy") != SERVICE:
                return _fault(400, "InvalidRequest", f"No service configured for {CONVO}.{name}")
            if holder.scope not in PRIVILEGED:
                return _fault(400, "InvalidToken", "Bad token method")
            if name in self.chat.queries:
                return _said(lambda: self.chat.queries[name](request))
            given = await request.json()
            mishap = self.mishaps.popleft() if self.mishaps else None
            if mishap and not mishap.is_done:
                return await mishap.answer(request)
            answer = _said(lambda: self.chat.send(given))
            return await mishap.answer(request) if mishap else answer

        return handler

    def _spend(self, points: int) -> None:
        now = self.clock.now()
        for within, most in POINTS:
            recent = [(at, cost) for at, cost in self._spent if at > now - within]
            if sum(cost for _, cost in recent) + points > most:
                raise Denied(429, "RateLimitExceeded", "Rate Limit Exceeded", recent[0][0] + within)
        self._spent.append((now, points))

    def _note(self, request: web.Request) -> None:
        self.asked.append(request.path.rpartition("/")[2])


def _posts_only(given: dict[str, Any]) -> str:
    if given["collection"] != POSTS:
        raise Invalid("this server keeps posts alone")
    return str(given["rkey"])


def _bearer(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else None


def _json(value: Any) -> web.Response:
    return web.json_response(value)


def _fault(status: int, name: str, message: str) -> web.Response:
    return web.json_response({"error": name, "message": message}, status=status)


def _said(say: Callable[[], dict[str, Any]]) -> web.Response:
    try:
        return _json(say())
    except ChatFault as fault:
        return _fault(400, fault.name, str(fault))


def _denied(denied: Denied) -> web.Response:
    answer = _fault(denied.status, denied.name, str(denied))
    if denied.wait_until is not None:
        answer.headers["ratelimit-reset"] = str(int(denied.wait_until.timestamp()) + 1)
    return answer


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback Bluesky PDS")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal", type=Path)
    arguments = parser.parse_args()
    asyncio.run(serve(PdsServer(journal=arguments.journal), arguments.port))
