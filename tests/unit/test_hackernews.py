"""Hacker News: everything is read once, however late it is found and however much there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.errors import BotError, CursorLost, Reason, Rejected, Unavailable
from bot.http import HttpClient
from bot.measured import Engagement
from bot.model import Cursor, Post
from bot.ports import Wiring
from bot.testing.clock import ManualClock
from bot.testing.hackernews_server import HackerNewsServer
from bot.testing.source_contract import Heard, WatchAll
from connectors.hackernews.lookup import HackerNewsLookup
from connectors.hackernews.position import Position, cursor_at
from connectors.hackernews.source import HackerNewsSource, Settings

NOW = datetime(2026, 11, 20, 13, tzinfo=UTC)
BASE = int(NOW.timestamp())


class World:
    """The site, the time, and one daemon's source."""

    def __init__(self, site: HackerNewsServer, http: HttpClient, clock: ManualClock) -> None:
        self.site, self.http, self.clock = site, http, clock
        self.cursor: Cursor | None = cursor_at(NOW - timedelta(days=400))
        self.source = self.restarted()

    def restarted(self, **settings: Any) -> HackerNewsSource:
        given = Settings(url=self.site.base_url + "/", **settings)
        self.source = HackerNewsSource(given, Wiring(http=self.http, clock=self.clock))
        return self.source

    async def poll(self, watch: Any = None) -> Heard:
        """One poll, committed."""
        heard = Heard()
        async for batch in self.source.read(self.cursor, watch or WatchAll()):
            heard.take(batch)
            self.cursor = batch.cursor or self.cursor
        return heard

    async def post(self, **item: Any) -> Post:
        self.site.publish(**item)
        (post,) = (await self.poll()).posts
        return post


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = ManualClock(NOW)
    http = HttpClient(clock)
    async with HackerNewsServer(now=lambda: clock.now().timestamp()) as site:
        yield World(site, http, clock)
    await http.close()


class Only:
    """Wants what holds one of its words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        return any(word in text for word in self.words)


async def test_a_story(world: World) -> None:
    """Title, link and text; it is the root of its own thread."""
    post = await world.post(
        title="Show HN: Acme's lift & stairs", url="https://acme.example/?a=1&b=2", author="Ann_B"
    )
    assert ("Show HN: Acme's lift & stairs", "") == (post.title, post.text)
    assert ("https://acme.example/?a=1&b=2",) == post.links
    assert ("hackernews", "Ann_B", "Ann_B") == (post.platform, post.author_id, post.author_handle)
    assert f"https://news.ycombinator.com/item?id={post.id}" == post.url
    assert (None, None, post.id) == (post.parent, post.root, post.root_id)
    assert NOW == post.posted_at


async def test_a_comment(world: World) -> None:
    """Plain text with its paragraphs, real link targets, parent and story; not the story's title."""
    story = world.site.publish(title="Acme raises", author="bob")
    above = world.site.publish("first", parent=story, author="bob")
    await world.poll()
    post = await world.post(text='It\'s "slow" & <bad>\n\nsee https://a.example/b?x=1&y=2', parent=above)
    assert 'It\'s "slow" & <bad>\n\nsee https://a.example/b?x=1&y=2' == post.text
    assert ("https://a.example/b?x=1&y=2",) == post.links
    assert (above, story) == (post.parent and post.parent.id, post.root_id)
    assert "" == post.title
    assert (post.id, above, story) == post.refs


async def test_what_is_indexed_late_is_found(world: World) -> None:
    """An item that the search finds minutes after newer ones is read all the same, and once."""
    late = world.site.publish("late", is_indexed=False)
    await world.clock.advance(300)
    newer = world.site.publish("newer")
    assert [newer] == (await world.poll()).ids
    world.restarted()
    world.site.index(late)
    assert [late] == (await world.poll()).ids
    assert [] == (await world.poll()).batches
    world.restarted()
    assert [] == (await world.poll()).ids


async def test_only_the_margin_is_read_again(world: World) -> None:
    """The question goes no further back than the overlap, and the position forgets what lies before."""
    world.restarted(overlap="2m")
    for _ in range(5):
        world.site.publish("x")
        await world.clock.advance(60)
    await world.poll()
    await world.poll()
    since = BASE + 4 * 60 - 120
    assert f"created_at_i>={since}" == world.site.queries[-1]["numericFilters"]
    assert Position.of(world.cursor or Cursor("")).found.keys() == {item.id for item in world.site.items[2:]}


