"""A loopback Bluesky AppView: profiles, handles, threads; refuses and dawdles on request.

https://docs.bsky.app/docs/api/ (app-bsky-actor-get-profile, com-atproto-identity-resolve-handle,
app-bsky-feed-get-post-thread, app-bsky-feed-get-posts): what is not there is a 400 with an XRPC error,
deleted and blocked ancestors are `notFoundPost` and `blockedPost`. Imports no connector.
`python -m bot.testing.appview_server --port 0` runs it as a process; `POST /_control` fills it.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.testing.loopback import Loopback, serve

_DEFS = "app.bsky.feed.defs"


class AppViewServer(Loopback):
    """Fill it with `profile` and `post`; `delay` seconds pass before each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.delay = 0.0
        self.asked: list[str] = []
        self._profiles: dict[str, dict[str, Any]] = {}
        self._posts: dict[str, dict[str, Any]] = {}
        self._blocked: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/xrpc/app.bsky.actor.getProfile", self._get_profile),
            web.get("/xrpc/com.atproto.identity.resolveHandle", self._resolve),
            web.get("/xrpc/app.bsky.feed.getPostThread", self._get_thread),
            web.get("/xrpc/app.bsky.feed.getPosts", self._get_posts),
        ]

    # --- what a test puts in ---

    def profile(self, did: str, handle: str, **more: Any) -> None:
        """`more`: displayName, description, followersCount, followsCount, createdAt, verification."""
        self._profiles[did] = {"did": did, "handle": handle, **more}

    def post(self, uri: str, text: str, *, parent: str | None = None, **record: Any) -> None:
        at = record.pop("createdAt", "2026-01-05T08:00:00.000Z")
        body = {"$type": "app.bsky.feed.post", "text": text, "createdAt": at, **record}
        self._posts[uri] = {"record": body, "parent": parent}

    def react(self, uri: str, **counts: int) -> None:
        """`counts`: likeCount, repostCount, quoteCount, replyCount."""
        self._posts[uri]["counts"] = counts

    def block(self, uri: str) -> None:
        self._blocked.add(uri)

    async def control(self, command: Mapping[str, Any]) -> Any:
        if command.get("do") == "profile":
            self.profile(command["did"], command["handle"], **command.get("more", {}))
        elif command.get("do") == "post":
            self.post(command["uri"], command["text"], parent=command.get("parent"))
        elif command.get("do") == "react":
            self.react(command["uri"], **command["counts"])
        elif command.get("do") == "delay":
            self.delay = float(command["seconds"])
        else:
            return await super().control(command)
        return {}

    # --- what a client sees ---

    async def _get_profile(self, request: web.Request) -> web.Response:
        actor = await self._asked(request, "actor")
        profile = self._find(actor)
        return _fault("Profile not found") if profile is None else web.json_response(profile)

    async def _resolve(self, request: web.Request) -> web.Response:
        profile = self._find(await self._asked(request, "handle"))
        return _fault("Unable to resolve handle") if profile is None else _json({"did": profile["did"]})

    async def _get_thread(self, request: web.Request) -> web.Response:
        uri = await self._asked(request, "uri")
        if uri not in self._posts:
            return _fault("Post not found: " + uri, error="NotFound")
        height, depth = int(request.query.get("parentHeight", "80")), int(request.query.get("depth", "6"))
        return _json({"thread": {**self._node(uri, height), **self._below(uri, depth)}})

    async def _get_posts(self, request: web.Request) -> web.Response:
        """At most 25; what is not there is left out."""
        asked = request.query.getall("uris", [])
        await self._asked(request, "uris")
        if len(asked) > 25:
            return _fault("uris must not have more than 25 elements")
        known = [uri for uri in asked if uri in self._posts and uri not in self._blocked]
        return _json({"posts": [self._view(uri, self._posts[uri]["record"]) for uri in known]})

    def _below(self, uri: str, depth: int) -> dict[str, Any]:
        """The answers to a post that is shown itself."""
        if not depth or uri not in self._posts or uri in self._blocked:
            return {}
        answers = [one for one, post in self._posts.items() if post["parent"] == uri]
        return {"replies": [{**self._node(one, 0), **self._below(one, depth - 1)} for one in answers]}

    async def _asked(self, request: web.Request, name: str) -> str:
        value = request.query.get(name, "")
        self.asked.append(f"{request.path.rpartition('/')[2]} {value}")
        await asyncio.sleep(self.delay)
        return value

    def _find(self, actor: str) -> dict[str, Any] | None:
        by_handle = (known for known in self._profiles.values() if known["handle"] == actor)
        return self._profiles.get(actor) or next(by_handle, None)

    def _node(self, uri: str, height: int) -> dict[str, Any]:
        if uri in self._blocked:
            author = {"did": uri.split("/")[2]}
            return {"$type": f"{_DEFS}#blockedPost", "uri": uri, "blocked": True, "author": author}
        if uri not in self._posts:
            return {"$type": f"{_DEFS}#notFoundPost", "uri": uri, "notFound": True}
        post = self._posts[uri]
        node = {"$type": f"{_DEFS}#threadViewPost", "post": self._view(uri, post["record"]), "replies": []}
        if post["parent"] and height > 0:
            node["parent"] = self._node(post["parent"], height - 1)
        return node

    def _view(self, uri: str, record: dict[str, Any]) -> dict[str, Any]:
        did = uri.split("/")[2]
        author = self._profiles.get(did, {"did": did, "handle": "handle.invalid"})
        basic = {key: author[key] for key in ("did", "handle", "displayName") if key in author}
        cid = f"bafy{abs(hash(uri)):020}"
        counts = dict.fromkeys(("likeCount", "repostCount", "quoteCount", "replyCount"), 0)
        counts |= self._posts[uri].get("counts", {})
        at = record["createdAt"]
        return {"uri": uri, "cid": cid, "author": basic, "record": record, "indexedAt": at, **counts}


def _json(value: Any) -> web.Response:
    return web.json_response(value)


def _fault(message: str, *, error: str = "InvalidRequest") -> web.Response:
    return web.json_response({"error": error, "message": message}, status=400)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A loopback Bluesky AppView")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(AppViewServer(), parser.parse_args().port))
