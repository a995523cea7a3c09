"""What `outcare doctor` asks of Slack: whose tokens they are, what they may; which channels take cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import BotError, Reason, Unauthorized
from bot.findings import fine, mend, note

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.findings import Exam, Finding
    from connectors.slack.api import Api, Me
    from connectors.slack.settings import ChannelSettings

SCOPES = (
    "chat:write",
    "commands",
    "channels:read",
    "groups:read",
    "channels:history",
    "groups:history",
    "im:history",
)
_AGAIN = "at api.slack.com/apps, your app: Install App, and put the token into OUTCARE_SLACK__BOT_TOKEN"
_LISTEN = (
    "at api.slack.com/apps, your app: Socket Mode on; Basic Information, App-Level Tokens, one with the scope"
    " connections:write into OUTCARE_SLACK__APP_TOKEN"
)


async def examine(exam: Exam, api: Api) -> AsyncIterator[Finding]:
    """Raises nothing of `bot.errors`."""
    try:
        me = await api.me()
    except BotError as error:
        yield _failed("slack", error, _AGAIN)
        return
    yield _scopes(me)
    yield await _presses(api)
    if not exam.channels:
        yield note("slack", "no channel leads to it yet", "name one under `channels: slack:care:`")
    for name, channel in exam.channels.items():
        yield await _channel(f"slack:{name}" if name else "slack", channel, api, me)


def _scopes(me: Me) -> Finding:
    whose = f"the bot token is that of @{me.name} in {me.workspace}"
    missing = [scope for scope in SCOPES if scope not in me.scopes]
    if missing:
        do = "OAuth & Permissions: add them, and install the app again (docs/connectors/slack.md)"
        return mend("slack", f"{whose}; it lacks the scopes {', '.join(missing)}", do)
    return fine("slack", whose)


async def _presses(api: Api) -> Finding:
    """An address is asked for, and not used: a connection would take presses from a daemon that runs."""
    about = "slack presses"
    try:
        await api.socket_url()
    except BotError as error:
        return _failed(about, error, _LISTEN)
    return fine(about, "the app-level token opens Socket Mode")


async def _channel(about: str, channel: ChannelSettings, api: Api, me: Me) -> Finding:
    invite = f"write /invite @{me.name} in the channel"
    try:
        place = await api.place(channel.channel)
    except BotError as error:
        if error.reason is Reason.NOT_FOUND:
            says = f"there is no channel {channel.channel}, or it is private and @{me.name} is not in it"
            return mend(about, says, f"correct `channel`, or {invite}")
        return _failed(about, error, "try again")
    if place.is_archived:
        return mend(about, f"#{place.name} is archived", "open it again, or name another channel")
    if not place.is_member:
        return mend(about, f"@{me.name} is not in #{place.name}", invite)
    return fine(about, f"cards go to #{place.name}: @{me.name} is in it")


def _failed(about: str, error: BotError, do: str) -> Finding:
    is_ours = isinstance(error, Unauthorized)
    return mend(
        about, str(error), do if is_ours else "see that this machine reaches slack.com, then try again"
    )
