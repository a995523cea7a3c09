"""Our channels with the loopback platforms behind them, as the contract suites want them."""

from __future__ import annotations

import base64
import io
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.ports import Wiring
from bot.testing.feed_contract import FeedRig
from bot.testing.notifier_contract import NotifierRig, Trouble, a_card
from bot.testing.telegram_server import CHAT, TOKEN, TelegramServer
from bot.testing.webhook_server import WebhookServer
from connectors import webhook
from connectors.console import ConsoleNotifier, Terminal
from connectors.telegram.api import Api
from connectors.telegram.connector import CONNECTOR
from connectors.telegram.feed import TelegramFeed
from connectors.telegram.notifier import TelegramNotifier
from connectors.telegram.settings import AccountSettings, ChannelSettings
from tests.contract._http import counting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.contract._http import CountingHttp

NOW = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
BODY_SECRET = "planted-in-a-body"
URL_SECRET = "planted-in-a-url"
KEY = b"a key of thirty-two bytes, no less"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(KEY).decode()


class FixedClock:
    """Stands still, and does not wait."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here sleeps ({seconds})")


def _trouble(
    name: str,
    plant: Callable[[], None],
    becomes: type[BotError],
    reason: Reason,
    seconds: int | None = None,
) -> Trouble:
    wait = timedelta(seconds=seconds) if seconds is not None else None
    return Trouble(name=name, plant=plant, becomes=becomes, reason=reason, retry_after=wait)


# --- Telegram -----------------------------------------------------------------------------------


def telegram_troubles(server: TelegramServer) -> tuple[Trouble, ...]:
    """Every failure that the Bot API documents, and some that a proxy in between invents."""

    def planted(status: int, **more: Any) -> Callable[[], None]:
        return lambda: server.fail(status, **{"description": BODY_SECRET, **more})

    html = f"<html>{BODY_SECRET}</html>".encode()
    wrong_shape = f'["{BODY_SECRET}"]'.encode()
    half = f'{{"ok": true, "result": {{"{BODY_SECRET}'.encode()
    no_result = f'{{"ok": true, "x": "{BODY_SECRET}"}}'.encode()
    odd_result = f'{{"ok": true, "result": "{BODY_SECRET}"}}'.encode()
    known = planted
    return (
        _trouble("429", planted(429, retry_after=7), Unavailable, Reason.RATE_LIMITED, 7),
        _trouble("429 bare", planted(429), Unavailable, Reason.RATE_LIMITED),
        _trouble("429 html", planted(429, body=html), Unavailable, Reason.RATE_LIMITED),
        _trouble("429 huge", planted(429, retry_after=10**15), Unavailable, Reason.RATE_LIMITED, 86_400),
        _trouble("500", planted(500), Unavailable, Reason.SERVER),
        _trouble("502 html", planted(502, body=html), Unavailable, Reason.SERVER),
        _trouble("503", planted(503), Unavailable, Reason.SERVER),
        _trouble("401", known(401, description="Unauthorized"), Unauthorized, Reason.UNAUTHORIZED),
        _trouble("404", known(404, description="Not Found"), Unauthorized, Reason.UNAUTHORIZED),
        _trouble("200 html", planted(200, body=html), Unavailable, Reason.PROTOCOL),
        _trouble("200 empty", planted(200, body=b""), Unavailable, Reason.PROTOCOL),
        _trouble("200 list", planted(200, body=wrong_shape), Unavailable, Reason.PROTOCOL),
        _trouble("200 half", planted(200, body=half), Unavailable, Reason.PROTOCOL),
        _trouble("200 no result", planted(200, body=no_result), Unavailable, Reason.PROTOCOL),
        _trouble("200 odd result", planted(200, body=odd_result), Unavailable, Reason.PROTOCOL),
        _trouble("409", known(409, description="Conflict"), Unavailable, Reason.CONFLICT),
    )


def telegram_refusals(server: TelegramServer) -> tuple[Trouble, ...]:
    """What only a send can meet."""

    def said(status: int, description: str) -> Callable[[], None]:
        return lambda: server.fail(status, description=description)

    kicked = "Forbidden: bot was kicked from the supergroup chat"
    no_rights = "Bad Request: not enough rights to send text messages to the chat"
    return (
        _trouble("403", said(403, kicked), Rejected, Reason.FORBIDDEN),
        _trouble("400", said(400, no_rights), Rejected, Reason.INVALID),
        _trouble("no chat", said(400, "Bad Request: chat not found"), Rejected, Reason.NOT_FOUND),
    )


def channels(**more: Any) -> dict[str, ChannelSettings]:
    return {"care": ChannelSettings(chat=CHAT, **more)}


def telegram_api(server: TelegramServer, http: CountingHttp) -> Api:
    return Api(token=TOKEN, base_url=server.url, http=http)


@asynccontextmanager
async def telegram_notifier() -> AsyncIterator[NotifierRig]:
    async with counting() as http, TelegramServer() as server:
        account = AccountSettings(token=SecretStr(TOKEN), base_url=server.url)
        assert CONNECTOR.notifier is not None
        notifier = CONNECTOR.notifier(account, channels(), Wiring(http=http, clock=FixedClock()))
        yield NotifierRig(
            notifier=notifier,
            channel="care",
            shown=lambda ref: telegram_text(server, ref),
            requests=lambda: server.requests,
            in_flight=lambda: http.in_flight,
            stall=lambda: server.fail(0),
            troubles=(*telegram_troubles(server), *telegram_refusals(server)),
            secrets=(TOKEN, BODY_SECRET),
        )


def telegram_text(server: TelegramServer, ref: str) -> str:
    chat, _, message = ref.partition(":")
    return server.telegram.messages[int(chat), int(message)].text


@asynccontextmanager
async def telegram_feed(feed: type[TelegramFeed] = TelegramFeed) -> AsyncIterator[FeedRig]:
    async with counting() as http, TelegramServer() as server:
        notifier = TelegramNotifier(api=telegram_api(server, http), channels=channels(), clock=FixedClock())
        await notifier.notify("care", a_card(), key="a")
        asked_before = server.requests
        yield FeedRig(
            open=lambda: feed(
                api=telegram_api(server, http),
                channels=channels(),
                clock=FixedClock(),
                poll=timedelta(seconds=2),
            ),
            press=lambda: server.press(1, "Claim", user=42),
            noise=lambda: (server.say("nice weather"), None)[1],
            expire=server.telegram.open_queries.clear,
            confirmed=lambda: len(server.telegram.confirmed),
            waiting=lambda: server.is_polled,
            answers=lambda: [(answer.query_id, answer.text) for answer in server.answers],
            requests=lambda: server.requests - asked_before,
            in_flight=lambda: http.in_flight,
            token="claim:01JD4ZQ8M0ABCDEFGHJKMNPQRS",
            person="telegram:42",
            channel="telegram:care",
            troubles=telegram_troubles(server),
            secrets=(TOKEN, BODY_SECRET),
        )


# --- webhook ------------------------------------------------------------------------------------


def webhook_troubles(hook: WebhookServer) -> tuple[Trouble, ...]:
    """Every status, as an operator's server may answer it."""

    def status(number: int, **headers: str) -> Callable[[], None]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return lambda: hook.refuse(number, headers=named, body=BODY_SECRET)

    date = "Fri, 20 Nov 2026 13:05:30 GMT"
    rejected = {
        301: Reason.INVALID,
        302: Reason.INVALID,
        308: Reason.INVALID,
        400: Reason.INVALID,
        401: Reason.UNAUTHORIZED,
        403: Reason.FORBIDDEN,
        404: Reason.NOT_FOUND,
        405: Reason.INVALID,
        410: Reason.NOT_FOUND,
        413: Reason.INVALID,
        422: Reason.INVALID,
    }
    unavailable = {408: Reason.SERVER, 425: Reason.SERVER} | dict.fromkeys(
        (500, 502, 503, 504, 599), Reason.SERVER
    )
    return (
        *(_trouble(str(n), status(n), Rejected, reason) for n, reason in rejected.items()),
        *(_trouble(str(n), status(n), Unavailable, reason) for n, reason in unavailable.items()),
        _trouble("429", status(429), Unavailable, Reason.RATE_LIMITED),
        _trouble("429 s", status(429, Retry_After="12"), Unavailable, Reason.RATE_LIMITED, 12),
        _trouble("429 date", status(429, Retry_After=date), Unavailable, Reason.RATE_LIMITED, 30),
        _trouble("503 s", status(503, Retry_After="90"), Unavailable, Reason.SERVER, 90),
        _trouble("503 odd", status(503, Retry_After="soon"), Unavailable, Reason.SERVER),
    )


