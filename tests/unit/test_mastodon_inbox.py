"""What a server tells the account: every page, nothing twice, edits and deletions, what colleagues answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import CursorLost, Refused, Unavailable
from bot.model import Batch, Cursor, Deletion
from bot.testing.loopback import Refuse
from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON, OLD_MASTODON, PLEROMA, Manners
from bot.testing.source_contract import WatchAll
from connectors.mastodon import paging
from connectors.mastodon.connector import CONNECTOR
from connectors.mastodon.inbox import InboxSource
from connectors.mastodon.lists import LOOKED_FOR
from connectors.mastodon.lookup import account_lookup
from connectors.mastodon.position import KEPT, Position, cursor_at
from tests.unit.mastodon_stand import ACME, Stand, stand

EVERY = [MASTODON, OLD_MASTODON, GOTOSOCIAL, PLEROMA]


class Reader:
    """Reads on from where it stopped, as the daemon does."""

    def __init__(self, it: Stand, after: Cursor | None = None) -> None:
        self.it = it
        self.source = InboxSource(it.settings, it.wiring)
        self.after = after if after is not None else cursor_at(it.clock.now())
        self.batches: list[Batch] = []

    async def read(self) -> list[str]:
        """The ids that are new."""
        self.batches = []
        async for batch in self.source.read(self.after, WatchAll()):
            self.batches.append(batch)
            self.after = batch.cursor or self.after
        return [post.id for batch in self.batches for post in batch.posts]

    @property
    def posts(self) -> list[tuple[str, bool]]:
        return [(post.text, post.is_edit) for batch in self.batches for post in batch.posts]

    @property
    def deleted(self) -> list[Deletion]:
        return [one for batch in self.batches for one in batch.deleted]


async def test_reading_begins_now() -> None:
    """What was told before is not told again; from then on everything is."""
    for is_empty in (True, False):
        async with stand() as it:
            if not is_empty:
                it.server.ask("@acme long ago")
                it.server.world.post("acme", "we are here")
                await it.clock.advance(3600)
            source = InboxSource(it.settings, it.wiring)
            (batch,) = [one async for one in source.read(None, WatchAll())]
            assert () == batch.posts
            reader = Reader(it, batch.cursor)
            assert [] == await reader.read()
            assert [it.id(it.server.ask())] == await reader.read()


async def test_reading_begins_where_the_daemon_is_told_to() -> None:
    """`--since`."""
    async with stand() as it:
        it.server.ask("@acme long ago")
        await it.clock.advance(3600)
        newer = it.server.ask("@acme just now")
        assert CONNECTOR.inbox_at is not None
        reader = Reader(it, CONNECTOR.inbox_at(it.clock.now() - timedelta(minutes=5)))
        assert [it.id(newer)] == await reader.read()
        assert [] == await reader.read()


@pytest.mark.parametrize("manners", EVERY)
async def test_all_of_a_burst_arrives_once(manners: Manners) -> None:
    """Five hundred between two readings, the limit reached in the middle: all, in order, each once."""
    async with stand(manners) as it:
        it.server.granted.most, it.server.most = 40, 20
        reader = Reader(it)
        first = [it.id(it.server.ask(f"@acme {number}")) for number in range(500)]
        heard: list[str] = []
        for _ in range(10):
            try:
                heard += await reader.read()
            except Unavailable as error:
                assert error.retry_after is not None  # noqa: PT017 - part of the story
                await it.clock.advance(error.retry_after.total_seconds())
                it.server.granted.most = 400
        assert first == heard
        second = [it.id(it.server.ask(f"@acme {number}")) for number in range(3)]
        assert second == await reader.read()


@pytest.mark.parametrize("manners", [MASTODON, GOTOSOCIAL, PLEROMA])
async def test_edits_are_seen(manners: Manners) -> None:
    """Once each, with the new text, as long as the post is among the newest; after a restart too."""
    async with stand(manners) as it:
        reader = Reader(it)
        status = it.server.ask("@acme is it down?")
        it.server.ask("@acme me too", by="ben@else.example")
        assert 2 == len(await reader.read())
        await it.clock.advance(60)
        it.server.world.edit(status, "@acme is it up?")
        fresh = it.server.ask("@acme hello", by="cleo@else.example")
        assert [it.id(status), it.id(fresh)] == await reader.read()
        assert [("@acme is it up?", True), ("@acme hello", False)] == reader.posts
        assert it.clock.now() == reader.batches[0].posts[0].revised_at
        assert [] == await reader.read()
        await it.clock.advance(60)
        it.server.world.edit(status, "@acme it is up!")
        assert [it.id(status)] == await Reader(it, reader.after).read()


@pytest.mark.parametrize("manners", [MASTODON, GOTOSOCIAL, PLEROMA])
async def test_deletions_are_seen(manners: Manners) -> None:
    """A post that is gone; one whose notification somebody only wiped away is not."""
    async with stand(manners) as it:
        reader = Reader(it)
        it.server.ask("@acme first")
        gone, wiped = it.server.ask("@acme gone"), it.server.ask("@acme wiped away")
        it.server.ask("@acme last")
        await reader.read()
        it.server.world.delete(gone)
        it.server.world.notifications = [
            row for row in it.server.world.notifications if row["status"] != wiped
        ]
        assert [] == await reader.read()
        assert [
            Deletion(platform="mastodon", author_id="ann@else.example", post_id=it.id(gone))
        ] == reader.deleted
        asked = len(it.server.asked)
        assert [] == await reader.read()
        assert [] == reader.batches
        assert 4 >= len(it.server.asked) - asked  # the two lists: nobody looks again


async def test_many_deletions_are_looked_for_a_few_at_a_time() -> None:
    """A crowd that deletes does not use up what is granted; all are told in the end. A failure waits."""
    async with stand() as it:
        reader = Reader(it)
        every = [it.server.ask(f"@acme {number}") for number in range(14)]
        await reader.read()
        for status in every[1:]:
            it.server.world.delete(status)
        it.server.faults.extend([Refuse(status=503, path=every[1])])
        told: list[int] = []
        for _ in range(4):
            await reader.read()
            told.append(len(reader.deleted))
        assert [LOOKED_FOR - 1, LOOKED_FOR, 13 - 2 * LOOKED_FOR + 1, 0] == told


async def test_when_everything_is_wiped_away_reading_goes_on() -> None:
    """The notifications are cleared in the app: the ids still say where we were."""
    async with stand() as it:
        reader = Reader(it)
        for number in range(3):
            it.server.ask(f"@acme {number}")
        await reader.read()
        it.server.world.notifications.clear()
        assert ([], []) == (await reader.read(), reader.deleted)
        assert [it.id(it.server.ask())] == await reader.read()


async def test_mentioned_and_quoted_is_one_post() -> None:
    """Two notifications of one status."""
    async with stand() as it:
        reader = Reader(it)
        ours = it.server.world.post("acme", "look!")
        status = it.server.ask("@acme no", quotes=ours)
        it.server.world.tell("quote", status)
        assert [it.id(status), it.id(ours)] == await reader.read()
        assert it.id(ours) == getattr(reader.batches[0].posts[0].quoted, "id", None)
        it.server.world.tell("quote", status)
        assert [] == await reader.read()


async def test_what_a_colleague_answers_is_seen() -> None:
    """In the app, in public: an answer to that person in that thread. Privately to what was public: none."""
    async with stand() as it:
        reader = Reader(it)
        status = it.server.ask("@acme is it down?")
        private = it.server.ask("@acme my order is 4711", visibility="direct")
        await reader.read()
        world = it.server.world
        public = world.post("acme", "@ann@else.example it is up", parent=status)
        world.post("acme", "@ann@else.example what is your number?", parent=status, visibility="direct")
        world.post("acme", "@ann@else.example hi", visibility="direct")
        told = world.post("acme", "@ann@else.example it is on its way", parent=private, visibility="direct")
        assert [it.id(public), it.id(told)] == await reader.read()
        first, second = (post for batch in reader.batches for post in batch.posts)
        assert (ACME, False, it.id(status)) == (first.author_id, first.is_private, first.root_id)
        assert "ann@else.example" == getattr(first.parent, "author_id", None)
        assert (True, it.id(private)) == (second.is_private, second.root_id)


async def test_answers_to_what_we_published_need_no_question() -> None:
    """Our newest posts are known from the other list: a crowd that answers one costs no request."""
    async with stand() as it:
        reader = Reader(it)
        ours = it.server.world.post("acme", "look!")
        await reader.read()
        for number in range(60):
            it.server.ask(f"@acme {number}", parent=ours)
        assert 60 == len(await reader.read())
        assert {it.id(ours)} == {post.root_id for batch in reader.batches for post in batch.posts}
        assert not [asked for asked in it.server.asked if asked.endswith("/context")]


async def test_many_threads_are_asked_for_as_the_server_grants() -> None:
    """What was found out before the limit is not asked for again."""
    async with stand() as it:
        reader = Reader(it)
        for number in range(150):
            parent = it.server.world.post("ben@else.example", f"{number}")
            it.server.ask(
                f"@acme {number}", parent=it.server.world.post("ben@else.example", "so", parent=parent)
            )
        it.server.granted.most = 100
        heard: list[str] = []
        for _ in range(4):
            try:
                heard += await reader.read()
            except Unavailable as error:
                heard += [post.id for batch in reader.batches for post in batch.posts]
                assert error.retry_after is not None  # noqa: PT017 - part of the story
                await it.clock.advance(error.retry_after.total_seconds())
        assert 150 == len(heard) == len(set(heard))
        assert 150 == sum(asked.endswith("/context") for asked in it.server.asked)


async def test_a_private_mention_is_private() -> None:
    """Also one in a thread that is not."""
    async with stand() as it:
        reader = Reader(it)
        public = it.server.ask("@acme is it down?")
        it.server.ask("@acme my number is 7", parent=public, visibility="direct")
        await reader.read()
        (batch,) = reader.batches
        assert [False, True] == [post.is_private for post in batch.posts]
        assert [it.id(public)] * 2 == [post.root_id for post in batch.posts]


async def test_other_kinds_are_passed_over() -> None:
    """Some servers send all of them, whatever is asked for. Boosts of ours are no posts of ours."""
    async with stand(PLEROMA) as it:
        reader = Reader(it)
        ours = it.server.world.post("acme", "look!")
        it.server.world.tell("favourite", ours)
        it.server.world.tell("pleroma:emoji_reaction", ours)
        assert [it.id(ours)] == await reader.read()
        assert 1 == sum(batch.seen for batch in reader.batches)


async def test_more_than_all_pages_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies below them was missed, and is said to have been."""
    monkeypatch.setattr(paging, "MOST_PAGES", 2)
    async with stand() as it:
        it.server.most = 3
        reader = Reader(it)
        await reader.read()
        began_at = it.clock.now()
        every = []
        for number in range(8):
            await it.clock.advance(10)
            every.append(it.id(it.server.ask(f"@acme {number}")))
        assert every[-6:] == await reader.read()
        (gap,) = [batch.gap for batch in reader.batches if batch.gap]
        assert (began_at, "overflow") == (gap.started_at, gap.reason)
        assert began_at + timedelta(seconds=30) == gap.ended_at
        assert [] == await reader.read()


