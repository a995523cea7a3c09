"""Pagers with the loopback services behind them, as the contract suite wants them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bot.errors import Reason, Rejected, Unauthorized, Unavailable
from bot.ports import Wiring
from bot.testing.notifier_contract import NotifierRig, Trouble
from bot.testing.ntfy_server import NtfyServer
from bot.testing.pagerduty_server import PagerDutyServer
from bot.testing.webhook_server import WebhookServer
from bot.texts.en import ENGLISH
from connectors import ntfy, pagerduty
from connectors.apprise import AppriseNotifier
from connectors.apprise import ChannelSettings as AppriseChannel
from tests.contract._http import counting
from tests.contract._rigs import BODY_SECRET, FixedClock, _trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bot.staff import Card
    from bot.testing.loopback import Loopback
    from tests.contract._http import CountingHttp

PAGE = "https://outcare.acme.example"
TOPIC = "acme-planted-topic-8Zq"
NTFY_TOKEN = "tk_planted0token"
KEY = "planted0key0of0thirty0two0signs0"


def _status(server: Loopback, number: int, **headers: str) -> Callable[[], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: server.refuse(number, headers=named, body=BODY_SECRET)


def _everybodys(server: Loopback) -> tuple[Trouble, ...]:
    """What any server, or a proxy before it, may answer."""
    rejected = {301: Reason.INVALID, 400: Reason.INVALID, 403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND}
    rejected |= {410: Reason.NOT_FOUND, 413: Reason.INVALID}
    unavailable = dict.fromkeys((408, 500, 502, 503, 504), Reason.SERVER)
    date = "Fri, 20 Nov 2026 13:05:30 GMT"
    return (
        *(_trouble(str(n), _status(server, n), Rejected, reason) for n, reason in rejected.items()),
        *(_trouble(str(n), _status(server, n), Unavailable, reason) for n, reason in unavailable.items()),
        _trouble("401", _status(server, 401), Unauthorized, Reason.UNAUTHORIZED),
        _trouble("429", _status(server, 429), Unavailable, Reason.RATE_LIMITED),
        _trouble("429 s", _status(server, 429, Retry_After="12"), Unavailable, Reason.RATE_LIMITED, 12),
        _trouble("429 date", _status(server, 429, Retry_After=date), Unavailable, Reason.RATE_LIMITED, 30),
        _trouble("503 s", _status(server, 503, Retry_After="90"), Unavailable, Reason.SERVER, 90),
        _trouble("200 of somebody else", _status(server, 200), Unavailable, Reason.PROTOCOL),
    )


# --- ntfy ---------------------------------------------------------------------------------------


def ntfy_notifier_of(server: NtfyServer, http: CountingHttp, **account: Any) -> ntfy.NtfyNotifier:
    given = {"server": server.url, "token": SecretStr(NTFY_TOKEN), **account}
    assert ntfy.CONNECTOR.notifier is not None
    made = ntfy.CONNECTOR.notifier(
        ntfy.AccountSettings(**given),
        {"anna": ntfy.ChannelSettings(topic=TOPIC)},
        Wiring(http=http, clock=FixedClock(), page=PAGE),
    )
    assert isinstance(made, ntfy.NtfyNotifier)
    return made


def ntfy_troubles(server: NtfyServer) -> tuple[Trouble, ...]:
    """With the server's own codes: https://github.com/binwiederhier/ntfy/blob/main/server/errors.go."""

    def said(status: int, code: int) -> Callable[[], None]:
        body = json.dumps({"code": code, "http": status, "error": BODY_SECRET})
        return lambda: server.refuse(status, body=body, content_type="application/json")

    return (
        *_everybodys(server),
        _trouble("no more today", said(429, 42908), Unavailable, Reason.RATE_LIMITED),
        _trouble("too many at once", said(429, 42901), Unavailable, Reason.RATE_LIMITED),
        _trouble("token revoked", said(401, 40101), Unauthorized, Reason.UNAUTHORIZED),
        _trouble("somebody else's topic", said(403, 40301), Rejected, Reason.FORBIDDEN),
    )


@asynccontextmanager
async def ntfy_notifier() -> AsyncIterator[NotifierRig]:
    async with counting() as http, NtfyServer() as server:
        server.tokens.add(NTFY_TOKEN)
        server.reserved.add(TOPIC)
        server.burst = 10**6
        yield NotifierRig(
            notifier=ntfy_notifier_of(server, http),
            channel="anna",
            shown=lambda ref: ntfy_text(server, ref),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            stall=lambda: server.refuse(0),
            troubles=ntfy_troubles(server),
            secrets=(NTFY_TOKEN, BODY_SECRET, TOPIC),
            is_in_place=False,
        )


def ntfy_text(server: NtfyServer, ref: str) -> str:
    """All messages of a sequence."""
    sequence = ref.partition(" ")[0]
    found = [one for one in server.of_topic(TOPIC) if one.sequence == sequence]
    assert found, f"no message of {ref}"
    return "\n".join(f"{one.title}\n{one.text}" for one in found)


