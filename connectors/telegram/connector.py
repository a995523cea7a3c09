"""Telegram as a plug-in: its settings, and the factories of notifier and decision feed.

https://core.telegram.org/bots/api. Knows nothing of the library that speaks it: that one is imported when a
factory is called, because it takes most of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from bot.ports import Connector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import DecisionFeed, Notifier, Wiring

Username = Annotated[str, Field(pattern=r"^@[A-Za-z0-9_]{3,32}$")]


class AccountSettings(BaseModel):
    """`telegram:`, the bot. @BotFather gives the token; `base_url` may name a Bot API server of yours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(min_length=1)
    base_url: str = Field(default="https://api.telegram.org", pattern=r"^https?://[^\s?#]+$")


class ChannelSettings(BaseModel):
    """`channels: telegram:<name>:`, a chat (id or @name), a topic of a forum, and whom a ping names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chat: int | Annotated[str, Field(pattern=r"^@[A-Za-z0-9_]{3,32}$")]
    thread: int | None = None
    ping: tuple[Username, ...] = ()


def _notifier(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> Notifier:
    from connectors.telegram.api import Api  # noqa: PLC0415 - slow to import
    from connectors.telegram.notifier import TelegramNotifier  # noqa: PLC0415

    api = Api(token=account.token.get_secret_value(), base_url=account.base_url, http=wiring.http)
    return TelegramNotifier(api=api, channels=channels, clock=wiring.clock)


def _feed(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> DecisionFeed:
    from connectors.telegram.api import Api  # noqa: PLC0415 - slow to import
    from connectors.telegram.feed import TelegramFeed  # noqa: PLC0415

    api = Api(token=account.token.get_secret_value(), base_url=account.base_url, http=wiring.http)
    return TelegramFeed(api=api, channels=channels, clock=wiring.clock)


CONNECTOR = Connector(
    name="telegram",
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
    feed=_feed,
)
