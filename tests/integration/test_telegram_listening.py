"""Listening on Telegram: one reader for presses and posts, of which neither loses what the other committed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.model import Batch, Cursor, Post
from bot.ports import DecisionFeed, Source, Wiring
from bot.staff import Press
from bot.testing.notifier_contract import a_card, until
from bot.testing.source_contract import WatchAll
from bot.testing.telegram_chats import Chat
from bot.testing.telegram_server import BOT, CHAT, TOKEN, TelegramServer
from connectors.telegram.api import Api
from connectors.telegram.connector import CONNECTOR
from connectors.telegram.notifier import TelegramNotifier
from connectors.telegram.reader import Reader
from connectors.telegram.settings import AccountSettings, ChannelSettings
from connectors.telegram.source import FORGOTTEN, TelegramSource, cursor, position
from tests.contract._http import CountingHttp, counting

PUBLIC, NEWS = -1007, -1008
"""A group and a channel in which people talk about us; CHAT is the team's."""


@dataclass(kw_only=True)
class Life:
    """One life of the daemon: what was committed outlives it. Posts are stored while they `may_store`."""

    feed: DecisionFeed
    source: Source
    kept: dict[str, Cursor]
    presses: list[Press]
    posts: list[Post]
    may_store: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self, *, is_stuck: bool = False) -> None:
        if not is_stuck:
            self.may_store.set()
        self.tasks = [asyncio.create_task(self._decide()), asyncio.create_task(self._listen())]

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _decide(self) -> None:
        async for item in self.feed.read(self.kept.get("feed")):
            await asyncio.sleep(random.random() / 200)
            self.presses.extend(item.presses)
            self.kept["feed"] = item.cursor or self.kept["feed"]

    async def _listen(self) -> None:
        async for batch in self.source.read(self.kept.get("source"), WatchAll()):
            await self.may_store.wait()
            await asyncio.sleep(random.random() / 200)
            self.posts.extend(batch.posts)
            if batch.cursor:
                self.kept["source"] = batch.cursor


