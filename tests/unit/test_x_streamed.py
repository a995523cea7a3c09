"""The filtered stream: what it tells, once, what it costs, and what the search fills in behind it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.errors import Reason, Rejected, Unauthorized, Unavailable
from bot.testing.x_streams import disconnect
from connectors.x.connector import CONNECTOR
from connectors.x.ids import cursor_at
from connectors.x.search import SearchSource, Settings
from connectors.x.stream_position import Position
from connectors.x.streamed import StreamedSearch
from tests.unit.x_stand import NOW
from tests.unit.x_streaming import Reader, Streamed, streamed, until

WITHOUT = " -is:retweet -from:acme -@acme"
RULE = f'(acme OR "acme support"){WITHOUT}'


async def test_what_is_said_is_pushed() -> None:
    """In the order of its being said; each post is paid for once, and a position stands behind it."""
    async with streamed() as x:
        async with x.reader.reading():
            ids = [x.say(f"acme is down {number} &amp; out") for number in range(3)]
            x.say("globex is down")
            await until(lambda: len(x.reader.ids) >= 3)
        assert ids == x.reader.ids
        assert x.server.bought["stream"] == 3
        assert x.stood.bills[-1].sources["x"].month == 3
        assert x.reader.after is not None
        assert {int(one) for one in ids} == Position.of(x.reader.after).told


async def test_a_hole_is_filled_by_the_search() -> None:
    """What was said before the stream stood comes first; and what the index did not have then, once."""
    async with streamed() as x:
        before = x.server.world.post("ann", "acme was down", at=NOW - timedelta(minutes=30))
        young = x.say("acme is down, says who is not in the index yet")
        async with x.reader.reading():
            live = x.say("acme is down")
            await until(lambda: len(x.reader.ids) >= 2)
            assert x.reader.ids == [before, live]
            await x.passes(70)
            await until(lambda: len(x.reader.ids) >= 3)
            await x.passes(60)
            after = x.say("acme is up")
            await until(lambda: len(x.reader.ids) >= 4)
        assert x.reader.ids == [before, live, young, after]
        assert all(batch.gap is None for batch in x.reader.batches)
        assert x.reader.after is not None
        assert Position.of(x.reader.after).told == {int(after)}, "the rest is behind the position"


async def test_nothing_is_told_twice_after_a_break() -> None:
    """The connection breaks, and somebody speaks meanwhile: the same source and a new one tell the rest."""
    async with streamed() as x:
        async with x.reader.reading():
            first = x.say("acme one")
            await until(lambda: x.reader.ids)
            x.server.cut()
            await until(lambda: x.reader.error and not x.server.streams.open)
        assert isinstance(x.reader.error, Unavailable)
        missed = x.say("acme two")
        await x.stood.clock.advance(100)
        again = Reader(StreamedSearch(Settings(stream=True), x.stood.wiring), after=x.reader.after)
        for reader in (x.reader, again):
            told = [*reader.ids]
            async with reader.reading():
                await until(lambda: len(reader.ids) > len(told))  # noqa: B023 - awaited here
            await until(lambda: not x.server.streams.open)
            assert reader.ids == [*told, missed]
        assert first not in again.ids


async def test_a_search_that_fails_does_not_end_the_stream() -> None:
    """Too many requests for the search: what is pushed is told all the same, the hole is filled later."""
    async with streamed() as x:
        before = x.server.world.post("ann", "acme was down", at=NOW - timedelta(minutes=30))
        x.server.refuse(429, path="recent", headers={"Retry-After": "20"})
        async with x.reader.reading():
            live = x.say("acme is down")
            await until(lambda: x.reader.ids)
            await x.passes(30)
            await until(lambda: len(x.reader.ids) == 2)
        assert x.reader.ids == [live, before]


async def test_no_money_no_stream() -> None:
    """What arrives is counted, and when the day's money is gone the stream is closed until there is more."""
    async with streamed(budget={"month": "0.011"}) as x:
        x.say("acme one")
        await x.reader.read()
        assert isinstance(x.reader.error, Unavailable)
        assert (x.reader.error.reason, x.reader.error.unsent) == (Reason.RATE_LIMITED, True)
        assert not x.server.streams.connects, "who the account is has eaten the month's money"


async def test_money_that_ends_ends_the_stream() -> None:
    """The post that was bought last is told all the same."""
    async with streamed(budget={"month": "0.04"}) as x:
        said: list[str] = []
        async with x.reader.reading():
            while x.reader.error is None:
                said.append(x.say(f"acme {len(said)}"))
                await until(lambda: len(x.reader.ids) == len(said))
                await asyncio.sleep(0.02)
        assert (len(said), x.server.bought["stream"]) == (5, 5)
        assert isinstance(x.reader.error, Unavailable)
        assert x.reader.error.retry_after is not None
        assert x.reader.error.retry_after > timedelta(hours=1)
        assert len(x.server.streams.connects) == 1


async def test_rules_follow_the_watchlist() -> None:
    """Ours bear our tag, somebody else's stay; a word that is watched from now on is streamed from now on."""
    async with streamed() as x:
        stays = x.server.rule("(cats)", "somebody's")
        x.server.rule(f"(old){WITHOUT}", "outcare @acme")
        async with x.reader.reading():
            assert {RULE, "(cats)"} == {one["value"] for one in x.server.rules.values()}
            x.reader.watch.words = ("globex",)
            x.say("acme one")
            await until(lambda: f"(globex){WITHOUT}" in [one["value"] for one in x.server.rules.values()])
            two = x.say("globex two")
            x.say("cats three")
            await until(lambda: two in x.reader.ids)
        assert len(x.server.rules) == 2
        assert stays in x.server.rules
        assert len(x.reader.ids) == 2, "what only somebody else's rule let through is not ours to tell"


