"""What Bluesky offers to the daemon: Jetstream and the AppView without an account; with one, answers and
notifications.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.bluesky import inbox_position
from connectors.bluesky.account import AccountSettings
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
    return BlueskyReplier(account, wiring) if account.signs_in else None


def _inbox(account: AccountSettings, wiring: Wiring) -> Source | None:
    return NotificationsSource(account, wiring) if account.signs_in else None


def _reads_direct(account: AccountSettings) -> bool | None:
    return False if account.signs_in else None


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
    reads_direct=_reads_direct,
    examine=examine,
)
