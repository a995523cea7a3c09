"""Where reading stands in lists of statuses, as text that is stored. Pure.

Of the newest rows each one is remembered: so what comes late between them is not missed, what was edited is
seen, and what is gone. The ids are the server's, and opaque; they mean nothing on another one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bot.cursors import readable
from bot.model import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT, MOST = 40, 120
MARGIN = timedelta(minutes=10)
SETTLED = "-"
"""The version of what need not be looked at again: it is gone, or only its notification is."""
_HEAD = "v1:"


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A row that was read: its id, its status', by whom, its time (ms), and when it was last edited (empty:
    never).
    """

    row: str
    status: str
    author: str
    at: int
    version: str = ""


class Window(msgspec.Struct, frozen=True):
    """Everything before `at` (ms since 1970) was read, and of what is younger `marks`, the newest one last.

    Reading goes back to `at` each time: what it finds among the marks tells edits, what it misses deletions.
    """

    at: int = 0
    marks: tuple[Mark, ...] = ()

    @property
    def floor(self) -> datetime:
        return moment_of(self.at)

    @property
    def newest(self) -> int:
        return self.marks[-1].at if self.marks else self.at

    @property
    def anchor(self) -> str | None:
        """The row above which reading begins; None: at a time, for there were not as many yet."""
        return self.marks[0].row if len(self.marks) >= KEPT else None

    def moved(self, read: Iterable[Mark], *, within: timedelta = timedelta(0)) -> Window:
        """With these read too, the newest one last; one that was known is what it is now.

        Kept are the newest, and more of them where they are all of the last while (`within`).
        """
        every = {mark.row: mark for mark in (*self.marks, *read)}
        marks = tuple(sorted(every.values(), key=lambda mark: mark.at))
        if len(marks) < KEPT:
            return Window(at=self.at, marks=marks)
        since = marks[-1].at - within // timedelta(milliseconds=1)
        young = sum(mark.at > since for mark in marks[-MOST:])
        kept = marks[-max(KEPT, young) :]
        return Window(at=max(self.at, kept[0].at), marks=kept)

    def settled(self, rows: Iterable[str]) -> Window:
        """With these not to be looked at again."""
        names = set(rows)
        marks = (
            msgspec.structs.replace(mark, version=SETTLED) if mark.row in names else mark
            for mark in self.marks
        )
        return Window(at=self.at, marks=tuple(marks))


class Position(msgspec.Struct, frozen=True):
    """By the name of each list, on one server (empty: on any)."""

    server: str = ""
    windows: dict[str, Window] = {}

    @classmethod
    def of(cls, cursor: Cursor, server: str) -> Position:
        """On another server only the times mean something. Raises: ValueError for what we did not write."""
        if not cursor.startswith(_HEAD):
            raise ValueError("not a position in lists of statuses")
        try:
            position = msgspec.json.decode(cursor.removeprefix(_HEAD), type=cls)
        except msgspec.DecodeError as error:
            raise ValueError("not a position in lists of statuses") from error
        if position.server in {"", server}:
            return Position(server=server, windows=position.windows)
        return Position(
            server=server, windows={name: Window(at=one.newest) for name, one in position.windows.items()}
        )

    @property
    def text(self) -> Cursor:
        return Cursor(_HEAD + msgspec.json.encode(self).decode())

    def spread(self, names: Iterable[str], now: datetime) -> Position:
        """Over just these lists: one that is new begins where the others are."""
        start = self.windows.get("")
        newest = max((one.newest for one in self.windows.values()), default=millis(now))
        at = start.at if start else newest
        return Position(
            server=self.server, windows={name: self.windows.get(name, Window(at=at)) for name in names}
        )

    def statuses(self, name: str) -> set[str]:
        """Those that were read in a list, or in another one of the same server."""
        host = name.partition(" ")[0]
        return {
            mark.status
            for other, window in self.windows.items()
            if self.server or other.partition(" ")[0] == host
            for mark in window.marks
        }

    def having(self, name: str, window: Window) -> Position:
        return Position(server=self.server, windows={**self.windows, name: window})


def resumed(after: Cursor, source: str, names: Iterable[str], now: datetime, *, server: str = "") -> Position:
    """Where a source goes on. Raises: CursorLost."""
    with readable(source, now):
        return Position.of(after, server).spread(names, now)


def beginning(now: datetime) -> Window:
    """Of a list in which nothing stands: from now on, by our clock, and so with a margin."""
    return Window(at=millis(now - MARGIN))


def moment_of(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def cursor_at(when: datetime) -> Cursor:
    """The cursor that begins at a time, as far back as the server keeps what it is asked for."""
    return Position(windows={"": Window(at=millis(when))}).text