async def test_a_rule_that_somebody_else_made_is_lent() -> None:
    """The same rule cannot be made twice: what it lets through is ours too, and it is never deleted."""
    async with streamed() as x:
        lent = x.server.rule(RULE)
        async with x.reader.reading():
            one = x.say("acme one")
            await until(lambda: x.reader.ids)
        assert x.reader.ids == [one]
        assert list(x.server.rules) == [lent]


async def test_a_rule_that_is_not_taken_is_said() -> None:
    """One clear line, without the rule itself."""
    async with streamed() as x:
        x.server.refused_words = {"acme"}
        await x.reader.read()
        assert isinstance(x.reader.error, Rejected)
        assert "does not take 1 of the stream's rules (UnprocessableEntity)" in str(x.reader.error)


async def test_without_a_token_it_says_which() -> None:
    """The account's keys are not enough."""
    async with streamed(bearer_token=None) as x:
        await x.reader.read()
        assert isinstance(x.reader.error, Unauthorized)
        assert "OUTCARE_X__BEARER_TOKEN" in str(x.reader.error)


async def test_nothing_to_watch_opens_nothing() -> None:
    """A stream without a rule is refused by X."""
    async with streamed() as x:
        x.reader.watch.words = ("@acme",)
        await x.reader.read()
        assert isinstance(x.reader.error, Unavailable)
        assert not x.server.streams.connects


@pytest.mark.parametrize(
    ("line", "reason", "kind"),
    [
        (disconnect(), Reason.SERVER, Unavailable),
        (
            disconnect("ConnectionException", connection_issue="TooManyConnections"),
            Reason.RATE_LIMITED,
            Unavailable,
        ),
        (disconnect("usage-capped"), Reason.UNAUTHORIZED, Unauthorized),
    ],
)
async def test_why_x_ends_it(line: bytes, reason: Reason, kind: type[Exception]) -> None:
    """What came before is told, nothing of the problem's text is, and the next connection waits."""
    async with streamed() as x:
        async with x.reader.reading():
            one = x.say("acme one")
            await until(lambda: x.reader.ids)
            x.server.streams.pushed.append(line)
            await until(lambda: x.reader.error)
        assert x.reader.ids == [one]
        assert x.reader.error is not None
        assert (type(x.reader.error), x.reader.error.reason) == (kind, reason)
        assert "secret" not in str(x.reader.error)


async def test_who_is_connected_twice() -> None:
    """X lets one stream be opened: the second waits a minute, then twice as long."""
    async with streamed() as x:
        other = Reader(StreamedSearch(Settings(stream=True), x.stood.wiring))
        async with x.reader.reading():
            waits = []
            for _ in range(3):
                await other.read()
                assert isinstance(other.error, Unavailable)
                waits.append(other.error.retry_after)
        assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]


async def test_silence_is_a_dead_stream() -> None:
    """No sign of life where two were due."""
    async with streamed() as x:
        x.server.streams.manner.sign_every = 0
        async with x.reader.reading():
            await x.passes(60)
            await until(lambda: x.reader.error)
        assert x.reader.error is not None
        assert x.reader.error.reason is Reason.TIMEOUT


async def test_signs_of_life_are_enough() -> None:
    """Where nobody says anything, the stream stands, and tells how far it has heard."""
    async with streamed() as x:
        async with x.reader.reading() as task:
            for _ in range(30):
                await x.passes(5)
                await asyncio.sleep(0.05)
            assert not task.done()
        assert x.reader.after == cursor_at(NOW - timedelta(hours=1))
        assert x.reader.batches[-1].observed_to is not None
        assert x.reader.batches[-1].observed_to > NOW


async def test_odd_lines_cost_no_other() -> None:
    """Half a line at a time, something that is no JSON, a kind that nobody knows, a post without an author."""
    async with streamed() as x:
        x.server.streams.manner.piece = 7
        async with x.reader.reading():
            x.server.streams.pushed += [b'{"data": {"id"', b'{"news": 1}', b"[]"]
            one = x.say("acme one")
            x.server.world.post("ann", "acme broken", is_broken=True)
            two = x.say("acme two")
            await until(lambda: two in x.reader.ids)
        assert x.reader.ids == [one, two]
        assert sum(batch.undecodable for batch in x.reader.batches) == 3


def test_the_option_makes_it_a_stream() -> None:
    """`sources: x: stream: true`; a search else."""

    async def made(settings: Settings) -> object:
        async with streamed() as x:
            assert CONNECTOR.source is not None
            return CONNECTOR.source(settings, x.stood.wiring)

    assert type(asyncio.run(made(Settings()))) is SearchSource
    assert type(asyncio.run(made(Settings(stream=True)))) is StreamedSearch


async def _storm(x: Streamed, seconds: int) -> int:
    """How often it connects in that time when whoever drives it asks again at once."""
    while x.stood.clock.now() < NOW + timedelta(seconds=seconds):
        await x.reader.read()
        wait = x.reader.error.retry_after if isinstance(x.reader.error, Unavailable) else None
        await x.stood.clock.advance((wait or timedelta(seconds=1)).total_seconds())
    return len(x.server.streams.connects)


async def test_a_server_that_hangs_up_is_not_stormed() -> None:
    """It closes each stream at once, politely: fewer than fifty connections in a quarter of an hour."""
    async with streamed() as x:
        x.server.streams.manner.ends_after = 0.001
        assert await _storm(x, 890) == 45
