"""What is kept of a session across restarts, as bytes, and what may be done with it. Pure.

So that nobody signs in more often than need be: tokens, when we signed in, until when we must not, and
whether this very password was refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from bot.backoff import doubled

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=1)
LONGEST_LOGIN_WAIT = timedelta(minutes=15)
"""A renewal costs nothing and is tried again soon; logins are few."""
LIMITS = ((timedelta(minutes=5), 10), (timedelta(days=1), 50))
"""How often we sign in at most. The platform's limits: 30 in 5 minutes, 300 a day; in fact 100
(https://github.com/bluesky-social/bsky-docs/issues/183); people sign in to the same account too."""
EARLY = timedelta(minutes=5)
"""A token is renewed so long before it ends; it lasts for two hours."""
_ROUNDS = 10_000
"""Few: an app password is eighty bits of chance, and the file that holds this holds tokens too."""
_LONGEST = 400 * 86_400.0


class Kept(msgspec.Struct, kw_only=True):
    """`name`: service and handle; `mark` of the password, with its `salt`. Times are seconds since 1970.

    `refused`: why the password is not tried again. `closed_until`: before then nobody is asked. `renew_at`,
    `ends_at`: of the access token, by our clock; 0: nobody knows.
    """

    name: str
    salt: str
    mark: str
    did: str = ""
    handle: str = ""
    pds: str = ""
    access: str = ""
    refresh: str = ""
    logins: list[int] = []
    failures: int = 0
    closed_until: int = 0
    refused: str = ""
    renew_at: int = 0
    ends_at: int = 0
    refresh_ends_at: int = 0

    @property
    def content(self) -> bytes:
        return msgspec.json.encode(self)

    def opens(self, now: datetime) -> bool:
        """Whether there is an access token that will be good for a while."""
        return bool(self.access) and not (self.renew_at and seconds(now) >= self.renew_at)

    def still_opens(self, now: datetime) -> bool:
        """Whether it is good at least just now."""
        return bool(self.access) and not (self.ends_at and seconds(now) >= self.ends_at)

    def may_renew(self, now: datetime) -> bool:
        return bool(self.refresh) and not (self.refresh_ends_at and seconds(now) >= self.refresh_ends_at)

    def wait(self, now: datetime) -> timedelta:
        """How long nobody may be asked; nothing: now."""
        return max(timedelta(0), datetime.fromtimestamp(self.closed_until, UTC) - now)

    def failed(self, now: datetime, asked: timedelta | None, *, is_login: bool) -> None:
        """Nobody answered as they should: the next try comes later each time."""
        longest = LONGEST_LOGIN_WAIT if is_login else LONGEST_WAIT
        wait = max(asked or timedelta(0), doubled(FIRST_WAIT, longest, self.failures))
        self.failures += 1
        self.closed_until = seconds(now + wait)

    def begin_login(self, now: datetime) -> timedelta | None:
        """Count a try to sign in; or how long to wait, because there were too many."""
        self.logins = [at for at in self.logins if at > seconds(now - LIMITS[-1][0])]
        for within, most in LIMITS:
            recent = [at for at in self.logins if at > seconds(now - within)]
            if len(recent) >= most:
                return datetime.fromtimestamp(recent[-most], UTC) + within - now
        self.logins.append(seconds(now))
        return None

    def never_sent(self) -> None:
        """The try that was counted last did not reach anybody."""
        self.logins.pop()

    def signed_in(self, given: Given, service: str, now: datetime) -> None:
        """Take over what a session's answer holds; how long it lasts is counted from now, by our clock."""
        lasts = lifetime(given.access, now)
        self.ends_at = seconds(now + lasts) if lasts else 0
        self.renew_at = seconds(now + lasts - min(EARLY, lasts / 4)) if lasts else 0
        lasts = lifetime(given.refresh, now)
        self.refresh_ends_at = seconds(now + lasts) if lasts else 0
        self.did, self.handle = given.did, given.handle
        self.access, self.refresh = given.access, given.refresh
        self.pds = endpoint(given.document) or self.pds or service
        self.failures = self.closed_until = 0


class Service(msgspec.Struct, frozen=True):
    id: str = ""
    endpoint: object = msgspec.field(name="serviceEndpoint", default="")


class Document(msgspec.Struct, frozen=True):
    """A DID document, as far as it says where the account lives (https://atproto.com/specs/did)."""

    service: list[Service] = []


class Given(msgspec.Struct, frozen=True):
    """What `createSession` and `refreshSession` answer; `createSession` may leave the document out."""

    did: str
    handle: str
    access: str = msgspec.field(name="accessJwt")
    refresh: str = msgspec.field(name="refreshJwt")
    document: Document | None = msgspec.field(name="didDoc", default=None)


def endpoint(document: Document | None) -> str:
    """The account's own server, `#atproto_pds`; nothing where the document does not say."""
    for one in document.service if document else ():
        if one.id.endswith("#atproto_pds") and isinstance(one.endpoint, str):
            parts = urlsplit(one.endpoint)
            if parts.scheme in {"http", "https"} and parts.hostname:
                return f"{parts.scheme}://{parts.netloc}"
    return ""


def opened(content: bytes | None, *, name: str, password: str) -> Kept:
    """What was kept for this account and this password; else a new one, which remembers the logins."""
    kept = _decoded(content)
    if kept is None or kept.name != name:
        return _fresh(name, password, [])
    if not hmac.compare_digest(kept.mark, _mark(password, kept.salt)):
        return _fresh(name, password, kept.logins)
    return kept


def _decoded(content: bytes | None) -> Kept | None:
    try:
        return msgspec.json.decode(content, type=Kept) if content else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # of another version, or damaged: sign in anew


def _fresh(name: str, password: str, logins: list[int]) -> Kept:
    salt = secrets.token_hex(16)
    return Kept(name=name, salt=salt, mark=_mark(password, salt), logins=list(logins))


def _mark(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS).hex()


def lifetime(token: str, now: datetime) -> timedelta | None:
    """How long a token that was issued just now lasts; None: it does not say."""
    said = claims(token)
    ends, issued = said.get("exp"), said.get("iat", now.timestamp())
    if not isinstance(ends, int | float) or not isinstance(issued, int | float):
        return None
    return timedelta(seconds=min(max(ends - issued, 1), _LONGEST))


def claims(token: str) -> Mapping[str, object]:
    """What a JWT says of itself; nobody checks its signature here, it is the server's own."""
    parts = token.split(".")
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        said = msgspec.json.decode(base64.urlsafe_b64decode(padded))
    except (IndexError, binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def seconds(at: datetime) -> int:
    return int(at.timestamp())
