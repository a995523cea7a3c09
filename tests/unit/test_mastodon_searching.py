"""The full-text search of an account's server: for each word, late, in pages, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from bot.errors import Rejected, Unauthorized
from bot.findings import Exam
from bot.model import Batch, Cursor
from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, PLEROMA, Manners
from connectors.mastodon.accounts import others
from connectors.mastodon.examine import examine
from connectors.mastodon.position import cursor_at
from connectors.mastodon.searching import SearchSource, searches
from connectors.mastodon.timelines import Settings, TimelinesSource
from tests.unit.mastodon_stand import Stand, stand


class Watching:
    """Wants everything in which one of the words stands."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del author_id, refs
        return any(word.casefold() in text.casefold() for word in self.words)


class Reader:
    """Reads on from where it stopped, as the daemon does."""

    def __init__(self, it: Stand, *words: str) -> None:
        it.server.world.finds_text = True
        self.it, self.watch = it, Watching(*words)
        self.source = SearchSource(it.settings, it.wiring)
        self.after: Cursor | None = cursor_at(it.clock.now())
        self.batches: list[Batch] = []

    async def read(self) -> list[str]:
        """The texts that are new."""
        self.batches = []
        async for batch in self.source.read(self.after, self.watch):
            self.batches.append(batch)
            self.after = batch.cursor or self.after
        return [post.text for batch in self.batches for post in batch.posts]


@pytest.mark.parametrize("manners", [MASTODON, GOTOSOCIAL, PLEROMA])
async def test_words_are_searched_for(manners: Manners) -> None:
    """Without a tag, and without a name; each post once, though it holds two words."""
    async with stand(manners) as it:
        reader = Reader(it, "lift", "stairs out")
        post = it.server.world.post
        post("ann@else.example", "the lift")
        post("ann@else.example", "Lift broken, stairs out of order")
        post("ann@else.example", "the stairs are not out")
        assert ["the lift", "Lift broken, stairs out of order"] == await reader.read()
        assert [] == await reader.read()
        post("ben", "STAIRS OUT")
        assert ["STAIRS OUT"] == await reader.read()


async def test_what_is_found_late_is_not_missed() -> None:
    """An index lags; within ten minutes nothing is lost."""
    async with stand() as it:
        reader = Reader(it, "lift")
        late = it.server.world.post("ann@else.example", "a slow lift")
        it.server.world.unindexed.add(late)
        await it.clock.advance(60)
        it.server.world.post("ben@else.example", "a quick lift")
        assert ["a quick lift"] == await reader.read()
        await it.clock.advance(300)
        it.server.world.unindexed.clear()
        assert ["a slow lift"] == await reader.read()


async def test_a_burst_is_read_to_its_end() -> None:
    """In pages; oldest first."""
    async with stand() as it:
        reader = Reader(it, "lift")
        said = [f"lift {number}" for number in range(130)]
        for text in said:
            it.server.world.post("ann@else.example", text)
        assert said == await reader.read()
        before = it.server.requests
        assert [] == await reader.read()
        assert it.server.requests - before <= 4


async def test_reading_begins_now_and_takes_up_new_words() -> None:
    """A word that is new begins where the others are."""
    async with stand() as it:
        reader = Reader(it)
        reader.after = None
        it.server.world.post("ann@else.example", "an old lift")
        await it.clock.advance(3600)
        assert [] == await reader.read()
        reader.watch = Watching("lift")
        assert [] == await reader.read()
        it.server.world.post("ann@else.example", "a new lift")
        assert ["a new lift"] == await reader.read()
        reader.watch = Watching("lift", "stairs")
        it.server.world.post("ann@else.example", "new stairs")
        assert ["new stairs"] == await reader.read()


async def test_what_is_not_public_is_left_alone() -> None:
    """It was said to the account, which is told of it."""
    async with stand() as it:
        reader = Reader(it, "lift")
        it.server.world.post("ann@else.example", "@acme the lift", visibility="direct")
        it.server.world.post("ann@else.example", "the lift", visibility="unlisted")
        assert ["the lift"] == await reader.read()


async def test_edits_and_deletions_are_seen() -> None:
    """As in every list."""
    async with stand() as it:
        reader = Reader(it, "lift")
        first = it.server.world.post("ann@else.example", "the lift one")
        second = it.server.world.post("ann@else.example", "the lift two")
        await reader.read()
        await it.clock.advance(60)
        it.server.world.edit(first, "the lift, mended")
        it.server.world.delete(second)
        reader.watch.words = ("lift", it.id(second))
        reader.watch.wants = lambda *_: True  # type: ignore[method-assign]
        assert ["the lift, mended"] == await reader.read()
        assert [it.id(second)] == [one.post_id for batch in reader.batches for one in batch.deleted]


async def test_a_server_without_a_search_says_so() -> None:
    """404 on one, nothing on another; and a token that may not search."""
    async with stand() as it:
        reader = Reader(it, "lift")
        it.server.refuse(404, path="/search")
        await it.own.me()
        with pytest.raises(Rejected, match="does not search posts"):
            await reader.read()
        it.server.refuse(401, path="/search")
        with pytest.raises(Unauthorized):
            await reader.read()
        it.server.world.finds_text = False
        it.server.world.post("ann@else.example", "the lift")
        assert [] == await reader.read()


async def test_what_a_timeline_told_is_not_told_again() -> None:
    """The same post, called the same by the same server; on another server by the first that tells."""
    async with stand() as it, stand() as elsewhere:
        shared = elsewhere.server.world
        shared.url = it.server.world.url
        reader = Reader(it, "lift")
        it.server.world.post("ann@else.example", "the #lift")
        shared.post("ann@else.example", "the #lift")
        settings = Settings(servers=(elsewhere.server.url,), hashtags=("lift",))
        timelines = TimelinesSource(settings, it.wiring)
        after = cursor_at(it.clock.now())
        told = [post.text async for one in timelines.read(after, reader.watch) for post in one.posts]
        assert ["the #lift"] == told
        assert [] == await reader.read()


async def test_it_is_asked_for() -> None:
    """`search: true`, of each account."""
    async with stand() as it:
        assert () == others(it.settings, it.wiring)
        (source,) = others(it.settings.model_copy(update={"search": True}), it.wiring)
        assert "mastodon-search" == source.name


@pytest.mark.parametrize(("status", "said"), [(0, "searches posts"), (403, "does not search posts")])
async def test_doctor_tries_the_search(status: int, said: str) -> None:
    """Whether it finds anything, nobody can tell."""
    async with stand() as it:
        if status:
            it.server.refuse(status, path="/search")
        account = it.settings.model_copy(update={"search": True})
        found = [one async for one in examine(Exam(account=account), it.wiring)]
        assert 1 == len([one for one in found if said in one.says])


def test_nothing_in_a_word_is_an_order() -> None:
    """`from:me`, or a quote."""
    given = searches(["acme", "from:me  now", 'say "acme"', " ", "acme"])
    assert ["acme", "from:me now", "say acme"] == list(given)
    assert ("q", '"from:me now"') in given["from:me now"].query
