"""X's replier with the loopback server behind it, as the suite for repliers wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.model import Post
from bot.ports import Wiring
from bot.replies import Replier
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from bot.testing.notifier_contract import Trouble
from bot.testing.replier_contract import Loss, ReplierRig
from bot.testing.x_server import XServer
from bot.vault import MemoryVault
from connectors.x.connector import CONNECTOR
from connectors.x.ids import first_id
from tests.contract._http import CountingHttp, counting
from tests.unit.x_stand import NOW, settings

BODY_SECRET = "planted-in-a-body"


def a_question(post_id: str, **more: Any) -> Post:
    """Of Ann's, an hour old."""
    at = NOW - timedelta(hours=1)
    given = {"text": "@acme is it down?", "mentions": ("1000",), **more}
    return Post(platform="x", id=post_id, author_id="1001", posted_at=at, seen_at=at, **given)


def a_replier(server: XServer, wiring: Wiring) -> Replier:
    assert CONNECTOR.replier is not None
    replier = CONNECTOR.replier(settings(server), wiring)
    assert replier is not None
    return replier


def troubles(server: XServer, asked: str) -> tuple[Trouble, ...]:
    """Every way in which nothing was published, and somebody says so."""

    def write(status: int, **headers: str) -> Callable[[], None]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda: server.mishap(status, is_done=False, body=BODY_SECRET, headers=named)

    def told(
        name: str, plant: Callable[[], None], error: type[BotError], why: Reason, wait: int = 0
    ) -> Trouble:
        after = timedelta(seconds=wait) if wait else None
        return Trouble(name=name, plant=plant, becomes=error, reason=why, retry_after=after)

    def be(**how: Any) -> Callable[[], None]:
        return lambda: vars(server).update(how)

    until = str(int(NOW.timestamp()) + 90)
    me = Refuse(status=503, body=BODY_SECRET, path="/me")
    return (
        told("write 429", write(429), Unavailable, Reason.RATE_LIMITED),
        told("write 429 s", write(429, Retry_After="12"), Unavailable, Reason.RATE_LIMITED, 12),
        told("write 429 at", write(429, x_rate_limit_reset=until), Unavailable, Reason.RATE_LIMITED, 90),
        told("write 400", write(400), Rejected, Reason.INVALID),
        told("write 401", write(401), Unauthorized, Reason.UNAUTHORIZED),
        told("write 402", write(402), Unauthorized, Reason.UNAUTHORIZED),
        told("write 403", write(403), Rejected, Reason.FORBIDDEN),
        told("me 503", lambda: server.faults.append(me), Unavailable, Reason.SERVER),
        told("revoked", be(is_revoked=True), Unauthorized, Reason.UNAUTHORIZED),
        told("credits", be(is_depleted=True), Unauthorized, Reason.UNAUTHORIZED),
        told("other", be(owner="globex"), Unauthorized, Reason.UNAUTHORIZED),
        told("deleted", lambda: _gone(server, asked), Rejected, Reason.FORBIDDEN),
    )


def _gone(server: XServer, post_id: str) -> None:
    del server.world.tweets[post_id]


def losses(server: XServer, http: CountingHttp) -> tuple[Loss, ...]:
    """Every way in which nobody knows."""

    def lost(how: str | int, *, is_done: bool) -> Callable[[], None]:
        def plant() -> None:
            server.mishap(how, is_done=is_done, body=BODY_SECRET)
            http.patience = 0.3 if how == "withhold" else None

        return plant

    return tuple(
        Loss(name=f"{how}, {is_done}", plant=lost(how, is_done=is_done), is_published=is_done)
        for how in ("cut", "withhold", 408, 500, 502, 200, 302)
        for is_done in (True, False)
    )


@asynccontextmanager
async def x_replier() -> AsyncIterator[ReplierRig]:
    """The same words may be said twice here: what X does then stands in tests/unit/test_x_replier.py."""
    clock = ManualClock(NOW)
    async with counting() as http, XServer(clock.now) as server:
        server.refuses_duplicates = False
        server.world.next_id = first_id(NOW)
        asked = server.world.post("ann", "@acme is it down?", at=NOW - timedelta(hours=1))
        vault = MemoryVault()

        def replier() -> Replier:
            return a_replier(server, Wiring(http=http, clock=clock, vault=vault))

        yield ReplierRig(
            replier=replier(),
            reborn=replier,
            to=a_question(asked),
            said=lambda: [tweet.text for tweet in server.said()],
            answered=lambda: [tweet.parent or "" for tweet in server.said()],
            longest=f"{'👩‍👩‍👧' * 20}{'字' * 40}https://acme.com/{'x' * 50} {'é' * 36}{'w' * 100}",
            troubles=troubles(server, asked),
            losses=losses(server, http),
            cut_off=server.away,
            stall=lambda: server.faults.append(Refuse(status=0)),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            secrets=(server.keys.token_secret, server.keys.consumer_secret, BODY_SECRET),
            rest=clock.advance,
            closed=(a_question("5", text="acme is down", mentions=()),),
        )
