"""The accounts and sessions of the loopback PDS: tokens that end, refresh tokens that rotate, limits of
logins.

https://docs.bsky.app/docs/api/com-atproto-server-create-session, com-atproto-server-refresh-session. A
refresh token that was used may be used again for two hours, and leads to the same successor: so an answer
that got lost costs no session. Imports no connector.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from bot.ports import Clock

ACCESS_LASTS, REFRESH_LASTS, GRACE = timedelta(hours=2), timedelta(days=90), timedelta(hours=2)
LOGINS = ((timedelta(minutes=5), 30), (timedelta(days=1), 300))
_KEY = b"the loopback's own"


class Denied(Exception):  # noqa: N818 - what the server says
    """An XRPC error of authentication; `wait_until` with a 429."""

    def __init__(self, status: int, name: str, message: str, wait_until: datetime | None = None) -> None:
        super().__init__(message)
        self.status, self.name, self.wait_until = status, name, wait_until


@dataclass
class Holder:
    """An account. `trouble`: what a login is told instead (AccountTakedown, AuthFactorTokenRequired)."""

    did: str
    handle: str
    password: str
    scope: str = "com.atproto.appPass"
    trouble: str = ""


@dataclass
class Sessions:
    """`logins` and `renewals` count those that were asked for, also in vain."""

    clock: Clock
    holders: dict[str, Holder] = field(default_factory=dict)
    logins: int = 0
    renewals: int = 0
    access_lasts: timedelta = ACCESS_LASTS

    def __post_init__(self) -> None:
        self._tried: dict[str, list[datetime]] = {}
        self._numbers = count(1)
        self._living: set[str] = set()
        self._next: dict[str, tuple[str, datetime]] = {}
        self._since = 0

    def expire(self) -> None:
        """Every access token that was issued until now has ended."""
        self._since = next(self._numbers)

    def revoke(self) -> None:
        """The app password was taken away: no token opens any more."""
        self.expire()
        self._living.clear()
        self._next.clear()

    def login(self, identifier: str, password: str) -> dict[str, Any]:
        """Raises: Denied."""
        self.logins += 1
        self._limit(identifier)
        holder = next((one for one in self.holders.values() if identifier in {one.did, one.handle}), None)
        if holder is None or holder.password != password:
            raise Denied(401, "AuthenticationRequired", "Invalid identifier or password")
        if holder.trouble:
            raise Denied(401, holder.trouble, "not now")
        return self._issued(holder, self._fresh())

    def renew(self, token: str | None) -> dict[str, Any]:
        """Raises: Denied."""
        self.renewals += 1
        claims = self._claims(token, "com.atproto.refresh")
        now, jti = self.clock.now(), claims["jti"]
        after, good_until = self._next.get(jti, ("", now))
        if jti not in self._living and not (after and now < good_until):
            raise Denied(400, "ExpiredToken", "Token has been revoked")
        if not after:
            after = self._fresh()
            self._next[jti] = (after, now + GRACE)
            self._living.discard(jti)
        return self._issued(self.holders[claims["sub"]], after)

    def whose(self, token: str | None) -> Holder:
        """The account of an access token. Raises: Denied."""
        claims = self._claims(token, "")
        if int(claims["jti"]) < self._since:
            raise Denied(400, "ExpiredToken", "Token has expired")
        holder = self.holders[claims["sub"]]
        if holder.trouble:
            raise Denied(401, holder.trouble, "not now")
        return holder

    def _limit(self, identifier: str) -> None:
        tried, now = self._tried.setdefault(identifier, []), self.clock.now()
        for within, most in LOGINS:
            recent = [at for at in tried if at > now - within]
            if len(recent) >= most:
                raise Denied(429, "RateLimitExceeded", "Rate Limit Exceeded", recent[0] + within)
        tried.append(now)

    def _fresh(self) -> str:
        jti = str(next(self._numbers))
        self._living.add(jti)
        return jti

    def _issued(self, holder: Holder, jti: str) -> dict[str, Any]:
        access = self._token(holder, holder.scope, str(next(self._numbers)), self.access_lasts)
        refresh = self._token(holder, "com.atproto.refresh", jti, REFRESH_LASTS)
        return {"did": holder.did, "handle": holder.handle, "accessJwt": access, "refreshJwt": refresh}

    def _token(self, holder: Holder, scope: str, jti: str, lasts: timedelta) -> str:
        now = int(self.clock.now().timestamp())
        ends = now + int(lasts.total_seconds())
        claims = {"scope": scope, "sub": holder.did, "jti": jti, "iat": now, "exp": ends}
        body = _packed(b'{"typ":"at+jwt","alg":"HS256"}') + "." + _packed(json.dumps(claims).encode())
        return f"{body}.{_signature(body)}"

    def _claims(self, token: str | None, scope: str) -> dict[str, Any]:
        if not token:
            raise Denied(401, "AuthMissing", "Authentication Required")
        body, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, _signature(body)):
            raise Denied(400, "InvalidToken", "Token could not be verified")
        padded = body.partition(".")[2]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4)))
        if (claims["scope"] == "com.atproto.refresh") != bool(scope):
            raise Denied(400, "InvalidToken", "Bad token scope")
        if claims["exp"] <= self.clock.now().timestamp():
            raise Denied(400, "ExpiredToken", "Token has expired")
        return claims


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _signature(body: str) -> str:
    return _packed(hmac.new(_KEY, body.encode(), hashlib.sha256).digest())
