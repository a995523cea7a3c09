"""Statuses become posts, as several kinds of servers write them; threads and people as they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.errors import Reason, Rejected, Unauthorized, Unavailable
from bot.measured import Engagement
from bot.model import Account, Brand, Kind, Post, PostRef
from bot.ports import Wiring
from bot.sides import lookup_side
from bot.testing.mastodon_world import GOTOSOCIAL, MASTODON
from bot.watchlist import Watchlist
from connectors.mastodon.connector import CONNECTOR
from connectors.mastodon.entities import Status, status_of
from connectors.mastodon.lookup import MastodonLookup, account_lookup
from connectors.mastodon.statuses import View, parts, to_post
from connectors.mastodon.threads import Threads
from tests.unit.mastodon_stand import ACME, Stand, stand

SAMPLES = Path(__file__).parents[1] / "samples" / "mastodon"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
VIEW = View(server="mastodon.test", domain="social.test")


def sample(name: str) -> Status:
    status = status_of(msgspec.Raw((SAMPLES / f"{name}.json").read_bytes()))
    assert status is not None
    return status


def post(name: str) -> Post:
    return to_post(sample(name), VIEW, NOW)


def test_a_mention() -> None:
    """Plain text, links without those of names and tags, whole names; the id says on which server it is one."""
    it = post("mention")
    assert "@acme the lift in Berlin is stuck again, see https://photos.example/lift?a=1&b=2 #Lift" in it.text
    assert it.text.endswith("\n\nWhen will it work?\nThanks!")
    assert ("https://photos.example/lift?a=1&b=2",) == it.links
    assert ("mastodon.test/115580012345678901", "ann@else.example") == (it.id, it.author_id)
    assert ((ACME,), ("en",), False, ()) == (it.mentions, it.langs, it.is_private, it.media)
    assert "https://else.example/@ann/115580012345678901" == it.url
    assert (datetime(2026, 11, 20, 9, 15, 30, 123000, tzinfo=UTC), None) == (it.posted_at, it.revised_at)
    assert ("mastodon.test", "115580012345678901") == parts(it.id)


def test_a_warning_is_the_title() -> None:
    """Pictures are told by kind and description, an edit by its time."""
    it = post("warned")
    assert ("food, complaint", ("image", "video")) == (it.title, it.media)
    assert ("A bowl of soup with a hair in it",) == it.alts
    assert (datetime(2026, 11, 20, 9, 20, tzinfo=UTC), False) == (it.revised_at, it.is_edit)


def test_a_quote() -> None:
    """By Mastodon 4.5: it points to what it quotes."""
    assert PostRef(id="mastodon.test/115580012345678800", author_id=ACME) == post("quote").quoted


def test_ids_are_no_numbers_everywhere() -> None:
    """GoToSocial and Pleroma; what they leave out is left out."""
    gotosocial, pleroma = post("reply_gotosocial"), post("mention_pleroma")
    assert "mastodon.test/01JD4ZQ8M0ABCDEFGHJKMNPQRS" == gotosocial.id
    assert ((), "ben@gts.example") == (gotosocial.langs, gotosocial.author_id)
    assert "@acme hello from another server" == pleroma.text
    assert ((), "mastodon.test/Ap4W6cWAWvZGZDHQXo") == (pleroma.links, pleroma.id)


def test_what_only_we_can_read_is_a_direct_message() -> None:
    """Whatever else it is."""
    ours = Brand(
        name="acme", words=(), accounts=(Account(brand="acme", platform="mastodon", handle=ACME, id=ACME),)
    )
    watchlist = Watchlist([ours], ids={}, matcher=NoWords)
    kinds = [watchlist.concerns(post(name), lambda _: ())[0].kind for name in ("direct", "mention", "quote")]
    assert [Kind.DM, Kind.MENTION, Kind.QUOTE] == kinds
    assert post("direct").is_private


class NoWords:
    """A matcher that finds nothing."""

    def __init__(self, _: object) -> None: ...

    def search(self, text: str) -> list[Any]:
        return []

    def found(self, text: str) -> list[int]:
        return []

    def pieces(self) -> list[object]:
        return []


@pytest.mark.parametrize(
    "broken",
    [
        b"[]", b"{}", b'{"id":"1","account":{"id":"1","acct":"a"}}', b'{"id":"","account":{"id":"1","acct":"a"},"created_at":"2026-11-20T10:00:00Z"}',
        b'{"id":"1","account":{"id":"1","acct":"a"},"created_at":"soon"}', b"\xff", b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_status(broken: bytes) -> None:
    """Is none, and nothing is raised."""
    assert status_of(msgspec.Raw(broken)) is None


# --- threads --------------------------------------------------------------------------------------


async def place(it: Stand, threads: Threads, status: str) -> tuple[str | None, str | None, str | None]:
    told = it.server.world.entity(it.server.world.statuses[status])
    read = status_of(msgspec.Raw(msgspec.json.encode(told)))
    assert read is not None
    found = await threads.place(read, View(server=it.server.host, domain="social.test"))
    parent, root = found.parent, found.root
    return parent.id if parent else None, parent.author_id if parent else None, root.id if root else None


async def test_a_thread_is_asked_for_once() -> None:
    """What stands above one answer stands above the others too; a first status is nobody's answer."""
    async with stand(GOTOSOCIAL) as it:
        world, threads = it.server.world, Threads(it.own)
        root = world.post("acme", "we are here")
        middle = world.post("ben@else.example", "good", parent=root)
        answers = [world.post("ann@else.example", "no", parent=middle) for _ in range(3)]
        expected = (it.id(middle), "ben@else.example", it.id(root))
        assert [expected] * 3 == [await place(it, threads, one) for one in answers]
        assert (None, None, None) == await place(it, threads, root)
        below = world.post("ben@else.example", "why?", parent=answers[0])
        assert (it.id(answers[0]), "ann@else.example", it.id(root)) == await place(it, threads, below)
        assert 1 == it.server.requests


