"""What a real server tells an account: each mention once, in order; edits, deletions, and all of it after faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Reason, Unauthorized, Unavailable
from connectors.mastodon.inbox import InboxSource
from tests.peers.mastodon.server import DOMAIN, Server
from tests.peers.mastodon.stand import Reader, Stand, in_real_time

pytestmark = pytest.mark.timeout(120)
PATIENCE = 3.0
"""Seconds: what lies between is a real server, and a busy machine."""


@asynccontextmanager
async def inbox(server: Server) -> AsyncIterator[tuple[Stand, Reader]]:
    """At its beginning."""
    async with in_real_time(server) as (here, wiring):
        reader = Reader(InboxSource(here.settings, wiring))
        assert [] == await reader.read()
        yield here, reader


async def test_mentions_and_replies_come_once(server: Server) -> None:
    """In their order, with ids, authors and relations; favourites, boosts and follows do not."""
    async with inbox(server) as (here, reader):
        ours = here.brand.post("our new lift")
        assert [ours] == [one.id.partition("/")[2] for one in await reader.read()]
        here.ann.press("favourite", ours)
        here.ann.press("reblog", ours)
        here.ann.follow(here.brand)
        mention = here.ann.post(f"hey @{here.brand.name}, is the #lift down?", spoiler_text="lifts")
        reply = here.ann.post(f"@{here.brand.name} it is", under=ours)
        posts = await reader.read()
        assert [here.id(mention), here.id(reply)] == [post.id for post in posts]
        assert {"mention", "favourite", "reblog", "follow"} == set(here.brand.told())
        first, second = posts
        assert {here.ann.acct} == {post.author_id for post in posts}
        assert (here.brand.acct,) == first.mentions
        assert ("lifts", f"hey @{here.brand.name}, is the #lift down?") == (first.title, first.text)
        assert (None, here.id(ours)) == (first.parent, second.parent and second.parent.id)
        assert second.parent is not None
        assert here.brand.acct == second.parent.author_id
        assert [] == await reader.read()


async def test_a_direct_message_is_private(server: Server) -> None:
    """And what stands below it is too."""
    async with inbox(server) as (here, reader):
        here.ann.post(f"@{here.brand.name} my order is 4711", visibility="direct")
        here.ann.post(f"@{here.brand.name} where is it?", visibility="unlisted")
        assert [True, False] == [post.is_private for post in await reader.read()]


async def test_edits_and_deletions_are_seen(server: Server) -> None:
    """Also one whose notification stays, without its status."""
    async with inbox(server) as (here, reader):
        kept = here.ann.post(f"@{here.brand.name} is it down?")
        gone = here.ann.post(f"@{here.brand.name} oops")
        assert 2 == len(await reader.read())
        here.ann.edit(kept, f"@{here.brand.name} is it up?")
        here.ann.delete(gone)
        (edit,) = await reader.read()
        assert (here.id(kept), True) == (edit.id, edit.is_edit)
        assert f"@{here.brand.name} is it up?" == edit.text
        assert [here.id(gone)] == reader.deleted
        assert ([], []) == (await reader.read(), reader.deleted)


async def test_what_a_colleague_answers_is_seen(server: Server) -> None:
    """Posts of the account's own, in public and in private."""
    async with inbox(server) as (here, reader):
        asked = here.ann.post(f"@{here.brand.name} is it down?")
        await reader.read()
        answer = here.brand.post(f"@{here.ann.name} it is not", under=asked)
        (ours,) = await reader.read()
        assert (here.id(answer), here.brand.acct) == (ours.id, ours.author_id)
        assert ours.parent is not None
        assert (here.id(asked), here.ann.acct) == (ours.parent.id, ours.parent.author_id)


FAULTS: dict[str, tuple[str, dict[str, Any], Reason]] = {
    "429": ("ratelimit", {}, Reason.RATE_LIMITED),
    "429 without a time": ("status", {"status": 429}, Reason.RATE_LIMITED),
    "500": ("status", {"status": 500}, Reason.SERVER),
    "503": ("status", {"status": 503, "headers": {"Retry-After": "7"}}, Reason.SERVER),
    "malformed": ("malformed", {}, Reason.PROTOCOL),
    "timeout": ("timeout", {}, Reason.TIMEOUT),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_after_a_fault_all_of_a_burst_arrives_once(server: Server, name: str) -> None:
    """On the first page, and on the third of a hundred mentions: none is lost or doubled, and they stay in order."""
    kind, effect, reason = FAULTS[name]
    async with inbox(server) as (here, reader):
        asked = [here.ann.post(f"@{here.brand.name} {number}") for number in range(100)]
        heard: list[str] = []
        for good in (0, 2):
            plant(server, good, kind, effect)
            here.http.patience = PATIENCE if kind == "timeout" else None
            with pytest.raises(Unavailable) as caught:
                heard += [post.id for post in await reader.read()]
            assert (reason, []) == (caught.value.reason, server.faults), caught.value
            here.http.patience = None
            reader.source = again(here)
        heard += [post.id for post in await reader.read()]
        assert [here.id(one) for one in asked] == heard
        assert [] == await reader.read()


def plant(server: Server, good: int, kind: str, effect: dict[str, Any]) -> None:
    """So many pages come before the one that fails."""
    server.calm()
    if good:
        server.fail("latency", on="/api/v1/notifications", times=good)
    server.fail(kind, on="/api/v1/notifications", **effect)


def again(here: Stand) -> InboxSource:
    """As after a restart: a limit that was named is for the account, and would be waited for."""
    return InboxSource(here.settings, here.wiring())


async def test_a_limit_is_kept_to(server: Server) -> None:
    """Asked again before the named time, nothing is asked."""
    async with inbox(server) as (here, reader):
        server.fail("ratelimit", on="/api/v1/notifications", headers={"Retry-After": "300"})
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await reader.read()
            assert Reason.RATE_LIMITED is caught.value.reason
            wait = caught.value.retry_after
            assert wait is not None
            assert timedelta(seconds=290) < wait <= timedelta(seconds=300)
            here.line.asked.clear()
        assert [] == here.line.asked


async def test_a_revoked_token_is_told(server: Server) -> None:
    """By what a person can mend."""
    async with inbox(server) as (here, reader):
        server.fail(
            "status", on="/api/v1/notifications", status=401, body={"error": "The access token is invalid"}
        )
        with pytest.raises(Unauthorized):
            await reader.read()
        mention = here.ann.post(f"@{here.brand.name} is it down?")
        assert [here.id(mention)] == [post.id for post in await reader.read()]


async def test_a_mention_of_a_name_that_begins_alike_is_none(server: Server) -> None:
    """Whom the server says that it names counts, not the text."""
    async with inbox(server) as (here, reader):
        here.ann.post(f"@{here.brand.name}x@{DOMAIN} is it down?")
        assert [] == await reader.read()
