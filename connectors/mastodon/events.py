"""What a stream says: events out of lines (server-sent events) or out of frames (WebSocket). Pure.

https://docs.joinmastodon.org/methods/streaming/#events: the payload is JSON cast to a string, or an id.
Lines are those of https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream, of
which a server of this API uses `event`, `data` and comments (`:thump`).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from bot.errors import Reason, Unavailable
from connectors.mastodon.entities import BAD

LONGEST = 5_000_000
"""Bytes of one event."""
ERROR = "error"
"""What a frame is called in which the server says that it did not understand (it has no event)."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A stream by its name, `hashtag` with its tag: https://docs.joinmastodon.org/methods/streaming/#streams."""

    name: str
    tag: str = ""

    @property
    def query(self) -> dict[str, str]:
        return {"stream": self.name, **({"tag": self.tag} if self.tag else {})}

    @property
    def path(self) -> str:
        """Where its lines are."""
        query = f"?{urlencode({'tag': self.tag})}" if self.tag else ""
        return f"/api/v1/streaming/{self.name.replace(':', '/')}{query}"


@dataclass(frozen=True, slots=True)
class Event:
    """`stream`: of which one, where that is told."""

    kind: str
    payload: bytes = b""
    stream: tuple[str, ...] = ()


class Frame(msgspec.Struct, frozen=True):
    event: str = ""
    payload: str | None = None
    stream: list[str] | None = None
    error: str | None = None


def frame_event(data: bytes) -> Event | None:
    """None: it cannot be read."""
    try:
        frame = msgspec.json.decode(data, type=Frame)
    except BAD:
        return None
    if not frame.event:
        return Event(ERROR) if frame.error is not None else None
    return Event(frame.event, (frame.payload or "").encode(), tuple(frame.stream or ()))


class Lines:
    """Bytes as they come, in any pieces; an event that was cut off in the middle is none."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind = ""
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[Event]:
        """The events that are whole by now. Raises: Unavailable for one that does not end."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        found = [event for line in lines if (event := self._take(line.removesuffix(b"\r")))]
        if len(self._rest) + self._size > LONGEST:
            raise Unavailable("the stream's events do not end", reason=Reason.PROTOCOL)
        return found

    def _take(self, line: bytes) -> Event | None:
        if not line:
            kind, parts = self._kind, self._parts
            self._kind, self._parts, self._size = "", [], 0
            return Event(kind, b"\n".join(parts)) if kind else None
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._kind = value.decode("utf-8", "replace")
        elif name == b"data":
            self._parts.append(value)
            self._size += len(value)
        return None
