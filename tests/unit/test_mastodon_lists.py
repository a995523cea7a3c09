"""Lists in which rows do not stand by the times that they say, and readings that were broken off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import Unavailable
from bot.testing.mastodon_world import MASTODON, PLEROMA, Manners
from connectors.mastodon.server import SPARE
from tests.unit.mastodon_stand import stand
from tests.unit.test_mastodon_inbox import Reader as InboxReader
from tests.unit.test_mastodon_timelines import Reader, two

ANN = "ann@else.example"


@pytest.mark.parametrize("before", [3, 60])
async def test_a_late_post_hides_no_newer_ones(before: int) -> None:
    """Some servers sort by when they heard of a post: one of two hours ago on top is new, and so is what is below."""
    async with stand(PLEROMA) as it:
        world, reader = it.server.world, Reader(it)
        await it.clock.advance(7200)
        for number in range(before):
            await it.clock.advance(30)
            world.post("ben", f"the #lift {number}")
        assert before == len(await reader.read())
        await it.clock.advance(30)
        new = [
            world.post("ben", "the #lift is stuck"),
            world.post(ANN, "the #lift, late", at=it.clock.now() - timedelta(hours=2)),
        ]
        assert [it.id(one) for one in new] == await reader.read()
        for number in range(50):
            await it.clock.advance(5)
            after = world.post("ben", f"the #lift again {number}")
            assert [it.id(after)] == await reader.read()


@pytest.mark.parametrize("manners", [MASTODON, PLEROMA])
async def test_posts_that_claim_to_be_of_tomorrow_hide_nothing(manners: Manners) -> None:
    """Whoever writes a wrong time into fifty posts does not silence a hashtag."""
    async with stand(manners) as it:
        world, reader = it.server.world, Reader(it)
        tomorrow = it.clock.now() + timedelta(days=1)
        for number in range(50):
            world.post("mallory@else.example", f"#lift {number}", at=tomorrow)
        assert 50 == len(await reader.read())
        for number in range(60):
            await it.clock.advance(7)
            seen = world.post("ben", f"the #lift {number}")
            assert [it.id(seen)] == await reader.read()
        assert [] == await reader.read()


async def test_a_long_reading_goes_on_where_a_limit_stopped_it() -> None:
    """A server that grants fewer requests than a crisis has pages: all arrive, once, in order."""
    async with stand() as it:
        it.server.granted.most, it.server.most = 40, 10
        reader = InboxReader(it)
        asked = [it.id(it.server.ask(f"@acme {number}")) for number in range(600)]
        heard: list[str] = []
        waits = 0
        while len(heard) < len(asked):
            assert waits < 6, f"{len(heard)} after {waits} limits"
            try:
                heard += await reader.read()
            except Unavailable as error:
                heard += [post.id for batch in reader.batches for post in batch.posts]
                await it.clock.advance(error.retry_after.total_seconds() + 1 if error.retry_after else 0)
                waits += 1
        assert asked == heard
        assert [] == await reader.read()


async def test_a_long_reading_is_kept_until_what_is_missing_was_looked_for() -> None:
    """A limit between the two costs no page again."""
    async with stand() as it:
        it.server.most = 10
        reader = InboxReader(it)
        first = it.server.ask()
        await reader.read()
        it.server.world.delete(first)
        it.server.world.notifications.clear()
        asked = [it.id(it.server.ask(f"@acme {number}")) for number in range(100)]
        it.server.granted.most = len(it.server.asked) + 11 + SPARE
        it.server.asked.clear()
        with pytest.raises(Unavailable) as caught:
            await reader.read()
        assert [] == reader.batches
        assert caught.value.retry_after is not None
        await it.clock.advance(caught.value.retry_after.total_seconds() + 1)
        assert asked == await reader.read()
        assert [it.id(first)] == [one.post_id for one in reader.deleted]
        assert 11 == sum(one.endswith("/notifications") for one in it.server.asked)


async def test_a_next_page_that_is_called_otherwise_is_read() -> None:
    """Servers with cursors of their own take an id all the same."""
    async with stand(replace(MASTODON, next_by="cursor")) as it:
        it.server.most = 20
        reader = InboxReader(it)
        asked = [it.id(it.server.ask(f"@acme {number}")) for number in range(70)]
        assert asked == await reader.read()


async def test_answers_to_what_nobody_may_see_ask_for_it_once() -> None:
    """A hundred of them cost one request for their thread."""
    async with stand() as it:
        hidden = it.server.world.post(ANN, "for my friends", visibility="private")
        reader = InboxReader(it)
        asked = [it.id(it.server.ask(f"@acme {number}", parent=hidden)) for number in range(100)]
        assert asked == await reader.read()
        assert 1 == sum(one.endswith("/context") for one in it.server.asked)
        roots = {post.root.id for batch in reader.batches for post in batch.posts if post.root}
        assert {it.id(hidden)} == roots


@pytest.mark.parametrize("status", [401, 429])
async def test_the_others_do_not_wait_for_one_server(status: int) -> None:
    """Neither for a person, nor as long as it asks to be left alone; and it is left alone."""
    async with two() as (it, other):
        reader = Reader(it, other)
        it.server.refuse(status, path="/tag/lift", headers={"Retry-After": "300"} if status == 429 else {})
        with pytest.raises(Unavailable) as caught:
            await reader.read()
        assert None is caught.value.retry_after
        asked = len(it.server.asked)
        there = other.world.post("ben", "the #lift there")
        if status == 429:
            with pytest.raises(Unavailable):
                await reader.read()
            assert asked == len(it.server.asked)
            assert [f"{other.host}/{there}"] == [one.id for batch in reader.batches for one in batch.posts]
        else:
            assert [f"{other.host}/{there}"] == await reader.read()
