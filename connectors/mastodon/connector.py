"""What the Mastodon API offers to the daemon."""

from __future__ import annotations

from bot.ports import Connector
from connectors.mastodon.account import AccountSettings
from connectors.mastodon.examine import examine

NAME = "mastodon"

CONNECTOR = Connector(name=NAME, account_settings=AccountSettings, examine=examine)
