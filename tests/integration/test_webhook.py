"""A webhook whose server is away or slow, over the real client."""

from __future__ import annotations

import base64
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.errors import Reason, Unavailable
from bot.http import HttpClient
from bot.staff import Card
from bot.testing.webhook_server import WebhookServer
from connectors.webhook import ChannelSettings, WebhookNotifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = b"a key of thirty-two bytes, no less"
SECRET = "planted-in-a-path-0123"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(SystemClock())
    yield client
    await client.close()


async def failure(http: HttpClient, url: str) -> Unavailable:
    settings = {"crm": ChannelSettings(url=url)}
    notifier = WebhookNotifier(http=http, clock=SystemClock(), secret=None, channels=settings)
    with pytest.raises(Unavailable) as caught:
        await notifier.notify("crm", Card(headline="HIGH"), key="a")
    return caught.value


async def test_what_is_sent_is_signed(http: HttpClient) -> None:
    """A receiver with the key knows it for ours, a change of a card too; with another key it does not."""
    async with WebhookServer() as hook:
        settings = {"crm": ChannelSettings(url=f"{hook.url}/in")}
        secret = SecretStr("whsec_" + base64.b64encode(KEY).decode())
        notifier = WebhookNotifier(http=http, clock=SystemClock(), secret=secret, channels=settings)
        receipt = await notifier.notify("crm", Card(headline="HIGH é 😀"), key="alert:1.2")
        await notifier.update("crm", receipt, Card(headline="Claimed"), key="update:1.2")
    assert [True, True] == [delivery.is_signed_with(KEY) for delivery in hook.deliveries]
    assert [False, False] == [delivery.is_signed_with(KEY[1:]) for delivery in hook.deliveries]
    assert ["alert:1%2E2", "update:1%2E2"] == [delivery.id for delivery in hook.deliveries]
    assert {"alert:1%2E2"} == {delivery.told["message"] for delivery in hook.deliveries}


async def test_a_server_that_is_away(http: HttpClient) -> None:
    """It is tried again; the message names the host alone, because the path may be the secret."""
    async with WebhookServer() as hook:
        url = f"{hook.url}/{SECRET}?token={SECRET}"
    error = await failure(http, url)
    assert ("the webhook at 127.0.0.1 can't be reached (connection)", Reason.CONNECTION) == (
        str(error),
        error.reason,
    )
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(error.__context__)


async def test_a_server_that_only_says_later(http: HttpClient) -> None:
    """How long to wait is kept, and the path is not shown here either."""
    async with WebhookServer() as hook:
        hook.refuse(503, headers={"Retry-After": "90"})
        error = await failure(http, f"{hook.url}/{SECRET}")
    assert (timedelta(seconds=90), Reason.SERVER) == (error.retry_after, error.reason)
    assert SECRET not in str(error)
