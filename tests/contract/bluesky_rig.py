"""Bluesky's replier with the loopback PDS behind it, as the suite for repliers wants it."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.model import Post
from bot.ports import Wiring
from bot.replies import Replier
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from bot.testing.notifier_contract import Trouble
from bot.testing.pds_server import PdsServer
from bot.testing.replier_contract import Loss, ReplierRig
from bot.vault import MemoryVault
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.connector import CONNECTOR
from tests.contract._http import CountingHttp, counting

NOW = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
DID, HANDLE, PASSWORD = "did:plc:acme", "acme.test", "aaaa-bbbb-cccc-dddd"
ASKED = "at://did:plc:ann/app.bsky.feed.post/3n2qnlq2bhk2s"
BODY_SECRET = "planted-in-a-body"
LONGEST = "👩‍👩‍👧" * 100 + "é" * 100 + "w" * 100


def a_question(uri: str = ASKED) -> Post:
    """Of Ann's, an hour old."""
    at = NOW - timedelta(hours=1)
    return Post(
        platform="bluesky", id=uri, author_id="did:plc:ann", text="is it down?", posted_at=at, seen_at=at
    )


def settings(server: PdsServer, *, chat: bool = False) -> AccountSettings:
    return AccountSettings(handle=HANDLE, app_password=SecretStr(PASSWORD), service=server.url, chat=chat)


def a_replier(settings: AccountSettings, wiring: Wiring) -> Replier:
    assert CONNECTOR.replier is not None
    replier = CONNECTOR.replier(settings, wiring)
    assert replier is not None
    return replier


class Line(Protocol):
    """What leads to a server, and may break."""

    faults: deque[Any]

    def mishap(self, how: str | int, *, is_done: bool, **more: Any) -> None: ...


def told(name: str, plant: Callable[[], None], error: type[BotError], why: Reason, wait: int = 0) -> Trouble:
    after = timedelta(seconds=wait) if wait else None
    return Trouble(name=name, plant=plant, becomes=error, reason=why, retry_after=after)


def refusals(line: Line) -> tuple[Trouble, ...]:
    """Every answer that says that nothing was published."""

    def write(status: int, **more: Any) -> Callable[[], None]:
        return lambda: line.mishap(status, is_done=False, **{"body": BODY_SECRET, **more})

    def any_request(status: int, path: str, **more: Any) -> Callable[[], None]:
        refuse = Refuse(status=status, body=BODY_SECRET, path=path, **more)
        return lambda: line.faults.append(refuse)

    later = {"ratelimit-reset": str(int(NOW.timestamp()) + 90)}
    return (
        told("write 429", write(429), Unavailable, Reason.RATE_LIMITED),
        told("write 429 s", write(429, wait=12), Unavailable, Reason.RATE_LIMITED, 12),
        told("write 403", write(403), Rejected, Reason.FORBIDDEN),
        told("write 400", write(400), Rejected, Reason.INVALID),
        told("write 413", write(413), Rejected, Reason.INVALID),
        told("write 401", write(401), Unauthorized, Reason.UNAUTHORIZED),
        told("closed", write(400, named="AccountDeactivated"), Unauthorized, Reason.UNAUTHORIZED),
        told("thread 429", any_request(429, "getPosts", headers=later), Unavailable, Reason.RATE_LIMITED, 90),
        told("thread 502", any_request(502, "getPosts"), Unavailable, Reason.SERVER),
        told("login 503", any_request(503, "createSession"), Unavailable, Reason.SERVER),
    )


def troubles(server: PdsServer) -> tuple[Trouble, ...]:
    """Every way in which nothing was published, and somebody says so."""
    shown = server.appview
    return (
        *refusals(server),
        told("gated", lambda: _set(shown.posts[ASKED], "shut"), Rejected, Reason.FORBIDDEN),
        told("blocked", lambda: _set(shown.posts[ASKED], "blocked"), Rejected, Reason.FORBIDDEN),
        told("deleted", lambda: shown.remove(ASKED), Rejected, Reason.NOT_FOUND),
        told("password", lambda: _set(server.sessions.holders[DID], "password", "x"), Unauthorized, Reason.UNAUTHORIZED),
        told("takedown", lambda: _set(server.sessions.holders[DID], "trouble", "AccountTakedown"), Unauthorized, Reason.UNAUTHORIZED),
    )  # fmt: skip


def losses(line: Line, http: CountingHttp, *, patience: float = 0.3) -> tuple[Loss, ...]:
    """Every way in which nobody knows. `patience`: seconds to wait for an answer that never comes."""

    def lost(how: str | int, *, is_done: bool) -> Callable[[], None]:
        def plant() -> None:
            line.mishap(how, is_done=is_done, body=BODY_SECRET)
            http.patience = patience if how == "withhold" else None

        return plant

    return tuple(
        Loss(name=f"{how}, {is_done}", plant=lost(how, is_done=is_done), is_published=is_done)
        for how in ("cut", "withhold", 408, 500, 502, 200, 302)
        for is_done in (True, False)
    )


def _set(what: Any, name: str, value: Any = True) -> None:
    setattr(what, name, value)


@asynccontextmanager
async def bluesky_replier(*others: str, chat: bool = False) -> AsyncIterator[ReplierRig]:
    """`others`: posts that are there too. `chat`: the account answers direct messages as well."""
    clock = ManualClock(NOW)
    async with counting() as http, PdsServer(clock) as server:
        server.account(DID, HANDLE, PASSWORD)
        for uri in (ASKED, *others):
            server.appview.post(uri, "is it down?")
        wiring = Wiring(http=http, clock=clock, vault=MemoryVault())
        yield ReplierRig(
            replier=a_replier(settings(server, chat=chat), wiring),
            reborn=lambda: a_replier(settings(server, chat=chat), wiring),
            to=a_question(),
            said=lambda: [post["text"] for post in server.posts(DID)],
            answered=lambda: [post["reply"]["parent"]["uri"] for post in server.posts(DID)],
            longest=LONGEST,
            troubles=troubles(server),
            losses=losses(server, http),
            cut_off=server.away,
            stall=lambda: server.faults.append(Refuse(status=0)),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            secrets=(PASSWORD, BODY_SECRET, "eyJ"),
            rest=clock.advance,
        )
