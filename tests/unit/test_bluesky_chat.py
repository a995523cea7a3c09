"""The account's direct messages: which are read, as what, and what becomes of those that the log forgot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import CursorLost, Rejected, Unauthorized, Unavailable
from bot.http import HttpClient
from bot.model import Batch, Cursor, Deletion, Post, PostRef
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.pds_server import PdsServer
from bot.testing.source_contract import WatchAll
from bot.vault import MemoryVault
from connectors.bluesky import chat_inbox
from connectors.bluesky.account import AccountSettings
from connectors.bluesky.chat import post_id, root_id
from connectors.bluesky.chat_inbox import ChatSource
from connectors.bluesky.chat_position import Position, cursor_at

SAMPLES = Path(__file__).parents[1] / "samples" / "bluesky_chat"
US, ANN, BEN, PASSWORD = "did:plc:acme", "did:plc:ann", "did:plc:ben", "aaaa-bbbb-cccc-dddd"


@dataclass
class Stand:
    server: PdsServer
    clock: ManualClock
    http: HttpClient
    vault: MemoryVault = field(default_factory=MemoryVault)
    reborn: ChatSource | None = None

    def source(self) -> ChatSource:
        account = AccountSettings(
            handle="acme.test", app_password=SecretStr(PASSWORD), service=self.server.url, chat=True
        )
        return ChatSource(account, Wiring(http=self.http, clock=self.clock, vault=self.vault))

    async def read(self, after: Cursor | None) -> tuple[list[Post], Cursor | None, list[Batch]]:
        """By the same source each time, as in the daemon."""
        self.reborn = self.reborn or self.source()
        batches = [batch async for batch in self.reborn.read(after, WatchAll())]
        cursors = [batch.cursor for batch in batches if batch.cursor]
        posts = [post for batch in batches for post in batch.posts]
        return posts, (cursors[-1] if cursors else after), batches

    async def begun(self) -> Cursor | None:
        _, cursor, _ = await self.read(None)
        _, cursor, _ = await self.read(cursor)
        return cursor


@asynccontextmanager
async def stand() -> AsyncIterator[Stand]:
    clock = ManualClock()
    http = HttpClient(clock)
    async with PdsServer(clock) as server:
        server.account(US, "acme.test", PASSWORD)
        server.may_chat(US)
        server.chat.begin("ann/1", ANN, status="request")
        server.chat.begin("ben", BEN)
        try:
            yield Stand(server, clock, http)
        finally:
            await http.close()


async def test_a_message_is_private_and_in_its_conversation() -> None:
    """With all that it says: links, whom it names, the post that is put under it. A stranger's is one too."""
    shared = {"uri": "at://did:plc:ann/app.bsky.feed.post/3k", "cid": "bafy"}
    facets = [
        {"index": {}, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://a.example/x"}]}
    ]
    async with stand() as here:
        cursor = await here.begun()
        embed = {"$type": "app.bsky.embed.record#view", "record": shared}
        here.server.chat.say("ann/1", ANN, "where is it? a.example", facets=facets, embed=embed)
        ([post], _, _) = await here.read(cursor)
    assert (True, ANN, "ann.test", "where is it? a.example") == (
        post.is_private,
        post.author_id,
        post.author_handle,
        post.text,
    )
    assert (("https://a.example/x",), (US,), None) == (post.links, post.mentions, post.parent)
    assert (root_id("ann/1"), shared["uri"]) == (post.root_id, post.quoted.id if post.quoted else "")
    assert "https://bsky.app/messages/ann%2F1" == post.url


async def test_the_log_as_it_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    """One event of each kind that matters, and of kinds that do not: a question, our answer, a deletion."""
    told = json.loads((SAMPLES / "log.json").read_text(encoding="utf-8"))
    async with stand() as here:
        chat = here.server.chat
        cursor = await here.begun()
        chat.begin("3ldirect", ANN)
        monkeypatch.setattr(chat, "log", told["logs"])
        await here.clock.advance(timedelta(days=365).total_seconds())
        posts, after, [batch] = await here.read(cursor)
    question, answer = posts
    assert (("https://acme.example/lifts",), "at://did:plc:acme/app.bsky.feed.post/3n2qnlq2bhk2s") == (
        question.links,
        question.quoted.id if question.quoted else "",
    )
    assert datetime(2026, 11, 20, 12, 0, 0, 123000, UTC) == question.posted_at
    assert ("It is back on Monday.", ANN) == (answer.text, answer.parent and answer.parent.author_id)
    assert [post_id("3ldirect", "3lmessage3")] == [one.post_id for one in batch.deleted]
    assert (len(told["logs"]), 4, 0) == (batch.seen, batch.posts_seen, batch.undecodable)
    assert after is not None
    assert told["cursor"] == Position.of(after).rev


async def test_what_we_say_answers_whom_we_talk_to() -> None:
    """A colleague in the app: by our account, in the same conversation, to the other one in it."""
    async with stand() as here:
        cursor = await here.begun()
        name = here.server.chat.say("ben", US, "It is on its way.")
        ([post], _, _) = await here.read(cursor)
    assert (post_id("ben", name), US, root_id("ben")) == (post.id, post.author_id, post.root_id)
    assert PostRef(id=root_id("ben"), author_id=BEN) == post.parent
    assert post.is_private


async def test_what_is_nobodys_business_is_left_out() -> None:
    """Groups, what was muted in the app (until it is not any more), and conversations that we have left."""
    async with stand() as here:
        chat = here.server.chat
        cursor = await here.begun()
        chat.begin("all", ANN, BEN, is_group=True)
        chat.say("all", ANN, "hello all")
        chat.say("ann/1", ANN, "one")
        posts, cursor, _ = await here.read(cursor)
        assert ["one"] == [post.text for post in posts]
        chat.mute("ann/1")
        chat.say("ann/1", ANN, "two")
        chat.say("ben", BEN, "gone")
        chat.leave("ben")
        posts, cursor, _ = await here.read(cursor)
        assert [] == posts
        chat.mute("ann/1", muted=False)
        chat.say("ann/1", ANN, "three")
        posts, cursor, _ = await here.read(cursor)
        assert ["three"] == [post.text for post in posts]


async def test_what_is_deleted_is_forgotten() -> None:
    """Of what the log tells: before it was read it is no message, after that a deletion."""
    async with stand() as here:
        chat = here.server.chat
        cursor = await here.begun()
        name = chat.say("ben", BEN, "my number is 4711")
        _, cursor, _ = await here.read(cursor)
        chat.delete("ben", name)
        posts, cursor, batches = await here.read(cursor)
        assert [] == posts
        assert (Deletion(platform="bluesky", author_id=BEN, post_id=post_id("ben", name)),) == batches[
            0
        ].deleted


async def test_reading_begins_now() -> None:
    """What was said before is not told, unless a time is named; then it is, of every conversation."""
    async with stand() as here:
        start = cursor_at(here.clock.now())
        for convo, sender in (("ann/1", ANN), ("ben", BEN), ("ben", US)):
            here.server.chat.say(convo, sender, "is it down?")
        posts, cursor, _ = await here.read(None)
        assert [] == posts
        assert ([], cursor) == (await here.read(cursor))[:2]
        here.reborn = None
        posts, _, _ = await here.read(start)
        assert [ANN, BEN, US] == [post.author_id for post in posts]


@pytest.mark.parametrize("refused", [True, False])
async def test_what_the_log_forgot_is_read_in_the_conversations(*, refused: bool) -> None:
    """Whether the service says so or not: after a start everything since then is compared. Nothing twice."""
    async with stand() as here:
        chat = here.server.chat
        chat.forgets, chat.most = refused, 2
        cursor = await here.begun()
        chat.say("ben", BEN, "before")
        _, cursor, _ = await here.read(cursor)
        await here.clock.advance(timedelta(days=40).total_seconds())
        for number in range(5):
            chat.say("ben", BEN, f"missed {number}")
        chat.forget()
        chat.say("ann/1", ANN, "seen")
        here.reborn = None
        posts, cursor, batches = await here.read(cursor)
        texts = [post.text for post in posts]
        assert sorted([*(f"missed {number}" for number in range(5)), "seen"]) == sorted(texts)
        assert [None] * len(batches) == [batch.gap for batch in batches]
        chat.say("ben", BEN, "after")
        posts, cursor, _ = await here.read(cursor)
        assert ["after"] == [post.text for post in posts]


async def test_more_than_can_be_looked_through_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What there was of it is read all the same."""
    monkeypatch.setattr(chat_inbox, "MOST_PAGES", 2)
    async with stand() as here:
        start = cursor_at(here.clock.now())
        here.server.chat.most = 2
        for number in range(6):
            here.server.chat.say("ben", BEN, str(number))
        posts, cursor, [batch] = await here.read(start)
        assert ["2", "3", "4", "5"] == [post.text for post in posts]
        assert batch.gap is not None
        assert "overflow" == batch.gap.reason
        assert ([], cursor) == (await here.read(cursor))[:2]


async def test_many_at_once_come_in_pieces() -> None:
    """Only behind the last of them is a place to go on: what is cut off is read again."""
    async with stand() as here:
        start = cursor_at(here.clock.now())
        for number in range(501):
            here.server.chat.say("ben", BEN, str(number), sentAt=here.clock.now().isoformat())
        posts, _, [first, last] = await here.read(start)
        assert (501, 500, None) == (len(posts), len(first.posts), first.cursor)
        assert last.cursor


async def test_a_stumble_over_a_conversation_is_not_its_end() -> None:
    """Only where the service says that it is gone is it left out; nothing else may cost a message."""
    async with stand() as here:
        cursor = await here.begun()
        here.server.chat.say("ben", BEN, "hello")
        body = '{"error": "InvalidRequest", "message": "could not resolve proxy did"}'
        here.server.refuse(400, path="getConvo", body=body)
        with pytest.raises(Rejected):
            await here.read(cursor)
        posts, _, _ = await here.read(cursor)
        assert ["hello"] == [post.text for post in posts]


@pytest.mark.parametrize("method", ["getConvo", "getMessages"])
async def test_one_odd_conversation_does_not_hide_the_others(method: str) -> None:
    """Refused twice it is left out and counted; what others say comes."""
    async with stand() as here:
        cursor = await here.begun()
        if method == "getMessages":
            here.reborn, cursor = None, cursor_at(here.clock.now())
        here.server.chat.say("ann/1", ANN, "odd")
        here.server.chat.say("ben", BEN, "hello")
        here.server.refuse(400, path=method)
        with pytest.raises(Rejected):
            await here.read(cursor)
        here.server.refuse(400, path=method)
        posts, _, [batch] = await here.read(cursor)
        assert (["hello"] if method == "getConvo" else ["odd"], 1) == (
            [post.text for post in posts],
            batch.undecodable,
        )


async def test_a_quiet_poll_is_one_request() -> None:
    """And a conversation is asked for once, not for each of its messages."""
    async with stand() as here:
        cursor = await here.begun()
        here.server.asked.clear()
        await here.read(cursor)
        assert ["chat.bsky.convo.getLog"] == here.server.asked
        for number in range(3):
            here.server.chat.say("ben", BEN, str(number))
        _, cursor, _ = await here.read(cursor)
        assert 1 == here.server.asked.count("chat.bsky.convo.getConvo")


async def test_without_the_right_to_it_a_person_is_told() -> None:
    """Once is enough: another token of the same app password would be no better, so none is asked for."""
    async with stand() as here:
        here.server.sessions.holders[US].scope = "com.atproto.appPass"
        with pytest.raises(Unauthorized, match="Allow access to your direct messages"):
            await here.read(None)
        assert (1, 0) == (here.server.sessions.logins, here.server.sessions.renewals)


async def test_a_token_that_ended_is_renewed() -> None:
    """As for everything else that is asked of the account's server."""
    async with stand() as here:
        cursor = await here.begun()
        here.server.sessions.expire()
        here.server.chat.say("ben", BEN, "hello")
        posts, _, _ = await here.read(cursor)
        assert ["hello"] == [post.text for post in posts]


async def test_trouble_in_the_middle_loses_nothing() -> None:
    """A conversation that cannot be asked for now: the page of the log is read once more."""
    async with stand() as here:
        cursor = await here.begun()
        here.server.chat.say("ben", BEN, "hello")
        here.server.refuse(502, path="getConvo")
        with pytest.raises(Unavailable):
            await here.read(cursor)
        posts, _, _ = await here.read(cursor)
        assert ["hello"] == [post.text for post in posts]


@pytest.mark.parametrize("text", ["v2:1:2", "v1::", "v1:12", "2222", "v1:1:a b"])
async def test_a_position_of_somebody_else_is_lost(text: str) -> None:
    """It is said, and reading begins now."""
    async with stand() as here:
        with pytest.raises(CursorLost):
            await here.read(Cursor(text))
    with pytest.raises(ValueError, match="not a position"):
        Position.of(Cursor(text))


async def test_a_log_that_does_not_move_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that gives the same page for ever is not asked for ever; an event without a sender is no
    message.
    """
    async with stand() as here:
        cursor = await here.begun()
        chat, told = here.server.chat, await here.begun()
        chat.say("ben", BEN, "hello")
        message = {**chat.log[-1]["message"], "sender": None}
        row: dict[str, Any] = {**chat.log[-1], "rev": "", "message": message}
        monkeypatch.setattr(chat, "_get_log", lambda _: {"logs": [row]})
        posts, after, _ = await here.read(cursor)
        assert ([], told) == (posts, cursor)
        assert after is not None
