"""Telegram's replier with the loopback Bot API behind it, as the suite for repliers wants it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.model import Post
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.notifier_contract import Trouble
from bot.testing.replier_contract import Loss, ReplierRig
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from connectors.telegram.connector import CONNECTOR
from connectors.telegram.settings import AccountSettings
from tests.contract._http import CountingHttp, counting
from tests.contract._rigs import BODY_SECRET, NOW, FixedClock, telegram_refusals, telegram_troubles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.replies import Replier


def question(server: TelegramServer) -> Post:
    """What somebody wrote in the group."""
    server.say("is it down?", user=77, name="Ann")
    (chat, number), _ = list(server.telegram.said.items())[-1]
    return Post(
        platform="telegram",
        id=f"{chat}/{number}",
        author_id="77",
        text="is it down?",
        posted_at=NOW,
        seen_at=NOW,
    )


def a_replier(server: TelegramServer, http: CountingHttp) -> Replier:
    account = AccountSettings(token=SecretStr(TOKEN), base_url=server.url)
    assert CONNECTOR.replier is not None
    replier = CONNECTOR.replier(account, Wiring(http=http, clock=FixedClock()))
    assert replier is not None
    return replier


def troubles(server: TelegramServer, to: Post) -> tuple[Trouble, ...]:
    """Every way in which Telegram says that nothing was sent."""

    def said(name: str, status: int, text: str, becomes: type[BotError], reason: Reason) -> Trouble:
        plant: Callable[[], None] = lambda: server.fail(status, description=text)  # noqa: E731
        return Trouble(name=name, plant=plant, becomes=becomes, reason=reason)

    chat, number = (int(part) for part in to.id.split("/"))

    def gone() -> None:
        del server.telegram.said[chat, number]

    known = [
        one
        for one in (*telegram_troubles(server), *telegram_refusals(server))
        if one.becomes is not Unavailable or one.reason in {Reason.RATE_LIMITED, Reason.CONFLICT}
    ]
    return (
        *known,
        Trouble(name="deleted", plant=gone, becomes=Rejected, reason=Reason.NOT_FOUND),
        said("blocked", 403, "Forbidden: bot was blocked by the user", Rejected, Reason.FORBIDDEN),
        said("revoked", 401, "Unauthorized", Unauthorized, Reason.UNAUTHORIZED),
    )


def losses(server: TelegramServer, http: CountingHttp) -> tuple[Loss, ...]:
    """Every way in which nobody knows."""
    html, half = f"<html>{BODY_SECRET}</html>".encode(), b'{"ok": true, "result": {"mess'

    def lost(status: int, *, is_done: bool, **more: Any) -> Callable[[], None]:
        def plant() -> None:
            server.fail(status, is_done=is_done, **more)
            http.patience = 0.3 if status == 0 else None

        return plant

    given: tuple[tuple[int, dict[str, Any]], ...] = (
        (-1, {}),
        (0, {}),
        (500, {"description": BODY_SECRET}),
        (502, {"body": html}),
        (200, {"body": html}),
        (200, {"body": half}),
        (200, {"body": b'{"ok": true, "result": true}'}),
        (302, {"body": b""}),
        (408, {"body": html}),
    )
    return tuple(
        Loss(
            name=f"{status} {more}, {is_done}",
            plant=lost(status, is_done=is_done, **more),
            is_published=is_done,
        )
        for status, more in given
        for is_done in (True, False)
    )


@asynccontextmanager
async def telegram_replier() -> AsyncIterator[ReplierRig]:
    async with counting() as http, TelegramServer() as server:
        to, lost = question(server), losses(server, http)
        yield ReplierRig(
            replier=a_replier(server, http),
            reborn=lambda: a_replier(server, http),
            to=to,
            said=lambda: [sent.text for sent in server.messages],
            answered=lambda: [f"{CHAT}/{sent.reply_to}" for sent in server.messages],
            longest="👩" * 1024 + "é" * 1024 + "w" * 1024,
            troubles=troubles(server, to),
            losses=lost,
            lost_corrections=tuple(
                one for one in lost if "true}" not in one.name
            ),  # which is a yes to an edit
            cut_off=server.away,
            stall=lambda: server.fail(0),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            secrets=(TOKEN, BODY_SECRET),
            rest=ManualClock(NOW).advance,
            can_find=False,
        )
