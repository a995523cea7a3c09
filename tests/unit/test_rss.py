"""Feeds: asked as they want to be asked, each for itself, and nothing comes twice or is lost."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import BotError, CursorLost, Reason, Rejected, Unavailable
from bot.http import HttpClient
from bot.model import Cursor
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.feed_server import FeedServer
from bot.testing.source_contract import Heard, WatchAll
from connectors.feeds.position import cursor_at
from connectors.feeds.settings import Settings
from connectors.feeds.source import FeedsSource

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)


class World:
    """A server of feeds, the time, and one daemon's source."""

    def __init__(self, site: FeedServer, http: HttpClient, clock: ManualClock) -> None:
        self.site, self.http, self.clock = site, http, clock
        self.cursor: Cursor | None = cursor_at(NOW)
        self.source = self.reading("/feed.xml")

    def reading(self, *paths: str, **settings: Any) -> FeedsSource:
        """A new life, reading these."""
        feeds = tuple(path if ":" in path else f"{self.site.url}{path}" for path in paths)
        given = Settings(feeds=feeds, allow_private=True, **settings)
        self.source = FeedsSource(given, Wiring(http=self.http, clock=self.clock))
        return self.source

    async def poll(self) -> Heard:
        """One look at what is due, committed."""
        heard = Heard()
        async for batch in self.source.read(self.cursor, WatchAll()):
            heard.take(batch)
            self.cursor = batch.cursor or self.cursor
        return heard

    async def later(self, minutes: float = 20) -> Heard:
        await self.clock.advance(minutes * 60)
        return await self.poll()

    async def trouble(self) -> BotError:
        with pytest.raises(BotError) as caught:
            await self.poll()
        return caught.value


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = ManualClock(NOW)
    http = HttpClient(clock)
    async with FeedServer(now=lambda: clock.now().timestamp()) as site:
        site.feed("/feed.xml")
        yield World(site, http, clock)
    await http.close()


# --- what is news -------------------------------------------------------------------------------


async def test_an_entry(world: World) -> None:
    """Plain texts, the link, who and when."""
    world.site.publish("it's <broken> & slow", title="Acme & its lift", author="Ann  Smith")
    (post,) = (await world.poll()).posts
    assert ("Acme & its lift", "it's <broken> & slow") == (post.title, post.text)
    assert ("rss", "ann-smith@blog.example", "Ann Smith") == (
        post.platform,
        post.author_id,
        post.author_handle,
    )
    assert "https://blog.example/posts/1" == post.url
    assert NOW == post.posted_at


async def test_what_a_new_feed_shows_is_old(world: World) -> None:
    """At the first reading only what was published since then is news; what has no time is not."""
    for hours in (48, 1):
        world.site.publish("old", at=NOW - timedelta(hours=hours))
    new = world.site.publish("new", at=NOW + timedelta(seconds=5))
    await world.clock.advance(10)
    heard = await world.poll()
    assert [new] == heard.ids
    assert 3 == heard.batches[0].posts_seen
    later = world.site.publish("dated yesterday, shown today", at=NOW - timedelta(hours=30))
    assert [later] == (await world.later()).ids


async def test_a_feed_that_is_added_later(world: World) -> None:
    """Its news begins where we last listened, not at our beginning."""
    world.site.publish("a")
    await world.poll()
    world.site.publish("b")
    await world.later(60)
    world.site.publish("before", feed="/two.xml", at=NOW + timedelta(minutes=30))
    await world.clock.advance(600)
    new = world.site.publish("since", feed="/two.xml")
    world.reading("/feed.xml", "/two.xml")
    assert [new] == (await world.poll()).ids


async def test_several_feeds_begin_together(world: World) -> None:
    """The first one's reading takes nothing from the second one."""
    ids = {world.site.publish("x", feed=path) for path in ("/1", "/2", "/3")}
    await world.clock.advance(5)
    world.reading("/1", "/2", "/3")
    assert ids == set((await world.poll()).ids)


async def test_oldest_first(world: World) -> None:
    """By the entries' own times, however the document is sorted."""
    ids = [world.site.publish("x", at=NOW + timedelta(minutes=at)) for at in (3, 1, 2)]
    await world.clock.advance(600)
    assert [ids[1], ids[2], ids[0]] == (await world.poll()).ids


async def test_an_entry_that_comes_back(world: World) -> None:
    """What left the document and returns is known; it was told already."""
    feed = world.site.feed("/feed.xml", shown=2)
    ids = [world.site.publish(f"{n}") for n in range(2)]
    assert ids == (await world.poll()).ids
    entry = feed.entries.pop()
    new = world.site.publish("new")
    assert [new] == (await world.later()).ids
    feed.entries.append(entry)
    feed.shown = 5
    world.reading("/feed.xml")
    assert [] == (await world.poll()).ids


