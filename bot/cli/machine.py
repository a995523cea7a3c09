"""What `outcare doctor` learns of this machine: its disk, its ports, its clock."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot import duration
from bot.cli import live
from bot.findings import Finding, fine, mend, note
from bot.settings.shape import Http
from bot.store.lock import holder
from bot.store.place import is_ephemeral

if TYPE_CHECKING:
    from bot.ports import Clock
    from bot.ports import Http as Network

SKEW = timedelta(seconds=10)
"""A `Date` header counts whole seconds, and an answer takes a while; what is more is a wrong clock."""
PLENTY = 500_000_000
"""Bytes; a brand that is talked about a lot fills about this much in a year."""


def database(path: Path) -> Iterable[Finding]:
    """Whether it can be written, and whether it will still be there tomorrow. Leaves nothing behind."""
    about = f"database {path}"
    folder = next(parent for parent in (path.absolute().parent, *path.absolute().parents) if parent.exists())
    locked = [one for one in (path, folder) if one.exists() and not os.access(one, os.W_OK | os.R_OK)]
    if locked or not folder.is_dir():
        do = f"let the daemon's user write {locked[0] if locked else folder}, or set OUTCARE_DATABASE"
        yield mend(about, "cannot be written", do)
        return
    free = _free(folder)
    if free is not None and free < PLENTY:
        yield mend(about, f"its disk has {free // 1_000_000} MB left", "make room")
    lost = is_ephemeral(path)
    if lost:
        yield mend(about, f"would be lost: {lost}", "docs/installing.md tells how to keep it")
        return
    is_there = "can be written" if path.exists() else "can be made"
    yield fine(about, f"{is_there}, and nothing says that its disk is ever thrown away")


def _free(folder: Path) -> int | None:
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def web(http: Http, path: Path) -> Finding:
    """Whether the page's address is free, or ours already."""
    about = f"page {http.host}:{http.port}"
    if http.port == 0:
        return fine(about, "takes a free port at each start")
    if live.checks(http):
        ours = f" (process {pid})" if (pid := holder(path)) else ""
        return fine(about, f"Outcare answers there already{ours}")
    try:
        with socket.create_server((http.host, http.port), family=_family(http.host)):
            return fine(about, "is free")
    except OSError as error:
        do = "stop what listens there, or set OUTCARE_HTTP__PORT (0: any free one)"
        return mend(about, f"cannot be taken: {error.strerror or error}", do)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


@dataclass(kw_only=True)
class Dated:
    """`bot.ports.Http` that notes, by host, how far the servers' clocks are from ours."""

    http: Network
    clock: Clock
    apart: dict[str, timedelta] = field(default_factory=dict)

    @asynccontextmanager
    async def request(self, method: str, url: str, **more: Any) -> AsyncIterator[Any]:
        asked_at = self.clock.now()
        async with self.http.request(method, url, **more) as answer:
            told = apart(answer.headers.get("Date"), asked_at, self.clock.now())
            if told is not None:
                self.apart[answer.url.host or ""] = told
            yield answer

    def guarded(self, allow: Collection[str] = ()) -> Dated:
        return Dated(http=self.http.guarded(allow), clock=self.clock, apart=self.apart)

    async def read(self, response: Any, *, limit: int = 5_000_000) -> bytes:
        return await self.http.read(response, limit=limit)

    def pieces(self, response: Any) -> AsyncGenerator[bytes, None]:
        return self.http.pieces(response)

    def websocket(self, url: str, **more: Any) -> AbstractAsyncContextManager[Any]:
        return self.http.websocket(url, **more)


def apart(date: str | None, asked_at: datetime, answered_at: datetime) -> timedelta | None:
    """How far a server's clock is ahead of ours, zero while it may be right. None: it does not say.

    https://httpwg.org/specs/rfc9110.html#field.date: whole seconds, cut off.
    """
    try:
        told = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    if told > answered_at:
        return told - answered_at
    return min(told + timedelta(seconds=1) - asked_at, timedelta())


def clock(found: Mapping[str, timedelta]) -> Finding:
    """By the middle one of all servers that told: one of them may be wrong itself."""
    if not found:
        return note("clock", "no server told the time, so nobody knows whether this machine's is right")
    middle = sorted(found.values())[len(found) // 2]
    if abs(middle) <= SKEW:
        return fine("clock", f"agrees with {', '.join(sorted(found))}")
    how = "behind" if middle > timedelta() else "ahead"
    return mend(
        "clock",
        f"this machine's clock is {duration.show(abs(middle))} {how}",
        "switch time synchronisation (NTP) on",
    )
