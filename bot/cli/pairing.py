"""Pairing a Telegram chat on the terminal: the token, the link, the person who presses Start, a test card."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import typer
from rich.console import Console
from rich.status import Status

from bot import duration
from bot.cli.doctor import test_card
from bot.clock import SystemClock
from bot.errors import BotError, Reason, Refused
from bot.http import HttpClient
from bot.starting.answers import Chat
from connectors.telegram.about import About, Me
from connectors.telegram.notifier import TelegramNotifier
from connectors.telegram.pairing import CODE_BYTES, Paired, links, pair
from connectors.telegram.settings import AccountSettings, ChannelSettings

T = TypeVar("T")

NEW_BOT = """\
A bot of your own takes a minute: open https://t.me/BotFather, send /newbot, answer two questions,
and it shows the token (123456789:AA…). Paste it here; it is not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A token that Telegram knows."""

    account: AccountSettings
    me: Me


def check(account: AccountSettings) -> Bot:
    """Raises: Unauthorized, Rejected (a wrong token), Unavailable."""

    async def asked(api: About) -> Bot:
        return Bot(account=account, me=await api.me())

    return _with(account, asked)


def wait_for_start(bot: Bot, *, within: timedelta, brand: str) -> Chat | None:
    """Show the links and wait; None when nobody pressed Start in time, or Ctrl-C was pressed.

    The chat that is paired gets a test card. Raises: Unavailable, Refused.
    """
    code = secrets.token_urlsafe(CODE_BYTES)
    alone, group = links(bot.me.username, code)
    typer.echo(f"  for a chat with yourself   {alone}\n  for a group of the team    {group}")
    typer.echo("Open one of them on your phone or here, and press Start (Ctrl-C: go on without).")
    try:
        with Console(stderr=True).status("Waiting …") as status:
            paired = _with(bot.account, lambda api: _paired(api, code, within, brand, status))
    except KeyboardInterrupt:
        typer.echo("\nNot paired.")
        return None
    if paired is None:
        typer.echo(f"Nobody pressed Start within {duration.show(within)}.")
        return None
    return Chat(
        id=paired.chat_id,
        thread=paired.thread,
        person_id=paired.person_id,
        person_name=paired.person_name,
    )


async def _paired(api: About, code: str, within: timedelta, brand: str, status: Status) -> Paired | None:
    clock = SystemClock()

    def waiting(left: timedelta) -> None:
        status.update(f"Waiting for Start to be pressed, {duration.show(left)} left …")

    paired = await pair(api, code, clock=clock, within=within, waiting=waiting)
    if paired is not None:
        channel = ChannelSettings(chat=paired.chat_id, thread=paired.thread)
        notifier = TelegramNotifier(api=api, channels={"care": channel}, clock=clock)
        await notifier.notify("care", test_card(brand), key=f"init:{code}")
    return paired


def _with(account: AccountSettings, use: Callable[[About], Awaitable[T]]) -> T:
    async def opened() -> T:
        http = HttpClient(SystemClock())
        try:
            api = About(token=account.token.get_secret_value(), base_url=account.base_url, http=http)
            return await use(api)
        finally:
            await http.close()

    return asyncio.run(opened())


def why_not(error: BotError) -> str:
    """What a person can do about a token that does not work."""
    if isinstance(error, Refused) and error.reason in {Reason.UNAUTHORIZED, Reason.NOT_FOUND}:
        return "Telegram does not know this token: copy it whole, as @BotFather shows it."
    if error.reason is Reason.CONFLICT:
        return f"{error} Stop that program, then pair again."
    return f"{error}."
