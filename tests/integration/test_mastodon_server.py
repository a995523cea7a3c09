"""The fake of the Mastodon API does what the documentation says: else tests against it prove nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.testing.clock import ManualClock
from bot.testing.mastodon_server import MastodonServer
from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, PLEROMA, STUMBLING, Manners

TOKEN = "token-of-acme"
STATUSES = "/api/v1/statuses"


class Client:
    """Asks as somebody, or as nobody."""

    def __init__(self, server: MastodonServer, token: str = TOKEN) -> None:
        self.server, self.token = server, token
        self.headers: Any = {}

    async def ask(
        self, verb: str, path: str, *, key: str = "", body: Any = None, **query: Any
    ) -> tuple[int, Any]:
        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given |= {"Idempotency-Key": key} if key else {}
        async with (
            aiohttp.ClientSession(headers=given) as session,
            session.request(verb, f"{self.server.url}{path}", params=query, json=body) as answer,
        ):
            self.headers = answer.headers
            return answer.status, await answer.json()

    async def ids(self, path: str, **query: Any) -> list[str]:
        status, told = await self.ask("GET", path, **query)
        assert 200 == status
        return [row["id"] for row in told]


def server(manners: Manners = MASTODON) -> MastodonServer:
    made = MastodonServer(ManualClock(), manners)
    made.sign_in(TOKEN, "acme")
    return made


async def test_pages() -> None:
    """https://docs.joinmastodon.org/api/guidelines/#pagination"""
    async with server() as there:
        client = Client(there)
        made = [there.world.tell("mention", there.world.post("ann", "@acme"))["id"] for _ in range(5)]
        newest = made[::-1]
        path = "/api/v1/notifications"
        assert newest == await client.ids(path)
        assert newest[:2] == await client.ids(path, limit=2)
        assert f'<https://social.test{path}?max_id={newest[1]}>; rel="next"' in client.headers["Link"]
        assert newest[2:4] == await client.ids(path, limit=2, max_id=newest[1])
        assert newest[:3] == await client.ids(path, since_id=newest[3])
        assert newest[1:3] == await client.ids(path, limit=2, min_id=newest[3])
        assert [] == await client.ids(path, since_id=newest[0])
        assert "Link" not in client.headers
        assert [] == await client.ids(path, **{"types[]": "quote"})


async def test_other_manners() -> None:
    """Ids of other kinds, no `Link`, bounds that are not kept, every kind of notification."""
    async with server(PLEROMA) as there:
        client = Client(there)
        first = there.world.tell("mention", there.world.post("ann", "@acme"))["id"]
        second = there.world.tell("favourite", there.world.post("acme", "look"))["id"]
        found = await client.ids("/api/v1/notifications", since_id=first, **{"types[]": "mention"})
        assert ([second, first], True) == (found, first.startswith("Ap"))
        assert "Link" not in client.headers
        assert 404 == (await client.ask("GET", "/api/v2/instance"))[0]


async def test_who_may_what() -> None:
    """401 without a token that opens, 403 without its scope, 404 for what is not for one's eyes."""
    async with server() as there:
        there.sign_in("reader", "ann", "read")
        private = there.world.post("ben", "@acme psst", visibility="direct")
        assert 401 == (await Client(there, "").ask("GET", "/api/v1/notifications"))[0]
        assert 401 == (await Client(there, "old").ask("GET", f"{STATUSES}/{private}"))[0]
        reader = Client(there, "reader")
        assert 403 == (await reader.ask("POST", STATUSES, body={"status": "x"}))[0]
        assert "insufficient_scope" in reader.headers["WWW-Authenticate"]
        assert 404 == (await reader.ask("GET", f"{STATUSES}/{private}"))[0]
        assert 404 == (await Client(there, "").ask("GET", f"{STATUSES}/{private}/context"))[0]
        assert 200 == (await Client(there).ask("GET", f"{STATUSES}/{private}"))[0]
        assert 404 == (await Client(there).ask("DELETE", f"{STATUSES}/{private}"))[0]


async def test_writing() -> None:
    """Published, edited, deleted; too long and empty are a 422, a parent that is gone a 404."""
    async with server() as there:
        client = Client(there)
        asked = there.world.post("ann@else.example", "hello?")
        body = {"status": " @ann@else.example <b> https://a.example/x\n\nyes ", "in_reply_to_id": asked}
        status, told = await client.ask("POST", STATUSES, body=body)
        assert (200, asked, ["ann@else.example"]) == (
            status,
            told["in_reply_to_id"],
            [one["acct"] for one in told["mentions"]],
        )
        assert "&lt;b&gt;" in told["content"]
        assert told["content"].endswith("</p><p>yes</p>")
        own = f"{STATUSES}/{told['id']}"
        assert body["status"].strip() == (await client.ask("GET", f"{own}/source"))[1]["text"]
        assert (await client.ask("PUT", own, body={"status": "no"}))[1]["edited_at"]
        context = (await client.ask("GET", f"{own}/context"))[1]
        assert [asked] == [one["id"] for one in context["ancestors"]]
        for text, expected in (("x" * 500, 200), ("x" * 501, 422), (" ", 422)):
            assert expected == (await client.ask("POST", STATUSES, body={"status": text}))[0]
        there.world.delete(asked)
        assert None is (await client.ask("GET", own))[1]["in_reply_to_id"]
        assert 404 == (await client.ask("POST", STATUSES, body=body))[0]
        assert [200, 404] == [(await client.ask("DELETE", own))[0] for _ in range(2)]


@pytest.mark.parametrize(
    ("manners", "statuses", "posts"),
    [(MASTODON, [200, 200], 1), (STUMBLING, [200, 500], 1), (GOTOSOCIAL, [200, 200], 2)],
)
async def test_a_key_that_comes_again(manners: Manners, statuses: list[int], posts: int) -> None:
    """The same post, an error (https://github.com/mastodon/mastodon/issues/40399), or a second post."""
    async with server(manners) as there:
        client = Client(there)
        answers = [await client.ask("POST", STATUSES, key="a", body={"status": "x"}) for _ in range(2)]
        assert (statuses, posts) == ([status for status, _ in answers], len(there.said("acme")))


@pytest.mark.parametrize(
    ("manners", "reset"), [(MASTODON, "2026-01-05T09:05:00.000Z"), (GOTOSOCIAL, "1767603900")]
)
async def test_limits(manners: Manners, reset: str) -> None:
    """300 in five minutes, told with each answer; a 429 behind them."""
    there = server(manners)
    async with there:
        client = Client(there)
        there.granted.most = 2
        seen = []
        for _ in range(3):
            status, _ = await client.ask("GET", "/api/v1/notifications")
            seen.append(
                (status, client.headers["X-RateLimit-Remaining"], client.headers["X-RateLimit-Reset"])
            )
        assert [(200, "1", reset), (200, "0", reset), (429, "0", reset)] == seen
        assert isinstance(there.clock, ManualClock)
        await there.clock.advance(timedelta(minutes=5).total_seconds())
        assert 200 == (await client.ask("GET", "/api/v1/notifications"))[0]


async def test_a_search_may_be_absent() -> None:
    """Where it is there, it finds a status by its address."""
    async with server() as there:
        status = there.world.entity(there.world.statuses[there.world.post("ann@else.example", "hello?")])
        found = (await Client(there).ask("GET", "/api/v2/search", q=status["url"], resolve="true"))[1]
        assert [status["id"]] == [one["id"] for one in found["statuses"]]
    async with server(Manners(has_search=False)) as there:
        assert 404 == (await Client(there).ask("GET", "/api/v2/search", q="x"))[0]
