"""Slack as a plug-in: the factories of its sides.

https://docs.slack.dev. Knows nothing of the library that speaks it: that one is an extra, and is imported
when a factory is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.slack.settings import AccountSettings, ChannelSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports import Notifier, Wiring


def _notifier(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> Notifier:
    from connectors.slack.api import Api  # noqa: PLC0415 - an extra
    from connectors.slack.notifier import SlackNotifier  # noqa: PLC0415

    api = Api(account, http=wiring.http, clock=wiring.clock)
    return SlackNotifier(api=api, channels=channels, clock=wiring.clock)


CONNECTOR = Connector(
    name="slack",
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
)