async def test_a_batch_that_was_not_committed_comes_again(world: World) -> None:
    """Whoever dies between reading and storing reads it once more, though nothing changed since."""
    new = world.site.publish("x")
    reading = world.source.read(world.cursor, WatchAll())
    assert (new,) == tuple(post.id for post in (await anext(reading)).posts)
    await reading.aclose()  # type: ignore[attr-defined]
    assert [new] == (await world.poll()).ids


# --- how it is asked ----------------------------------------------------------------------------


async def test_conditional_questions(world: World) -> None:
    """By the validators of what was seen, also after a restart; 304 costs nothing."""
    world.site.publish("x")
    await world.poll()
    assert [] == (await world.later()).batches
    world.reading("/feed.xml")
    assert [] == (await world.poll()).batches
    assert [200, 304, 304] == world.site.answers


async def test_a_change_without_news(world: World) -> None:
    """A document that changed and holds nothing new: its validators are kept for this life."""
    world.site.publish("x")
    await world.poll()
    world.site.feed("/feed.xml").title = "Another title"
    assert [] == (await world.later()).batches
    assert [] == (await world.later()).batches
    assert [200, 200, 304] == world.site.answers


async def test_only_what_is_due_is_asked(world: World) -> None:
    """The loop looks every minute; a feed is asked every quarter of an hour, give or take a tenth."""
    assert timedelta(minutes=1) == world.source.poll_every
    await world.poll()
    for _ in range(60):
        await world.later(1)
    assert 4 <= len(world.site.asked) <= 6


async def test_a_feed_that_wants_to_be_left_alone(world: World) -> None:
    """`<ttl>` in minutes."""
    world.site.feed("/feed.xml", ttl=15).ttl = 120
    await world.poll()
    await world.later(100)
    assert 1 == len(world.site.asked)
    await world.later(40)
    assert 2 == len(world.site.asked)


async def test_we_say_who_we_are(world: World) -> None:
    """Reddit and others refuse readers without a name of their own."""
    await world.poll()
    _, headers = world.site.asked[0]
    assert headers["User-Agent"].startswith("outcare")
    assert "rss" in headers["Accept"]


# --- what goes wrong ----------------------------------------------------------------------------


async def test_one_broken_feed_stops_no_other(world: World) -> None:
    """It is told once, with its cause; the rest goes on; its recovery is told too."""
    world.reading("/feed.xml", "/missing.xml")
    new = world.site.publish("x")
    with capture_logs() as logs:
        assert [new] == (await world.poll()).ids
        assert "1 of 2 feeds" == world.source.place
        for _ in range(5):
            await world.later(2)
        world.site.feed("/missing.xml")
        await world.later(60)
    assert [("feed.failed", "not_found"), ("feed.recovered", "not_found")] == [
        (line["event"], line.get("reason") or line["after"]) for line in logs
    ]
    assert "2 feeds" == world.source.place


async def test_all_broken_is_a_broken_source(world: World) -> None:
    """The loop hears of it, as long as it lasts, without asking more often for that."""
    world.site.refuse(500, times=2)
    assert Reason.SERVER is (await world.trouble()).reason
    again = await world.trouble()
    assert isinstance(again, Unavailable)
    assert timedelta(seconds=15) == again.retry_after
    assert 1 == world.site.requests
    await world.clock.advance(16)
    await world.trouble()
    assert 2 == world.site.requests
    await world.clock.advance(31)
    assert [] == (await world.poll()).ids


async def test_whoever_asks_us_to_wait_is_waited_for(world: World) -> None:
    """`Retry-After` holds for that feed, however short the interval is."""
    world.reading("/feed.xml", "/two.xml", every="10s")
    world.site.feed("/two.xml")
    world.site.refuse(429, headers={"Retry-After": "3600"}, path="/two.xml")
    await world.poll()
    for _ in range(5):
        await world.later(10)
    assert 0 == sum(path == "/two.xml" for path, _ in world.site.asked)
    await world.later(15)
    assert 1 == sum(path == "/two.xml" for path, _ in world.site.asked)


@pytest.mark.parametrize("status", [301, 308])
async def test_moved_for_good(world: World, status: int) -> None:
    """The new address is used from then on, and told once."""
    world.site.move("/feed.xml", "/new.xml", status=status)
    new = world.site.publish("x", feed="/new.xml")
    with capture_logs() as logs:
        assert [new] == (await world.poll()).ids
        await world.later()
    assert ["/feed.xml", "/new.xml", "/new.xml"] == [path for path, _ in world.site.asked]
    assert ["feed.moved"] == [line["event"] for line in logs]


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_moved_for_now(world: World, status: int) -> None:
    """The old address is asked again."""
    world.site.move("/feed.xml", world.site.url + "/new.xml", status=status)
    world.site.publish("x", feed="/new.xml")
    await world.poll()
    await world.later()
    assert ["/feed.xml", "/new.xml"] * 2 == [path for path, _ in world.site.asked]


