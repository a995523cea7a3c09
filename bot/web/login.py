"""Signing in: by a one-time link that `outcare login` prints, or by the password of the environment; and out.

A link is opened with a button, because chats fetch links to show what is behind them. Wrong passwords are
counted; after a few, everybody waits a minute.
"""

from __future__ import annotations

import hmac
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import quote

import structlog
from aiohttp import web

from bot.texts_page import say
from bot.web.door import SESSION, form, local

if TYPE_CHECKING:
    from bot.web.page import Page

MOST_WRONG = 5
WITHIN_SECONDS = 60.0

log = structlog.get_logger()


class Attempts:
    """Wrong passwords of the last minute, whoever tried: behind a proxy all visitors are one."""

    def __init__(self) -> None:
        self._wrong: deque[float] = deque(maxlen=MOST_WRONG)

    def wait(self, now: float) -> float:
        """Seconds until the next try may be made; 0 for now."""
        if len(self._wrong) < MOST_WRONG:
            return 0.0
        return max(0.0, self._wrong[0] + WITHIN_SECONDS - now)

    def failed(self, now: float) -> None:
        self._wrong.append(now)


class Login:
    def __init__(self, page: Page) -> None:
        self._page = page
        self._attempts = Attempts()

    async def ask(self, request: web.Request) -> web.Response:
        return self._ask(request)

    def _ask(
        self, request: web.Request, *, status: int = 200, problem: str = "", to: str = ""
    ) -> web.Response:
        page = self._page
        return page.html(
            request,
            "login.html",
            status=status,
            problem=problem,
            to=local(to or request.query.get("to", "/")),
            people=sorted(page.names.items()),
            has_password=page.password is not None,
        )

    async def by_password(self, request: web.Request) -> web.StreamResponse:
        page, given = self._page, await form(request)
        key, password, to = (str(given.get(name, "")) for name in ("person", "password", "to"))
        now = page.clock.monotonic()
        wait = self._attempts.wait(now)
        if wait:
            response = self._ask(request, status=429, problem=say("login_wait", seconds=int(wait) + 1), to=to)
            response.headers["Retry-After"] = str(int(wait) + 1)
            return response
        if not _is_right(password, page.password) or key not in page.people:
            self._attempts.failed(now)
            log.warning("login.failed", by="password")
            return self._ask(request, status=403, problem=say("login_wrong"), to=to)
        return self._enter(key, local(to), by="password")

    async def confirm(self, request: web.Request) -> web.Response:
        """A button: only pressing it uses the link."""
        link = self._page.door.sessions.read_link(request.match_info["link"])
        if link is None or link.person not in self._page.people:
            return self._ask(request, status=403, problem=say("login_link_dead"))
        return self._page.html(
            request,
            "confirm.html",
            name=self._page.names[link.person],
            action=f"/login/{quote(request.match_info['link'], safe='')}",
        )

    async def by_link(self, request: web.Request) -> web.StreamResponse:
        page = self._page
        link = page.door.sessions.read_link(request.match_info["link"])
        is_known = link is not None and link.person in page.people
        if link is None or not is_known:
            return self._ask(request, status=403, problem=say("login_link_dead"))
        if not await page.shelf.use_login(link.nonce, link.person, now=page.clock.now()):
            return self._ask(request, status=403, problem=say("login_link_used"))
        return self._enter(link.person, "/", by="link")

    def _enter(self, person: str, to: str, *, by: str) -> web.Response:
        """A new session: a cookie that somebody planted before is worth nothing."""
        response = web.Response(status=303, headers={"Location": to})
        self._page.door.remember(response, self._page.door.sessions.begin(person))
        log.info("login.done", person=person, by=by)
        return response

    async def leave(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=303, headers={"Location": "/login"})
        self._page.door.remember(response, self._page.door.sessions.begin())
        log.info("login.ended", person=request[SESSION].person)
        return response


def _is_right(given: str, wanted: str | None) -> bool:
    return wanted is not None and hmac.compare_digest(
        given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace")
    )
