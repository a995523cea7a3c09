"""A process that sends prepared frames over a WebSocket, as fast as they are taken; it prints its port.

`python -m benchmarks.sender FILE`: one frame a line. It is slower than no reader, and the reader's processor
time alone is measured.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import struct
import sys
from pathlib import Path

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""https://www.rfc-editor.org/rfc/rfc6455#section-1.3"""
_CHUNK = 256 * 1024


def framed(message: bytes) -> bytes:
    """A whole, unmasked text message: https://www.rfc-editor.org/rfc/rfc6455#section-5.2"""
    size = len(message)
    length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size)
    return b"\x81" + length + message


async def serve(wire: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        key = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
        assert key
        accept = base64.b64encode(hashlib.sha1(key[1] + _MAGIC, usedforsecurity=False).digest())
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        try:
            for at in range(0, len(wire), _CHUNK):
                writer.write(wire[at : at + _CHUNK])
                await writer.drain()
            await reader.read()  # until the reader of the stream has enough
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(b"".join(map(framed, Path(sys.argv[1]).read_bytes().splitlines()))))
