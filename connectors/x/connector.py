"""What X offers to the daemon, with an account: what people say to it and of the brands, and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.x.account import AccountSettings
from connectors.x.budget import PLATFORM, meter_of
from connectors.x.examine import examine
from connectors.x.ids import cursor_at
from connectors.x.inbox import MentionsSource
from connectors.x.lookup import account_lookup
from connectors.x.native import OwnPostsSource
from connectors.x.replier import XReplier
from connectors.x.search import SearchSource, Settings

if TYPE_CHECKING:
    from bot.expenses import Bill
    from bot.ports import Source, Wiring
    from bot.replies import Replier


def _replier(account: AccountSettings, wiring: Wiring) -> Replier | None:
    return XReplier(account, wiring) if account.signs_in else None


def _inbox(account: AccountSettings, wiring: Wiring) -> Source | None:
    return MentionsSource(account, wiring) if account.signs_in else None


def _besides(account: AccountSettings, wiring: Wiring) -> tuple[Source, ...]:
    return (OwnPostsSource(account, wiring),) if account.signs_in else ()


def _reads_direct(account: AccountSettings) -> bool | None:
    return False if account.signs_in else None


async def _bill(account: AccountSettings, wiring: Wiring) -> Bill | None:
    return await meter_of(account.budget, wiring).bill() if account.signs_in else None


CONNECTOR = Connector(
    name=PLATFORM,
    account_settings=AccountSettings,
    source_settings=Settings,
    source=SearchSource,
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
