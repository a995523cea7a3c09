"""A loopback Jetstream v1 that behaves as documented, and fails on request.

https://github.com/bluesky-social/jetstream-legacy (README; pkg/server): `time_us` comes from a clock that
only goes forward and is unique; a cursor replays inclusively, one in the future is live tail, one that is too
old is clamped silently; account and identity events pass every collection filter; `options_update` and
`requireHello` work. Not here: zstd (`compress` is refused with 501). Imports no connector.
`python -m bot.testing.jetstream_server --port 0 [--from FILE.jsonl]` runs it as a process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from bot.testing.loopback import Loopback, serve

POST = "app.bsky.feed.post"
_HALF_FRAME = b"\x81" + struct.pack("!BH", 126, 500) + b'{"did":"did:plc:half'
"""A text frame of 500 bytes of which 20 are sent (RFC 6455, 5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stumble:
    """The next subscription goes wrong after `after` frames.

    `how`: "reset" in the middle of a frame, "silence", "close" (politely, 1001), or "garbage": `frames` are
    sent as they are and the stream goes on.
    """

    how: str
    after: int = 0
    frames: tuple[str | bytes, ...] = ()


@dataclass(slots=True)
class _Subscriber:
    collections: frozenset[str] = frozenset()
    dids: frozenset[str] = frozenset()
    max_bytes: int = 0
    next: int = 0
    sent: int = 0
    hello: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def wants(self, event: Mapping[str, Any], size: int) -> bool:
        if self.dids and event["did"] not in self.dids:
            return False
        if self.max_bytes and size > self.max_bytes:
            return False
        return event["kind"] != "commit" or self._wants_collection(event["commit"]["collection"])

    def _wants_collection(self, collection: str) -> bool:
        if not self.collections or collection in self.collections:
            return True
        prefixes = (wanted[:-1] for wanted in self.collections if wanted.endswith(".*"))
        return any(collection.startswith(prefix) for prefix in prefixes)


class JetstreamServer(Loopback):
    """`now_us` stamps events; `oldest_us` is what a cursor that is too old is clamped to (None: all kept)."""

    def __init__(self, *, now_us: Any = None) -> None:
        super().__init__()
        self.oldest_us: int | None = None
        self._now_us = now_us or (lambda: time.time_ns() // 1000)
        self._events: list[tuple[dict[str, Any], str]] = []
        self._news = asyncio.Condition()
        self._numbers = count(1)

    @property
    def url(self) -> str:
        return f"ws://{self.host}/subscribe"

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was published, with `time_us`."""
        return [event for event, _ in self._events]

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/subscribe", self._subscribe)]

    # --- what a test does on the network ---

    async def publish(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Stamp an event (unless it has its `time_us`) and send it to whoever listens."""
        stamped = {"did": event["did"], "time_us": self._stamp(), **event}
        async with self._news:
            self._events.append((stamped, json.dumps(stamped, ensure_ascii=False, separators=(",", ":"))))
            self._news.notify_all()
        return stamped

    async def post(self, did: str, text: str, *, rkey: str | None = None, **record: Any) -> str:
        """Publish a post; its at-uri. `record` adds to the record (reply, embed, facets, langs …)."""
        return await self._commit("create", did, rkey or self._key(), {"text": text, **record})

    async def edit(self, did: str, rkey: str, text: str, **record: Any) -> str:
        return await self._commit("update", did, rkey, {"text": text, **record})

    async def delete(self, did: str, rkey: str) -> str:
        return await self._commit("delete", did, rkey, None)

    async def account(self, did: str, *, active: bool, status: str | None = None) -> None:
        account = {"active": active, "did": did, "seq": next(self._numbers), "time": "2026-01-05T09:00:00Z"}
        if status:
            account["status"] = status
        await self.publish({"did": did, "kind": "account", "account": account})

    async def identity(self, did: str) -> None:
        identity = {"did": did, "seq": next(self._numbers), "time": "2026-01-05T09:00:00Z"}
        await self.publish({"did": did, "kind": "identity", "identity": identity})

    async def raw(self, text: str) -> None:
        """Send a text frame that is no event; it is replayed like one."""
        async with self._news:
            marker = {"did": "", "time_us": self._stamp(), "kind": "raw"}
            self._events.append((marker, text))
            self._news.notify_all()

    async def _commit(self, operation: str, did: str, rkey: str, record: dict[str, Any] | None) -> str:
        number = next(self._numbers)
        commit: dict[str, Any] = {"rev": f"3rev{number:09}", "operation": operation}
        commit |= {"collection": POST, "rkey": rkey}
        if record is not None:
            at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._now_us() / 1e6))
            commit["record"] = {"$type": POST, "createdAt": at, "langs": ["en"], **record}
            commit["cid"] = f"bafyrei{number:052}"
        await self.publish({"did": did, "kind": "commit", "commit": commit})
        return f"at://{did}/{POST}/{rkey}"

    def _key(self) -> str:
        return f"3key{next(self._numbers):09}"

    def _stamp(self) -> int:
        last = self._events[-1][0]["time_us"] if self._events else 0
        return max(int(self._now_us()), last + 1)

    # --- what a client sees ---

    async def _subscribe(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("compress") == "true":
            return web.Response(status=501, text="this fake has no zstd")
        if not query.get("cursor", "0").lstrip("-").isdecimal():
            return web.Response(status=400, text=f"invalid cursor: {query['cursor']}")
        stumble = self.faults.popleft() if self.faults else None
        subscriber = _Subscriber(
            collections=frozenset(query.getall("wantedCollections", ())),
            dids=frozenset(query.getall("wantedDids", ())),
            max_bytes=_size(query.get("maxMessageSizeBytes", "0")),
            next=self._first(query.get("cursor")),
        )
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if query.get("requireHello") != "true":
            subscriber.hello.set()
        listening = asyncio.create_task(self._listen(socket, subscriber))
        try:
            await self._stream(request, socket, subscriber, stumble)
        except ConnectionError:
            pass  # the client went away
        finally:
            listening.cancel()
            await asyncio.wait([listening])
        return socket

    def _first(self, cursor: str | None) -> int:
        """The index of the first event to send."""
        if not cursor or int(cursor) > max(self._now_us(), self._stamp() - 1):
            return len(self._events)
        since = max(int(cursor), self.oldest_us or 0)
        return next((i for i, (e, _) in enumerate(self._events) if e["time_us"] >= since), len(self._events))

    async def _stream(
        self, request: web.Request, socket: web.WebSocketResponse, who: _Subscriber, stumble: Stumble | None
    ) -> None:
        await who.hello.wait()
        while not socket.closed:
            if stumble and who.sent >= stumble.after:
                if await self._stumble(request, socket, who, stumble):
                    return
                stumble = None
            if who.next < len(self._events):
                event, text = self._events[who.next]
                who.next += 1
                if event["kind"] == "raw" or who.wants(event, len(text.encode())):
                    await socket.send_str(text)
                    who.sent += 1
                continue
            await self._wait_for_news(socket, who)

    async def _wait_for_news(self, socket: web.WebSocketResponse, who: _Subscriber) -> None:
        async with self._news:
            await self._news.wait_for(lambda: who.next < len(self._events) or socket.closed)

    async def _stumble(
        self, request: web.Request, socket: web.WebSocketResponse, who: _Subscriber, stumble: Stumble
    ) -> bool:
        """True: that was the end of the stream."""
        if stumble.how == "garbage":
            for frame in stumble.frames:
                await (socket.send_str(frame) if isinstance(frame, str) else socket.send_bytes(frame))
            return False
        if stumble.how == "silence":
            await who.gone.wait()
        elif stumble.how == "close":
            await socket.close(code=1001)
        elif request.transport is not None:
            request.transport.write(_HALF_FRAME)
            await asyncio.sleep(0.01)
            request.transport.close()
        return True

    async def _listen(self, socket: web.WebSocketResponse, who: _Subscriber) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            update = json.loads(message.data)
            if update.get("type") == "options_update":
                payload = update.get("payload") or {}
                who.collections = frozenset(payload.get("wantedCollections") or ())
                who.dids = frozenset(payload.get("wantedDids") or ())
                who.max_bytes = max(0, payload.get("maxMessageSizeBytes") or 0)
                who.hello.set()
        who.hello.set()
        who.gone.set()
        async with self._news:
            self._news.notify_all()

    async def control(self, command: Mapping[str, Any]) -> Any:
        if command.get("do") == "stumble":
            self.faults.append(Stumble(how=command["how"], after=command.get("after", 0)))
        elif command.get("do") == "publish":
            return [await self.publish(event) for event in command["events"]]
        elif command.get("do") == "events":
            return self.events
        else:
            return await super().control(command)
        return {}


def _size(text: str) -> int:
    return max(0, int(text)) if text.lstrip("-").isdecimal() else 0


def load(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def _main(port: int, file: Path | None) -> None:
    server = JetstreamServer()
    for event in load(file) if file else ():
        await server.publish(event)
    await serve(server, port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback Jetstream v1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--from", dest="file", type=Path, default=None, help="events to begin with, .jsonl")
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.port, arguments.file))
