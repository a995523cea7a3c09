"""Who may come in: sessions, forged requests, and what needs a login.

Everything needs one but what `OPEN` lists; only the demo has a visitor who is let in as somebody of its own.
A request that changes something must come from a page of ours (`Sec-Fetch-Site`, `Origin`) and carry the
token of its session. https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import MultiDictProxy

from bot.ports import Clock
from bot.staff import Person
from bot.web.sessions import SESSION_LASTS, Session, Sessions

FOR_MACHINES = frozenset({"/healthz", "/readyz", "/metrics"})
OPEN = FOR_MACHINES | {"/login"}
OPEN_BELOW = ("/static/", "/login/")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"
SESSION: web.RequestKey[Session] = web.RequestKey("session", Session)
PERSON: web.RequestKey[str] = web.RequestKey("person", str)


@dataclass(kw_only=True)
class Door:
    """`visitor` None: everybody signs in. `is_secure`: the page is reached by https."""

    key: Callable[[], bytes]
    people: Mapping[str, Person]
    clock: Clock
    visitor: str | None = None
    is_secure: bool = False
    untokened: tuple[str, ...] = ()
    """Paths of mounted applications: they keep their own forms, so that only their origin is checked."""
    roomy: Mapping[str, int] = field(default_factory=dict)
    """Paths whose forms may be larger, and how large; for people who are signed in."""
    sessions: Sessions = field(init=False)

    @property
    def cookie_name(self) -> str:
        return "__Host-outcare" if self.is_secure else "outcare"

    def open(self) -> None:
        """Get the secret. Raises: ConfigError."""
        self.sessions = Sessions(self.key(), self.clock.now)

    def middleware(self) -> Callable[[web.Request, Handler], object]:
        @web.middleware
        async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
            session, is_new = self._session(request)
            request[SESSION], request[PERSON] = session, self._person(session)
            if not request[PERSON] and not is_open(request.path):
                return _turned_away(request)
            if request.path in self.roomy and request.method not in _SAFE:
                request = request.clone(client_max_size=self.roomy[request.path])
            if request.method not in _SAFE:
                await self._check_forgery(request, session)
            response = await handler(request)
            if is_new and not response.prepared and _is_page(response):
                self.remember(response, session)
            return response

        return admit

    def remember(self, response: web.StreamResponse, session: Session) -> None:
        response.set_cookie(
            self.cookie_name,
            self.sessions.cookie(session),
            max_age=int(SESSION_LASTS.total_seconds()),
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def _session(self, request: web.Request) -> tuple[Session, bool]:
        found = self.sessions.read(request.cookies.get(self.cookie_name, ""))
        return (found, False) if found else (self.sessions.begin(), True)

    def _person(self, session: Session) -> str:
        """Somebody who left the configuration is nobody."""
        key = self.visitor if self.visitor is not None else session.person
        return key if key in self.people else ""

    async def _check_forgery(self, request: web.Request, session: Session) -> None:
        if not is_from_us(request.headers, request.host):
            raise web.HTTPForbidden(text="This request came from another site.\n")
        if request.path.startswith(self.untokened):
            return
        given = request.headers.get("X-CSRF-Token") or str((await form(request)).get("csrf", ""))
        if not self.sessions.is_token(session, given):
            raise web.HTTPForbidden(text="This form is too old or not ours: load the page again.\n")


def is_open(path: str) -> bool:
    return path in OPEN or path.startswith(OPEN_BELOW)


def is_from_us(headers: Mapping[str, str], host: str) -> bool:
    """Whether a browser says that a page of this very host sent it; what is no browser says nothing."""
    if headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("Origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


async def form(request: web.Request) -> MultiDictProxy[str | bytes | bytearray | web.FileField]:
    """The fields of a plain form. Raises: HTTPUnsupportedMediaType, HTTPBadRequest."""
    if request.content_type != FORM:
        raise web.HTTPUnsupportedMediaType(text=f"Send a form ({FORM}).\n")
    try:
        return await request.post()
    except (ValueError, LookupError) as error:  # not UTF-8, or a charset that nobody knows
        raise web.HTTPBadRequest(text="This form cannot be read.\n") from error


def local(target: str) -> str:
    """A path of ours to go on to; the inbox for anything else."""
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if is_ours else "/"


def _turned_away(request: web.Request) -> web.StreamResponse:
    if request.path.startswith("/api/"):
        return web.Response(
            body=orjson.dumps({"error": "sign in first"}), status=401, content_type="application/json"
        )
    wanted = request.path_qs if request.method == "GET" and request.path not in {"/list", "/live"} else "/"
    login = f"/login?to={quote(wanted, safe='')}"
    if "HX-Request" in request.headers or request.path == "/live":
        return web.Response(status=401, headers={"HX-Redirect": "/login"}, text="Sign in first.\n")
    raise web.HTTPSeeOther(login)


def _is_page(response: web.StreamResponse) -> bool:
    return response.content_type == "text/html"
