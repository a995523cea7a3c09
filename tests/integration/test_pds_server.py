"""The loopback PDS behaves as its documentation says: a fake that is kinder than the real one proves nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.testing.clock import ManualClock
from bot.testing.pds_server import PdsServer

DID, PASSWORD = "did:plc:acme", "pass-word"
RKEY = "3n2qnm55xztp4"
RECORD = {"$type": "app.bsky.feed.post", "text": "größe", "createdAt": "2026-11-20T13:05:00.000Z"}
REF = {"uri": "at://did:plc:ann/app.bsky.feed.post/1", "cid": "bafy"}


@dataclass
class Client:
    server: PdsServer
    clock: ManualClock
    web: aiohttp.ClientSession
    token: str = ""

    async def post(self, method: str, token: str | None = None, **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        url = f"{self.server.url}/xrpc/{method}"
        async with self.web.post(url, json=body or None, headers=headers) as answer:
            return answer.status, {**dict(answer.headers), **await answer.json()}

    async def get(self, method: str, **query: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.server.url}/xrpc/{method}"
        async with self.web.get(url, params=query, headers=headers) as answer:
            return answer.status, await answer.json()

    async def login(self, password: str = PASSWORD) -> tuple[int, dict[str, Any]]:
        method = "com.atproto.server.createSession"
        status, told = await self.post(method, identifier="acme.test", password=password)
        self.token = told.get("accessJwt", self.token)
        return status, told

    async def write(
        self, verb: str = "put", token: str | None = None, **more: Any
    ) -> tuple[int, dict[str, Any]]:
        given = {"repo": DID, "collection": "app.bsky.feed.post", "rkey": RKEY, "record": RECORD, **more}
        return await self.post(f"com.atproto.repo.{verb}Record", token, **given)


@asynccontextmanager
async def signed_in() -> AsyncIterator[Client]:
    clock = ManualClock()
    async with PdsServer(clock) as server, aiohttp.ClientSession() as web:
        server.account(DID, "acme.test", "pass-word")
        client = Client(server, clock, web)
        assert 200 == (await client.login())[0]
        yield client


async def test_sessions() -> None:
    """A wrong password is a 401, an access token ends after two hours, a refresh token rotates."""
    async with signed_in() as client:
        assert (401, "AuthenticationRequired") == error(await client.login("wrong"))
        _, told = await client.login()
        assert f"{client.server.url}" == told["didDoc"]["service"][0]["serviceEndpoint"]
        await client.clock.advance(7201)
        assert (400, "ExpiredToken") == error(await client.write())
        refresh = told["refreshJwt"]
        assert (400, "InvalidToken") == error(await client.write(token=refresh))
        renew = "com.atproto.server.refreshSession"
        assert (400, "InvalidRequest") == error(await client.post(renew, token=refresh, why="not"))
        for _ in range(2):  # the second time within its grace
            status, renewed = await client.post(renew, token=refresh)
            assert (200, True) == (status, renewed["refreshJwt"] != refresh)
        await client.clock.advance(7201)
        assert (400, "ExpiredToken") == error(await client.post(renew, token=refresh))
        client.token = (await client.post(renew, token=renewed["refreshJwt"]))[1]["accessJwt"]
        assert 200 == (await client.write())[0]
        client.server.sessions.revoke()
        assert (400, "ExpiredToken") == error(await client.write())
        assert (400, "InvalidToken") == error(await client.write(token="x.y.z"))


async def test_logins_are_limited() -> None:
    """30 in five minutes; the answer says when the next one may come."""
    async with signed_in() as client:
        for _ in range(29):
            assert 401 == (await client.login("wrong"))[0]
        status, told = await client.login()
        assert (429, "RateLimitExceeded") == (status, told["error"])
        assert 299 <= int(told["ratelimit-reset"]) - client.clock.now().timestamp() <= 301
        await client.clock.advance(301)
        assert 200 == (await client.login())[0]


async def test_put_and_create() -> None:
    """The same record again changes nothing; another one needs no swap, or the right one; a taken key is a 500."""
    async with signed_in() as client:
        first = await client.write(swapRecord=None)
        assert (200, first[1]["cid"]) == cid_of(await client.write(swapRecord=None))
        other = {**RECORD, "text": "other"}
        assert (400, "InvalidSwap") == error(await client.write(record=other, swapRecord=None))
        assert (400, "InvalidSwap") == error(await client.write(record=other, swapRecord="bafy"))
        assert 200 == (await client.write(record=other, swapRecord=first[1]["cid"]))[0]
        assert 200 == (await client.write())[0]
        assert (500, "InternalServerError") == error(await client.write("create"))
        assert ([RECORD], 1) == (client.server.posts(DID), client.server.repositories[DID].written)
        for _ in range(2):
            assert 200 == (await client.write("delete"))[0]
        query = {"repo": DID, "collection": "app.bsky.feed.post", "rkey": RKEY}
        assert (400, "RecordNotFound") == error(await client.get("com.atproto.repo.getRecord", **query))
        assert 200 == (await client.write("create"))[0]
        assert RECORD == (await client.get("com.atproto.repo.getRecord", **query))[1]["value"]
        assert (401, "AuthenticationRequired") == error(await client.write(repo="did:plc:ann"))


def facet(start: int, end: int, **feature: Any) -> dict[str, Any]:
    kind = {"did": "mention", "uri": "link", "tag": "tag"}[next(iter(feature))]
    features = [{"$type": f"app.bsky.richtext.facet#{kind}", **feature}]
    return {"facets": [{"index": {"byteStart": start, "byteEnd": end}, "features": features}]}


@pytest.mark.parametrize(
    "more",
    [
        {"text": "x" * 301},
        {"text": "👩‍👩‍👧" * 167},
        {"text": None},
        {"$type": "app.bsky.feed.like"},
        {"createdAt": "now"},
        {"createdAt": "2026-11-20T13:05:00"},
        {"langs": ["a", "b", "c", "d"]},
        {"reply": {"parent": REF}},
        {"reply": {"parent": REF, "root": {"uri": REF["uri"]}}},
        facet(0, 8, uri="https://a.example"),
        facet(3, 3, uri="https://a.example"),
        facet(-1, 2, uri="https://a.example"),
        facet(3, 5, uri="https://a.example"),
        facet(0, 2, did=None),
        facet(0, 2, tag="x" * 65),
    ],
)
async def test_a_record_that_cannot_be(more: dict[str, Any]) -> None:
    """Too long, of no time, hanging nowhere, marked up outside of its text or within a character."""
    async with signed_in() as client:
        assert (400, "InvalidRequest") == error(await client.write(record=RECORD | more))
        assert [] == client.server.posts(DID)


@pytest.mark.parametrize(
    "more", [{"text": "x" * 300}, facet(2, 4, tag="ö"), {"reply": {"root": REF, "parent": REF}}]
)
async def test_a_record_that_can(more: dict[str, Any]) -> None:
    """At the edge of what it may be."""
    async with signed_in() as client:
        assert 200 == (await client.write(record=RECORD | more))[0]


@pytest.mark.parametrize("rkey", ["self", "3n2qnm55xztp", "3n2qnm55xztp41", "zn2qnm55xztp4", "3n2qnm55xzt01"])
async def test_a_key_that_is_no_tid(rkey: str) -> None:
    """The collection wants one."""
    async with signed_in() as client:
        assert (400, "InvalidRequest") == error(await client.write(rkey=rkey))


async def test_writes_are_limited() -> None:
    """5,000 points an hour, of which a put takes two."""
    async with signed_in() as client:
        for _ in range(2500):
            client.server._spend(2)
        assert (429, "RateLimitExceeded") == error(await client.write())


async def test_as_a_process_it_keeps_a_journal(tmp_path: Path) -> None:
    """What was published is there after a kill, once, whatever its client was told."""
    journal = tmp_path / "journal"
    words = [sys.executable, "-m", "bot.testing.pds_server", "--port", "0", "--journal", str(journal)]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        url = json.loads(await process.stdout.readline())["url"]
        await steered(url)
    finally:
        process.kill()
        await process.wait()
    assert ["größe"] == [json.loads(line)["text"] for line in journal.read_text().splitlines()]


async def steered(url: str) -> None:
    """Fill it, lose an answer, publish again."""
    async with aiohttp.ClientSession() as web:
        commands: list[dict[str, Any]] = [
            {"do": "account", "did": DID, "handle": "acme.test", "password": "pass-word"},
            {"do": "post", "uri": REF["uri"], "text": "is it down?"},
            {"do": "notify", "reason": "mention", "uri": REF["uri"], "text": "is it down?"},
            {"do": "mishap", "how": "cut", "is_done": True},
        ]
        for command in commands:
            await web.post(f"{url}/_control", json=command)
        words = {"identifier": "acme.test", "password": "pass-word"}
        async with web.post(f"{url}/xrpc/com.atproto.server.createSession", json=words) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['accessJwt']}"}
        write = {"repo": DID, "collection": "app.bsky.feed.post", "rkey": RKEY, "record": RECORD}
        put = f"{url}/xrpc/com.atproto.repo.putRecord"
        with pytest.raises(aiohttp.ClientError):
            await web.post(put, json=write, headers=headers)
        assert 200 == (await web.post(put, json=write, headers=headers)).status
        async with web.post(f"{url}/_control", json={"do": "posts", "did": DID}) as answer:
            assert [RECORD] == await answer.json()


def error(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1].get("error", "")


def cid_of(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["cid"]
