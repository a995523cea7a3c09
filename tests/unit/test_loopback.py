"""What the fakes of platforms stand on: being away, and back."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from bot.testing.loopback import Loopback


class Place(Loopback):
    """Says hello."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/", self._hello)]

    async def _hello(self, _: web.Request) -> web.Response:
        return web.Response(text="hello")


async def hears(place: Loopback) -> bool:
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"{place.url}/") as response:
                return await response.text() == "hello"
        except aiohttp.ClientConnectorError:
            return False


@pytest.mark.parametrize("first_ends_first", [True, False])
async def test_two_outages_at_once_end_with_the_longer(first_ends_first: bool) -> None:
    """Whichever of two outages ends first, nobody is heard until the other has ended too."""
    async with Place() as place:
        port, ends = place.port, (asyncio.Event(), asyncio.Event())

        async def outage(end: asyncio.Event) -> None:
            async with place.away():
                await end.wait()

        outages = [asyncio.create_task(outage(end)) for end in ends]
        await asyncio.sleep(0.05)
        order = (0, 1) if first_ends_first else (1, 0)
        ends[order[0]].set()
        await outages[order[0]]
        assert not await hears(place)
        ends[order[1]].set()
        await outages[order[1]]
        assert await hears(place)
        assert place.port == port
