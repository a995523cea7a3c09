"""What the running daemon says of itself: its `/readyz`, asked over loopback."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

import msgspec

from bot.settings.shape import Http

WITHIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCheck:
    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    checks: tuple[LiveCheck, ...]


def checks(http: Http) -> tuple[LiveCheck, ...]:
    """Every check of the daemon at that address; none when nobody (or somebody else) answers there."""
    host = "127.0.0.1" if http.host in {"0.0.0.0", "::"} else http.host  # noqa: S104 - asked, not bound
    connection = HTTPConnection(host, http.port, timeout=WITHIN_SECONDS)
    try:
        connection.request("GET", "/readyz")
        body = connection.getresponse().read()  # 503, not ready, has the same body
    except (OSError, HTTPException):
        return ()
    finally:
        connection.close()
    try:
        return msgspec.json.decode(body, type=_Answer).checks
    except msgspec.DecodeError:
        return ()
