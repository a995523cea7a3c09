"""What stands in a reply's record, and what keeps one from being published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import BotError, Reason, Rejected, Unavailable, Unknown
from bot.http import HttpClient
from bot.model import Post, PostRef
from bot.ports import Wiring
from bot.replies import Outgoing
from bot.testing.clock import ManualClock
from bot.testing.pds_server import PdsServer
from bot.testing.replier_contract import a_reply
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.connector import CONNECTOR
from connectors.bluesky.replier import BlueskyReplier

DID, PASSWORD = "did:plc:acme", "aaaa-bbbb-cccc-dddd"
ROOT = "at://did:plc:ben/app.bsky.feed.post/3n2qnlq2bhk2s"
ASKED = "at://did:plc:ann/app.bsky.feed.post/3n2qnlq2bhk3s"


@dataclass
class Stand:
    server: PdsServer
    clock: ManualClock
    replier: BlueskyReplier
    root_cid: str
    cid: str

    def post(self, **more: Any) -> Post:
        at = self.clock.now() - timedelta(hours=1)
        given: dict[str, Any] = {
            "platform": "bluesky",
            "id": ASKED,
            "author_id": "did:plc:ann",
            "text": "is it down?",
            "posted_at": at,
            "seen_at": at,
            "parent": PostRef(id=ROOT, revision=self.root_cid),
            "root": PostRef(id=ROOT, revision=self.root_cid),
            "revision": self.cid,
        }
        return Post(**{**given, **more})

    async def failure(self, reply: Outgoing) -> BotError:
        with pytest.raises(BotError) as caught:
            await self.replier.publish(reply)
        assert [] == self.said
        return caught.value

    @property
    def said(self) -> list[dict[str, Any]]:
        return self.server.posts(DID)


@asynccontextmanager
async def stand() -> AsyncIterator[Stand]:
    clock = ManualClock()
    http = HttpClient(clock)
    async with PdsServer(clock) as server:
        server.account(DID, "acme.test", PASSWORD)
        root_cid = server.appview.post(ROOT, "my lift")
        ref = {"uri": ROOT, "cid": root_cid}
        cid = server.appview.post(ASKED, "is it down?", reply={"root": ref, "parent": ref})
        settings = AccountSettings(handle="acme.test", app_password=SecretStr(PASSWORD), service=server.url)
        try:
            replier = BlueskyReplier(settings, Wiring(http=http, clock=clock))
            yield Stand(server, clock, replier, root_cid, cid)
        finally:
            await http.close()


async def test_the_record() -> None:
    """Everything that the lexicon has a place for."""
    async with stand() as here:
        here.server.appview.handles["ann.test"] = "did:plc:ann"
        reply = a_reply(here.post(), "Sorry @ann.test, see https://acme.example/#x (@nobody.test) #lift")
        published = await here.replier.publish(reply)
        (record,) = here.said
        assert {
            "$type": "app.bsky.feed.post",
            "text": reply.text,
            "createdAt": "2026-11-20T13:04:59.123Z",
            "langs": ["en"],
            "reply": {
                "root": {"uri": ROOT, "cid": here.root_cid},
                "parent": {"uri": ASKED, "cid": here.cid},
            },
        } == {name: value for name, value in record.items() if name != "facets"}
        kinds = [facet["features"][0]["$type"].partition("#")[2] for facet in record["facets"]]
        assert ["mention", "link", "tag"] == kinds
        rkey = published.post_id.rpartition("/")[2]
        assert f"https://bsky.app/profile/{DID}/post/{rkey}" == published.url
        assert (reply.approved_at - published.at) < timedelta(milliseconds=1)
        assert published == await here.replier.find(reply)


async def test_a_first_post_is_its_own_root() -> None:
    """Its CID is taken from what we answer, or asked for."""
    async with stand() as here:
        for revision in (here.root_cid, None):
            post = here.post(id=ROOT, parent=None, root=None, revision=revision)
            await here.replier.publish(a_reply(post, key=f"reply:{revision}"))
            ref = {"uri": ROOT, "cid": here.root_cid}
            assert {"root": ref, "parent": ref} == here.said[-1]["reply"]


@pytest.mark.parametrize("root", [None, PostRef(id=ROOT)])
async def test_what_is_not_known_is_asked_for(root: PostRef | None) -> None:
    """A post that was read where it has no CID, or no root: the parent's own record says."""
    async with stand() as here:
        await here.replier.publish(a_reply(here.post(root=root, revision=None)))
        assert {
            "root": {"uri": ROOT, "cid": here.root_cid},
            "parent": {"uri": ASKED, "cid": here.cid},
        } == here.said[0]["reply"]


