"""What Bluesky offers to the daemon: Jetstream and the AppView without an account; with one, answers,
notifications, and direct messages where they are wished for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.bluesky import inbox_position
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.chat_inbox import ChatSource
from connectors.bluesky.chat_replier import PrivateToo
from connectors.bluesky.examine import examine
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.lookup import AppViewLookup
from connectors.bluesky.notifications import NotificationsSource
from connectors.bluesky.position import cursor_at
from connectors.bluesky.reading import NAME
from connectors.bluesky.replier import BlueskyReplier

if TYPE_CHECKING:
    from bot.ports import Source, Wiring
    from bot.replies import Replier


def _replier(account: AccountSettings, wiring: Wiring) -> Replier | None:
    if not account.signs_in:
        return None
    return PrivateToo(account, wiring) if account.chat else BlueskyReplier(account, wiring)


def _inbox(account: AccountSettings, wiring: Wiring) -> Source | None:
    return NotificationsSource(account, wiring) if account.signs_in else None


def _besides(account: AccountSettings, wiring: Wiring) -> tuple[Source, ...]:
    return (ChatSource(account, wiring),) if account.signs_in and account.chat else ()


def _reads_direct(account: AccountSettings) -> bool | None:
    return account.chat if account.signs_in else None


CONNECTOR = Connector(
    name=NAME,
    account_settings=AccountSettings,
    source_settings=Settings,
    source=JetstreamSource,
    lookup=AppViewLookup,
    cursor_at=cursor_at,
    replier=_replier,
    inbox=_inbox,
    inbox_at=inbox_position.cursor_at,
    besides=_besides,
    reads_direct=_reads_direct,
    examine=examine,
)