async def test_one_question_does(world: World) -> None:
    """However many words there are: everything is asked for, and we choose."""
    wanted = [world.site.publish(f"about acme {n}") for n in range(2)]
    for n in range(30):
        world.site.publish(f"about nothing {n}")
    heard = await world.poll(Only("acme"))
    assert wanted == heard.ids
    assert 32 == sum(batch.posts_seen for batch in heard.batches)
    assert 1 == world.site.requests
    assert "" == world.site.queries[0].get("query", "")


async def test_a_long_past_is_read_in_windows(world: World) -> None:
    """A query gives a thousand hits at most; after an outage all comes all the same, oldest first."""
    ids = [world.site.publish("x", at=BASE - 86_400 + n * 20) for n in range(2_500)]
    burst = [world.site.publish("burst", at=BASE - 1_000) for _ in range(900)]
    rest = [world.site.publish("y", at=BASE - 900 + n) for n in range(50)]
    heard = await world.poll()
    assert ids + burst + rest == heard.ids
    assert [None] * len(heard.batches) == [batch.gap for batch in heard.batches]
    reached = [batch.observed_to for batch in heard.batches if batch.observed_to]
    assert reached == sorted(reached)
    assert world.site.requests < 30


async def test_a_cut_between_windows_loses_nothing(world: World) -> None:
    """Whatever window was the last that was committed, the next life goes on behind it."""
    ids = [world.site.publish("x", at=BASE - 50_000 + n * 20) for n in range(2_500)]
    whole = await world.poll()
    assert len(whole.cursors) > 2
    for cursor, behind in whole.cursors:
        world.restarted()
        world.cursor = cursor
        assert ids[behind:] == (await world.poll()).ids


async def test_a_second_that_overflows_is_a_gap(world: World) -> None:
    """What cannot be had is said, not passed over."""
    for _ in range(1_001):
        world.site.publish("x", at=BASE - 100)
    after = world.site.publish("after")
    heard = await world.poll()
    gaps = [batch.gap for batch in heard.batches if batch.gap]
    assert [("page_overflow", timedelta(seconds=1))] == [(g.reason, g.ended_at - g.started_at) for g in gaps]
    assert 1_001 == len(heard.ids)
    assert after == heard.ids[-1]


async def test_an_unreadable_row_is_counted_once(world: World) -> None:
    """It stays in the margin for minutes, and counts one."""
    world.site.raw({"objectID": "7", "author": None})
    first, second = await world.poll(), await world.poll()
    assert [1, 1] == [first.batches[0].seen, first.batches[0].undecodable]
    assert [] == second.batches


@pytest.mark.parametrize(
    "hit",
    [
        {"objectID": "", "author": "a", "comment_text": "x"},
        {"objectID": "a b,c@d", "author": "a", "comment_text": "x"},
        {"objectID": "7", "author": " ", "comment_text": "x"},
        {"objectID": "7", "author": "a"},
        {"objectID": "7", "author": "a", "comment_text": "x", "created_at_i": 10**15},
        {"objectID": "7", "author": "a", "comment_text": 5},
    ],
)
async def test_what_says_nothing_is_unreadable(world: World, hit: dict[str, Any]) -> None:
    """Deleted, nameless, timeless."""
    world.site.raw(hit)
    (batch,) = (await world.poll()).batches
    assert (0, 1) == (len(batch.posts), batch.undecodable)


async def test_an_item_of_the_future_does_not_move_us_there(world: World) -> None:
    """A wrong clock on either side must not make us skip what comes next."""
    world.site.publish("from tomorrow", at=BASE + 86_400)
    (post,) = (await world.poll()).posts
    assert NOW == post.posted_at
    await world.clock.advance(60)
    assert "now" == (await world.post(text="now")).text


async def test_other_words_find_what_lies_in_the_margin(world: World) -> None:
    """After a reload with a new word, the last minutes are judged by it."""
    about = world.site.publish("globex is down")
    assert [] == (await world.poll(Only("acme"))).ids
    assert [about] == (await world.poll(Only("globex"))).ids


async def test_from_now_on(world: World) -> None:
    """Without a position nothing old comes, and everything after that."""
    world.site.publish("old")
    world.cursor = None
    assert [] == (await world.poll()).ids
    new = world.site.publish("new")
    assert [new] == (await world.poll()).ids


async def test_an_empty_site(world: World) -> None:
    """Nothing there: no batch, no position."""
    world.cursor = None
    assert [] == (await world.poll()).batches


