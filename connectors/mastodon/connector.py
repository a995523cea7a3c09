"""What the Mastodon API offers to the daemon: public timelines without an account; with one, what its server
tells it, and answers.
"""

from __future__ import annotations

from bot.ports import Connector
from connectors.mastodon import position
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.accounts import inbox, others, replier
from connectors.mastodon.examine import examine
from connectors.mastodon.lookup import account_lookup
from connectors.mastodon.statuses import NAME
from connectors.mastodon.timelines import Settings, TimelinesSource, lookup


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
    replier=replier,
    inbox=inbox,
    inbox_at=position.cursor_at,
    besides=others,
    reads_direct=_reads_direct,
    examine=examine,
)
