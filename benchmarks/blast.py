"""A Jetstream host that only sends: the same events to everybody, as fast as the socket takes them.

A process of its own, so that its work is not counted with the client's. Frames are made once, before anybody
connects. Speaks the WebSocket protocol (RFC 6455) as far as a server that only sends has to.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import get_args

from benchmarks.corpus import Which, events
from bot.testing.jetstream_wire import DICTIONARY_METHOD, METHOD, Dictionary, Stored

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CHUNK = 256 * 1024
PATHS = {"v1": "/subscribe", "packed": f"/xrpc/{METHOD}"}


def frames(wire: str, count: int, *, which: Which) -> list[bytes]:
    """The payloads as they stand on the wire."""
    made = events(count, which=which)
    if wire == "v1":
        return made
    dictionary = Dictionary(1)
    stored = (Stored(json.loads(event), number) for number, event in enumerate(made, start=1))
    return [dictionary.pack(one.text(is_v2=True)) for one in stored]


def framed(payload: bytes, *, is_text: bool) -> bytes:
    size = len(payload)
    head = bytes([0x81 if is_text else 0x82])
    head += bytes([size]) if size < 126 else struct.pack("!BH", 126, size) if size < 65536 else b""
    return (head if len(head) > 1 else head + struct.pack("!BQ", 127, size)) + payload


class Blast:
    def __init__(self, wire: str, count: int, *, which: Which) -> None:
        sent = frames(wire, count, which=which)
        whole = b"".join(framed(frame, is_text=wire == "v1") for frame in sent) + b"\x88\x02\x03\xe8"
        self._chunks = [whole[at : at + _CHUNK] for at in range(0, len(whole), _CHUNK)]

    async def serve_until_it_leaves(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client that has seen enough closes in the middle."""
        with suppress(ConnectionError):
            await self._serve(reader, writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if DICTIONARY_METHOD.encode() in request.split(b"\r\n", 1)[0]:
            blob = Dictionary(1).blob
            head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(blob)}\r\n\r\n"
            writer.write(head.encode() + blob)
        else:
            fields = (line.partition(b":") for line in request.split(b"\r\n"))
            key = next(value.strip() for name, _, value in fields if name.lower() == b"sec-websocket-key")
            accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
            writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            for chunk in self._chunks:
                writer.write(chunk)
                await writer.drain()
        await writer.drain()
        writer.close()


async def main(wire: str, count: int, *, which: Which) -> None:
    blast = Blast(wire, count, which=which)
    server = await asyncio.start_server(blast.serve_until_it_leaves, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def blasting(wire: str, count: int, *, which: Which) -> Iterator[str]:
    """The URL of such a host for as long as the `with` lasts."""
    words = [sys.executable, "-m", "benchmarks.blast", wire, str(count), which]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield f"ws://127.0.0.1:{int(child.stdout.readline())}{PATHS[wire]}"
        finally:
            child.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wire", choices=PATHS)
    parser.add_argument("count", type=int)
    parser.add_argument("which", choices=get_args(Which))
    given = parser.parse_args()
    asyncio.run(main(given.wire, given.count, which=given.which))
