"""`/rules`: what became of the mentions that each rule fired for, and which rules are silenced.

Everybody may look; leads and ops may silence a rule, by the same command as in a chat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import duration
from bot.silenced import Scope
from bot.staff import MAY_STEER
from bot.web.door import PERSON, form
from bot.web.orders import carry_out
from bot.web.shown import clean

if TYPE_CHECKING:
    from bot.reports import RuleCount
    from bot.web.page import Page
    from bot.web.shown import Eye

SINCE = ("1d", "3d", "7d", "30d")
USUAL = "3d"
LENGTHS = ("1h", "4h", "8h", "1d", "3d", "7d")
DONE = frozenset({"silenced", "lifted"})
"""What the command says came of it, where something did."""


def may_rule(page: Page, request: web.Request) -> bool:
    """Whether whoever looks may do something about rules."""
    person = page.people.get(request[PERSON])
    return person is not None and person.role in MAY_STEER


class Rules:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def whole(self, request: web.Request) -> web.Response:
        eye = self._page.eye(request)
        asked = request.query.get("since", USUAL)
        since = asked if asked in SINCE else USUAL
        counts = await self._page.shelf.rule_counts(now=eye.now, since=eye.now - duration.parse(since))
        silences = await self._page.shelf.silences(now=eye.now)
        rules = self._page.rules()
        return self._page.html(
            request,
            "rules.html",
            counts=[_shown(one, eye) for one in counts],
            since=since,
            choices=[(one, eye.texts.brief(duration.parse(one))) for one in SINCE],
            lengths=[(one, eye.texts.brief(duration.parse(one))) for one in LENGTHS],
            silences=[
                {
                    "rule": one.name,
                    "until": eye.time(one.until),
                    "name": eye.name(one.person),
                    "reason": clean(one.reason),
                }
                for one in silences
                if one.scope is Scope.RULE
            ],
            names=rules.names,
            in_force=eye.texts.on_page(
                "rules_in_force", count=len(rules.names), version=rules.version, since=eye.time(rules.since)
            ),
            problem=clean(rules.problem),
            may=may_rule(self._page, request),
        )

    async def silence(self, request: web.Request) -> web.Response:
        """The command of the chat, put together from a form; who may give it, the command says."""
        given = await form(request)
        rule, length, reason = (str(given.get(name, "")) for name in ("rule", "length", "reason"))
        words = f"/silence rule {rule} {length} {clean(reason)}"
        return await carry_out(self._page, request, words, done=DONE, back="/rules")


def _shown(one: RuleCount, eye: Eye) -> dict[str, Any]:
    texts = eye.texts
    right = (
        ""
        if one.right is None
        else texts.on_page("rules_right_of", share=f"{one.right:.0%}", count=one.judged)
    )
    return {
        "rule": one.rule or texts.on_page("rules_none"),
        "numbers": (one.mentions, one.alerts, one.claims, one.feedback.get("not_about_us", 0)),
        "right": right,
        "until": eye.time(one.silenced_until) if one.silenced_until else "",
    }
