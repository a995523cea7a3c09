"""How reading of Jetstream ends, and where it begins: shared by the tests of the live source."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.errors import BotError
from bot.model import Cursor
from bot.testing.source_contract import Heard, WatchAll
from connectors.bluesky.jetstream import JetstreamSource
from connectors.bluesky.position import cursor_at


async def trouble(
    source: JetstreamSource, heard: Heard | None = None, after: Cursor | None = None
) -> BotError:
    """How reading ends; what came before it goes into `heard`."""
    with pytest.raises(BotError) as caught:
        await _read_on(source, heard or Heard(), after)
    return caught.value


async def _read_on(source: JetstreamSource, heard: Heard, after: Cursor | None) -> None:
    async with asyncio.timeout(10):
        async for batch in source.read(after, WatchAll()):
            heard.take(batch)


def from_now() -> Cursor:
    return cursor_at(datetime.now(UTC))
