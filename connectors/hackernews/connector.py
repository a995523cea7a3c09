"""What Hacker News offers to the daemon: a source and a lookup. No channel, no account, no way to answer."""

from __future__ import annotations

from bot.ports import Connector
from connectors.hackernews.hits import NAME
from connectors.hackernews.lookup import HackerNewsLookup
from connectors.hackernews.position import cursor_at
from connectors.hackernews.source import HackerNewsSource, Settings

CONNECTOR = Connector(
    name=NAME,
    source_settings=Settings,
    source=HackerNewsSource,
    lookup=HackerNewsLookup,
    cursor_at=cursor_at,
)