async def test_a_root_that_is_gone() -> None:
    """Whoever knows its CID may still answer below it."""
    async with stand() as here:
        here.server.appview.remove(ROOT)
        await here.replier.publish(a_reply(here.post(root=None)))
        assert ROOT == here.said[0]["reply"]["root"]["uri"]


async def test_a_text_that_nobody_would_see_is_refused() -> None:
    """A NUL is taken by the server, and stops at the AppView's database."""
    async with stand() as here:
        error = await here.failure(a_reply(here.post(), "a\0b"))
        assert (Rejected, Reason.INVALID, 0) == (type(error), error.reason, here.server.requests)


async def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    """Servers forget it when they read the record: our places in the text, and what we look for, must fit."""
    async with stand() as here:
        reply = a_reply(here.post(), "\ufeffhttps://acme.example helps")
        published = await here.replier.publish(reply)
        (record,) = here.said
        index = record["facets"][0]["index"]
        assert b"https://acme.example" == record["text"].encode()[index["byteStart"] : index["byteEnd"]]
        assert published == await here.replier.find(reply)
        assert (26, False) == (here.replier.length(reply.text).used, here.replier.length("\ufeff").fits)


@pytest.mark.parametrize("lang", [None, "", "not a language", "x" * 20])
async def test_a_language_that_is_none_is_left_out(lang: str | None) -> None:
    """Rather than refused with the whole reply."""
    async with stand() as here:
        await here.replier.publish(replace(a_reply(here.post()), lang=lang))
        assert "langs" not in here.said[0]


async def test_a_closed_thread_is_known_before() -> None:
    """The server would take it and nobody would see it."""
    async with stand() as here:
        here.server.appview.posts[ASKED].shut = True
        error = await here.failure(a_reply(here.post()))
        assert (Rejected, Reason.FORBIDDEN) == (type(error), error.reason)
        assert "who may reply" in str(error)


async def test_a_block_is_no_deletion() -> None:
    """Both are left out by the AppView; the record itself tells them apart."""
    async with stand() as here:
        here.server.appview.posts[ASKED].blocked = True
        assert "block" in str(await here.failure(a_reply(here.post())))
        here.server.appview.remove(ASKED)
        error = await here.failure(a_reply(here.post()))
        assert (Rejected, Reason.NOT_FOUND) == (type(error), error.reason)


async def test_a_post_that_is_not_indexed_yet_is_waited_for() -> None:
    """Jetstream is faster than the AppView: what we saw a minute ago is not gone."""
    async with stand() as here:
        here.server.appview.remove(ASKED)
        error = await here.failure(a_reply(here.post(seen_at=here.clock.now(), posted_at=here.clock.now())))
        assert isinstance(error, Unavailable)
        assert timedelta(seconds=10) == error.retry_after


async def test_a_neighbour_whose_post_is_not_indexed_yet_does_not_block_us() -> None:
    """Who lives on our own server: the record can be read there before the AppView shows it."""
    async with stand() as here:
        here.server.appview.posts[ASKED].is_indexed = False
        seen = here.post(seen_at=here.clock.now(), posted_at=here.clock.now())
        error = await here.failure(a_reply(seen))
        assert (Unavailable, Reason.NOT_FOUND) == (type(error), error.reason)
        error = await here.failure(a_reply(here.post()))
        assert (Rejected, Reason.FORBIDDEN) == (type(error), error.reason)
        assert "does not show" in str(error)
        here.server.appview.posts[ASKED].blocked = True
        assert "block" in str(await here.failure(a_reply(seen)))


async def test_a_try_that_marked_up_something_else_is_the_same_reply() -> None:
    """A handle that leads elsewhere by now: what is there stays as it is."""
    async with stand() as here:
        reply = a_reply(here.post(), "Hello @ann.test")
        first = await here.replier.publish(reply)
        here.server.appview.handles["ann.test"] = "did:plc:ann"
        assert first == await here.replier.publish(reply)
        assert ["Hello @ann.test"] == [record["text"] for record in here.said]


async def test_whether_it_was_published_already_may_not_be_known() -> None:
    """Something stands in its place, and whether it is ours cannot be seen just now."""
    async with stand() as here:
        reply = a_reply(here.post(), "Hello @ann.test")
        await here.replier.publish(reply)
        here.server.appview.handles["ann.test"] = "did:plc:ann"
        here.server.refuse(502, path="getRecord")
        with pytest.raises(Unknown):
            await here.replier.publish(reply)


