"""What the Mastodon API offers to the daemon: public timelines without an account; with one, what its server
tells it, and answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.mastodon import position
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.examine import examine
from connectors.mastodon.inbox import InboxSource
from connectors.mastodon.lookup import account_lookup
from connectors.mastodon.replier import MastodonReplier
from connectors.mastodon.statuses import NAME
from connectors.mastodon.timelines import Settings, TimelinesSource, lookup

if TYPE_CHECKING:
    from bot.ports import Source, Wiring
    from bot.replies import Replier


def _replier(account: AccountSettings, wiring: Wiring) -> Replier | None:
    return MastodonReplier(account, wiring) if account.signs_in else None


def _inbox(account: AccountSettings, wiring: Wiring) -> Source | None:
    return InboxSource(account, wiring) if account.signs_in else None


def _reads_direct(account: AccountSettings) -> bool | None:
    return True if account.signs_in else None


CONNECTOR = Connector(
    name=NAME,
    account_settings=AccountSettings,
    source_settings=Settings,
    source=TimelinesSource,
    lookup=lookup,
    cursor_at=position.cursor_at,
    account_lookup=account_lookup,
    replier=_replier,
    inbox=_inbox,
    inbox_at=position.cursor_at,
    reads_direct=_reads_direct,
    examine=examine,
)