@dataclass(kw_only=True)
class World:
    server: TelegramServer
    http: CountingHttp
    kept: dict[str, Cursor] = field(default_factory=dict)
    presses: list[Press] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def life(self) -> Life:
        account = AccountSettings.model_validate(
            {"token": TOKEN, "base_url": self.server.url, "listen": [PUBLIC, "@acme_news"]}
        )
        wiring = Wiring(http=self.http, clock=SystemClock())
        assert CONNECTOR.feed is not None
        assert CONNECTOR.inbox is not None
        feed = CONNECTOR.feed(account, {"care": ChannelSettings(chat=CHAT)}, wiring)
        source = CONNECTOR.inbox(account, wiring)
        assert source is not None
        return Life(feed=feed, source=source, kept=self.kept, presses=self.presses, posts=self.posts)

    async def card(self) -> None:
        api = Api(token=TOKEN, base_url=self.server.url, http=self.http)
        channels = {"care": ChannelSettings(chat=CHAT)}
        await TelegramNotifier(api=api, channels=channels, clock=SystemClock()).notify(
            "care", a_card(), key="a"
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with counting() as http, TelegramServer(chats=(CHAT, PUBLIC)) as server:
        server.telegram.chats[NEWS] = Chat(id=NEWS, username="acme_news")
        yield World(
            server=server, http=http, kept={"feed": Cursor("v1:1"), "source": cursor(1, datetime.now(UTC))}
        )


async def test_presses_and_posts_by_one_reader(world: World) -> None:
    """Each gets its own; Telegram is never asked by two at once, and forgets what both have committed."""
    await world.card()
    life = world.life()
    life.begin()
    press = world.server.press(1, "Claim")
    world.server.say("is acme down?", chat=PUBLIC, user=70)
    world.server.say("lunch?", chat=CHAT, user=1)
    await until(lambda: len(world.server.telegram.confirmed) == 3)
    await life.end()
    assert [press] == [one.id for one in world.presses]
    assert ["is acme down?"] == [post.text for post in world.posts]


async def test_what_one_has_not_committed_is_not_confirmed(world: World) -> None:
    """Posts cannot be stored for a while: presses come all the same, and nothing is forgotten."""
    await world.card()
    life = world.life()
    life.begin(is_stuck=True)
    world.server.say("is acme down?", chat=PUBLIC, user=70)
    for _ in range(2):
        count = len(world.presses)
        world.server.press(1, "Claim")
        await until(lambda: len(world.presses) > count)  # noqa: B023 - awaited at once
    assert [] == world.server.telegram.confirmed
    life.may_store.set()
    await until(lambda: len(world.server.telegram.confirmed) == 3)
    await life.end()
    assert ["is acme down?"] == [post.text for post in world.posts]


@pytest.mark.parametrize("seed", range(5))
async def test_killed_at_any_moment_loses_neither(world: World, seed: int) -> None:
    """Many lives, each ended in the middle: every press and every post arrives, at least once."""
    chance = random.Random(seed)
    await world.card()
    said: list[str] = []
    pressed: list[str] = []
    for number in range(40):
        life = world.life()
        life.begin()
        for part in range(chance.randrange(4)):
            if chance.random() < 0.5:
                pressed.append(world.server.press(1, "Claim"))
            else:
                said.append(f"{number}.{part}")
                world.server.say(said[-1], chat=PUBLIC, user=70)
            await asyncio.sleep(chance.random() / 100)
        await life.end()
    life = world.life()
    life.begin()
    await until(lambda: not world.server.telegram.updates)
    await life.end()
    assert set(said) == {post.text for post in world.posts}
    assert set(pressed) == {press.id for press in world.presses}


async def test_numbers_that_begin_again(world: World) -> None:
    """After a week of silence they may be lower than any position: both still get what is new."""
    world.kept |= {"feed": Cursor("v1:900000000"), "source": cursor(900_000_000, datetime.now(UTC))}
    await world.card()
    world.server.press(1, "Claim")
    world.server.say("is acme down?", chat=PUBLIC, user=70)
    life = world.life()
    life.begin()
    await until(lambda: len(world.server.telegram.confirmed) == 2)
    await life.end()
    assert (1, 1) == (len(world.presses), len(world.posts))


async def test_without_listen_there_is_no_source(world: World) -> None:
    """Nobody holds the presses up then."""
    account = AccountSettings.model_validate({"token": TOKEN})
    assert CONNECTOR.inbox is not None
    assert CONNECTOR.inbox(account, Wiring(http=world.http, clock=SystemClock())) is None


# --- what is heard ----------------------------------------------------------------------------------


async def heard(world: World, *, after: Cursor | None) -> Batch:
    """The first batch."""
    api = Api(token=TOKEN, base_url=world.server.url, http=world.http)
    reader = Reader(api, SystemClock(), poll=timedelta(seconds=2))
    source = TelegramSource(reader=reader, chats=(PUBLIC, "@Acme_News"), clock=SystemClock())
    async with asyncio.timeout(5):
        return await anext(source.read(after, WatchAll()))


async def test_a_message_as_a_post(world: World) -> None:
    """Who, what, when, where to open it; what it answers, and where words lead to."""
    telegram, chat = world.server.telegram, world.server.telegram.chats[PUBLIC]
    world.server.say("is acme down?", chat=PUBLIC, user=70, name="Ann")
    first = telegram.updates[-1]["message"]
    entity = {"type": "text_link", "offset": 0, "length": 2, "url": "https://acme.example/status"}
    telegram.say(
        chat,
        "me too",
        user=71,
        name="Bo",
        reply_to_message=first,
        message_thread_id=first["message_id"],
        entities=[entity],
    )
    telegram.updates[-1]["message"]["from"]["username"] = "bo_b"
    one, two = (await heard(world, after=world.kept["source"])).posts
    assert ("telegram", f"{PUBLIC}/{first['message_id']}", "70", None) == (
        one.platform,
        one.id,
        one.author_id,
        one.author_handle,
    )
    assert f"https://t.me/c/7/{first['message_id']}" == one.url
    assert (first["date"], False) == (int(one.posted_at.timestamp()), one.is_edit)
    assert ("bo_b", ("https://acme.example/status",)) == (two.author_handle, two.links)
    assert two.parent is not None
    assert two.root is not None
    assert (one.id, "70", one.id) == (two.parent.id, two.parent.author_id, two.root.id)


async def test_channels_captions_edits_and_hidden_administrators(world: World) -> None:
    """A channel speaks as itself; an edit is of the same post, with its own time."""
    telegram = world.server.telegram
    news = {"id": NEWS, "type": "channel", "title": "News", "username": "acme_news"}
    group = {"id": PUBLIC, "type": "supergroup", "title": "Talk"}
    base: dict[str, Any] = {"message_id": 5, "date": 1_700_000_000}
    telegram._update(channel_post={**base, "chat": news, "sender_chat": news, "caption": "acme has news"})
    stand_in = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    telegram._update(message={**base, "chat": group, "from": stand_in, "sender_chat": group, "text": "hello"})
    person = {"id": 70, "is_bot": False, "first_name": "Ann"}
    edited = {**base, "chat": group, "from": person, "text": "acme is up", "edit_date": 1_700_000_060}
    telegram._update(edited_message=edited)
    posts = (await heard(world, after=world.kept["source"])).posts
    assert [str(NEWS), str(PUBLIC), "70"] == [post.author_id for post in posts]
    assert ("acme has news", "https://t.me/acme_news/5") == (posts[0].text, posts[0].url)
    assert [False, False, True] == [post.is_edit for post in posts]
    assert datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC) == posts[2].revised_at


