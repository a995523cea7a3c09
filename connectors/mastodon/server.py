"""A server as we ask it: by its limits, with its own numbers, with the account's token where there is one.

https://docs.joinmastodon.org/methods/instance/: `/api/v2/instance`, on older and other servers
`/api/v1/instance`. A kind of request that is used up is not made before the time that the server named.
Knows nothing of what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from bot.errors import Reason, Unauthorized, Unavailable, Unknown
from connectors.mastodon.api import Answer, Request, ask
from connectors.mastodon.entities import Person, Preferences, piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports import Http, Wiring
    from connectors.mastodon.account import OneAccount

T = TypeVar("T")

READ_SECONDS = 15.0
KEEP_SECONDS = 6 * 3600.0
"""So long a server's own numbers are believed."""
SPARE = 20
"""Reading leaves so many requests to those who answer."""
_QUOTES = 7
"""The API version of Mastodon 4.5, the first with notifications of quotes."""
_NAMELESS = frozenset({401, 403, 404, 405, 410, 422, 501})
"""How servers say that they do not know an endpoint (or tell it to nobody)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a server says of itself. `domain` is what its accounts' names end in, which may be another host.

    `per_url`: as how many characters a link counts. `streaming`: where its streams are (empty: with it);
    `has_many_streams`: several of them go over one connection.
    """

    domain: str
    software: str = ""
    longest: int = 500
    per_url: int = 23
    has_quotes: bool = False
    streaming: str = ""
    has_many_streams: bool = False


class Statuses(msgspec.Struct, frozen=True):
    max_characters: int | None = None
    per_url: int | None = msgspec.field(name="characters_reserved_per_url", default=None)


class Urls(msgspec.Struct, frozen=True):
    """Of either version of the instance."""

    streaming: str | None = None
    streaming_api: str | None = None


class Configuration(msgspec.Struct, frozen=True):
    statuses: Statuses = Statuses()
    urls: msgspec.Raw = msgspec.Raw()


class Versions(msgspec.Struct, frozen=True):
    mastodon: int = 0


class Instance(msgspec.Struct, frozen=True):
    """Of either version: `domain` is the second one's, `uri` and `max_toot_chars` are the first one's."""

    domain: str = ""
    uri: str = ""
    version: str = ""
    max_toot_chars: int | None = None
    configuration: msgspec.Raw = msgspec.Raw()
    api_versions: msgspec.Raw = msgspec.Raw()
    urls: msgspec.Raw = msgspec.Raw()


class Server:
    """One server. `name` is its host (and port), which goes into the names of its posts. `streams`: whether
    it is asked for its streams, which it has for accounts only.
    """

    streams = False

    def __init__(self, base: str, http: Http, wiring: Wiring, token: str | None = None) -> None:
        self.base = base
        self.name = urlsplit(base).netloc
        self.token = token
        self._http, self._clock = http, wiring.clock
        self._guarded: Http | None = None
        self._closed: dict[str, float] = {}
        self._left: dict[str, tuple[int, float]] = {}
        self._terms: Terms | None = None
        self._read_at = 0.0

    @property
    def known_terms(self) -> Terms:
        """What was last read; before that, Mastodon's own numbers."""
        return self._terms or Terms(domain=self.name)

    async def terms(self) -> Terms:
        """Raises: Unavailable, Refused."""
        now = self._clock.monotonic()
        if self._terms is not None and now - self._read_at <= KEEP_SECONDS:
            return self._terms
        try:
            self._terms, self._read_at = await self._asked_terms(), now
        except Unavailable:
            if self._terms is None:
                raise  # else what it said last holds on
        return self._terms

    async def read(
        self, path: str, shape: type[T], query: Sequence[tuple[str, str]] = (), *, spare: int = 0
    ) -> T:
        """What a 200 holds. Raises: Unavailable, Refused, Rejected."""
        answer = await self.get(path, query, spare=spare)
        if answer.status != 200:
            raise answer.error()
        return answer.read(shape)

    async def get(self, path: str, query: Sequence[tuple[str, str]] = (), *, spare: int = 0) -> Answer:
        """Whatever is answered. Raises: Unavailable."""
        return await self.ask(Request(verb="GET", path=path, query=query, spare=spare, timeout=READ_SECONDS))

    async def ask(self, request: Request) -> Answer:
        """Whatever is answered; a kind of request that is used up is not made.

        Raises: Unavailable, Unknown (a write of which nobody knows whether it was done).
        """
        kind = request.verb
        self._check(kind, request.spare)
        try:
            answer = await ask(self._http, self.base, self.token, request, self._clock.now())
        except Unavailable as error:
            if kind == "GET" or error.unsent:
                raise
            raise Unknown(f"{error}; it may have been done all the same") from error
        self._note(kind, answer)
        return answer

    def way_to(self, base: str) -> Http:
        """To another host that the server names: not into somebody's own network."""
        if urlsplit(base).hostname == urlsplit(self.base).hostname:
            return self._http
        if self._guarded is None:
            self._guarded = self._http.guarded()
        return self._guarded

    def _check(self, kind: str, spare: int) -> None:
        now = self._clock.monotonic()
        left, until = self._left.get(kind, (spare + 1, 0.0))
        until = max(self._closed.get(kind, 0.0), until if left <= spare else 0.0)
        if until > now:
            raise Unavailable(
                f"{self.name} grants no more requests for now",
                reason=Reason.RATE_LIMITED,
                retry_after=timedelta(seconds=until - now),
                unsent=True,
            )

    def _note(self, kind: str, answer: Answer) -> None:
        now = self._clock.monotonic()
        if answer.status == 429 and answer.wait:
            self._closed[kind] = now + answer.wait.total_seconds()
        if answer.left is None or answer.resets_in is None:
            self._left.pop(kind, None)
        else:
            self._left[kind] = (answer.left, now + answer.resets_in.total_seconds())

    async def _asked_terms(self) -> Terms:
        answer = await self.get("/api/v2/instance")
        if answer.status in _NAMELESS:
            answer = await self.get("/api/v1/instance")
        if answer.status in _NAMELESS - {401}:
            return Terms(domain=self.name)
        if answer.status != 200:
            raise answer.error()
        return terms_of(answer.read(Instance), self.name)


