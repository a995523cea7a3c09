"""Hashtags, local timelines, people and threads, as a real server tells them, with and without an account."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from bot.errors import Reason, Rejected, Unavailable
from bot.testing.replier_contract import a_reply
from connectors.mastodon.lookup import account_lookup
from connectors.mastodon.replier import MastodonReplier
from connectors.mastodon.timelines import Settings, TimelinesSource
from tests.peers.mastodon.people import join
from tests.peers.mastodon.server import Server
from tests.peers.mastodon.stand import Reader, Stand, a_question, in_real_time, stand

pytestmark = pytest.mark.timeout(120)


def a_tag() -> str:
    return f"lift{secrets.token_hex(4)}"


def source(here: Stand, *tags: str, local: bool = False) -> TimelinesSource:
    settings = Settings(servers=(here.line.url,), hashtags=tags, local=local)
    return TimelinesSource(settings, here.wiring())


async def test_a_tag_is_read_without_an_account(server: Server) -> None:
    """What is public, once, and no token goes there; edits and deletions too."""
    async with in_real_time(server) as (here, _):
        tag = a_tag()
        reader = Reader(source(here, tag))
        here.ann.post(f"before #{tag}")
        assert [] == await reader.read()
        public = [here.ann.post(f"the #{tag} {number}") for number in range(45)]
        here.ann.post(f"the #{tag}", visibility="unlisted")
        here.ann.post("no tag")
        posts = await reader.read()
        assert [here.id(one) for one in public] == [post.id for post in posts]
        assert {here.ann.acct} == {post.author_id for post in posts}
        here.ann.edit(public[-1], f"the #{tag} is stuck")
        here.ann.delete(public[-2])
        (edit,) = await reader.read()
        assert (here.id(public[-1]), True) == (edit.id, edit.is_edit)
        assert [here.id(public[-2])] == reader.deleted
        assert ([], []) == (await reader.read(), reader.deleted)


async def test_a_local_timeline_and_a_tag_tell_a_post_once(server: Server) -> None:
    """It stands in both."""
    async with in_real_time(server) as (here, _):
        tag = a_tag()
        reader = Reader(source(here, tag, local=True))
        await reader.read()
        both, alone = here.ann.post(f"the #{tag}"), here.ann.post("no tag")
        here.ann.press("reblog", both)
        found = [post.id for post in await reader.read()]
        assert sorted([here.id(both), here.id(alone)]) == sorted(found)
        assert [] == await reader.read()


@pytest.mark.parametrize("kind", ["ratelimit", "status", "malformed"])
async def test_after_a_fault_every_post_of_a_tag_arrives_once(server: Server, kind: str) -> None:
    """The second page fails; when it does no more, all are there, in order."""
    async with in_real_time(server) as (here, _):
        tag = a_tag()
        reader = Reader(source(here, tag))
        await reader.read()
        asked = [here.ann.post(f"the #{tag} {number}") for number in range(90)]
        path = f"/api/v1/timelines/tag/{tag}"
        server.fail("latency", on=path)
        server.fail(kind, on=path)
        with pytest.raises(Unavailable):
            await reader.read()
        reader.source = source(here, tag)
        assert [here.id(one) for one in asked] == [post.id for post in await reader.read()]


async def test_people_and_threads_are_told(server: Server) -> None:
    """By their whole names, of which the server knows its own ones without a domain."""
    async with stand(server) as here:
        lookup = account_lookup(here.settings, here.wiring())
        assert lookup is not None
        assert here.ann.acct == (await lookup.author(here.ann.acct)).id
        assert here.ann.acct == await lookup.resolve(f"@{here.ann.acct}")
        assert here.brand.acct == await lookup.resolve(here.brand.name)
        with pytest.raises(Rejected) as caught:
            await lookup.resolve("nobody@else.test")
        assert Reason.NOT_FOUND is caught.value.reason
        first = here.ann.post(f"@{here.brand.name} is it down?")
        second = here.brand.post(f"@{here.ann.name} where?", under=first)
        third = here.ann.post(f"@{here.brand.name} at home", under=second)
        here.ann.press("favourite", second)
        assert [here.id(one) for one in (first, second)] == [
            post.id for post in await lookup.thread(here.id(second))
        ]
        (answer,) = await lookup.answers(here.id(second))
        assert (here.id(third), here.id(first)) == (answer.id, answer.root and answer.root.id)
        told = await lookup.engagement(here.id(second))
        assert (1, 0, 1) == (told.likes, told.shares, told.replies)


async def test_a_post_that_names_the_address_of_another_is_not_answered(server: Server) -> None:
    """This server looks for an address in texts, and finds a post of somebody else."""
    async with stand(server) as here:
        address = "https://else.test/@carl/1"
        join(server, "ben").post(f"look at {address}")
        post = replace(a_question(here, "1"), id="else.test/1", url=address)
        with pytest.raises(Rejected) as caught:
            await MastodonReplier(here.settings, here.wiring()).publish(a_reply(post))
        assert Reason.NOT_FOUND is caught.value.reason
        assert [] == here.brand.said()
