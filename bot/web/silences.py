"""`/silences`: what is silenced, until when, by whom, why, and how much that has held; a form for more.

Everybody may look; what somebody may silence or end, the command of the chat says, which the form puts
together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import duration
from bot.silenced import Scope
from bot.silencing import OFF, called
from bot.web.door import form
from bot.web.orders import carry_out
from bot.web.rules import DONE, LENGTHS, may_rule
from bot.web.shown import clean

if TYPE_CHECKING:
    from bot.orders import Silence
    from bot.web.page import Page
    from bot.web.shown import Eye

USUAL = "8h"


class Silences:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def whole(self, request: web.Request) -> web.Response:
        eye, rules = self._page.eye(request), self._page.rules()
        may = may_rule(self._page, request)
        silences = await self._page.shelf.silences(now=eye.now)
        return self._page.html(
            request,
            "silences.html",
            silences=[_shown(one, eye, may=may) for one in silences],
            scopes=[scope.value for scope in Scope if may or scope is Scope.AUTHOR],
            names=[*rules.names, *rules.routes],
            lengths=[(one, eye.texts.brief(duration.parse(one))) for one in _lengths(may=may)],
            usual=USUAL,
            may=may,
        )

    async def order(self, request: web.Request) -> web.Response:
        given = await form(request)
        scope, name, length, reason = (
            clean(str(given.get(key, ""))) for key in ("scope", "name", "length", "reason")
        )
        critical = "+critical" if given.get("criticals") else ""
        words = f"/silence {scope} {name} {length} {critical} {reason}"
        return await carry_out(self._page, request, words, done=DONE, back="/silences")


def _lengths(*, may: bool) -> tuple[str, ...]:
    return LENGTHS if may else tuple(one for one in LENGTHS if not one.endswith("d") or one == "1d")


def _shown(one: Silence, eye: Eye, *, may: bool) -> dict[str, Any]:
    held = eye.texts.on_page("silences_held", count=one.held) if one.held else ""
    return {
        "what": clean(called(eye.texts, one)),
        "until": eye.time(one.until),
        "name": eye.name(one.person),
        "reason": clean(one.reason),
        "held": held,
        "criticals": one.criticals,
        "off": {"scope": one.scope.value, "name": one.name, "length": OFF},
        "may": may or one.person == eye.person,
    }
