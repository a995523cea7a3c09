"""A loopback Jetstream host that behaves as documented, and fails on request.

It speaks both wires, as the newer hosts do: v1 on `/subscribe` (`url`), v2 on its XRPC path (`url_v2`), with
its zstd dictionary. https://github.com/bluesky-social/jetstream-legacy (README; pkg/server): `time_us` comes
from a clock that only goes forward and is unique; account and identity events pass every collection filter;
`options_update` and `requireHello` work. https://github.com/bluesky-social/jetstream (internal/subscribe):
all parameters are judged before the upgrade, a data frame from the client ends a v2 stream. Not here: v1's
zstd (`compress` is refused with 501), archives beyond the stream, pings. Imports no connector.
`python -m bot.testing.jetstream_server --port 0 [--from FILE.jsonl]` runs it as a process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.testing.jetstream_wire import (
    DICTIONARY_METHOD,
    METHOD,
    Archive,
    BadRequest,
    Dictionary,
    Selection,
    Start,
    Stored,
    fault,
    info,
)
from bot.testing.loopback import Loopback, serve

POST = "app.bsky.feed.post"
FIRST_DICTIONARY = 20_260_811
_HALF_FRAME = b"\x81" + struct.pack("!BH", 126, 500) + b'{"did":"did:plc:half'
"""A text frame of 500 bytes of which 20 are sent (RFC 6455, 5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stumble:
    """The next subscription goes wrong after `after` frames.

    `how`: "reset" in the middle of a frame, "silence", "close" (politely, 1001), "error" (v2's terminal
    frame, named by `frames[0]`), or "garbage": `frames` are sent as they are and the stream goes on.
    """

    how: str
    after: int = 0
    frames: tuple[str | bytes, ...] = ()


@dataclass(slots=True)
class _Subscriber:
    selection: Selection
    is_v2: bool = False
    dictionary: Dictionary | None = None
    next: int = 0
    sent: int = 0
    hello: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)


