"""`/catchup`: what happened since somebody's last shift, as the command in chat says it; also as JSON.

Nothing is read or worded here that the command does not read and word: only links lead to the page's own
conversations. It changes nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import briefing_cards, briefing_data, duration
from bot.catchup import FARTHEST, Since, UnclearError, Why, asked
from bot.catchup import head as headline
from bot.told_rows import Reader
from bot.web.door import PERSON
from bot.web.openapi import SINCE
from bot.web.shown import clean

if TYPE_CHECKING:
    from bot.web.page import Page

CHOICES = ("8h", "today", "yesterday", "7d")
"""What the page offers to press; everything else that the command takes can be typed."""


class CatchingUp:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def whole(self, request: web.Request) -> web.Response:
        reader = self._reader(request)
        given = clean(request.query.get("since", "")).strip()
        values: dict[str, Any] = {"since": given, "choices": CHOICES}
        try:
            since = await self._since(request, given, reader)
        except UnclearError:
            problem = reader.texts.on_page("catchup_unclear")
            return self._page.html(
                request, "catchup.html", status=400, problem=problem, head="", lines=[], **values
            )
        briefing = await self._page.inquiries.catching_up.told(request[PERSON], since, reader.now)
        return self._page.html(
            request,
            "catchup.html",
            problem="",
            head=headline(since, reader),
            lines=briefing_cards.lines(briefing, reader),
            **values,
        )

    async def data(self, request: web.Request) -> dict[str, Any] | None:
        """For scripts; None: `since` cannot be read."""
        given, now = request.query.get("since"), self._page.clock.now()
        if given is None:
            since = await self._page.inquiries.catching_up.since(request[PERSON], now)
        elif re.fullmatch(SINCE, given):
            length = min(duration.parse(given), FARTHEST)
            since = Since(at=now - length, why=Why.ASKED)
        else:
            return None
        briefing = await self._page.inquiries.catching_up.told(request[PERSON], since, now)
        return briefing_data.data(briefing, since, until=now)

    async def _since(self, request: web.Request, given: str, reader: Reader) -> Since:
        if not given:
            return await self._page.inquiries.catching_up.since(request[PERSON], reader.now)
        return Since(at=asked(given.split(), now=reader.now, zone=reader.zone), why=Why.ASKED)

    def _reader(self, request: web.Request) -> Reader:
        page, person = self._page, self._page.people.get(request[PERSON])
        return Reader(
            texts=page.texts(request),
            zone=(person and person.timezone) or page.zone,
            now=page.clock.now(),
            people=page.inquiries.people,
            link=page.inquiries.link,
            path="/c/",
        )
