"""X on loopback, as https://docs.x.com/x-api describes it: mentions, own posts, search, publishing.

It checks the signature of OAuth 1.0a, counts what a request costs and grants so many of them in a window, and
answers errors in the documented forms. Bounds of `max_results`: https://api.x.com/2/openapi.json. How far a
list reaches: https://docs.x.com/x-api/posts/timelines/integrate. Imports no connector and no client of X.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from bot.testing.loopback import Loopback, Refuse, serve, silence
from bot.testing.x_oauth import Keys
from bot.testing.x_people import people_routes
from bot.testing.x_till import Till
from bot.testing.x_world import Tweet, World, first_id

PROBLEMS = "https://api.twitter.com/2/problems"
LAG_SECONDS = 30
"""So long a post is not found by the search yet."""
LIMIT = web.RequestKey("limit", dict[str, str])


class XServer(Loopback):
    """`till`: what it asks for its answers. `most`: so many posts stand on a page, whatever is asked for;
    `kept`: so many in the list of mentions; `partial`: errors that come beside the posts.
    """

    def __init__(self, now: Any = None) -> None:
        super().__init__()
        self.ahead = timedelta()
        self.now = now or (lambda: datetime.now(UTC) + self.ahead)
        self.world = World()
        self.keys = Keys()
        self.owner = "acme"
        self.world.user(self.owner)
        self.is_revoked = self.is_depleted = self.has_spent_all = False
        self.till = Till(self.now)
        self.most = 100
        self.partial: dict[str, Any] = {}
        self.refuses_duplicates = True
        self._mishaps: deque[tuple[str | int, bool, dict[str, Any]]] = deque()
        self.kept = 800
        self.queries: list[dict[str, str]] = []

    async def control(self, command: Mapping[str, Any]) -> Any:
        more = {name: value for name, value in command.items() if name != "do"}
        match command.get("do"):
            case "post":
                return self.world.post(**more, at=self.now())
            case "mishap":
                self.mishap(**more)
            case "calm":
                self._mishaps.clear()
            case "grant":
                self.granted = more["requests"]
            case "take":  # the same words again, or not
                self.refuses_duplicates = not more["duplicates"]
            case "hurry":
                self.ahead = timedelta(seconds=more["seconds"])
            case "said":
                return [{"id": one.id, "text": one.text} for one in self.said()]
            case _:
                return await super().control(command)
        return {}

    @property
    def granted(self) -> int | None:
        return self.till.granted

    @granted.setter
    def granted(self, most: int | None) -> None:
        self.till.granted = most

    @property
    def bought(self) -> Counter[str]:
        return self.till.bought

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
        self.till.sell("user", [self.owner_id])
        shown = {"id": self.owner_id, "name": self.owner.title(), "username": self.owner}
        return self._answer(request, {"data": shown})

    async def _mentions(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "mentions"):
            return refused
        if request.match_info["id"] != self.owner_id:
            return problem(403, "Forbidden")
        return self._page(request, self.world.mentions_of(self.owner_id)[: self.kept], "mention")

    async def _own_posts(self, request: web.Request) -> web.Response:
        if refused := self._refused(request, "tweets"):
            return refused
        return self._page(request, self.world.posts_of(request.match_info["id"])[:3200], "own")

    async def _search(self, request: web.Request) -> web.Response:
        """Words, phrases and names joined by OR, and what is left out."""
        if refused := self._refused(request, "search"):
            return refused
        query = request.query.get("query", "")
        oldest = first_id(self.now().timestamp() - 7 * 86_400)
        if len(query) > 512 or int(request.query.get("since_id", "0")) < oldest:
            return invalid({"query": [query]})
        wanted, _, without = query.removeprefix("(").partition(") " if query.startswith("(") else " ")
        found = [
            tweet
            for tweet in self.world.search(one.strip('"') for one in wanted.split(" OR "))
            if int(tweet.id) < first_id(self.now().timestamp() - LAG_SECONDS)
            and tweet.retweeted is None
            and tweet.author not in re.findall(r"-from:(\w+)", without)
            and not any(f"@{name}" in tweet.text.lower() for name in re.findall(r"-@(\w+)", without))
        ]
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
            says = "You attempted to reply to a Tweet that is deleted or not visible to you."
            return problem(403, "Forbidden", detail=says)
        is_summoned = parent in self.world.mentions_of(self.owner_id)
        quoted = self.world.tweets.get(parent.quoted or "")
        if not is_summoned and (quoted is None or quoted.author != self.owner):
            return problem(
                403,
                "Forbidden",
                detail="Reply to this conversation is not allowed because you have not been mentioned or"
                " otherwise engaged by the author of the post you are replying to.",
            )
        said = [one.text for one in self.world.posts_of(self.owner_id)]
        if self.refuses_duplicates and text in said:
            says = "You are not allowed to create a Tweet with duplicate content."
            return problem(403, "Forbidden", detail=says)
        self.till.act("reply with a link" if "http" in text else "reply")
        made = self.world.post(self.owner, text, at=self.now(), parent=to, is_sent=True)
        return self._answer(request, {"data": {"id": made, "text": text}}, status=201)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        if refused := self._refused(request, "delete"):
            return refused
        gone = self.world.tweets.get(request.match_info["id"])
        if gone is not None and gone.author != self.owner:
            return problem(403, "Forbidden")
        return await self._done(request, lambda: self._deleted(request, gone))

    def _deleted(self, request: web.Request, gone: Tweet | None) -> web.Response:
        if gone is not None:
            self.till.act("delete")
            del self.world.tweets[gone.id]
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
        if not count.isdigit() or not (10 if bought == "search" else 5) <= int(count) <= 100:
            return invalid({"max_results": [count]})
        since, until = int(query.get("since_id", "0")), int(query.get("until_id", str(2**63)))
        if since >= until:
            return invalid({"since_id": [str(since)], "until_id": [str(until)]})
        token = query.get("pagination_token") or query.get("next_token") or f"t{2**63}"
        below = int(token.removeprefix("t"))
        fit = [one for one in tweets if since < int(one.id) < min(until, below)]
        page = fit[: min(int(count), self.most)]
        self.till.sell(bought, (one.id for one in page))
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
        if self.is_revoked or not self.keys.signed(request):
            return problem(401, "Unauthorized")
        if self.is_depleted:
            says = "Your enrolled account [1] does not have any credits to fulfill this request."
            return problem(402, "CreditsDepleted", detail=says, type=f"{PROBLEMS}/credits")
        if self.has_spent_all:
            says = "Your enrolled account [1] has reached its billing cycle spend cap."
            return problem(403, "SpendCapReached", detail=says, type=f"{PROBLEMS}/credits")
        is_granted, request[LIMIT] = self.till.use(kind)
        if not is_granted:
            return problem(429, "Too Many Requests", headers=request[LIMIT])
        self.queries.append(dict(request.query))
        return None

    def _answer(self, request: web.Request, content: Any, status: int = 200) -> web.Response:
        return web.json_response(content, status=status, headers=request[LIMIT])


def problem(
    status: int, title: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> web.Response:
    """https://docs.x.com/x-api/fundamentals/response-codes-and-errors"""
    about = {"title": title, "type": "about:blank", "status": status, "detail": title, **more}
    return web.json_response(about, status=status, headers=headers, content_type="application/problem+json")


def invalid(parameters: Mapping[str, list[str]]) -> web.Response:
    says = "One or more parameters to your request was invalid."
    errors = [{"parameters": parameters, "message": says}]
    return problem(400, "Invalid Request", detail=says, type=f"{PROBLEMS}/invalid-request", errors=errors)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback X")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(XServer(), parser.parse_args().port))
