"""What Bluesky offers to the daemon: a source (Jetstream) and a lookup (AppView). No channel, no account."""

from __future__ import annotations

from bot.ports import Connector
from connectors.bluesky.examine import examine
from connectors.bluesky.jetstream import JetstreamSource, Settings
from connectors.bluesky.lookup import AppViewLookup
from connectors.bluesky.position import cursor_at
from connectors.bluesky.reading import NAME

CONNECTOR = Connector(
    name=NAME,
    source_settings=Settings,
    source=JetstreamSource,
    lookup=AppViewLookup,
    cursor_at=cursor_at,
    examine=examine,
)
