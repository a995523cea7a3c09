"""Who is who on the loopback X: users by id and by name, as https://docs.x.com/x-api/users/get-user-by-id
describes them. Nobody of that name is a 200 with errors and no data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.testing.x_server import XServer


def people_routes(
    server: XServer,
    refused: Callable[[web.Request, str], web.Response | None],
    answer: Callable[..., web.Response],
) -> list[web.RouteDef]:
    """`refused` and `answer`: as every endpoint does it."""

    def told(request: web.Request, name: str | None) -> web.Response:
        if (refusal := refused(request, "me")) is not None:
            return refusal
        if name is None:
            return answer(request, {"errors": [{"title": "Not Found Error", "resource_type": "user"}]})
        server.till.sell("user", [server.world.users[name]])
        wanted = {"id", "name", "username", *request.query.get("user.fields", "").split(",")}
        user = shown(server.world.users[name], name)
        return answer(request, {"data": {key: value for key, value in user.items() if key in wanted}})

    async def by_id(request: web.Request) -> web.Response:
        id_ = request.match_info["id"]
        return told(request, next((name for name, one in server.world.users.items() if one == id_), None))

    async def by_name(request: web.Request) -> web.Response:
        name = request.match_info["name"].lower()
        return told(request, name if name in server.world.users else None)

    return [web.get("/2/users/{id:[0-9]+}", by_id), web.get("/2/users/by/username/{name}", by_name)]


def shown(user_id: str, name: str) -> dict[str, Any]:
    return {
        "id": user_id,
        "name": name.title(),
        "username": name,
        "created_at": "2013-12-14T04:35:55.000Z",
        "description": "Tea &amp; kettles",
        "public_metrics": {"followers_count": 1234, "following_count": 12, "tweet_count": 9},
        "verified": False,
    }
