"""What a form of the page orders as the chat's commands do, and the page that says what came of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.ids import ulid
from bot.staff import PAGE, Press
from bot.web.door import PERSON

if TYPE_CHECKING:
    from bot.web.page import Page


async def carry_out(
    page: Page, request: web.Request, words: str, *, done: Collection[str], back: str
) -> web.Response:
    """`words`: the command; who may give it, it says itself. `done`: its outcomes that changed something."""
    now = page.clock.now()
    press = Press(id=ulid(now), channel=PAGE, person=f"{PAGE}:{request[PERSON]}", token=words, at=now)
    told = await page.desk.decide(PAGE, press)
    values: dict[str, Any] = {"text": told.reply, "is_loud": told.outcome not in done}
    return page.html(request, "done.html", undo="", mentions=[], kept="", back=back, **values)
