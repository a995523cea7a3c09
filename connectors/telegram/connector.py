"""Telegram as a plug-in: the factories of notifier, decision feed, replier and inbox.

https://core.telegram.org/bots/api. Knows nothing of the library that speaks it: that one is imported when a
factory is called, because it takes most of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.telegram.settings import AccountSettings, ChannelSettings

_READER = "telegram.reader"

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bot.findings import Exam, Finding
    from bot.ports import DecisionFeed, Notifier, Source, Wiring
    from bot.replies import Replier
    from connectors.telegram.reader import Reader


def _notifier(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> Notifier:
    from connectors.telegram.api import Api  # noqa: PLC0415 - slow to import
    from connectors.telegram.notifier import TelegramNotifier  # noqa: PLC0415

    api = Api(token=account.token.get_secret_value(), base_url=account.base_url, http=wiring.http)
    return TelegramNotifier(api=api, channels=channels, clock=wiring.clock)


def _reader(account: AccountSettings, wiring: Wiring) -> Reader:
    """The one of this token: the feed and the inbox get the same (decision 20)."""
    from connectors.telegram.api import Api  # noqa: PLC0415 - slow to import
    from connectors.telegram.reader import Reader  # noqa: PLC0415

    if _READER not in wiring.shared:
        api = Api(token=account.token.get_secret_value(), base_url=account.base_url, http=wiring.http)
        wiring.shared[_READER] = Reader(api, wiring.clock)
    reader: Reader = wiring.shared[_READER]
    return reader


def _feed(account: AccountSettings, channels: Mapping[str, ChannelSettings], wiring: Wiring) -> DecisionFeed:
    from connectors.telegram.feed import TelegramFeed  # noqa: PLC0415 - slow to import

    reader = _reader(account, wiring)
    return TelegramFeed(
        api=reader.api, channels=channels, clock=wiring.clock, texts=wiring.texts, reader=reader
    )


def _inbox(account: AccountSettings, wiring: Wiring) -> Source | None:
    from connectors.telegram.source import TelegramSource  # noqa: PLC0415 - slow to import

    if not account.listen:
        return None
    return TelegramSource(reader=_reader(account, wiring), chats=account.listen, clock=wiring.clock)


def _replier(account: AccountSettings, wiring: Wiring) -> Replier:
    from connectors.telegram.replier import Answering, TelegramReplier  # noqa: PLC0415 - slow to import

    api = Answering(token=account.token.get_secret_value(), base_url=account.base_url, http=wiring.http)
    return TelegramReplier(api=api, account_id=str(api.bot_id))


async def _examine(exam: Exam, wiring: Wiring) -> AsyncIterator[Finding]:
    from connectors.telegram.about import About  # noqa: PLC0415 - slow to import
    from connectors.telegram.examine import examine  # noqa: PLC0415

    account: AccountSettings = exam.account
    api = About(token=account.token.get_secret_value(), base_url=account.base_url, http=wiring.http)
    async for finding in examine(exam, api):
        yield finding


CONNECTOR = Connector(
    name="telegram",
    account_settings=AccountSettings,
    channel_settings=ChannelSettings,
    notifier=_notifier,
    feed=_feed,
    replier=_replier,
    inbox=_inbox,
    examine=_examine,
)
