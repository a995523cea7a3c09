"""The account's session: signed in once with an app password, kept, renewed, and shared by all who need it.

https://docs.bsky.app/docs/api/com-atproto-server-create-session, com-atproto-server-refresh-session.
Signing in is limited per account, so there is never a storm of it: one at a time, fewer than the platform
allows, further apart after each failure, counted and kept before it is tried. A password that was refused
is not tried again until it is another one. Knows the account and its server; knows nothing of what is asked
of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from bot.errors import Reason, Unauthorized, Unavailable, Unknown
from connectors.bluesky.kept import Given, Kept, claims, opened
from connectors.bluesky.xrpc import Request, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.ports import Wiring
    from connectors.bluesky.account import AccountSettings
    from connectors.bluesky.xrpc import Answer

T = TypeVar("T")

NAME = "bluesky.session"
READ_SECONDS = 15.0
_REST = timedelta(minutes=15)
_WRONG = frozenset({"AuthenticationRequired", "AuthFactorTokenRequired"})
"""What only Bluesky itself says; a nameless 401 may be a proxy's, and passes."""
_HINT = "make a new app password, docs/connectors/bluesky.md tells where"


class Session:
    """One account. Several of these on one vault share what is kept there."""

    def __init__(self, settings: AccountSettings, wiring: Wiring) -> None:
        if settings.handle is None or settings.app_password is None:
            raise ValueError("no account is configured")
        self._handle, self._password = settings.handle, settings.app_password
        self._service = settings.service
        self._vault, self._clock = wiring.vault, wiring.clock
        self._http = wiring.http
        self._outside = wiring.http.guarded((_origin(settings.service),))
        self._kept: Kept | None = None

    @property
    def did(self) -> str | None:
        """Whose session it is, once that is known."""
        return (self._kept.did or None) if self._kept else None

    @property
    def handle(self) -> str:
        """As the account calls itself now; before that is known, as it is configured."""
        return (self._kept.handle if self._kept else "") or self._handle

    @property
    def server(self) -> str:
        return (self._kept.pds if self._kept else "") or self._service

    @property
    def has_full_access(self) -> bool:
        """Whether this is the account's main password: an app password's token has another scope."""
        token = self._kept.access if self._kept else ""
        return claims(token).get("scope") == "com.atproto.access"

    async def signed_in(self) -> str:
        """The account's DID. Raises: Unavailable, Unauthorized."""
        return (await self._open(None)).did

    async def read(self, method: str, query: Sequence[tuple[str, str]], shape: type[T]) -> T:
        """What a query answers. Raises: Unavailable, Refused, Rejected."""
        answer = await self.query(method, query)
        if answer.status != 200:
            raise answer.error()
        return answer.read(shape)

    async def query(self, method: str, query: Sequence[tuple[str, str]] = (), *, proxy: str = "") -> Answer:
        """Whatever a query answers. Raises: Unavailable, Unauthorized."""
        return await self._call(
            Request(verb="GET", url=method, query=query, timeout=READ_SECONDS, proxy=proxy)
        )

    async def write(self, method: str, body: object, *, proxy: str = "") -> Answer:
        """Whatever a procedure answers. Raises: Unavailable, Unauthorized (nothing was done), Unknown."""
        return await self._call(Request(verb="POST", url=method, body=body, proxy=proxy))

    async def _call(self, request: Request) -> Answer:
        """`request.url` is the method."""
        kept = await self._open(None)
        answer = await self._sent(request, kept)
        if answer.is_stale:  # it was refused at the door, so it may be asked again
            kept = await self._open(kept.access)
            answer = await self._sent(request, kept)
        return answer

    async def _sent(self, request: Request, kept: Kept) -> Answer:
        whole = replace(request, url=f"{kept.pds}/xrpc/{request.url}", token=kept.access)
        try:
            return await ask(self._outside, whole, self._clock.now())
        except Unavailable as error:
            if request.verb == "GET" or error.unsent:
                raise
            raise Unknown(f"{error}; it may have been done all the same") from error

    # --- keeping it open ---

    async def _open(self, stale: str | None) -> Kept:
        """A session whose token opens. `stale`: a token that does not."""
        if self._kept and self._kept.access != stale and self._kept.opens(self._clock.now()):
            return self._kept
        async with self._vault.turn(NAME):
            self._kept = kept = await self._load()
            now = self._clock.now()
            if kept.access != stale and kept.opens(now):
                return kept  # somebody else has renewed it meanwhile
            try:
                return await self._renewed(kept)
            except Unavailable:
                if kept.access != stale and kept.still_opens(now):
                    return kept
                raise

    async def _renewed(self, kept: Kept) -> Kept:
        if kept.refused:
            raise Unauthorized(kept.refused)
        now = self._clock.now()
        if wait := kept.wait(now):
            message = "signing in to Bluesky failed before; it is not tried again yet"
            raise Unavailable(message, reason=Reason.RATE_LIMITED, retry_after=wait)
        if kept.may_renew(now):
            answer = await self._asked(kept, "com.atproto.server.refreshSession", token=kept.refresh)
            if answer.status == 200:
                return await self._taken(kept, answer)
            if answer.status not in {400, 401}:
                await self._failed(kept, answer.wait, is_login=False)
                raise answer.error()
        return await self._login(kept)

    async def _login(self, kept: Kept) -> Kept:
        now = self._clock.now()
        wait = kept.begin_login(now)
        if wait is not None:
            message = "we signed in to Bluesky too often of late; it is not tried again yet"
            raise Unavailable(message, reason=Reason.RATE_LIMITED, retry_after=wait)
        await self._save(kept)
        words = {"identifier": self._handle, "password": self._password.get_secret_value()}
        answer = await self._asked(kept, "com.atproto.server.createSession", body=words)
        if answer.status == 200:
            return await self._taken(kept, answer)
        if answer.status in {400, 401}:
            await self._refused(kept, answer)
        await self._failed(kept, answer.wait, is_login=True)
        raise answer.error()

    async def _refused(self, kept: Kept, answer: Answer) -> None:
        """Raises: Unauthorized. That the account is taken down may pass, a wrong password does not."""
        name = answer.fault.error
        if name not in _WRONG:
            await self._failed(kept, _REST, is_login=True)
            raise Unauthorized(f"{answer.where} does not let @{self._handle} in ({name or answer.status})")
        why = (
            "asks for a code by e-mail, which only an app password spares"
            if "Factor" in name
            else ("does not know this handle with this app password")
        )
        kept.refused = f"{answer.where} {why}; {_HINT}"
        kept.access = kept.refresh = ""
        await self._save(kept)
        raise Unauthorized(kept.refused)

    async def _asked(
        self, kept: Kept, method: str, *, token: str | None = None, body: object = None
    ) -> Answer:
        """The first login goes to the service that is configured; what follows to where the account lives."""
        http, host = (self._outside, kept.pds) if token else (self._http, self._service)
        url = f"{host}/xrpc/{method}"
        request = Request(verb="POST", url=url, token=token, body=body, timeout=READ_SECONDS)
        try:
            return await ask(http, request, self._clock.now())
        except Unavailable as error:
            is_login = token is None and not error.unsent
            if token is None and error.unsent:
                kept.never_sent()
            await self._failed(kept, error.retry_after, is_login=is_login)
            raise

    async def _taken(self, kept: Kept, answer: Answer) -> Kept:
        try:
            given = answer.read(Given)
        except Unavailable:
            await self._failed(kept, None, is_login=True)
            raise
        kept.signed_in(given, self._service, self._clock.now())
        await self._save(kept)
        return kept

    async def _failed(self, kept: Kept, asked: timedelta | None, *, is_login: bool) -> None:
        kept.failed(self._clock.now(), asked, is_login=is_login)
        await self._save(kept)

    async def _load(self) -> Kept:
        def load() -> Kept:
            name, password = f"{self._service} {self._handle}", self._password.get_secret_value()
            return opened(self._vault.read(NAME), name=name, password=password)

        return await self._on_disk(load)

    async def _save(self, kept: Kept) -> None:
        content = kept.content
        await self._on_disk(lambda: self._vault.write(NAME, content))

    async def _on_disk(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            message = f"the session cannot be kept ({error.strerror}); without that nobody signs in"
            raise Unavailable(message, reason=Reason.STORAGE) from error


def _origin(url: str) -> str:
    """`host:port`, as `Http.guarded` allows it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
