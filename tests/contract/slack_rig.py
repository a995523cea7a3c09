"""Slack's sides with the loopback Slack behind them, as the contract suites want them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.ports import Wiring
from bot.testing.feed_contract import FeedRig
from bot.testing.notifier_contract import NotifierRig, Trouble, a_card
from bot.testing.slack_people import ANNA
from bot.testing.slack_server import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackServer
from connectors.slack.api import Api
from connectors.slack.connector import CONNECTOR
from connectors.slack.feed import SlackFeed
from connectors.slack.notifier import SlackNotifier
from connectors.slack.settings import AccountSettings, ChannelSettings
from tests.contract._http import CountingHttp
from tests.contract._rigs import BODY_SECRET, FixedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


def account(server: SlackServer) -> AccountSettings:
    return AccountSettings(
        bot_token=SecretStr(BOT_TOKEN), app_token=SecretStr(APP_TOKEN), base_url=server.api
    )


def channels(**more: Any) -> dict[str, ChannelSettings]:
    return {"care": ChannelSettings(channel=CHANNEL, **more)}


def shown(server: SlackServer, ref: str) -> str:
    channel, _, ts = ref.partition(":")
    return server.workspace.messages[channel, ts].shown


def troubles(server: SlackServer, method: str | None = None) -> tuple[Trouble, ...]:
    """What any method may meet: trouble of the platform, and a token that is no longer taken."""

    def planted(name: str, becomes: type[BotError], reason: Reason, **more: Any) -> Trouble:
        wait = more.pop("wait", None)
        plant: Callable[[], None] = lambda: server.fail(**{"error": BODY_SECRET, "method": method, **more})  # noqa: E731
        seconds = timedelta(seconds=wait) if wait is not None else None
        return Trouble(name=name, plant=plant, becomes=becomes, reason=reason, retry_after=seconds)

    paced, server_, protocol = Reason.RATE_LIMITED, Reason.SERVER, Reason.PROTOCOL
    html = f"<html>{BODY_SECRET}</html>".encode()
    half = f'{{"ok": true, "channel": "{BODY_SECRET}'.encode()
    return (
        planted("429", Unavailable, paced, status=429, error="ratelimited", retry_after="30", wait=30),
        planted("429 bare", Unavailable, paced, status=429, error="ratelimited"),
        planted("429 html", Unavailable, paced, status=429, body=html),
        planted("429 huge", Unavailable, paced, status=429, retry_after="9" * 12, wait=86_400),
        planted("ratelimited", Unavailable, paced, error="ratelimited"),
        planted("500", Unavailable, server_, status=500),
        planted("503 s", Unavailable, server_, status=503, body=html, retry_after="9", wait=9),
        planted("internal", Unavailable, server_, error="internal_error"),
        planted("200 html", Unavailable, protocol, body=html),
        planted("200 empty", Unavailable, protocol, body=b""),
        planted("200 half", Unavailable, protocol, body=half),
        planted("200 list", Unavailable, protocol, body=f'["{BODY_SECRET}"]'.encode()),
        planted("200 no ok", Unavailable, protocol, body=f'{{"x": "{BODY_SECRET}"}}'.encode()),
        planted("200 odd", Unavailable, protocol, body=f'{{"ok": true, "x": "{BODY_SECRET}"}}'.encode()),
        *(
            planted(error, Unauthorized, Reason.UNAUTHORIZED, error=error)
            for error in ("token_revoked", "invalid_auth", "account_inactive", "not_authed", "token_expired")
        ),
        planted("missing_scope", Unauthorized, Reason.FORBIDDEN, error="missing_scope"),
    )


def refusals(server: SlackServer) -> tuple[Trouble, ...]:
    """What only a message meets."""
    given = {
        "channel_not_found": Reason.NOT_FOUND,
        "not_in_channel": Reason.FORBIDDEN,
        "is_archived": Reason.FORBIDDEN,
        "restricted_action_read_only_channel": Reason.FORBIDDEN,
        "msg_too_long": Reason.INVALID,
        "invalid_blocks": Reason.INVALID,
        BODY_SECRET: Reason.INVALID,
    }
    return tuple(
        Trouble(name=error, plant=_plant(server, error), becomes=Rejected, reason=reason)
        for error, reason in given.items()
    )


def _plant(server: SlackServer, error: str) -> Callable[[], None]:
    return lambda: server.fail(error)


class SlackHttp(CountingHttp):
    """The one channel that opens a WebSocket."""

    @asynccontextmanager
    async def websocket(self, url: str, **more: Any) -> AsyncIterator[Any]:
        self.in_flight += 1
        try:
            async with HttpClient.websocket(self, url, **more) as socket:
                yield socket
        finally:
            self.in_flight -= 1


@asynccontextmanager
async def slack_http() -> AsyncIterator[SlackHttp]:
    http = SlackHttp()
    try:
        yield http
    finally:
        await http.close()


def a_feed(server: SlackServer, http: SlackHttp, feed: type[SlackFeed] = SlackFeed) -> SlackFeed:
    """Somebody else is noticed sooner than in earnest."""
    api = Api(account(server), http=http, clock=FixedClock())
    return feed(api=api, http=http, channels=channels(), clock=FixedClock(), lingers=0.2)


def press_id(action_ts: str, *, user: str = ANNA) -> str:
    return f"b:{CHANNEL}:{user}:0:{action_ts}"


def told(server: SlackServer) -> list[tuple[str, str]]:
    """What whoever pressed was told, and that their button is no longer busy."""
    presses = {
        envelope.id: press_id(envelope.payload["actions"][0]["action_ts"])
        for envelope in server.sockets.acknowledged
        if envelope.kind == "interactive"
    }
    last = next(reversed(presses.values()), "")
    said = [(last, whisper.shown) for whisper in server.workspace.whispers]
    return [*said, *((press, "") for press in presses.values())]


@asynccontextmanager
async def slack_feed(feed: type[SlackFeed] = SlackFeed) -> AsyncIterator[FeedRig]:
    async with slack_http() as http, SlackServer() as server:
        card = server.workspace.channels[CHANNEL]
        notifier = SlackNotifier(
            api=Api(account(server), http=http, clock=FixedClock()), channels=channels(), clock=FixedClock()
        )
        await notifier.notify("care", a_card(), key="a")
        asked_before = server.requests
        yield FeedRig(
            open=lambda: a_feed(server, http, feed),
            press=lambda: press_id(server.press(server.messages[0], "Claim")),
            noise=lambda: (server.say("nice weather"), None)[1],
            expire=lambda: setattr(card, "is_archived", True),
            confirmed=lambda: len(server.sockets.acknowledged),
            waiting=lambda: server.is_read,
            answers=lambda: [] if card.is_archived else told(server),
            requests=lambda: server.requests - asked_before,
            in_flight=lambda: http.in_flight,
            token="claim:01JD4ZQ8M0ABCDEFGHJKMNPQRS",
            person=f"slack:{ANNA}",
            channel="slack:care",
            troubles=troubles(server, "apps.connections.open"),
            secrets=(BOT_TOKEN, APP_TOKEN, BODY_SECRET, "secret-ticket"),
            failed=lambda: [
                press_id(one.payload["actions"][0]["action_ts"]) for one in server.sockets.failed
            ],
        )


@asynccontextmanager
async def slack_notifier() -> AsyncIterator[NotifierRig]:
    async with slack_http() as http, SlackServer() as server:
        assert CONNECTOR.notifier is not None
        notifier = CONNECTOR.notifier(account(server), channels(), Wiring(http=http, clock=FixedClock()))
        yield NotifierRig(
            notifier=notifier,
            channel="care",
            shown=lambda ref: shown(server, ref),
            requests=lambda: server.requests,
            in_flight=lambda: http.in_flight,
            stall=lambda: server.fail(status=0),
            troubles=(*troubles(server), *refusals(server)),
            secrets=(BOT_TOKEN, APP_TOKEN, BODY_SECRET),
        )
