"""`POST /decide`: presses on the page, one or many, decided as presses in a chat are; and their undoing.

Each press is one decision of the desk; a bulk of them is undone by one more request with the same mentions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web

from bot.approval import PROPOSED
from bot.buttons import parse_token, short, token
from bot.ids import ulid
from bot.staff import PAGE, Press, Told, Verb
from bot.texts.catalogue import Texts
from bot.web.door import PERSON, form, local
from bot.web.shown import clean, words

if TYPE_CHECKING:
    from bot.web.page import Page

MOST_AT_ONCE = 200
MOST_NOTE = 300
UNDO = {
    Verb.CLAIM: Verb.RELEASE,
    Verb.DISMISS: Verb.REOPEN,
    Verb.RELEASE: Verb.CLAIM,
    Verb.REOPEN: Verb.DISMISS,
}
_DONE = {
    Verb.CLAIM: "claimed",
    Verb.DISMISS: "dismissed",
    Verb.RELEASE: "released",
    Verb.REOPEN: "reopened",
    Verb.HAND_OVER: "handed_over",
    Verb.SNOOZE: "snoozed",
    Verb.ELSEWHERE: "answered_elsewhere",
    Verb.URGENCY: "urgency_changed",
    Verb.PERSONA: "persona_changed",
    Verb.NOTE: "note_added",
}


class PressDesk(Protocol):
    """What the page needs of the desk."""

    async def decide(self, feed: str, press: Press, *, note: str = "") -> Told:
        """Decide one press. Raises: StoreError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the form wants: a verb for some mentions. `text` is to be said."""

    verb: Verb
    mentions: tuple[str, ...]
    note: str
    argument: str = ""
    text: str = ""


class Deciding:
    def __init__(self, page: Page) -> None:
        self._page = page

    async def decide(self, request: web.Request) -> web.Response:
        return await self.carry_out(request, await asked_by(request, self._page.texts(request)))

    async def carry_out(self, request: web.Request, asked: Asked) -> web.Response:
        """Decide it, and tell what came of it; words that were not taken are given back."""
        texts = self._page.texts(request)
        told = [(one, await self.press(request[PERSON], asked, one)) for one in asked.mentions]
        done = [mention for mention, said in told if said.outcome == _DONE.get(asked.verb)]
        is_written = asked.verb is Verb.EDIT
        is_proposed = is_written and all(said.outcome == PROPOSED for _, said in told)
        values: dict[str, Any] = {
            "text": _summary(asked, [said for _, said in told], len(done), texts),
            "is_loud": any(said.is_loud for _, said in told),
            "undo": UNDO[asked.verb].value if done and asked.verb in UNDO else "",
            "undo_press": token(Verb.UNDO, done[0]) if done and asked.verb not in UNDO else "",
            "mentions": done,
            "back": local(str((await form(request)).get("back", "/"))),
            "kept": asked.text if is_written and not is_proposed else "",
        }
        if "HX-Request" in request.headers:
            response = self._page.html(request, "_toast.html", **values)
            response.headers["HX-Trigger"] = "changed, proposed" if is_proposed else "changed"
            return response
        return self._page.html(request, "done.html", **values)

    async def press(self, person: str, asked: Asked, mention: str) -> Told:
        """One press by whoever is logged in. Raises: StoreError."""
        now = self._page.clock.now()
        press = Press(
            id=ulid(now),
            channel=PAGE,
            person=f"{PAGE}:{person}",
            token=token(asked.verb, mention, asked.argument),
            at=now,
            text=asked.text,
        )
        return await self._page.desk.decide(PAGE, press, note=asked.note)


async def asked_by(request: web.Request, texts: Texts) -> Asked:
    """Raises: HTTPBadRequest with what is wrong with the form."""
    given = await form(request)
    single, bulk = str(given.get("press", "")), str(given.get("bulk", ""))
    note = " ".join(str(given.get(name, "")).strip() for name in ("reason", "note")).strip()
    if single:
        found = parse_token(single)
        if found is None:
            raise web.HTTPBadRequest(text=texts.on_page("bad_press") + "\n")
        argument = short(str(given["argument"])) if given.get("argument") else found.argument
        text, note = words(str(given.get("text", ""))), clean(note)[:MOST_NOTE]
        return Asked(verb=found.verb, mentions=(found.mention_id,), note=note, argument=argument, text=text)
    mentions = tuple(dict.fromkeys(str(one) for one in given.getall("m", [])))
    if bulk not in UNDO:
        raise web.HTTPBadRequest(text=texts.on_page("bad_press") + "\n")
    if not 0 < len(mentions) <= MOST_AT_ONCE:
        raise web.HTTPBadRequest(text=texts.on_page("select_some", most=MOST_AT_ONCE) + "\n")
    return Asked(verb=Verb(bulk), mentions=mentions, note=clean(note)[:MOST_NOTE])


def _summary(asked: Asked, told: list[Told], done: int, texts: Texts) -> str:
    """`Claimed 3.`, and what came of the rest in the desk's own words."""
    if len(told) == 1:
        return told[0].reply
    others = Counter(one.reply for one in told if one.outcome != _DONE.get(asked.verb))
    first = [texts.on_page(f"done_{asked.verb.value}", count=done)] if done or not others else []
    return " ".join([*first, *(f"{count} × {reply}" for reply, count in others.items())])
