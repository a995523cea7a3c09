"""The loopback Slack against slack-sdk's own Socket Mode client, which shares nothing with ours: it is no fiction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.notifier_contract import a_card, until
from bot.testing.slack_server import APP_TOKEN, BOT_TOKEN, CHANNEL, SlackServer
from connectors.slack.message import render


def web(server: SlackServer, token: str = BOT_TOKEN) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=server.api)


async def posted(server: SlackServer) -> str:
    message = render(a_card())
    answer = await web(server).chat_postMessage(channel=CHANNEL, text=message.text, blocks=message.blocks)
    return str(answer["ts"])


@asynccontextmanager
async def listening(server: SlackServer, *, deaf: int = 0) -> AsyncIterator[list[SocketModeRequest]]:
    """What the library's client hears; it acknowledges all but the first `deaf`."""
    heard: list[SocketModeRequest] = []

    async def hear(client: Any, request: SocketModeRequest) -> None:
        heard.append(request)
        if len(heard) > deaf:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client: Any = SocketModeClient(app_token=APP_TOKEN, web_client=web(server))
    client.socket_mode_request_listeners.append(hear)
    await client.connect()
    try:
        await until(lambda: bool(server.sockets.links))
        yield heard
    finally:
        await client.close()
        tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
        await asyncio.gather(*filter(None, tasks), return_exceptions=True)


async def test_a_press_reaches_the_library_and_is_acknowledged() -> None:
    """The button with its value, who pressed, and on which message."""
    async with SlackServer() as server, listening(server) as heard:
        ts = await posted(server)
        server.press(server.messages[0], "Claim")
        await until(lambda: server.is_read)
        (request,) = heard
        assert ("interactive", "block_actions", ts) == (
            request.type,
            request.payload["type"],
            request.payload["container"]["message_ts"],
        )
        assert "claim:01JD4ZQ8M0ABCDEFGHJKMNPQRS" == request.payload["actions"][0]["value"]


async def test_what_the_library_does_not_acknowledge_comes_again_or_fails() -> None:
    """An event with its attempt and reason; a press only once."""
    async with SlackServer() as server, listening(server, deaf=2) as heard:
        server.sockets.patience = 0.2
        await posted(server)
        server.press(server.messages[0], "Claim")
        server.say("hello")
        await until(lambda: len(heard) >= 3)
        await until(lambda: not server.sockets.pending)
        assert ["interactive", "events_api", "events_api"] == [one.type for one in heard]
        assert [(None, None), (1, "timeout")] == [(one.retry_attempt, one.retry_reason) for one in heard[1:]]
        assert heard[1].payload["event_id"] == heard[2].payload["event_id"]
        assert 1 == len(server.sockets.failed)


async def test_the_library_follows_a_refresh() -> None:
    """It opens the next connection when it is told that this one goes."""
    async with SlackServer() as server, listening(server) as heard:
        server.sockets.disconnect("refresh_requested")
        await until(lambda: any(not link.is_leaving for link in server.sockets.links))
        server.command("inbox")
        await until(lambda: len(heard) == 1)
        assert "slash_commands" == heard[0].type


async def test_the_pace_is_kept_by_who_waits_as_told() -> None:
    """429 with Retry-After; the library's own handler waits, and all arrive."""
    async with SlackServer(burst=2) as server:
        client = AsyncWebClient(
            token=BOT_TOKEN, base_url=server.api, retry_handlers=[AsyncRateLimitErrorRetryHandler(9)]
        )
        for number in range(4):
            await client.chat_postMessage(channel=CHANNEL, text=f"number {number}")
        assert 4 == len(server.messages)
        assert server.workspace.refused


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("xoxb-of-nobody", "auth.test", "invalid_auth"),
        (BOT_TOKEN, "apps.connections.open", "not_allowed_token_type"),
        (APP_TOKEN, "auth.test", "not_allowed_token_type"),
        (BOT_TOKEN, "chat.delete.all", "unknown_method"),
        (BOT_TOKEN, "chat.postMessage", "channel_not_found"),
    ],
)
async def test_refusals_are_words(token: str, method: str, error: str) -> None:
    """As the library reports them."""
    async with SlackServer() as server:
        with pytest.raises(SlackApiError) as raised:
            await web(server, token).api_call(method, json={"channel": "C0NOWHERE", "text": "x"})
        assert error == raised.value.response["error"]


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "invalid_blocks"),
        ([{"type": "actions", "elements": []}], "invalid_blocks"),
        ([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}], "invalid_blocks"),
        (
            [{"type": "rich_text", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "x" * 14_000}]}
            ]}],
            "msg_blocks_too_long",
        ),
    ],
)  # fmt: skip
async def test_limits_of_blocks(blocks: list[dict[str, Any]], error: str) -> None:
    """A message that the real one refuses is refused here."""
    async with SlackServer() as server:
        with pytest.raises(SlackApiError, match=error):
            await web(server).chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)
