"""Slack's sides with the loopback Slack behind them, as the contract suites want them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unauthorized, Unavailable
from bot.ports import Wiring
from bot.testing.notifier_contract import NotifierRig, Trouble
from bot.testing.slack_server import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackServer
from connectors.slack.connector import CONNECTOR
from connectors.slack.settings import AccountSettings, ChannelSettings
from tests.contract._http import counting
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


def troubles(server: SlackServer) -> tuple[Trouble, ...]:
    """What any method may meet: trouble of the platform, and a token that is no longer taken."""

    def planted(name: str, becomes: type[BotError], reason: Reason, **more: Any) -> Trouble:
        wait = more.pop("wait", None)
        plant: Callable[[], None] = lambda: server.fail(**{"error": BODY_SECRET, **more})  # noqa: E731
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


@asynccontextmanager
async def slack_notifier() -> AsyncIterator[NotifierRig]:
    async with counting() as http, SlackServer() as server:
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