async def test_a_thread_that_cannot_be_told_costs_no_post() -> None:
    """It begins with what is answered, whose author is among those who are named."""
    async with stand() as it:
        world, threads = it.server.world, Threads(it.own)
        ours = world.post("acme", "we are here")
        for status in (500, 404, 403):
            answer = world.post("ann@else.example", "@acme no", parent=world.post("acme", "so", parent=ours))
            it.server.refuse(status)
            above = it.id(str(world.statuses[answer].parent))
            assert (above, ACME, above) == await place(it, threads, answer)
        for status, error in ((429, Unavailable), (401, Unauthorized)):
            answer = world.post("ann@else.example", "@acme no", parent=world.post("acme", "so", parent=ours))
            it.server.refuse(status)
            with pytest.raises(error):
                await place(it, threads, answer)


# --- who and what ---------------------------------------------------------------------------------


def lookup(it: Stand) -> MastodonLookup:
    found = account_lookup(it.settings, it.wiring)
    assert found is not None
    return found


async def test_who_somebody_is() -> None:
    """Asked for once within the hour; a name without a domain is one of the server's own."""
    async with stand() as it:
        it.server.world.account("ann@else.example", followers_count=1234)
        it.server.world.account("globex")
        who = lookup(it)
        author = await who.author("ann@else.example")
        assert ("ann@else.example", "Ann", "This is ann.", 1234) == (
            author.handle,
            author.name,
            author.bio,
            author.followers,
        )
        assert author == await who.author("ann@else.example")
        assert 1 == sum("lookup" in asked for asked in it.server.asked)
        await it.clock.advance(3601)
        await who.author("ann@else.example")
        assert 2 == sum("lookup" in asked for asked in it.server.asked)
        it.server.world.account("acme@else.example")
        assert ["globex@social.test", ACME] == [await who.resolve("@Globex"), await who.resolve("acme")]
        assert "acme@else.example" == await who.resolve("acme@else.example")
        with pytest.raises(Rejected) as caught:
            await who.resolve("nobody@else.example")
        assert Reason.NOT_FOUND is caught.value.reason


async def test_a_server_that_does_not_know_its_own_domain() -> None:
    """Its own accounts are asked for without it, and are known by their whole names."""
    async with stand(replace(MASTODON, knows_its_domain=False)) as it:
        it.server.world.account("globex")
        who = lookup(it)
        assert "globex@social.test" == (await who.author("globex@social.test")).id
        assert "globex@social.test" == await who.resolve("@globex@social.test")


async def test_a_thread_and_its_answers() -> None:
    """Root first; direct answers only; what reacted."""
    async with stand() as it:
        world, who = it.server.world, lookup(it)
        root = world.post("acme", "we are here")
        middle = world.post("ben@else.example", "good", parent=root)
        last = world.post("ann@else.example", "no", parent=middle)
        world.post("cleo@else.example", "yes", parent=last)
        above = await who.thread(it.id(middle))
        assert [it.id(root), it.id(middle)] == [one.id for one in above]
        (below,) = await who.answers(it.id(middle))
        assert (it.id(last), it.id(middle), it.id(root)) == (
            below.id,
            below.parent and below.parent.id,
            below.root_id,
        )
        assert Engagement(likes=5, shares=3, replies=1) == await who.engagement(it.id(middle))
        for gone in (it.id("1"), "other.example/1"):
            with pytest.raises(Rejected):
                await who.thread(gone)


async def test_a_lookup_needs_no_source() -> None:
    """With an account alone people are found, as the account."""
    async with stand() as it:

        class Given:
            sources: dict[str, Any] = {}  # noqa: RUF012 - a value of a test
            accounts = {"mastodon": it.settings}  # noqa: RUF012

        found = lookup_side(Given(), {"mastodon": CONNECTOR}, it.wiring)  # type: ignore[arg-type]
        assert ACME == await found["mastodon"].resolve("acme")
        bare = Wiring(http=it.wiring.http, clock=it.clock)
        Given.accounts = {"mastodon": type(it.settings)()}
        assert {} == lookup_side(Given(), {"mastodon": CONNECTOR}, bare)  # type: ignore[arg-type]