async def test_what_was_published_is_not_refused_afterwards() -> None:
    """Two workers at one reply, and the question is deleted between them: it was answered."""
    async with stand() as here:
        first = await here.replier.publish(a_reply(here.post()))
        here.server.appview.remove(ASKED)
        assert first == await here.replier.publish(a_reply(here.post()))


async def test_nothing_of_somebody_elses_is_written_over() -> None:
    """A post that stands under our key by chance, or by somebody's hand."""
    async with stand() as here:
        first = await here.replier.publish(a_reply(here.post()))
        rkey = first.post_id.rpartition("/")[2]
        mine = {**here.said[0], "text": "a colleague's own"}
        here.server.repositories[DID].records[rkey] = mine
        assert await here.replier.find(a_reply(here.post())) is None
        with pytest.raises(Rejected) as caught:
            await here.replier.publish(a_reply(here.post()))
        assert Reason.CONFLICT is caught.value.reason
        assert [mine] == here.said


async def test_a_session_that_ends_in_the_middle_publishes_once() -> None:
    """Refused at the door, it is surely not published: a new token, and once more."""
    async with stand() as here:
        await here.replier.publish(a_reply(here.post(), key="first"))
        here.server.sessions.expire()
        await here.replier.publish(a_reply(here.post(), key="second"))
        assert (2, 1) == (len(here.said), here.server.sessions.renewals)


@pytest.mark.parametrize("post", ["at://did:plc:ann/app.bsky.feed.like/3n2qnlq2bhk3s", "hn:17", ""])
async def test_only_posts_are_answered(post: str) -> None:
    """Nothing else is asked for, or signed in for."""
    async with stand() as here:
        error = await here.failure(a_reply(here.post(id=post)))
        assert (Rejected, 0) == (type(error), here.server.requests)


async def test_half_a_character_is_not_published() -> None:
    """A text that no server could read."""
    async with stand() as here:
        error = await here.failure(a_reply(here.post(), "broken \ud83d"))
        assert (Rejected, Reason.INVALID) == (type(error), error.reason)


@pytest.mark.parametrize("post", [ASKED, "3n2qnlq2bhk3s", f"at://{DID}/app.bsky.feed.like/3n2qnlq2bhk3s"])
async def test_only_posts_of_ours_are_taken_back(post: str) -> None:
    """Neither somebody else's nor something else."""
    async with stand() as here:
        with pytest.raises(Rejected):
            await here.replier.delete(post)
        assert "deleteRecord" not in "".join(here.server.asked)


@pytest.mark.parametrize(
    ("how", "error"), [("cut", Unknown), (502, Unknown), (429, Unavailable), (403, Rejected)]
)
async def test_taking_back_may_fail_too(how: str | int, error: type[BotError]) -> None:
    """By the same names."""
    async with stand() as here:
        published = await here.replier.publish(a_reply(here.post()))
        here.server.mishap(how, is_done=False)
        with pytest.raises(error):
            await here.replier.delete(published.post_id)


@pytest.mark.parametrize("status", [500, 429, 400, 404])
async def test_looking_may_fail_too(status: int) -> None:
    """That somebody did not say is never that there is none."""
    async with stand() as here:
        here.server.refuse(status, path="getRecord", body='{"error": "InvalidRequest", "message": "no"}')
        with pytest.raises(Unavailable):
            await here.replier.find(a_reply(here.post()))


async def test_an_older_server_has_no_name_for_it() -> None:
    """`InvalidRequest: Could not locate record`."""
    async with stand() as here:
        body = '{"error": "InvalidRequest", "message": "Could not locate record: at://x"}'
        here.server.refuse(400, path="getRecord", body=body)
        assert await here.replier.find(a_reply(here.post())) is None


async def test_many_at_once() -> None:
    """Each once, by one login."""
    async with stand() as here:
        replies = [a_reply(here.post(), f"number {n % 20}", key=f"reply:{n % 20}") for n in range(60)]
        await asyncio.gather(*(here.replier.publish(reply) for reply in replies))
        assert sorted(f"number {n}" for n in range(20)) == sorted(record["text"] for record in here.said)
        assert 1 == here.server.sessions.logins


def test_without_an_account_nobody_answers() -> None:
    """The factories say so."""
    wiring = Wiring(http=HttpClient(ManualClock()), clock=ManualClock())
    assert CONNECTOR.replier is not None
    assert CONNECTOR.inbox is not None
    assert (None, None) == (
        CONNECTOR.replier(AccountSettings(), wiring),
        CONNECTOR.inbox(AccountSettings(), wiring),
    )