@pytest.mark.parametrize("cursor", ["", "v1:", "v2:5:", "v1:5:a", "v1:5:a@b,", "v1:99999999999999:"])
async def test_an_unreadable_position_is_lost(world: World, cursor: str) -> None:
    """The loop then notes the gap and goes on from now."""
    world.cursor = Cursor(cursor)
    with pytest.raises(CursorLost):
        await world.poll()


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"hits": 5, "nbHits": 1}', "<html>", '{"hits": [', "\udcff"]
)
async def test_an_odd_answer(world: World, body: str) -> None:
    """Something else than a search result is told as that."""
    world.site.refuse(200, body=body.encode(errors="replace").decode())
    with pytest.raises(Unavailable) as caught:
        await world.poll()
    assert Reason.PROTOCOL is caught.value.reason


async def test_how_often(world: World) -> None:
    """The loop is told how long to rest."""
    assert timedelta(minutes=1) == world.source.poll_every
    assert timedelta(seconds=5) == world.restarted(every="5s").poll_every


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "hn.algolia.com"},
        {"url": "https://hn.algolia.com/api/v1?x=1"},
        {"every": 60},
        {"every": "often"},
        {"every": "10ms"},
        {"overlap": "0s"},
        {"words": ["acme"]},
    ],
)
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    """Each is refused."""
    with pytest.raises(ValidationError):
        Settings(**wrong)


# --- who, and above what ------------------------------------------------------------------------


@pytest.fixture
def lookup(world: World) -> HackerNewsLookup:
    return HackerNewsLookup(Settings(url=world.site.base_url), Wiring(http=world.http, clock=world.clock))


async def test_who_it_is(world: World, lookup: HackerNewsLookup) -> None:
    """The bio as text; karma is no count of followers."""
    world.site.user("ann", about="Journalist at <b>X</b> &amp; Y", karma=9_000)
    found = await lookup.author("ann")
    assert ("ann", "ann", "Journalist at X & Y", None) == (found.id, found.handle, found.bio, found.followers)


async def test_a_handle_in_any_case(world: World, lookup: HackerNewsLookup) -> None:
    """The configuration writes handles small, the site does not."""
    world.site.user("acme")
    world.site.publish("hello", author="AcmeSupport")
    world.site.publish("hello", author="AcmeSupport2")
    assert "acme" == await lookup.resolve("@acme")
    assert "AcmeSupport" == await lookup.resolve("acmesupport")
    for nobody in ("nobody", "../items/1", "a b", ""):
        with pytest.raises(Rejected):
            await lookup.resolve(nobody)


async def test_the_thread_above(world: World, lookup: HackerNewsLookup) -> None:
    """The story first, then the comment that is answered."""
    story = world.site.publish("Why is it down?", title="Ask HN: Acme", author="bob")
    comment = world.site.publish("It is not.", parent=story)
    world.site.publish("below", parent=comment)
    assert [story] == [post.id for post in await lookup.thread(story)]
    found = await lookup.thread(comment)
    assert [(story, "Why is it down?"), (comment, "It is not.")] == [(post.id, post.text) for post in found]


async def test_a_thread_that_is_gone(world: World, lookup: HackerNewsLookup) -> None:
    """No such item, or nothing left of it."""
    with pytest.raises(Rejected):
        await lookup.thread("12")
    world.site.refuse(200, body='{"hits": [], "nbHits": 0}')
    world.site.refuse(200, body='{"id": 12, "author": null, "children": []}')
    with pytest.raises(Rejected):
        await lookup.thread("12")


@pytest.mark.parametrize(("status", "kind"), [(429, Unavailable), (500, Unavailable), (404, Rejected)])
async def test_a_lookup_that_is_refused(
    world: World, lookup: HackerNewsLookup, status: int, kind: type[BotError]
) -> None:
    """Statuses mean what they mean everywhere."""
    world.site.refuse(status, headers={"Retry-After": "7"})
    with pytest.raises(kind):
        await lookup.author("ann")
    world.site.refuse(200, body="<html>")
    with pytest.raises(Unavailable):
        await lookup.author("ann")


async def test_how_many_reacted(world: World, lookup: HackerNewsLookup) -> None:
    """Of a story the points and all comments; of a comment those below it, whose points nobody tells."""
    story = world.site.publish(title="Acme", url="https://acme.example")
    above = world.site.publish("first", parent=story)
    below = world.site.publish("second", parent=above)
    world.site.publish("third", parent=below)
    assert Engagement(likes=1, replies=3) == await lookup.engagement(story)
    assert Engagement(replies=2) == await lookup.engagement(above)
    with pytest.raises(Rejected):
        await lookup.engagement("1")
