"""What X offers to the daemon, with an account: what people say to it and of the brands, and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.x.account import AccountSettings
from connectors.x.activity import StreamedMentions
from connectors.x.budget import PLATFORM, meter_of
from connectors.x.deletions import DeletionsSource
from connectors.x.examine import examine
from connectors.x.ids import cursor_at
from connectors.x.inbox import MentionsSource
from connectors.x.lookup import account_lookup
from connectors.x.messages_inbox import MessagesSource
from connectors.x.native import OwnPostsSource
from connectors.x.private_replier import XAnswering
from connectors.x.search import SearchSource, Settings
from connectors.x.streamed import StreamedSearch

if TYPE_CHECKING:
    from bot.expenses import Bill
    from bot.ports import Source, Wiring
    from bot.replies import Replier


def _replier(account: AccountSettings, wiring: Wiring) -> Replier | None:
    return XAnswering(account, wiring) if account.signs_in else None


def _source(settings: Settings, wiring: Wiring) -> Source:
    return StreamedSearch(settings, wiring) if settings.stream else SearchSource(settings, wiring)


def _inbox(account: AccountSettings, wiring: Wiring) -> Source | None:
    if not account.signs_in:
        return None
    return StreamedMentions(account, wiring) if account.activity else MentionsSource(account, wiring)


def _besides(account: AccountSettings, wiring: Wiring) -> tuple[Source, ...]:
    """Jobs of compliance are an app's: without its token nobody can ask what is gone."""
    if not account.signs_in:
        return ()
    messages = (MessagesSource(account, wiring),) if account.direct_messages else ()
    deletions = (DeletionsSource(account, wiring),) if account.bearer_token else ()
    return (OwnPostsSource(account, wiring), *messages, *deletions)


def _reads_direct(account: AccountSettings) -> bool | None:
    return account.direct_messages if account.signs_in else None


async def _bill(account: AccountSettings, wiring: Wiring) -> Bill | None:
    return await meter_of(account.budget, wiring).bill() if account.signs_in else None


CONNECTOR = Connector(
    name=PLATFORM,
    account_settings=AccountSettings,
    source_settings=Settings,
    source=_source,
    cursor_at=cursor_at,
    replier=_replier,
    inbox=_inbox,
    account_lookup=account_lookup,
    inbox_at=cursor_at,
    besides=_besides,
    reads_direct=_reads_direct,
    examine=examine,
    bill=_bill,
)
