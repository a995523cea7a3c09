"""Slack's Web API as we use it. The only file that names slack-sdk.

https://docs.slack.dev/apis/web-api. Only `AsyncWebClient`, on the program's own Http: no second HTTP stack,
no proxy from the environment, none of the library's repeating (who repeats is the outbox), and not its
SocketModeClient (decision 28). Knows nothing of cards.
"""

from __future__ import annotations

import json
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Reason, Unavailable
from connectors.slack.refusals import meaning, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Mapping

    from aiohttp import ClientSession
    from slack_sdk.web.async_slack_response import AsyncSlackResponse

    from bot.ports import Clock, Http
    from connectors.slack.message import Message
    from connectors.slack.settings import AccountSettings

# It logs whole requests and answers. What goes wrong comes to us as exceptions anyway.
_SILENT = logging.getLogger("slack_sdk")
_SILENT.setLevel(logging.CRITICAL + 1)

ANSWER_WITHIN = 10.0
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Where a message stands: its channel's id, and its time, which is its name there."""

    channel: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The app's bot, which is a person to Slack, what it may do, and its workspace with its address."""

    person: str
    name: str
    workspace: str
    url: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel as the app finds it."""

    name: str
    is_member: bool
    is_archived: bool


class Api:
    """One app in one workspace. Opens nothing of its own, so there is nothing to close. `known`: what `me`
    said last.
    """

    def __init__(self, settings: AccountSettings, *, http: Http, clock: Clock) -> None:
        self.known: Me | None = None
        self._app_token = settings.app_token
        self._client = AsyncWebClient(
            token=settings.bot_token.get_secret_value(),
            base_url=settings.base_url,
            session=cast("ClientSession", _Session(http, clock)),
            logger=_SILENT,
            retry_handlers=[],
        )

    async def post(self, channel: str, message: Message, *, thread: str | None = None) -> Sent:
        """Raises: Unavailable, Unauthorized, Rejected."""
        answer = await asked(
            self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=list(message.blocks) or None,
                thread_ts=thread,
                unfurl_links=False,
                unfurl_media=False,
            )
        )
        return Sent(channel=_text(answer, "channel"), at=_text(answer, "ts"))

    async def whisper(
        self, channel: str, person: str, message: Message, *, thread: str | None = None
    ) -> None:
        """A message that only this person sees, and nobody for long. Raises as `post`."""
        await asked(
            self._client.chat_postEphemeral(
                channel=channel,
                user=person,
                text=message.text,
                blocks=list(message.blocks) or None,
                thread_ts=thread,
            )
        )

    async def edit(self, sent: Sent, message: Message) -> None:
        """Change a message; the same content again is success. Raises as `post`."""
        await asked(
            self._client.chat_update(
                channel=sent.channel, ts=sent.at, text=message.text, blocks=list(message.blocks)
            )
        )

    async def open_form(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Within three seconds after `trigger` came. Raises as `post`."""
        await asked(self._client.views_open(trigger_id=trigger, view=dict(view)))

    async def socket_url(self) -> str:
        """An address that is good for one WebSocket, and soon for none. Raises: Unavailable, Unauthorized."""
        app_token = self._app_token.get_secret_value().strip()
        url = _text(await asked(self._client.apps_connections_open(app_token=app_token)), "url")
        if not url.startswith(("wss://", "ws://")):
            raise _unreadable()
        return url

    async def me(self) -> Me:
        """Raises as `post`."""
        seen: list[str] = []
        answer = await asked(self._client.auth_test(), seen)
        self.known = Me(
            person=_text(answer, "user_id"),
            name=_text(answer, "user"),
            workspace=_text(answer, "team"),
            url=_text(answer, "url"),
            scopes=frozenset(scope.strip() for scope in "".join(seen).split(",")),
        )
        return self.known

    async def place(self, channel: str) -> Place:
        """Raises as `post`."""
        found = (await asked(self._client.conversations_info(channel=channel))).get("channel")
        if not isinstance(found, dict):
            raise _unreadable()
        return Place(
            name=_text(found, "name"),
            is_member=found.get("is_member") is True,
            is_archived=found.get("is_archived") is True,
        )


class _Session:
    """What the library asks of an aiohttp session (it takes one of the caller's): requests by our Http."""

    closed = False

    def __init__(self, http: Http, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    @asynccontextmanager
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> AsyncIterator[_Answer]:
        body = _encoded(json)
        async with self._http.request(
            method, url, headers=headers, params=params, body=body, timeout=ANSWER_WITHIN
        ) as response:
            payload = await self._http.read(response)
            answer = read(response.status, response.headers, payload, self._clock.now())
            yield _Answer(answer, response.headers)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the library reads of a response. What was no answer of Slack's has been raised before."""

    answer: dict[str, Any]
    headers: Mapping[str, str]
    status: int = 200
    content_type: str = "application/json"

    async def json(self) -> dict[str, Any]:
        return self.answer


def _encoded(given: Mapping[str, Any] | None) -> bytes | None:
    return None if given is None else json.dumps(given).encode()


async def asked(call: Awaitable[AsyncSlackResponse], scopes: list[str] | None = None) -> dict[str, Any]:
    """The answer to a call, its errors in our words. The library's quote whole answers: they end here.
    `scopes` is given what the token may do.
    """
    try:
        response = await call
        answer = response.data
    except SlackApiError as error:
        raise meaning(error.response.data) from None
    except (SlackClientError, LookupError, TypeError, ValueError, AttributeError):
        raise _unreadable() from None
    if not isinstance(answer, dict):
        raise _unreadable()
    if scopes is not None:
        scopes += [value for name, value in response.headers.items() if name.lower() == "x-oauth-scopes"]
    return answer


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise _unreadable()
    return value


def _unreadable() -> Unavailable:
    return Unavailable("Slack's answer can't be read", reason=Reason.PROTOCOL)
