"""Who is at the page: sessions in a signed cookie, tokens against forged requests, one-time links.

It knows signing and time; it knows no request and no person beyond a key. The secret lies beside the
database, readable by its owner only: who can read it can read the database too. A new one ends every
session.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from itsdangerous import BadSignature, URLSafeSerializer

from bot.errors import ConfigError

SESSION_LASTS = timedelta(days=7)
LINK_LASTS = timedelta(minutes=10)
_KEY_BYTES = 32
_SKEW = timedelta(minutes=1)


def key_beside(database: Path) -> bytes:
    """The secret of this database's page, made when it is first asked for. Raises: ConfigError."""
    path = database.with_suffix(".key")
    try:
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read(path)
        with os.fdopen(file, "wb") as sink:
            sink.write(secrets.token_bytes(_KEY_BYTES))
        return _read(path)
    except OSError as error:
        raise ConfigError(f"cannot keep the page's secret in {path}: {error.strerror or error}") from error


def _read(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) < _KEY_BYTES:
        raise ConfigError(f"{path} is no secret of ours (too short): remove it, and everybody signs in again")
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser. `person` is empty until somebody signs in; `nonce` is what its tokens are made from."""

    person: str
    nonce: str
    begun_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a one-time link says."""

    person: str
    nonce: str


class Sessions:
    """Makes and checks what browsers hold."""

    def __init__(self, key: bytes, now: Callable[[], datetime]) -> None:
        self._now = now
        self._key = key
        self._sessions = URLSafeSerializer(key, salt="session", signer_kwargs={"digest_method": sha256})
        self._links = URLSafeSerializer(key, salt="link", signer_kwargs={"digest_method": sha256})

    def begin(self, person: str = "") -> Session:
        return Session(person=person, nonce=secrets.token_urlsafe(16), begun_at=self._now())

    def cookie(self, session: Session) -> str:
        return _text(self._sessions.dumps([session.person, session.nonce, int(session.begun_at.timestamp())]))

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None for a forged or expired one."""
        found = self._loads(self._sessions, cookie, SESSION_LASTS)
        return Session(person=found[0], nonce=found[1], begun_at=found[2]) if found else None

    def token(self, session: Session) -> str:
        """What every form of this session carries."""
        return hmac.new(self._key, b"csrf:" + session.nonce.encode(), sha256).hexdigest()

    def is_token(self, session: Session, token: str) -> bool:
        return hmac.compare_digest(self.token(session).encode(), token.encode("utf-8", "replace"))

    def link(self, person: str) -> str:
        """The end of a link that signs this person in, once, within ten minutes."""
        return _text(self._links.dumps([person, secrets.token_urlsafe(16), int(self._now().timestamp())]))

    def read_link(self, text: str) -> Link | None:
        """None for a forged or expired one. Whether it was used before, the store must say."""
        found = self._loads(self._links, text, LINK_LASTS)
        return Link(person=found[0], nonce=found[1]) if found else None

    def _loads(self, by: URLSafeSerializer, text: str, lasts: timedelta) -> tuple[str, str, datetime] | None:
        try:
            person, nonce, second = by.loads(text)
        except (BadSignature, ValueError, TypeError):
            return None
        age = self._now().timestamp() - second
        if not -_SKEW.total_seconds() <= age <= lasts.total_seconds():
            return None
        return person, nonce, datetime.fromtimestamp(second, self._now().tzinfo)


def _text(made: str | bytes) -> str:
    return made if isinstance(made, str) else made.decode()