class JetstreamServer(Loopback):
    """One host. `now_us` stamps events; `oldest_us` is where its retention ends (None: all is kept).

    `first_seq`: each host counts by itself. `peers`: hosts that hear the same network; what is published here
    is published there too, with their own time and count. `has_dictionary`: it offers compression;
    `handed_out`: but hands out another dictionary than it takes.
    """

    def __init__(self, *, now_us: Any = None, first_seq: int = 1) -> None:
        super().__init__()
        self.oldest_us: int | None = None
        self.peers: list[JetstreamServer] = []
        self.has_dictionary = True
        self.dictionary = Dictionary(FIRST_DICTIONARY)
        self.handed_out: Dictionary | None = None
        self.archive: list[Stored] = []
        self.queries: list[str] = []
        self._now_us = now_us or (lambda: time.time_ns() // 1000)
        self._seqs = count(first_seq)
        self._next_seq = first_seq
        self._news = asyncio.Condition()
        self._numbers = count(1)

    @property
    def url(self) -> str:
        return f"ws://{self.host}/subscribe"

    @property
    def url_v2(self) -> str:
        return f"ws://{self.host}/xrpc/{METHOD}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was published, with `time_us`."""
        return [stored.event for stored in self.archive]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/subscribe", self._subscribe_v1),
            web.get(f"/xrpc/{METHOD}", self._subscribe_v2),
            web.get(f"/xrpc/{DICTIONARY_METHOD}", self._dictionary),
        ]

    # --- what a test does on the network ---

    async def publish(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Stamp an event (unless it has its `time_us`) and send it to whoever listens."""
        (stamped,) = await self.publish_all([event])
        return stamped

    async def publish_all(self, events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Many at once."""
        given = list(events)
        async with self._news:
            stamped = [
                self._keep({"did": event["did"], "time_us": self._stamp(), **event}) for event in given
            ]
            self._news.notify_all()
        for peer in self.peers:
            await peer.publish_all(given)
        return stamped

    async def post(self, did: str, text: str, *, rkey: str | None = None, **record: Any) -> str:
        """Publish a post; its at-uri. `record` adds to the record (reply, embed, facets, langs …)."""
        return await self._commit("create", did, rkey or self._key(), {"text": text, **record})

    async def edit(self, did: str, rkey: str, text: str, **record: Any) -> str:
        return await self._commit("update", did, rkey, {"text": text, **record})

    async def delete(self, did: str, rkey: str) -> str:
        return await self._commit("delete", did, rkey, None)

    async def account(self, did: str, *, active: bool, status: str | None = None) -> None:
        await self._about("account", did, active=active, **({"status": status} if status else {}))

    async def identity(self, did: str) -> None:
        await self._about("identity", did)

    async def sync(self, did: str) -> None:
        """A repository whose chain of commits broke; only v2 tells."""
        await self._about("sync", did, rev=f"3rev{next(self._numbers):09}")

    async def raw(self, text: str) -> None:
        """Send a text frame that is no event; it is replayed like one."""
        async with self._news:
            self._keep({"did": "", "time_us": self._stamp(), "kind": "raw"}, raw=text)
            self._news.notify_all()

    def retrain(self) -> None:
        """From now on there is another dictionary, and the old one is retired."""
        self.dictionary = Dictionary(self.dictionary.id + 1)

    def begin_anew(self, *, first_seq: int = 1) -> None:
        """The host was set up again: the same events, counted anew."""
        self._seqs = count(first_seq)
        old, self.archive = self.archive, []
        for stored in old:
            self._keep(stored.event, raw=stored.raw)

    def _keep(self, event: dict[str, Any], *, raw: str | None = None) -> dict[str, Any]:
        seq = next(self._seqs)
        self._next_seq = seq + 1
        self.archive.append(Stored(event, seq, raw))
        return event

    async def _about(self, kind: str, did: str, **more: Any) -> None:
        body = {**more, "did": did, "seq": next(self._numbers), "time": "2026-01-05T09:00:00Z"}
        await self.publish({"did": did, "kind": kind, kind: body})

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
        last = self.archive[-1].time_us if self.archive else 0
        return max(int(self._now_us()), last + 1)

    # --- what a client sees ---

    def _archive(self) -> Archive:
        return Archive(
            events=self.archive,
            next_seq=self._next_seq,
            now_us=int(self._now_us()),
            oldest_us=self.oldest_us,
        )

    async def _subscribe_v1(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        if query.get("compress") == "true":
            return web.Response(status=501, text="this fake has no zstd on the older wire")
        if not query.get("cursor", "0").lstrip("-").isdecimal():
            return web.Response(status=400, text=f"invalid cursor: {query['cursor']}")
        who = _Subscriber(Selection.of_v1(query))
        if query.get("requireHello") != "true":
            who.hello.set()
        return await self._serve(request, who, self._archive().start_v1(query.get("cursor")))

    async def _subscribe_v2(self, request: web.Request) -> web.StreamResponse:
        try:
            who = _Subscriber(Selection.of_v2(request.query), is_v2=True)
            who.dictionary = self._wanted_dictionary(request.query.get("zstdDictionary"))
            start = self._archive().start_v2(request.query.get("cursor"))
        except BadRequest as error:
            return web.json_response({"error": error.name, "message": str(error)}, status=400)
        who.hello.set()
        return await self._serve(request, who, start)

    def _wanted_dictionary(self, wanted: str | None) -> Dictionary | None:
        if wanted is None:
            return None
        if not wanted.isdecimal() or not int(wanted):
            raise BadRequest("InvalidRequest", "zstdDictionary must be a positive integer zstd dictionary ID")
        if int(wanted) != self.dictionary.id or not self.has_dictionary:
            text = f"unknown zstd dictionary id {wanted}; current dictionary id is {self.dictionary.id}"
            raise BadRequest("UnknownZstdDictionary", text)
        return self.dictionary

    async def _dictionary(self, request: web.Request) -> web.Response:
        ours = self.handed_out or self.dictionary
        if not self.has_dictionary or request.query.get("id", str(ours.id)) != str(ours.id):
            text = f"no such dictionary; current dictionary id is {ours.id}"
            return web.json_response({"error": "DictionaryNotFound", "message": text}, status=404)
        headers = {"ETag": f'"zstd-dict-{ours.id}"', "X-Zstd-Dictionary-Id": str(ours.id)}
        return web.Response(body=ours.blob, content_type="application/octet-stream", headers=headers)

    async def _serve(self, request: web.Request, who: _Subscriber, start: Start) -> web.StreamResponse:
        self.queries.append(request.query_string)
        socket = web.WebSocketResponse(protocols=("xrpc.v1.json",) if who.is_v2 else ())
        if not socket.can_prepare(request):
            return web.Response(status=426, text="WebSocket protocol violation: Upgrade is missing")
        stumble = self.faults.popleft() if self.faults and isinstance(self.faults[0], Stumble) else None
        who.next = start.index
        try:
            await socket.prepare(request)
        except ConnectionError:  # gone before it was answered
            return web.Response()
        listening = asyncio.create_task(self._listen(socket, who))
        try:
            if start.notice:
                await _send(socket, who, info(*start.notice))
            await self._stream(request, socket, who, stumble)
        except ConnectionError:
            pass  # the client went away
        finally:
            listening.cancel()
            await asyncio.wait([listening])
        return socket

    async def _stream(
        self, request: web.Request, socket: web.WebSocketResponse, who: _Subscriber, stumble: Stumble | None
    ) -> None:
        await who.hello.wait()
        while not socket.closed:
            if stumble and who.sent >= stumble.after:
                if await _stumble(request, socket, who, stumble):
                    return
                stumble = None
            if who.next < len(self.archive):
                stored = self.archive[who.next]
                who.next += 1
                text = stored.text(is_v2=who.is_v2)
                if who.selection.wants(stored, text, is_v2=who.is_v2):
                    await _send(socket, who, text, stored)
                    who.sent += 1
                continue
            async with self._news:
                await self._news.wait_for(lambda: who.next < len(self.archive) or socket.closed)

    async def _listen(self, socket: web.WebSocketResponse, who: _Subscriber) -> None:
        async for message in socket:
            if who.is_v2:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION)
            elif message.type is WSMsgType.TEXT:
                self._update(json.loads(message.data), who)
        who.hello.set()
        who.gone.set()
        async with self._news:
            self._news.notify_all()

    @staticmethod
    def _update(update: Mapping[str, Any], who: _Subscriber) -> None:
        if update.get("type") == "options_update":
            payload = update.get("payload") or {}
            who.selection = Selection(
                collections=frozenset(payload.get("wantedCollections") or ()),
                dids=frozenset(payload.get("wantedDids") or ()),
                max_bytes=max(0, payload.get("maxMessageSizeBytes") or 0),
            )
            who.hello.set()

    async def control(self, command: Mapping[str, Any]) -> Any:
        if command.get("do") == "stumble":
            self.faults.append(Stumble(how=command["how"], after=command.get("after", 0)))
        elif command.get("do") == "publish":
            return await self.publish_all(command["events"])
        elif command.get("do") == "events":
            return self.events
        else:
            return await super().control(command)
        return {}


async def _send(
    socket: web.WebSocketResponse, who: _Subscriber, text: str, stored: Stored | None = None
) -> None:
    if who.dictionary is None:
        await socket.send_str(text)
    elif stored is None:
        await socket.send_bytes(who.dictionary.pack(text))
    else:
        await socket.send_bytes(stored.packed(who.dictionary))


async def _stumble(
    request: web.Request, socket: web.WebSocketResponse, who: _Subscriber, stumble: Stumble
) -> bool:
    """True: that was the end of the stream."""
    if stumble.how == "garbage":
        for frame in stumble.frames:
            await (socket.send_str(frame) if isinstance(frame, str) else socket.send_bytes(frame))
        return False
    if stumble.how == "silence":
        await who.gone.wait()
    elif stumble.how == "close":
        await socket.close(code=WSCloseCode.GOING_AWAY)
    elif stumble.how == "error":
        await _send(socket, who, fault(str(stumble.frames[0]), "reconnect"))
        await socket.close()
    elif request.transport is not None:
        request.transport.write(_HALF_FRAME)
        await asyncio.sleep(0.01)
        request.transport.close()
    return True


def load(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


async def _main(port: int, file: Path | None) -> None:
    server = JetstreamServer()
    await server.publish_all(load(file) if file else ())
    await serve(server, port)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback Jetstream host, v1 and v2")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--from", dest="file", type=Path, default=None, help="events to begin with, .jsonl")
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.port, arguments.file))
