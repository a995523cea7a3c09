"""What feeds offer to the daemon: a source. Nobody can be looked up, and nobody answered but at the link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports import Connector
from connectors.feeds.position import cursor_at
from connectors.feeds.posts import NAME
from connectors.feeds.settings import Settings

if TYPE_CHECKING:
    from bot.ports import Source, Wiring


def _source(settings: Settings, wiring: Wiring) -> Source:
    from connectors.feeds.source import FeedsSource  # noqa: PLC0415 - feedparser is slow to import

    return FeedsSource(settings, wiring)


CONNECTOR = Connector(name=NAME, source_settings=Settings, source=_source, cursor_at=cursor_at)
