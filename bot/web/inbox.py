"""`/`: the inbox, and `/list`, the part of it that is fetched again whenever something changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.listing import Tallies, View
from bot.web import filters, shown
from bot.web.door import PERSON
from bot.web.incident import listed

if TYPE_CHECKING:
    from bot.web.page import Page


_COUNTED_FOR = 5.0
"""Seconds for which counts hold while nothing changes: what is overdue grows by itself."""


class Inbox:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._counted: dict[tuple[str, str], tuple[int, float, Tallies]] = {}

    async def whole(self, request: web.Request) -> web.Response:
        return self._page.html(request, "inbox.html", **await self._values(request))

    async def part(self, request: web.Request) -> web.Response:
        return self._page.html(request, "_list.html", **await self._values(request))

    async def _tallies(self, brand: str, person: str, now: datetime) -> Tallies:
        """Counted once for all who ask between two changes: it looks at every open conversation."""
        asked, at = (brand, person), self._page.clock.monotonic()
        known = self._counted.get(asked)
        if known is not None and known[0] == self._page.shelf.changes and at - known[1] < _COUNTED_FOR:
            return known[2]
        changes = self._page.shelf.changes
        found = await self._page.shelf.listing_tallies(brand, person, now=now)
        self._counted[asked] = (changes, at, found)
        return found

    async def _values(self, request: web.Request) -> dict[str, Any]:
        page, choices, person = self._page, self._page.choices(), request[PERSON]
        asked = filters.parse(request.query, choices)
        wanted = asked.wanted(own=choices.brands[0], person=person)
        eye = page.eye(request)
        found = await page.shelf.listing(wanted, now=eye.now)
        tallies = await self._tallies(wanted.brand, person, eye.now)
        following = asked.query(after=filters.place_text(found.after)) if found.after else ""
        return {
            "rows": [shown.row(one, eye) for one in found.rows],
            "tallies": tallies,
            "incidents": list(listed(await page.shelf.running_incidents(), eye)),
            "total": sum(tallies.waiting.values()),
            "filters": asked,
            "choices": choices,
            "views": list(View),
            "here": asked.query(**({"after": request.query["after"]} if asked.after else {})),
            "following": following,
            "is_rival": wanted.brand != choices.brands[0],
        }