def terms_of(instance: Instance, host: str) -> Terms:
    """Of what cannot be read, Mastodon's own numbers. Pure."""
    configuration = piece(instance.configuration, Configuration) or Configuration()
    limits = configuration.statuses
    newer, older = piece(configuration.urls, Urls) or Urls(), piece(instance.urls, Urls) or Urls()
    domain = instance.domain or instance.uri
    domain = urlsplit(domain).netloc if "//" in domain else domain
    longest = limits.max_characters or instance.max_toot_chars
    versions = piece(instance.api_versions, Versions) or Versions()
    usual = Terms(domain=domain.lower().strip("/") or host, software=_printable(instance.version))
    return Terms(
        domain=usual.domain,
        software=usual.software,
        longest=longest if longest and longest > 0 else usual.longest,
        per_url=limits.per_url if limits.per_url and limits.per_url > 0 else usual.per_url,
        has_quotes=versions.mastodon >= _QUOTES,
        streaming=newer.streaming or older.streaming_api or "",
        has_many_streams=versions.mastodon > 0,
    )


def _printable(version: str) -> str:
    return "".join(one for one in version if one.isprintable())[:60]


def segment(name: str) -> str:
    """An id or name as one piece of a path."""
    return quote(name, safe="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The account that a token is for. `acct` with its domain; `privacy`: how it publishes by default."""

    id: str
    acct: str
    privacy: str | None = None


class OwnServer(Server):
    """The server of an account that is configured, asked as that account; all who use it share one."""

    def __init__(self, settings: OneAccount, wiring: Wiring) -> None:
        if settings.server is None or settings.handle is None or settings.token is None:
            raise ValueError("no account is configured")
        super().__init__(settings.server, wiring.http, wiring, settings.token.get_secret_value())
        self.streams = settings.stream
        self.handle = settings.handle
        self.vault = wiring.vault
        self.clock = wiring.clock
        self.known_me: Me | None = None

    @property
    def acct(self) -> str:
        """The account's name with its domain, as far as that is known."""
        return self.known_me.acct if self.known_me else self.handle

    async def me(self) -> Me:
        """Whose token it is. Raises: Unavailable, Unauthorized (also: somebody else's)."""
        if self.known_me is None:
            me = await self.verified()
            if not is_same_handle(self.handle, me.acct):
                whose = f"the token is that of @{me.acct}, and @{self.handle} is configured"
                raise Unauthorized(f"{whose}; nothing is done with it")
            self.known_me = me
        return self.known_me

    async def verified(self) -> Me:
        """Whoever it is. https://docs.joinmastodon.org/methods/accounts/#verify_credentials"""
        terms = await self.terms()
        answer = await self.get("/api/v1/accounts/verify_credentials")
        if answer.status == 403:
            raise Unauthorized(f"{answer.where} answered 403: the token may not even ask whose it is")
        if answer.status != 200:
            raise answer.error()
        person = answer.read(Person)
        own = piece(person.source, Preferences) or Preferences()
        return Me(id=person.id, acct=whole(person.acct, terms.domain), privacy=own.privacy)


def whole(acct: str, domain: str) -> str:
    """A name with its domain, without case: what an author is known by, whichever server tells of them."""
    return (acct if "@" in acct else f"{acct}@{domain}").lower()


def is_same_handle(configured: str, acct: str) -> bool:
    """The configuration may leave out the domain."""
    return configured in {acct, acct.partition("@")[0]}


_SHARED = "mastodon.own"


def own_server(settings: OneAccount, wiring: Wiring) -> OwnServer:
    """The one that all sides of an account share, so that limits and names are known to all of them."""
    known = wiring.shared.setdefault(_SHARED, {})
    key = (settings.server, settings.handle)
    if key not in known:
        known[key] = OwnServer(settings, wiring)
    server: OwnServer = known[key]
    return server


def shared_servers(wiring: Wiring) -> list[OwnServer]:
    """As which accounts we read and answer, the first one first."""
    return list(wiring.shared.get(_SHARED, {}).values())
