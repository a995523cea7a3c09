"""What a reply is on the wire, and how a lost one is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import Reason, Rejected, Unavailable, Unknown
from bot.model import Post
from bot.replies import Corrector, Outgoing
from bot.testing.mastodon_world import MASTODON, OLD_MASTODON, PLEROMA
from connectors.mastodon.connector import CONNECTOR
from connectors.mastodon.replier import KEPT, MastodonReplier
from tests.unit.mastodon_stand import ACME, Stand, stand

ANN = "ann@else.example"


def a_reply(
    it: Stand, status: str, text: str = "We are on it", *, key: str = "reply:1", **more: Any
) -> Outgoing:
    now = it.clock.now()
    to = Post(
        platform="mastodon", id=it.id(status), author_id=ANN, text="?", posted_at=now, seen_at=now, **more
    )
    return Outgoing(key=key, brand="acme", text=text, to=to, approved_at=now, lang="en")


def replier(it: Stand) -> MastodonReplier:
    return MastodonReplier(it.settings, it.wiring)


def test_without_an_account_nobody_answers() -> None:
    """And nothing is read."""
    settings = CONNECTOR.account_settings
    assert settings is not None
    assert CONNECTOR.replier is not None
    assert CONNECTOR.inbox is not None
    none: Any = None
    assert (None, None) == (CONNECTOR.replier(settings(), none), CONNECTOR.inbox(settings(), none))


async def test_what_is_sent() -> None:
    """The thread, whom it names, who may see it, the warning, the language; plain text."""
    async with stand() as it:
        asked = it.server.ask("@acme food!", spoiler="food", visibility="unlisted")
        one = replier(it)
        published = await one.publish(a_reply(it, asked))
        (status,) = it.server.said("acme")
        assert {
            "status": f"@{ANN} We are on it", "in_reply_to_id": asked, "visibility": "unlisted",
            "spoiler_text": "food", "sensitive": True, "language": "en", "content_type": "text/plain",
        } == status.sent  # fmt: skip
        assert (it.id(status.id), it.clock.now()) == (published.post_id, published.at)
        assert (f"https://social.test/@acme/{status.id}", ACME) == (published.url, one.account_id)
        assert isinstance(one, Corrector)
        assert "" == one.refusal(a_reply(it, asked).to)


async def test_a_direct_message_is_answered_directly() -> None:
    """Whatever the account does by itself."""
    async with stand() as it:
        asked = it.server.ask("@acme my number is 7", visibility="direct")
        await replier(it).publish(a_reply(it, asked))
        (status,) = it.server.said("acme")
        assert "direct" == status.visibility
        with pytest.raises(Rejected, match="would go to"):
            await replier(it).publish(a_reply(it, asked, "ask @ben@else.example", key="reply:2"))
        assert 1 == len(it.server.said("acme"))


async def test_the_key_is_the_same_on_each_try() -> None:
    """For whoever honours it; it tells nothing, and is another one for each reply."""
    async with stand() as it:
        asked, one = it.server.ask(), replier(it)
        for key in ("reply:1", "reply:1", "reply:2"):
            await one.publish(a_reply(it, asked, key=key))
        assert 2 == len(it.server.said("acme"))
        assert not one.is_idempotent


async def test_an_edited_post_is_read_again_first() -> None:
    """What was read is what is answered."""
    async with stand() as it:
        asked = it.server.ask()
        it.server.world.edit(asked, "@acme is it up?")
        with pytest.raises(Rejected) as caught:
            await replier(it).publish(a_reply(it, asked))
        assert Reason.CONFLICT is caught.value.reason
        told = it.server.world.entity(it.server.world.statuses[asked])
        await replier(it).publish(a_reply(it, asked, revision=told["edited_at"]))
        assert 1 == len(it.server.said("acme"))


async def test_a_post_that_another_server_told_of() -> None:
    """Our own server is asked for it by its address."""
    async with stand() as it:
        asked = it.server.ask()
        url = it.server.world.entity(it.server.world.statuses[asked])["url"]
        reply = a_reply(it, asked, url=url)
        reply = replace(reply, to=replace(reply.to, id="else.example/42"))
        published = await replier(it).publish(reply)
        assert asked == it.server.said("acme")[0].parent
        it.wiring.vault.write(KEPT, b"{}")
        assert published == await replier(it).find(reply)
        unknown = replace(reply, to=replace(reply.to, url="https://else.example/@ann/1"))
        with pytest.raises(Rejected, match="does not know this post"):
            await replier(it).publish(unknown)
        with pytest.raises(Unavailable):
            await replier(it).find(replace(unknown, key="reply:9"))


async def test_a_post_that_names_the_address_of_another_is_another_one() -> None:
    """Servers that look for an address in texts find it first, or alone."""
    async with stand(PLEROMA) as it:
        world, at = it.server.world, it.clock.now()
        world.post("ben@else.example", "look: https://else.example/@ann/1", at=at)
        reply = a_reply(it, it.server.ask(), url="https://else.example/@ann/1")
        reply = replace(reply, to=replace(reply.to, id="else.example/42", posted_at=at - timedelta(hours=2)))
        with pytest.raises(Rejected, match="does not know this post"):
            await replier(it).publish(reply)
        assert [] == it.server.said("acme")
        its = world.post(ANN, "more at https://else.example/@ann/1", at=at - timedelta(hours=2))
        await replier(it).publish(reply)
        assert [its] == [one.parent for one in it.server.said("acme")]


@pytest.mark.parametrize("manners", [MASTODON, OLD_MASTODON, PLEROMA])
async def test_a_lost_reply_is_found_when_the_question_is_gone(manners: Any) -> None:
    """Among our own posts: with the question its thread is gone."""
    async with stand(manners) as it:
        asked = it.server.ask()
        reply = a_reply(it, asked)
        it.server.mishap("cut", is_done=True)
        with pytest.raises(Unknown):
            await replier(it).publish(reply)
        it.server.world.delete(asked)
        found = await replier(it).find(reply)
        assert found is not None
        assert it.id(it.server.said("acme")[0].id) == found.post_id
        assert None is await replier(it).find(a_reply(it, asked, key="reply:2"))


async def test_what_cannot_be_compared_is_asked_about() -> None:
    """A server that shows our answer otherwise than we wrote it, and no source: a person must look."""
    async with stand(OLD_MASTODON) as it:
        asked = it.server.ask()
        it.server.world.post("acme", f"@{ANN} we are on *it*", parent=asked)
        with pytest.raises(Unknown, match="see in the thread"):
            await replier(it).find(a_reply(it, asked))
        await it.clock.advance(2 * 3600)
        assert None is await replier(it).find(a_reply(it, asked))  # that one is older than the approval


async def test_an_account_that_publishes_much() -> None:
    """When all of it cannot be looked through, that is no proof."""
    async with stand() as it:
        asked = it.server.ask()
        it.server.most = 2
        for number in range(30):
            it.server.world.post("acme", f"news {number}")
        with pytest.raises(Unknown, match="published more"):
            await replier(it).find(a_reply(it, asked))


async def test_a_colleagues_answer_is_not_ours() -> None:
    """In other words, to the same post."""
    async with stand() as it:
        asked = it.server.ask()
        it.server.world.post("acme", f"@{ANN} it is up", parent=asked)
        assert None is await replier(it).find(a_reply(it, asked))


async def test_looking_that_fails_says_nothing() -> None:
    """Neither a refusal nor an outage means that it is not there."""
    async with stand() as it:
        asked = it.server.ask()
        await it.own.me()
        for status in (403, 500, 429):
            it.server.refuse(status, path="/context")
            with pytest.raises(Unavailable):
                await replier(it).find(a_reply(it, asked))


async def test_only_our_own_posts_are_touched() -> None:
    """Not those of others, and not those of another server."""
    async with stand() as it:
        asked = it.server.ask()
        for post_id in (it.id(asked), "other.example/1", "nonsense"):
            with pytest.raises(Rejected):
                await replier(it).correct(post_id, a_reply(it, asked))
        for post_id in ("other.example/1", "nonsense"):
            with pytest.raises(Rejected):
                await replier(it).delete(post_id)
        await replier(it).delete(it.id(asked))  # the server itself knows none of ours of that name
        assert asked in it.server.world.statuses


async def test_a_server_without_edits() -> None:
    """It is said, and what stands stays."""
    async with stand(OLD_MASTODON) as it:
        asked = it.server.ask()
        published = await replier(it).publish(a_reply(it, asked))
        with pytest.raises(Rejected, match="lets no post be changed"):
            await replier(it).correct(published.post_id, a_reply(it, asked, "other"))
        assert [f"@{ANN} We are on it"] == [status.text for status in it.server.said("acme")]


async def test_half_a_character() -> None:
    """Is none."""
    async with stand() as it:
        with pytest.raises(Rejected, match="half a character"):
            await replier(it).publish(a_reply(it, it.server.ask(), "\ud83d"))


async def test_deletions_have_a_limit_of_their_own() -> None:
    """30 in half an hour: a reply is not held up by it."""
    async with stand() as it:
        asked = it.server.ask()
        published = await replier(it).publish(a_reply(it, asked))
        it.server.mishap(429, is_done=False, headers={"Retry-After": "600"})
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await replier(it).delete(published.post_id)
            assert timedelta(minutes=10) == caught.value.retry_after
        assert 1 == sum(asked.startswith("DELETE") for asked in it.server.asked)
        await replier(it).publish(a_reply(it, asked, key="reply:2"))