@asynccontextmanager
async def webhook_notifier() -> AsyncIterator[NotifierRig]:
    async with counting() as http, WebhookServer() as hook:
        url = (
            hook.url.replace("http://", f"http://anna:{URL_SECRET}@") + f"/in/{URL_SECRET}?token={URL_SECRET}"
        )
        assert webhook.CONNECTOR.notifier is not None
        account = webhook.AccountSettings(secret=SecretStr(WEBHOOK_SECRET))
        settings = {"care": webhook.ChannelSettings(url=url)}
        notifier = webhook.CONNECTOR.notifier(account, settings, Wiring(http=http, clock=FixedClock()))
        yield NotifierRig(
            notifier=notifier,
            channel="care",
            shown=lambda ref: webhook_text(hook, ref),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            stall=lambda: hook.refuse(0),
            keys=lambda: [delivery.id for delivery in hook.deliveries],
            troubles=webhook_troubles(hook),
            secrets=(URL_SECRET, BODY_SECRET, WEBHOOK_SECRET, KEY.decode()),
        )


def webhook_text(hook: WebhookServer, ref: str) -> str:
    """What a receiver that follows `message` shows."""
    told = [delivery.told for delivery in hook.deliveries if delivery.told["message"] == ref][-1]
    return "\n".join([told["headline"], *(line["text"] for line in told["lines"])])


# --- console ------------------------------------------------------------------------------------


@asynccontextmanager
async def console_notifier() -> AsyncIterator[NotifierRig]:
    out = io.StringIO()
    console = Terminal(file=out, width=12_000, color_system=None)
    yield NotifierRig(
        notifier=ConsoleNotifier(console=console, clock=FixedClock()),
        channel="",
        shown=lambda ref: _printed(out.getvalue(), ref),
        requests=lambda: len(out.getvalue()),
    )


def _printed(text: str, ref: str) -> str:
    """The box and the change lines of one number."""
    found, is_ours = [], False
    for line in text.splitlines():
        if "#" in line[:4]:
            is_ours = line.lstrip("╭─ ").startswith(f"#{ref} ")
        if is_ours:
            found.append(line)
    return "\n".join(found)
