"""The page: its routes on the daemon's web server, and what every view of it shares.

It composes; what a view shows stands in its own module. What it needs of the rest comes in as ports and plain
functions: it knows no store, no connector and no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.errors import BotError
from bot.expenses import Bill
from bot.inquiries import Inquiries
from bot.lab import Lab
from bot.listing import Shelf
from bot.metrics import Metrics
from bot.oneline import NAME_CHARS, one_line
from bot.orders import RulesInUse
from bot.ports import Clock
from bot.settings.load import Settings
from bot.staff import Person
from bot.texts.catalogue import Texts
from bot.texts.languages import texts_in
from bot.web import answering, assets, incident
from bot.web.answering import AnswerPage, Answers
from bot.web.api import Api
from bot.web.catchup import CatchingUp
from bot.web.conversation import Conversation
from bot.web.deciding import Deciding, PressDesk
from bot.web.door import FOR_MACHINES, PERSON, SESSION, Door
from bot.web.filters import Choices
from bot.web.health import Check, WebServer
from bot.web.inbox import Inbox
from bot.web.lab import MOST_FORM, LabPage
from bot.web.live import Live
from bot.web.login import Login
from bot.web.render import Templates
from bot.web.rules import Rules
from bot.web.sessions import key_beside
from bot.web.shown import Eye
from bot.web.silences import Silences
from bot.web.sources import Sources

log = structlog.get_logger()

ROOMY = {
    "/rules/lab": MOST_FORM,
    "/rules/lab/patch": MOST_FORM,
    "/answer": answering.MOST_FORM,
    "/answer/length": answering.MOST_FORM,
    incident.PATH: answering.MOST_FORM,
}


@dataclass(frozen=True, kw_only=True)
class Face:
    """What makes a page of its own of it; the demo uses all of it.

    `visitor`: the person that whoever comes is, without a login. `aside_url`: a page of ours shown beside the
    inbox. `notice`: a line above everything. `extra`: applications to mount, by path; a page of theirs may be
    framed by ours, and their requests are checked for their origin only.
    """

    visitor: str | None = None
    aside_url: str = ""
    notice: str = ""
    extra: Mapping[str, web.Application] = field(default_factory=dict)


@dataclass(kw_only=True)
class Page:
    """The page of one brand. `brands`: ours first. `language`: of whoever has none of their own."""

    shelf: Shelf
    desk: PressDesk
    answers: Answers
    inquiries: Inquiries
    checks: Callable[[], Iterable[Check]]
    bills: Callable[[], Iterable[Bill]]
    rules: Callable[[], RulesInUse]
    lab: Lab
    choices: Callable[[], Choices]
    people: Mapping[str, Person]
    clock: Clock
    zone: ZoneInfo
    door: Door
    language: str
    password: str | None = None
    face: Face = field(default_factory=Face)
    publishing: Callable[[Texts], str] = lambda _: ""
    """That nothing is published, and why; empty if what is approved goes out."""

    def __post_init__(self) -> None:
        self.templates = Templates()
        self.live = Live(lambda: self.shelf.changes)
        self.names = {key: person.name for key, person in self.people.items()}

    @property
    def framed(self) -> tuple[str, ...]:
        """The paths whose pages ours may frame."""
        return tuple(f"{path.rstrip('/')}/" for path in self.face.extra)

    def middlewares(self) -> Sequence[Any]:
        return (self._explain(), self.door.middleware())

    def install(self, app: web.Application) -> None:
        """Add routes and mounted applications. Raises: ConfigError when the secret cannot be kept."""
        self.door.open()
        assets.assets()
        get, post = app.router.add_get, app.router.add_post
        inbox, conversation, sources = Inbox(self), Conversation(self), Sources(self)
        login, deciding = Login(self), Deciding(self)
        get("/", inbox.whole)
        get("/list", inbox.part)
        get("/c/{id}", conversation.whole)
        get("/c/{id}/part", conversation.part)
        get("/sources", sources.whole)
        get("/catchup", CatchingUp(self).whole)
        get("/live", self.live.serve, allow_head=False)
        post("/decide", deciding.decide)
        answer = AnswerPage(self, deciding)
        post("/answer", answer.press)
        post("/answer/length", answer.count)
        post("/answer/patch", answer.download)
        get("/login", login.ask)
        post("/login", login.by_password)
        get("/login/{link}", login.confirm)
        post("/login/{link}", login.by_link)
        post("/logout", login.leave)
        get("/static/{name}", assets.serve)
        app.on_shutdown.append(self.live.stop)
        self._install_incidents(app, deciding)
        self._install_rules(app)
        self._install_api(app)
        for path, mounted in self.face.extra.items():
            app.add_subapp(path, mounted)

    def _install_incidents(self, app: web.Application, deciding: Deciding) -> None:
        get, post, burst = app.router.add_get, app.router.add_post, incident.IncidentPage(self, deciding)
        get(incident.PATH + "/{id}", burst.whole)
        get(incident.PATH + "/{id}/part", burst.part)
        post(incident.PATH, burst.press)

    def _install_rules(self, app: web.Application) -> None:
        get, post = app.router.add_get, app.router.add_post
        rules, lab, silences = Rules(self), LabPage(self), Silences(self)
        get("/rules", rules.whole)
        post("/rules/silence", rules.silence)
        get("/silences", silences.whole)
        post("/silences", silences.order)
        get("/rules/lab", lab.whole)
        post("/rules/lab", lab.look)
        post("/rules/lab/patch", lab.patch)
        app.on_shutdown.append(lab.stop)

    def _install_api(self, app: web.Application) -> None:
        get, api = app.router.add_get, Api(self)
        get("/api/inbox", api.inbox)
        get("/api/conversations/{id}", api.conversation)
        get("/api/conversations/{id}/answer", api.answer)
        get("/api/sources", api.sources)
        get("/api/silences", api.silences)
        get("/api/catchup", api.catchup)
        get("/api/openapi.json", api.description)

    # --- what views share ---

    def texts(self, request: web.Request) -> Texts:
        """In the language of whoever looks."""
        person = self.people.get(request.get(PERSON, ""))
        return texts_in((person and person.language) or self.language)

    def eye(self, request: web.Request) -> Eye:
        return Eye(
            now=self.clock.now(),
            zone=self.zone,
            person=request[PERSON],
            people=self.names,
            texts=self.texts(request),
        )

    def html(self, request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A whole page, or a part of one, with what every template may use."""
        person = request[PERSON]
        return self.templates.html(
            template,
            self.texts(request),
            status=status,
            csrf=self.door.sessions.token(request[SESSION]),
            me=one_line(self.names.get(person, ""), NAME_CHARS),
            can_leave=bool(person) and self.door.visitor is None,
            brand=self.choices().brands[0],
            notice=self.face.notice,
            paused=self.publishing(self.texts(request)) if person else "",
            aside_url=self.face.aside_url,
            path=request.path,
            **values,
        )

    def not_found(self, request: web.Request, what: str) -> web.Response:
        title = self.texts(request).on_page("not_found")
        return self.html(request, "trouble.html", status=404, title=title, text=what)

    def _explain(self) -> Any:
        """What goes wrong is told in the words of the page; the database's trouble passes."""

        @web.middleware
        async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path not in FOR_MACHINES:
                await self.templates.ready()
            try:
                return await handler(request)
            except BotError as error:
                log.warning("page.failed", path=request.path, reason=error.reason.value)
                text = self.texts(request).on_page("store_trouble")
                return web.Response(status=503, text=text, headers={"Retry-After": "5", "Refresh": "5"})

        return explain


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the page needs of the running daemon. `personas` are those of the rules in use, `publishing` says
    that nothing is published, and why.
    """

    shelf: Shelf
    desk: PressDesk
    answers: Answers
    inquiries: Inquiries
    checks: Callable[[], Iterable[Check]]
    bills: Callable[[], Iterable[Bill]]
    rules: Callable[[], RulesInUse]
    lab: Lab
    personas: Callable[[], Iterable[str]]
    publishing: Callable[[Texts], str]
    clock: Clock


def compose(settings: Settings, parts: Parts, face: Face) -> Page:
    """The page of a configuration."""
    people = {person.key: person for person in settings.people}
    return Page(
        shelf=parts.shelf,
        desk=parts.desk,
        answers=parts.answers,
        inquiries=parts.inquiries,
        checks=parts.checks,
        bills=parts.bills,
        rules=parts.rules,
        lab=parts.lab,
        choices=lambda: Choices(
            brands=tuple(brand.name for brand in settings.brands),
            platforms=tuple(settings.sources),
            personas=tuple(dict.fromkeys(parts.personas())),
        ),
        people=people,
        clock=parts.clock,
        zone=settings.timezone,
        language=settings.language,
        door=Door(
            key=lambda: key_beside(settings.database),
            people=people,
            clock=parts.clock,
            visitor=face.visitor,
            is_secure=(settings.web.url or "").startswith("https:"),
            untokened=tuple(f"{path.rstrip('/')}/" for path in face.extra),
            roomy=ROOMY,
        ),
        password=settings.web.password.get_secret_value() if settings.web.password else None,
        face=face,
        publishing=parts.publishing,
    )


def serve(settings: Settings, parts: Parts, metrics: Metrics, *, face: Face) -> WebServer:
    """The web server of a configuration: its page and the health routes."""
    public = urlsplit(settings.web.url or "").hostname
    names = (public,) if public else ()
    return WebServer(settings.http, parts.checks, metrics, names=names, page=compose(settings, parts, face))
