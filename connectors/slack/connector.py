"""Slack as a plug-in: the factories of its sides.

https://docs.slack.dev. Knows nothing of the library that speaks it: that one is an extra, and is imported
when a factory is called.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.slack.settings import AccountSettings, ChannelSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.findings import Exam, Finding
    from bot.ports import DecisionFeed, Notifier, Wiring
    from connectors.slack.api import Api

_KIND = "slack"
_API = "slack.api"


def _api(account: AccountSettings, wiring: Wiring) -> Api:
    """One for both sides: what it learned of the workspace is known to both."""
    from connectors.slack.api import Api  # noqa: PLC0415 - an extra

    if _API not in wiring.shared:
        wiring.shared[_API] = Api(account, http=wiring.http, clock=wiring.clock)
    api: Api = wiring.shared[_API]
    return api


def _notifier(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> Notifier:
    from connectors.slack.notifier import SlackNotifier  # noqa: PLC0415 - an extra

    ours = [(one.name, own) for (kind, own), one in wiring.staff.by_identity.items() if kind == _KIND]
    names = Counter(name for name, _ in ours)
    people = {name: own for name, own in ours if names[name] == 1}  # of two Annas neither is named
    return SlackNotifier(
        api=_api(account, wiring),
        channels=channels,
        clock=wiring.clock,
        people=people,
        texts=wiring.texts,
    )


def _feed(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> DecisionFeed:
    from connectors.slack.feed import SlackFeed  # noqa: PLC0415 - an extra

    return SlackFeed(
        api=_api(account, wiring),
        http=wiring.http,
        channels=channels,
        clock=wiring.clock,
        texts=wiring.texts,
    )


async def _examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    from connectors.slack.api import Api  # noqa: PLC0415 - an extra
    from connectors.slack.examine import examine  # noqa: PLC0415

    async for finding in examine(exam, Api(exam.account, http=wiring.http, clock=wiring.clock)):
        yield finding


CONNECTOR = Connector(
    name=_KIND,
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
    feed=_feed,
    examine=_examine,
)