async def test_topics_are_places_not_threads(world: World) -> None:
    """What is written in a topic answers nothing, unless it answers somebody."""
    telegram, chat = world.server.telegram, world.server.telegram.chats[PUBLIC]
    world.server.say("first", chat=PUBLIC, user=70)
    first = telegram.updates[-1]["message"]
    began = {**first, "message_id": 9}
    topic = {"message_thread_id": 9, "is_topic_message": True}
    telegram.say(chat, "in a topic", user=71, name="Bo", reply_to_message=began, **topic)
    telegram.say(chat, "me too", user=72, name="Cy", reply_to_message=first, **topic)
    posts = (await heard(world, after=world.kept["source"])).posts
    assert [None, None, f"{PUBLIC}/{first['message_id']}"] == [post.root and post.root.id for post in posts]


async def test_what_is_no_post(world: World) -> None:
    """Other chats, the team's own, commands, stickers, somebody who joined."""
    telegram = world.server.telegram
    world.server.say("acme!", chat=CHAT)
    world.server.say("acme!", chat=42, user=42)
    world.server.say("/help acme", chat=PUBLIC)
    world.server.say("", chat=PUBLIC)
    telegram.updates[-1]["message"]["new_chat_members"] = [BOT]
    batch = await heard(world, after=world.kept["source"])
    assert ((), 4, 0) == (batch.posts, batch.seen, batch.posts_seen)


async def test_a_first_start_hears_from_now_on(world: World) -> None:
    """Telegram may hold a day of what was said before anybody asked."""
    world.server.say("yesterday", chat=PUBLIC, user=70)
    world.server.telegram.updates[-1]["message"]["date"] -= 3600
    world.server.say("now", chat=PUBLIC, user=70)
    assert ["now"] == [post.text for post in (await heard(world, after=None)).posts]


async def test_a_long_outage_is_a_gap(world: World) -> None:
    """Telegram keeps a day: what came before that is lost, and told."""
    now = datetime.now(UTC)
    gap = (await heard(world, after=cursor(1, now - timedelta(hours=30)))).gap
    assert gap is not None
    assert (FORGOTTEN, 6) == (gap.reason, round((gap.ended_at - gap.started_at) / timedelta(hours=1)))
    assert (await heard(world, after=cursor(1, now - timedelta(hours=23)))).gap is None


@pytest.mark.parametrize("text", ["", "v1:", "v1:5", "v2:5:6", "v1:x:6", "v1:²:1"])
def test_an_unreadable_position(text: str) -> None:
    """Reads all there is."""
    assert (None, None) == position(Cursor(text))


# --- where nobody but staff may read along ----------------------------------------------------------


async def test_commands_are_not_answered_before_the_public(world: World) -> None:
    """In a group that is none of our channels neither a command nor a reply to the bot is one to us."""
    api = Api(token=TOKEN, base_url=world.server.url, http=world.http)
    channels = {"care": ChannelSettings(chat=CHAT), "public": ChannelSettings(chat=PUBLIC)}
    await TelegramNotifier(api=api, channels=channels, clock=SystemClock()).notify(
        "public", a_card(), key="a"
    )
    world.server.say("/inbox", chat=PUBLIC)
    world.server.say("thanks, bot", chat=PUBLIC, reply_to=1)
    pressed = world.server.press(1, "Claim")
    life = world.life()
    life.begin()
    await until(lambda: len(world.server.telegram.confirmed) == 3)
    await life.end()
    assert [pressed] == [press.id for press in world.presses]
    assert ["thanks, bot"] == [post.text for post in world.posts]
