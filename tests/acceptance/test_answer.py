"""The whole way of an answer, with the real program and the real client libraries on loopback platforms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.testing.pds_server import PdsServer
from bot.testing.telegram_chats import Sent
from tests.acceptance._world import ACME, ANN, World, until

PASSWORD = "aaaa-bbbb-cccc-dddd"
WORDS = "So sorry, Ann! Which order is it? Write to us at https://acme.example/help"


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[tuple[World, PdsServer]]:
    """The daemon, with an account on Bluesky that may answer."""
    async with World(folder) as world, PdsServer() as pds:
        pds.account(ACME, "acme.test", PASSWORD)
        world.secrets["OUTCARE_BLUESKY__APP_PASSWORD"] = PASSWORD
        world.write_config(bluesky={"handle": "acme.test", "service": pds.url})
        yield world, pds


def card(world: World) -> Sent:
    return world.telegram.messages[-1]


async def ask(world: World, pds: PdsServer) -> str:
    """Ann asks; her post's address."""
    await until(lambda: world.jetstream.open_requests, within=60, what=world.output)
    uri = f"at://{ANN}/app.bsky.feed.post/3k00000000001"
    record = {"text": "acme, where is my refund?", "langs": ["en"]}
    pds.appview.post(uri, record["text"])
    await world.jetstream.publish(world.post_event(uri, record))
    await until(lambda: world.telegram.messages, within=30, what=world.output)
    return uri
