"""Mastodon's replier with the loopback server behind it, as the suite for repliers wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.model import Post
from bot.ports import Wiring
from bot.replies import Replier
from bot.testing.clock import ManualClock
from bot.testing.loopback import Refuse
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_world import MASTODON, Manners, Status
from bot.testing.notifier_contract import Trouble
from bot.testing.replier_contract import Loss, ReplierRig
from bot.vault import MemoryVault
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.connector import CONNECTOR
from connectors.mastodon.server import own_server
from connectors.mastodon.wording import ROOM
from tests.contract._http import CountingHttp, counting

NOW = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
TOKEN, BODY_SECRET = "token-of-acme-4711", "planted-in-a-body"
ASKER = "ann@else.example"


def a_question(server: MastodonServer, status: str, **more: Any) -> Post:
    at = NOW - timedelta(hours=1)
    return Post(
        platform="mastodon", id=f"{server.host}/{status}", author_id=ASKER, text="is it down?",
        posted_at=at, seen_at=at, **more,
    )  # fmt: skip


def settings(server: MastodonServer) -> AccountSettings:
    return AccountSettings(server=server.url, handle="acme@social.test", token=SecretStr(TOKEN))


def a_replier(server: MastodonServer, wiring: Wiring) -> Replier:
    assert CONNECTOR.replier is not None
    replier = CONNECTOR.replier(settings(server), wiring)
    assert replier is not None
    return replier


def troubles(server: MastodonServer, asked: str) -> tuple[Trouble, ...]:
    """Every way in which nothing was published, and somebody says so."""

    def write(status: int, **headers: str) -> Callable[[], None]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda: server.mishap(status, is_done=False, body=BODY_SECRET, headers=named)

    def any_request(status: int, path: str, **more: Any) -> Callable[[], None]:
        refuse = Refuse(status=status, body=BODY_SECRET, path=path, **more)
        return lambda: server.faults.append(refuse)

    def told(
        name: str, plant: Callable[[], None], error: type[BotError], why: Reason, wait: int = 0
    ) -> Trouble:
        after = timedelta(seconds=wait) if wait else None
        return Trouble(name=name, plant=plant, becomes=error, reason=why, retry_after=after)

    until = (NOW + timedelta(seconds=90)).isoformat().replace("+00:00", "Z")
    me = "verify_credentials"
    return (
        told("write 429", write(429), Unavailable, Reason.RATE_LIMITED),
        told("write 429 s", write(429, Retry_After="12"), Unavailable, Reason.RATE_LIMITED, 12),
        told("write 429 at", write(429, X_RateLimit_Reset=until), Unavailable, Reason.RATE_LIMITED, 90),
        told("write 403", write(403), Rejected, Reason.FORBIDDEN),
        told("write 404", write(404), Rejected, Reason.NOT_FOUND),
        told("write 422", write(422), Rejected, Reason.INVALID),
        told("write 401", write(401), Unauthorized, Reason.UNAUTHORIZED),
        told("scope", write(403, WWW_Authenticate='Bearer error="insufficient_scope"'), Unauthorized, Reason.UNAUTHORIZED),
        told("read 429", any_request(429, asked, headers={"Retry-After": "7"}), Unavailable, Reason.RATE_LIMITED, 7),
        told("read 502", any_request(502, asked), Unavailable, Reason.SERVER),
        told("read 403", any_request(403, asked), Rejected, Reason.FORBIDDEN),
        told("me 503", any_request(503, me), Unavailable, Reason.SERVER),
        told("revoked", lambda: server.revoke(TOKEN), Unauthorized, Reason.UNAUTHORIZED),
        told("other", lambda: _set(server.sign_in(TOKEN, "globex")), Unauthorized, Reason.UNAUTHORIZED),
        told("deleted", lambda: server.world.delete(asked), Rejected, Reason.NOT_FOUND),
        told("edited", lambda: server.world.edit(asked, "is it up?"), Rejected, Reason.CONFLICT),
    )  # fmt: skip


def _set(_: object) -> None:
    """Something was done."""


def losses(server: MastodonServer, http: CountingHttp) -> tuple[Loss, ...]:
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


def heard(server: MastodonServer) -> list[Status]:
    return server.said("acme")


def _words(status: Status) -> str:
    """Without the name in front."""
    return status.text.removeprefix(f"@{ASKER} ")


def longest(manners: Manners) -> str:
    """A link counts as many as the server says, a name without its domain, what is one for the eye as one."""
    text = f"{'👩‍👩‍👧' * 100}{'é' * 100} https://acme.example/{'x' * 50} @globex@else.example "
    return text + "w" * (manners.longest - ROOM - 100 - 100 - 1 - manners.per_url - 1 - len("@globex") - 1)


@asynccontextmanager
async def mastodon_replier(manners: Manners = MASTODON) -> AsyncIterator[ReplierRig]:
    """A PUT whose connection is cut is sent again by aiohttp itself, so that nothing of it is lost."""
    clock = ManualClock(NOW)
    async with counting() as http, MastodonServer(clock, manners) as server:
        server.sign_in(TOKEN, "acme")
        asked = server.ask("@acme is it down?", at=NOW - timedelta(hours=1))
        vault = MemoryVault()
        wiring = Wiring(http=http, clock=clock, vault=vault)
        if manners.longest != MASTODON.longest:
            await own_server(settings(server), wiring).terms()
        before = http.requests
        yield ReplierRig(
            replier=a_replier(server, wiring),
            reborn=lambda: a_replier(server, Wiring(http=http, clock=clock, vault=vault)),
            to=a_question(server, asked),
            said=lambda: [_words(status) for status in heard(server)],
            answered=lambda: [f"{server.host}/{status.parent}" for status in heard(server)],
            longest=longest(manners),
            troubles=troubles(server, asked),
            losses=losses(server, http),
            lost_corrections=tuple(one for one in losses(server, http) if not one.name.startswith("cut")),
            cut_off=server.away,
            stall=lambda: server.faults.append(Refuse(status=0)),
            requests=lambda: http.requests - before,
            in_flight=lambda: http.in_flight,
            secrets=(TOKEN, BODY_SECRET),
            rest=clock.advance,
        )
