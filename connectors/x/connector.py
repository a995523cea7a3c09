"""What X offers to the daemon."""

from __future__ import annotations

from bot.ports import Connector
from connectors.x.account import AccountSettings
from connectors.x.budget import PLATFORM
from connectors.x.examine import examine

CONNECTOR = Connector(name=PLATFORM, account_settings=AccountSettings, examine=examine)