async def test_a_new_address_that_fails(world: World) -> None:
    """Then the configured one is asked again."""
    world.site.move("/feed.xml", "/new.xml")
    world.site.feed("/new.xml")
    await world.poll()
    world.site.gone("/new.xml", status=404)
    await world.clock.advance(1_200)
    await world.trouble()
    world.site.feed("/feed.xml").status = 200
    await world.later()
    assert "/feed.xml" == world.site.asked[-1][0]


async def test_gone(world: World) -> None:
    """410 is told once, and the feed never asked again in this life."""
    world.reading("/feed.xml", "/two.xml")
    world.site.feed("/two.xml")
    world.site.gone("/feed.xml")
    with capture_logs() as logs:
        await world.poll()
        for _ in range(5):
            await world.later(600)
    assert ["feed.gone"] == [line["event"] for line in logs]
    assert 1 == sum(path == "/feed.xml" for path, _ in world.site.asked)


@pytest.mark.parametrize("to", ["/feed.xml", "", "http://[", "//", "file:///etc/passwd"])
async def test_redirects_that_lead_nowhere(world: World, to: str) -> None:
    """A circle, no address, no real one."""
    world.site.move("/feed.xml", to)
    error = await world.trouble()
    assert Reason.PROTOCOL is error.reason
    assert len(world.site.asked) <= 6


@pytest.mark.parametrize(
    "to",
    [
        "http://localhost:{port}/secret",
        "http://127.0.0.1:{other}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "gopher://127.0.0.1:{port}/x",
    ],
)
async def test_redirects_into_our_own_network(world: World, to: str) -> None:
    """Each hop is checked: what is allowed is the configured place, not what it points at."""
    async with FeedServer() as other:
        world.site.feed("/secret")
        world.site.move("/feed.xml", to.format(port=world.site.port, other=other.port))
        error = await world.trouble()
        assert (Rejected, Reason.FORBIDDEN) == (type(error), error.reason)
        assert 0 == other.requests
    assert ["/feed.xml"] == [path for path, _ in world.site.asked]


async def test_without_permission_nothing_private_is_asked(world: World) -> None:
    """A name that leads home is noticed when it is resolved."""
    settings = Settings(feeds=(f"http://sub.localhost.:{world.site.port}/feed.xml",))
    world.source = FeedsSource(settings, Wiring(http=world.http, clock=world.clock))
    await world.trouble()
    assert 0 == world.site.requests


@pytest.mark.parametrize("path", ["/big", "/bomb"])
async def test_what_is_too_large(world: World, path: str) -> None:
    """Five megabytes, unpacked, are the limit."""
    body = b"<rss version='2.0'><channel>" + b" " * 30_000_000
    if path == "/big":
        world.site.raw(path, body)
    else:
        world.site.raw(path, gzip.compress(body), Content_Encoding="gzip")
    world.reading(path)
    assert Reason.PROTOCOL is (await world.trouble()).reason


async def test_many_feeds_of_one_host_one_by_one(world: World) -> None:
    """Whoever has twenty feeds is not asked twenty times at once."""
    paths = [f"/{n}.xml" for n in range(20)]
    most = 0
    original = world.site._answer

    def answer(request: Any) -> Any:
        nonlocal most
        most = max(most, world.site.open_requests)
        return original(request)

    world.site._answer = answer  # type: ignore[method-assign]
    for path in paths:
        world.site.publish("x", feed=path)
    world.reading(*paths)
    assert 20 == len((await world.poll()).ids)
    assert 1 == most


async def test_an_unreadable_position_is_lost(world: World) -> None:
    """The loop then notes the gap and goes on from now."""
    world.cursor = Cursor("v1:{}")
    with pytest.raises(CursorLost):
        await world.poll()


async def test_the_position_holds_no_address(world: World) -> None:
    """It is stored in the database; a key in an address is not."""
    world.site.publish("x")
    world.reading("/feed.xml?key=hunter2")
    await world.poll()
    assert "hunter2" not in str(world.cursor)


async def test_more_than_a_feed_shows(world: World) -> None:
    """Where nothing of what was seen is left in a document, some may have fallen out: that is told."""
    world.site.feed("/feed.xml", shown=3).shown = 3
    for _ in range(3):
        world.site.publish("x")
    await world.poll()
    with capture_logs() as logs:
        for count, expected in ((2, 0), (3, 1)):
            for _ in range(count):
                world.site.publish("x")
            await world.later()
            assert expected == len([line for line in logs if line["event"] == "feed.overflowed"])
