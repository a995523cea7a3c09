"""`/incident/{id}`: a burst as its card tells it, and one answer for all who wait in it.

It shows the card's own lines and buttons and, before anybody approves, what would come of it, platform by
platform. A press here goes to the desk like one on the card; it knows no platform, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot import card_answers, incident_cards
from bot.buttons import Choices, parse_token, token
from bot.oneline import link
from bot.records import DigestState
from bot.sharing import SHARED
from bot.staff import MOST_TEXT, Verb
from bot.web import shown
from bot.web.answering import Choice
from bot.web.deciding import asked_by
from bot.web.door import PERSON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from bot.incidents import Incident
    from bot.staff import Button, Line
    from bot.web.deciding import Deciding
    from bot.web.page import Page
    from bot.web.shown import Eye

PATH = "/incident"
EXAMPLES = 6
"""From so many of its posts prepared answers are looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A prepared text that may be taken, where it comes from, and what takes it."""

    label: str
    text: str
    press: str


class IncidentPage:
    def __init__(self, page: Page, deciding: Deciding) -> None:
        self._page = page
        self._deciding = deciding

    async def whole(self, request: web.Request) -> web.Response:
        return await self._show(request, "incident.html")

    async def part(self, request: web.Request) -> web.Response:
        return await self._show(request, "_incident.html")

    async def press(self, request: web.Request) -> web.Response:
        """`POST /incident`: as on its card; a text that was not taken is given back."""
        texts = self._page.texts(request)
        asked = await asked_by(request, texts)
        if asked.verb not in SHARED:
            raise web.HTTPBadRequest(text=texts.on_page("bad_press") + "\n")
        (uid,) = asked.mentions
        told = await self._deciding.press(request[PERSON], asked, uid)
        is_kept = told.outcome == "proposed" or asked.verb is not Verb.ALL_EDIT
        values: dict[str, Any] = {
            "text": told.reply,
            "is_loud": told.is_loud,
            "undo": "",
            "mentions": [],
            "back": f"{PATH}/{uid}",
            "kept": "" if is_kept else asked.text,
        }
        if "HX-Request" in request.headers:
            response = self._page.html(request, "_toast.html", **values)
            response.headers["HX-Trigger"] = "changed, proposed" if told.outcome == "proposed" else "changed"
            return response
        return self._page.html(request, "done.html", **values)

    async def _show(self, request: web.Request, template: str) -> web.Response:
        uid = request.match_info["id"]
        is_name = parse_token(token(Verb.ALL_EDIT, uid)) is not None
        state = self._page.answers.shown(await self._page.shelf.incident_state(uid) if is_name else None)
        if not isinstance(state, DigestState) or state.incident is None:
            return self._page.not_found(request, self._page.texts(request).on_page("no_incident"))
        eye = self._page.eye(request)
        return self._page.html(request, template, **await self._values(state, state.incident, eye))

    async def _values(self, state: DigestState, incident: Incident, eye: Eye) -> dict[str, Any]:
        answer, told = incident.answer, replace(incident, offered="")  # what is offered stands by itself
        choices = Choices(people=self._page.names)
        card = incident_cards.render(
            state, told, texts=eye.texts, zone=eye.zone, now=eye.now, choices=choices
        )
        on_card = eye.texts.say("incident.to_answer")
        return {
            "incident": incident,
            "headline": shown.clean(card.headline),
            "lines": [_clean(line) for line in card.lines if line.text != on_card],
            "choices": [_choice(button) for row in card.buttons for button in row],
            "text": None if card.form is None else shown.clean(card.form),
            "press": token(Verb.ALL_EDIT, incident.uid),
            "most": MOST_TEXT,
            "offers": [] if card.form is None else [one async for one in self._offers(incident, eye)],
            "is_moving": answer is not None and (answer.under_way > 0 or answer.is_preparing),
        }

    async def _offers(self, incident: Incident, eye: Eye) -> AsyncIterator[Offered]:
        """The rule's own, and what the library has for people who write such things."""
        said, rule = incident.answer.text if incident.answer else "", incident.offered
        texts = {rule: eye.texts.on_page("incident_by_rule")} if rule else {}
        uids = dict.fromkeys((*incident.first, *incident.urgent, *incident.waiting))
        states = [await self._page.answers.state(uid) for uid in list(uids)[:EXAMPLES]]
        for one in self._page.answers.offered([state for state in states if state is not None]):
            texts.setdefault(one.text, card_answers.told(one, eye.texts))
        for text, label in texts.items():
            if text != said:
                press = token(Verb.ALL_USE if text == rule else Verb.ALL_EDIT, incident.uid)
                yield Offered(label=shown.clean(label), text=shown.clean(text), press=press)


def _clean(line: Line) -> dict[str, Any]:
    return {
        "text": shown.clean(line.text),
        "href": link(line.href),
        "is_copy": line.is_copy,
        "is_strong": line.is_strong,
    }


def _choice(button: Button) -> Choice:
    return Choice(verb=button.token.partition(":")[0], label=button.label, token=button.token)


def listed(incidents: Iterable[Incident], eye: Eye) -> Iterator[tuple[str, str]]:
    """Those that run: in a line, and where they are shown."""
    return ((shown.incident(one, eye), f"{PATH}/{one.uid}") for one in incidents)