# --- PagerDuty ----------------------------------------------------------------------------------


def pagerduty_notifier_of(server: PagerDutyServer, http: CountingHttp) -> pagerduty.PagerDutyNotifier:
    assert pagerduty.CONNECTOR.notifier is not None
    made = pagerduty.CONNECTOR.notifier(
        pagerduty.AccountSettings(base_url=server.url),
        {"anna": pagerduty.ChannelSettings(routing_key=SecretStr(KEY))},
        Wiring(http=http, clock=FixedClock(), page=PAGE),
    )
    assert isinstance(made, pagerduty.PagerDutyNotifier)
    return made


def pagerduty_troubles(server: PagerDutyServer) -> tuple[Trouble, ...]:
    """With the words in which it tells that a key is wrong."""

    def said(error: str) -> Callable[[], None]:
        whole = {"status": "invalid event", "message": BODY_SECRET, "errors": [error]}
        return lambda: server.refuse(400, body=json.dumps(whole), content_type="application/json")

    length = "Length of 'routing_key' is incorrect (should be 32 characters)"
    return (
        *_everybodys(server),
        _trouble("key revoked", said("Invalid routing key"), Unauthorized, Reason.UNAUTHORIZED),
        _trouble("no key", said(length), Unauthorized, Reason.UNAUTHORIZED),
        _trouble("bad event", said("'payload.summary' is missing or blank"), Rejected, Reason.INVALID),
    )


@asynccontextmanager
async def pagerduty_notifier() -> AsyncIterator[NotifierRig]:
    async with counting() as http, PagerDutyServer() as server:
        server.keys.add(KEY)
        yield NotifierRig(
            notifier=pagerduty_notifier_of(server, http),
            channel="anna",
            shown=lambda ref: pagerduty_text(server, ref),
            requests=lambda: http.requests,
            in_flight=lambda: http.in_flight,
            stall=lambda: server.refuse(0),
            troubles=pagerduty_troubles(server),
            secrets=(KEY, BODY_SECRET),
            is_in_place=False,
        )


def pagerduty_text(server: PagerDutyServer, ref: str) -> str:
    """All that was said of an incident."""
    found = [event for event in server.events if event["dedup_key"] == ref.partition(" ")[0]]
    assert found, f"no incident of {ref}"
    payloads = (event["payload"] for event in found)
    return "\n".join(f"{one['summary']}\n{one['custom_details'].get('text')}" for one in payloads)


# --- Apprise --------------------------------------------------------------------------------------

URL_SECRET = "planted-in-apprise"


@dataclass(kw_only=True)
class TracedApprise(AppriseNotifier):
    """Notes which POST belongs to which message: services are told none."""

    hook: WebhookServer
    traced: list[tuple[str, int]] = field(default_factory=list)

    async def _send(self, channel: str, card: Card, ref: str) -> None:
        await super()._send(channel, card, ref)
        self.traced.append((ref, len(self.hook.deliveries) - 1))


def apprise_url(hook: WebhookServer) -> SecretStr:
    """Apprise's own plug-in for JSON, as it is."""
    return SecretStr(f"json://anna:{URL_SECRET}@{hook.host}/in/{URL_SECRET}")


@asynccontextmanager
async def apprise_notifier() -> AsyncIterator[NotifierRig]:
    async with WebhookServer() as hook:
        channels = {"lead": AppriseChannel(url=apprise_url(hook))}
        notifier = TracedApprise(clock=FixedClock(), channels=channels, texts=ENGLISH, page=PAGE, hook=hook)
        rejected = {400: Reason.INVALID, 403: Reason.FORBIDDEN, 404: Reason.NOT_FOUND}
        down = dict.fromkeys((500, 502, 503), Reason.SERVER)
        yield NotifierRig(
            notifier=notifier,
            channel="lead",
            shown=lambda ref: apprise_text(notifier, ref),
            requests=lambda: hook.requests,
            stall=lambda: hook.refuse(0),
            troubles=(
                *(_trouble(str(n), _status(hook, n), Rejected, reason) for n, reason in rejected.items()),
                *(_trouble(str(n), _status(hook, n), Unavailable, reason) for n, reason in down.items()),
                _trouble("401", _status(hook, 401), Unauthorized, Reason.UNAUTHORIZED),
                _trouble("429", _status(hook, 429), Unavailable, Reason.RATE_LIMITED),
            ),
            secrets=(URL_SECRET, BODY_SECRET),
            is_in_place=False,
        )


def apprise_text(notifier: TracedApprise, ref: str) -> str:
    """All that was sent for a message."""
    found = [place for traced, place in notifier.traced if traced == ref.partition(" ")[0]]
    assert found, f"no message of {ref}"
    told = (notifier.hook.deliveries[place].told for place in found)
    return "\n".join(f"{one['title']}\n{one['message']}" for one in told)
