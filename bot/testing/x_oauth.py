"""The signature of OAuth 1.0a as X checks it, by the letter of RFC 5849. Imports no client of X."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from aiohttp import web

SIGNED_FOR = "https://api.twitter.com"


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The four secrets of an account."""

    consumer_key: str = "consumer-of-acme"
    consumer_secret: str = "consumer-secret-of-acme"  # noqa: S105 - of nobody
    token: str = "1000-token-of-acme"  # noqa: S105
    token_secret: str = "token-secret-of-acme"  # noqa: S105

    def signed(self, request: web.Request) -> bool:
        """Whether it was signed with these."""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        pairs = (one.strip().partition("=") for one in rest.split(","))
        given = {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}
        if scheme != "OAuth":
            return False
        names = (given.get("oauth_consumer_key"), given.get("oauth_token"))
        wanted = self._signature(request, {k: v for k, v in given.items() if k != "oauth_signature"})
        is_known = names == (self.consumer_key, self.token)
        return is_known and hmac.compare_digest(given.get("oauth_signature", ""), wanted)

    def _signature(self, request: web.Request, oauth: Mapping[str, str]) -> str:
        """https://www.rfc-editor.org/rfc/rfc5849#section-3.4, of the raw query and without a JSON body."""
        query = [part.partition("=") for part in request.rel_url.raw_query_string.split("&") if part]
        pairs = [*oauth.items(), *((_decoded(name), _decoded(value)) for name, _, value in query)]
        encoded = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
        joined = "&".join(f"{name}={value}" for name, value in encoded)
        base = "&".join(_encoded(one) for one in (request.method, SIGNED_FOR + request.path, joined))
        key = f"{_encoded(self.consumer_secret)}&{_encoded(self.token_secret)}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _decoded(text: str) -> str:
    return unquote(text.replace("+", " "))
