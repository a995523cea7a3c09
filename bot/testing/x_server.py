"""X on loopback, as https://docs.x.com/x-api describes it: mentions, own posts, search, publishing.

It checks the signature of OAuth 1.0a (RFC 5849) by itself, counts what a request costs and grants so many of
them in a window, and answers errors in the documented forms. Imports no connector and no client of X.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from aiohttp import web

from bot.testing.loopback import Loopback, Refuse, silence
from bot.testing.x_people import people_routes
from bot.testing.x_world import Tweet, World

SIGNED_FOR = "https://api.twitter.com"
WINDOW_SECONDS = 900
LIMIT = web.RequestKey("limit", dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The four secrets of an account."""

    consumer_key: str = "consumer-of-acme"
    consumer_secret: str = "consumer-secret-of-acme"  # noqa: S105 - of nobody
    token: str = "1000-token-of-acme"  # noqa: S105
    token_secret: str = "token-secret-of-acme"  # noqa: S105


class XServer(Loopback):
    """`granted`: so many requests of a kind in a window. `bought` counts what was paid for. `most`: so many
    posts stand on a page, whatever is asked for; `kept`: so many in a list; `partial`: errors that come
    beside the posts.
    """

    def __init__(self, now: Any = None) -> None:
        super().__init__()
        self.now = now or (lambda: datetime.now(UTC))
        self.world = World()
        self.keys = Keys()
        self.owner = "acme"
        self.world.user(self.owner)
        self.is_revoked = self.is_depleted = False
        self.granted = 300
        self.bought: Counter[str] = Counter()
        self.most = 100
        self.partial: dict[str, Any] = {}
        self.refuses_duplicates = True
        self._mishaps: deque[tuple[str | int, bool, dict[str, Any]]] = deque()
        self.kept = 800
        self.queries: list[dict[str, str]] = []
        self._used: Counter[tuple[str, int]] = Counter()

    @property
    def owner_id(self) -> str:
        return self.world.user(self.owner)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/2/users/me", self._me),
            web.get("/2/users/{id}/mentions", self._mentions),
            web.get("/2/users/{id}/tweets", self._own_posts),
            web.get("/2/tweets/search/recent", self._search),
            web.post("/2/tweets", self._publish),
            web.delete("/2/tweets/{id}", self._delete),
            *people_routes(self, self._refused, self._answer),
        ]

    async def _me(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "me"):
            return refused
        self.bought["user"] += 1
        shown = {"id": self.owner_id, "name": self.owner.title(), "username": self.owner}
        return self._answer(request, {"data": shown})

    async def _mentions(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "mentions"):
            return refused
        if request.match_info["id"] != self.owner_id:
            return problem(403, "Forbidden")
        return self._page(request, self.world.mentions_of(self.owner_id), "mention")

    async def _own_posts(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "tweets"):
            return refused
        return self._page(request, self.world.posts_of(request.match_info["id"]), "own")

    async def _search(self, request: web.Request) -> web.Response:
        """Words, phrases and names joined by OR, and what is left out."""
        if refused := self._refused(request, "search"):
            return refused
        query = request.query.get("query", "")
        oldest = (int(self.now().timestamp() * 1000) - 1_288_834_974_657 - 7 * 86_400_000) << 22
        if len(query) > 512 or int(request.query.get("since_id", "0")) < oldest:
            return problem(400, "Invalid Request")
        wanted, _, without = query.partition(")")
        words = [one.strip('"') for one in wanted.removeprefix("(").split(" OR ")]
        excluded = re.findall(r"-from:(\w+) -@(\w+)", without)
        found = [one for one in self.world.search(words) if not _is_excluded(one, excluded)]
        return self._page(request, found, "search")

    def mishap(
        self, how: str | int, *, is_done: bool, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        """What becomes of the next write: `cut`, `withhold`, or a status; `more` as in `Refuse`."""
        self._mishaps.append((how, is_done, {"headers": headers or {}, **more}))

    async def _publish(self, request: web.Request) -> web.StreamResponse:
        if refused := self._refused(request, "publish"):
            return refused
        given = await request.json()
        return await self._done(request, lambda: self._published(request, given))

    def _published(self, request: web.Request, given: dict[str, Any]) -> web.Response:
        text, to = given["text"], given["reply"]["in_reply_to_tweet_id"]
        parent = self.world.tweets.get(to)
        if parent is None:
            return problem(403, "You attempted to reply to a Tweet that is deleted or not visible to you.")
        is_summoned = parent in self.world.mentions_of(self.owner_id)
        quoted = self.world.tweets.get(parent.quoted or "")
        if not is_summoned and (quoted is None or quoted.author != self.owner):
            return problem(
                403, "Reply to this conversation is not allowed because you have not been mentioned."
            )
        said = [one.text for one in self.world.posts_of(self.owner_id)]
        if self.refuses_duplicates and text in said:
            return problem(403, "You are not allowed to create a Tweet with duplicate content.")
        self.bought["reply with a link" if "http" in text else "reply"] += 1
        made = self.world.post(self.owner, text, at=self.now(), parent=to, is_sent=True)
        return self._answer(request, {"data": {"id": made, "text": text}}, status=201)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        if refused := self._refused(request, "delete"):
            return refused
        gone = self.world.tweets.get(request.match_info["id"])
        if gone is not None and gone.author != self.owner:
            return problem(403, "Forbidden")
        self.world.tweets.pop(request.match_info["id"], None)
        return self._answer(request, {"data": {"deleted": True}})

    async def _done(self, request: web.Request, do: Callable[[], web.Response]) -> web.StreamResponse:
        """As it should, or as a mishap wants it."""
        if not self._mishaps:
            return do()
        how, is_done, more = self._mishaps.popleft()
        if is_done:
            do()
        if how == "cut" and request.transport is not None:
            request.transport.abort()
        if isinstance(how, str):
            await silence()
        return await Refuse(status=int(how), **more).response()

    def said(self) -> list[Tweet]:
        """What the public reads of the account's answers, oldest first."""
        return [one for one in reversed(self.world.posts_of(self.owner_id)) if one.is_sent]

    def _page(self, request: web.Request, tweets: list[Tweet], bought: str) -> web.Response:
        """Newest first; the token of the next page names where it begins."""
        query = request.query
        count = query.get("max_results", "10")
        if not count.isdigit() or not 5 <= int(count) <= 100:
            errors = [{"parameters": {"max_results": [count]}, "message": f"`max_results` [{count}]"}]
            return problem(400, "Invalid Request", errors=errors)
        since, until = int(query.get("since_id", "0")), int(query.get("until_id", str(2**63)))
        token = query.get("pagination_token") or query.get("next_token") or f"t{2**63}"
        below = int(token.removeprefix("t"))
        fit = [one for one in tweets[: self.kept] if since < int(one.id) < min(until, below)]
        page = fit[: min(int(count), self.most)]
        self.bought[bought] += len(page)
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if len(page) < len(fit):
            meta["next_token"] = f"t{page[-1].id}"
        wanted = {"id", "text", "edit_history_tweet_ids", *query.get("tweet.fields", "").split(",")}
        shown = [{k: v for k, v in self.world.shown(one).items() if k in wanted} for one in page]
        content = {"meta": meta} | ({"data": shown} if shown else {}) | self.partial
        return self._answer(request, content)

    # --- what every endpoint does ---

    def _refused(self, request: web.Request, kind: str) -> web.Response | None:
        """The signature, the money and the window, in this order."""
        if self.is_revoked or not self._is_signed(request):
            return problem(401, "Unauthorized")
        if self.is_depleted:
            return problem(402, "CreditsDepleted")
        window = int(self.now().timestamp()) // WINDOW_SECONDS
        self._used[kind, window] += 1
        request[LIMIT] = {
            "x-rate-limit-limit": str(self.granted),
            "x-rate-limit-remaining": str(max(0, self.granted - self._used[kind, window])),
            "x-rate-limit-reset": str((window + 1) * WINDOW_SECONDS),
        }
        if self._used[kind, window] > self.granted:
            return problem(429, "Too Many Requests", headers=request[LIMIT])
        self.queries.append(dict(request.query))
        return None

    def _answer(self, request: web.Request, content: Any, status: int = 200) -> web.Response:
        return web.json_response(content, status=status, headers=request[LIMIT])

    def _is_signed(self, request: web.Request) -> bool:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        pairs = (one.strip().partition("=") for one in rest.split(","))
        given = {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}
        if scheme != "OAuth":
            return False
        names = (given.get("oauth_consumer_key"), given.get("oauth_token"))
        wanted = self._signature(request, {k: v for k, v in given.items() if k != "oauth_signature"})
        is_known = names == (self.keys.consumer_key, self.keys.token)
        return is_known and hmac.compare_digest(given.get("oauth_signature", ""), wanted)

    def _signature(self, request: web.Request, oauth: Mapping[str, str]) -> str:
        """https://www.rfc-editor.org/rfc/rfc5849#section-3.4, of the raw query and without a JSON body."""
        query = [part.partition("=") for part in request.rel_url.raw_query_string.split("&") if part]
        pairs = [*oauth.items(), *((_decoded(name), _decoded(value)) for name, _, value in query)]
        encoded = sorted((_encoded(name), _encoded(value)) for name, value in pairs)
        joined = "&".join(f"{name}={value}" for name, value in encoded)
        base = "&".join(_encoded(one) for one in (request.method, SIGNED_FOR + request.path, joined))
        key = f"{_encoded(self.keys.consumer_secret)}&{_encoded(self.keys.token_secret)}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
        return base64.b64encode(digest).decode()


def problem(
    status: int, title: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> web.Response:
    """https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""
    about = {"title": title, "type": "about:blank", "status": status, "detail": title, **more}
    return web.json_response(about, status=status, headers=headers, content_type="application/problem+json")


def _is_excluded(tweet: Tweet, excluded: list[tuple[str, str]]) -> bool:
    text = tweet.text.lower()
    is_named = any(tweet.author == author or f"@{name}" in text for author, name in excluded)
    return is_named or tweet.retweeted is not None


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _decoded(text: str) -> str:
    return unquote(text.replace("+", " "))
