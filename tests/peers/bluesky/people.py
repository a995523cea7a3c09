"""People of a real Bluesky network, who use it as an app does, over XRPC; and what the public reads there.

Knows none of our connectors, so that the two cannot share a mistake.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp

from tests.peers.bluesky.network import Network

T = TypeVar("T")
POST = "app.bsky.feed.post"
LAG = 30.0
"""Seconds until the AppView must have heard of something; one is usual."""


class Refused(Exception):  # noqa: N818 - what the server did
    """An answer other than 200."""


@dataclass(frozen=True, kw_only=True)
class Ref:
    """`com.atproto.repo.strongRef`."""

    uri: str
    cid: str

    @property
    def value(self) -> dict[str, str]:
        return {"uri": self.uri, "cid": self.cid}

    @property
    def rkey(self) -> str:
        return self.uri.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Person:
    """An account, signed in with its main password."""

    network: Network
    did: str
    handle: str
    token: str

    async def app_password(self) -> str:
        told = await self._do("com.atproto.server.createAppPassword", name="outcare")
        return str(told["password"])

    async def revoke(self) -> None:
        """Take the app password away."""
        await self._do("com.atproto.server.revokeAppPassword", name="outcare")

    async def post(
        self, text: str, *, of: Person | None = None, at: datetime | None = None, **more: Any
    ) -> Ref:
        """`of` is mentioned by `@handle` in the text; `at`: what our clock says, if it is wrong."""
        record = {"text": text, "createdAt": stamp(at or datetime.now(UTC)), **more}
        if of is not None:
            record["facets"] = [_mention(text, of)]
        return await self.write(POST, **record)

    async def reply(self, text: str, *, root: Ref, parent: Ref) -> Ref:
        return await self.post(text, reply={"root": root.value, "parent": parent.value})

    async def write(self, collection: str, *, rkey: str | None = None, **record: Any) -> Ref:
        key = {"rkey": rkey} if rkey else {}
        whole = {"$type": collection, "createdAt": stamp(datetime.now(UTC)), **record}
        told = await self._do(
            "com.atproto.repo.createRecord", repo=self.did, collection=collection, record=whole, **key
        )
        return Ref(uri=told["uri"], cid=told["cid"])

    async def delete(self, ref: Ref) -> None:
        collection = ref.uri.split("/")[3]
        await self._do("com.atproto.repo.deleteRecord", repo=self.did, collection=collection, rkey=ref.rkey)

    async def like(self, ref: Ref) -> Ref:
        return await self.write("app.bsky.feed.like", subject=ref.value)

    async def block(self, other: Person) -> Ref:
        return await self.write("app.bsky.graph.block", subject=other.did)

    async def shut(self, ref: Ref) -> Ref:
        """Let nobody reply."""
        return await self.write("app.bsky.feed.threadgate", rkey=ref.rkey, post=ref.uri, allow=[])

    async def seen(self, ref: Ref) -> dict[str, Any] | None:
        """A post, as the AppView shows it to this account."""
        told = await get(self.network.pds, "app.bsky.feed.getPosts", token=self.token, uris=ref.uri)
        return next(iter(told["posts"]), None)

    async def told(self) -> list[dict[str, Any]]:
        """Its notifications, the newest first."""
        method = "app.bsky.notification.listNotifications"
        rows: list[dict[str, Any]] = (await get(self.network.pds, method, token=self.token, limit="100"))[
            "notifications"
        ]
        return rows

    async def _do(self, method: str, **body: Any) -> dict[str, Any]:
        return await call("POST", f"{self.network.pds}/xrpc/{method}", token=self.token, body=body)


async def join(network: Network, name: str, *, is_awaited: bool = True) -> Person:
    """A new account. The AppView knows it when this returns, unless nobody waits for that."""
    handle = f"{name}-{secrets.token_hex(4)}.test"
    body = {"handle": handle, "email": f"{handle}@mail.test", "password": secrets.token_hex(8)}
    told = await call("POST", f"{network.pds}/xrpc/com.atproto.server.createAccount", body=body)
    person = Person(network=network, did=told["did"], handle=handle, token=told["accessJwt"])
    if network.appview and is_awaited:
        await person.write("app.bsky.actor.profile", rkey="self", displayName=name.title())
        await soon(lambda: _is_known(person), what=f"the AppView knows {handle}")
    return person


async def _is_known(person: Person) -> bool:
    assert person.network.appview is not None
    try:
        told = await get(person.network.appview, "app.bsky.actor.getProfile", actor=person.did)
    except Refused:
        return False
    return bool(told.get("displayName")) and told["handle"] == person.handle


async def soon(ask: Callable[[], Awaitable[T]], *, what: str) -> T:
    """What is true at last, as soon as the AppView has heard of it."""
    deadline = time.monotonic() + LAG
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"not yet: {what}"
        await asyncio.sleep(0.1)
    return answer


async def shown(network: Network, ref: Ref) -> None:
    """Wait until anybody can read a post."""
    await soon(lambda: thread(network, ref), what=f"the AppView shows {ref.uri}")


async def thread(network: Network, ref: Ref) -> dict[str, Any] | None:
    """A post with what is below it; None: it is not there."""
    assert network.appview is not None
    try:
        told = await get(network.appview, "app.bsky.feed.getPostThread", uri=ref.uri, depth="6")
    except Refused as refused:
        if "NotFound" in str(refused):
            return None
        raise
    node: dict[str, Any] = told["thread"]
    return node


async def answers(network: Network, ref: Ref) -> list[dict[str, Any]]:
    """The posts below a post, as anybody reads them."""
    node = await thread(network, ref)
    return [one["post"] for one in (node or {}).get("replies", []) if "post" in one]


async def records(network: Network, did: str) -> list[dict[str, Any]]:
    """The posts in a repository, as its server has them: {uri, cid, value}."""
    told = await get(
        network.pds, "com.atproto.repo.listRecords", repo=did, collection=POST, limit="100", reverse="true"
    )
    found: list[dict[str, Any]] = told["records"]
    return found


async def get(base: str, method: str, *, token: str | None = None, **query: str) -> dict[str, Any]:
    return await call("GET", f"{base}/xrpc/{method}", token=token, query=query)


async def call(
    verb: str,
    url: str,
    *,
    token: str | None = None,
    body: object = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Raises: Refused."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(verb, url, headers=headers, json=body, params=query) as answer,
    ):
        if answer.status != 200:
            raise Refused(f"{answer.status} {await answer.text()}")
        told: dict[str, Any] = json.loads(await answer.read() or b"{}")
        return told


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _mention(text: str, of: Person) -> dict[str, Any]:
    start = len(text[: text.index(f"@{of.handle}")].encode())
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": of.did}
    return {"index": {"byteStart": start, "byteEnd": start + len(f"@{of.handle}")}, "features": [feature]}
