"""A webhook whose server is away or slow, over the real client."""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.clock import SystemClock
from bot.errors import Reason, Unavailable
from bot.http import HttpClient
from bot.staff import Card
from bot.testing.webhook_server import WebhookServer
from connectors.webhook import ChannelSettings, WebhookNotifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

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