async def test_what_cannot_be_read_is_counted_once() -> None:
    """And costs no other row."""
    async with stand() as it:
        reader = Reader(it)
        row = it.server.world.tell("mention", it.server.world.post("ann@else.example", "@acme"))
        row["status"] = {"no": "status"}
        assert [it.id(it.server.ask())] == await reader.read()
        assert 1 == sum(batch.undecodable for batch in reader.batches)
        row["status"] = {"no": "status", "but": "another one"}
        assert ([], []) == (await reader.read(), reader.batches)


async def test_a_notification_may_outlive_its_status() -> None:
    """Some servers keep it, and say null: the status is gone."""
    async with stand() as it:
        reader = Reader(it)
        status = it.server.ask()
        await reader.read()
        row = it.server.world.notifications[0]
        it.server.world.delete(status)
        it.server.world.notifications = [{**row, "status": None}]
        assert [] == await reader.read()
        assert [it.id(status)] == [one.post_id for one in reader.deleted]
        assert 0 == sum(batch.undecodable for batch in reader.batches)


async def test_a_position_is_of_one_server() -> None:
    """On another one its ids mean nothing: there the time counts. What nobody can read is lost, and said."""
    async with stand() as it:
        reader = Reader(it)
        it.server.ask("@acme one")
        await reader.read()
        assert reader.after.startswith('v1:{"server":')
        elsewhere = Position.of(reader.after, "other.example")
        here = Position.of(reader.after, it.server.host)
        assert here.windows["told"].newest == elsewhere.windows["told"].at
        assert () == elsewhere.windows["told"].marks
        for text in ("v0:", "v1:{", "nonsense"):
            with pytest.raises(CursorLost):
                await Reader(it, Cursor(text)).read()


async def test_a_position_stays_small() -> None:
    """Only the newest rows are remembered."""
    async with stand() as it:
        reader = Reader(it)
        for number in range(3 * KEPT):
            it.server.ask(f"@acme {number}")
        await reader.read()
        assert KEPT == len(Position.of(reader.after, it.server.host).windows["told"].marks)
        assert len(reader.after) < 8_000


async def test_who_wrote_needs_no_question() -> None:
    """Every notification brings its author along."""
    async with stand() as it:
        it.server.ask()
        reader = Reader(it, cursor_at(it.clock.now() - timedelta(hours=1)))
        await reader.read()
        who = account_lookup(it.settings, it.wiring)
        assert who is not None
        requests = it.server.requests
        assert "Ann" == (await who.author("ann@else.example")).name
        assert requests == it.server.requests


async def test_a_second_list_that_fails_loses_nothing_of_the_first() -> None:
    """Its batches came before; the error is told all the same."""
    async with stand() as it:
        reader = Reader(it)
        status = it.server.ask()
        it.server.refuse(403, path="/statuses")
        with pytest.raises(Refused):
            await reader.read()
        assert [it.id(status)] == [post.id for batch in reader.batches for post in batch.posts]
        assert [] == await reader.read()
