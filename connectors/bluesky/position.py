"""Where reading stands on a Jetstream host, as text that is stored, and as the cursor that a host is given.

Cursors are local to a host: `seq` is its own count of events, and its times are those at which it saw them
(https://github.com/bluesky-social/jetstream/blob/main/docs/README.md, 2 and 5.1). So a position always has
the time as well, and elsewhere reading goes back by a margin. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.model import Cursor
from connectors.bluesky.frames import micros

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.bluesky.hosts import Host

REWIND = timedelta(seconds=2)
"""How far to go back on the same host, by time: what it sends may step back a little."""
ELSEWHERE = timedelta(seconds=60)
"""How far to go back on another host, which saw the same events earlier or later."""
NAMED_AT_MOST = 500
UNKNOWN = "?"
_MICROSECOND = timedelta(microseconds=1)
_MICROS = re.compile(r"[0-9]{16}")
_SEQ = re.compile(r"[1-9][0-9]{0,14}")
"""Below 10**15; what is larger, a host takes for a time."""
_HOST = re.compile(r"[^|,\s]{1,300}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a cursor says: the newest event, and what was found in the margin before it.

    `host`: who counts so ("": a time that a person named, for any host; "?": nobody wrote down who). `seq` 0:
    that wire has none.
    """

    time_us: int
    seq: int = 0
    host: str = ""
    found: tuple[str, ...] = ()

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """Raises: ValueError for text that no version of this file has written."""
        if cursor.startswith("v1:"):
            return cls._of_v1(cursor)
        match cursor.split("|"):
            case ["v2", host, "time" | "seq" as kind, time_us, seq, found]:
                is_sound = _MICROS.fullmatch(time_us) and (not host or _HOST.fullmatch(host))
                if is_sound and (_SEQ.fullmatch(seq) if kind == "seq" else not seq):
                    return cls(time_us=int(time_us), seq=int(seq or 0), host=host, found=_names(found))
        raise ValueError("not a Jetstream cursor")

    @classmethod
    def _of_v1(cls, cursor: Cursor) -> Position:
        """`v1:<time>[:<found>]`, as versions up to 0.3 wrote it, whatever the host."""
        number, _, found = cursor.removeprefix("v1:").partition(":")
        if not _MICROS.fullmatch(number):
            raise ValueError("not a Jetstream cursor")
        return cls(time_us=int(number), host=UNKNOWN, found=_names(found))

    @property
    def text(self) -> Cursor:
        kind, seq = ("seq", str(self.seq)) if self.seq else ("time", "")
        return Cursor("|".join(("v2", self.host, kind, str(self.time_us), seq, ",".join(self.found))))


def _names(found: str) -> tuple[str, ...]:
    return tuple(found.split(",")) if found else ()


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time (as far back as the host keeps events)."""
    return Position(time_us=micros(when)).text


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """How a position is asked for at one host: by its own count, exactly; else by time, with a margin."""

    start: Position
    by_seq: bool = False
    margin_us: int = REWIND // _MICROSECOND

    @classmethod
    def at(cls, host: Host, start: Position, *, by_seq: bool = True) -> Resume:
        """`by_seq=False`: the host does not know the position's number, and so may be another one by now."""
        is_same = start.host == host.name and bool(start.seq) == host.is_v2 and by_seq
        if is_same and start.seq:
            return cls(start=start, by_seq=True)
        margin = REWIND if is_same or not start.host else ELSEWHERE
        return cls(start=start, margin_us=margin // _MICROSECOND)

    @property
    def window_us(self) -> int:
        """What is older was read long ago."""
        return self.start.time_us - self.margin_us

    @property
    def cursor(self) -> int:
        """Inclusive on both wires, in both kinds."""
        return self.start.seq if self.by_seq else self.window_us
