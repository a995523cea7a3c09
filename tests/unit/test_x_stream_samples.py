"""What X's streams, messages and jobs send, in the documented forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.errors import Reason, Unavailable
from bot.testing.clock import ManualClock
from connectors.x.account import BudgetSettings
from connectors.x.activity import Events
from connectors.x.deletions import events_of
from connectors.x.messages import message_of, post_of
from connectors.x.own import Me
from connectors.x.stream import ending, frame_of
from connectors.x.tweets import tweet_of
from tests.unit.x_stand import NOW
from tests.unit.x_streaming import streamed, until

SAMPLES = Path(__file__).parents[1] / "samples" / "x"
US = Me(id="1000", username="acme")


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def events() -> Events:
    return Events(budget=BudgetSettings(), me=US, clock=ManualClock(NOW))


def test_a_post_of_the_stream() -> None:
    """With the rule that let it through."""
    frame = frame_of(sample("stream.json"))
    assert frame is not None
    tweet = tweet_of(bytes(frame.data))
    assert tweet is not None
    assert (tweet.whole_text, frame.matching_rules[0].tag) == (
        "the kettle of Acme leaks & whistles",
        "outcare @acme",
    )
    assert frame.problem is None


def test_why_a_stream_is_over() -> None:
    """X says so, and hangs up."""
    frame = frame_of(sample("stream_over.json"))
    assert frame is not None
    assert frame.problem is not None
    error = ending(frame.problem, "api.x.com")
    assert isinstance(error, Unavailable)
    assert (error.reason, str(error)) == (Reason.SERVER, "api.x.com ended the stream: operational-disconnect")


def test_an_event_of_a_mention() -> None:
    """A post like any other, for the price of one."""
    frame = frame_of(sample("activity_mention.json"))
    assert frame is not None
    heard = events().heard(frame)
    assert heard.tweet is not None
    assert (heard.tweet.text, heard.price) == ("@acme my kettle leaks", BudgetSettings().price_per_post_read)


def test_a_message_is_the_same_in_both_forms() -> None:
    """That of the list, and that of an event: so it is stored once."""
    frame = frame_of(sample("activity_message.json"))
    assert frame is not None
    heard = events().heard(frame)
    listed = message_of(sample("message.json"))
    assert listed is not None
    assert heard.post is not None
    post = post_of(listed, NOW, US.id)
    assert post is not None
    assert replace(heard.post, seen_at=NOW) == post
    assert heard.price == BudgetSettings().price_per_message_read


def test_what_a_job_found() -> None:
    """What is to be forgotten, and nothing else."""
    assert events_of(sample("gone.ndjson")) == (frozenset({"1991000000000000011"}), 0)


async def test_a_page_of_html_is_waited_out() -> None:
    """A proxy's 503: five seconds, then twice as long; its text is not shown."""
    async with streamed() as x:
        waits = []
        for _ in range(3):
            body = "<html><body>Bad gateway: secret</body></html>"
            x.server.refuse(503, path="search/stream", body=body, content_type="text/html")
            await x.reader.read()
            assert isinstance(x.reader.error, Unavailable)
            assert "secret" not in str(x.reader.error)
            waits.append(x.reader.error.retry_after)
        assert waits == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]


async def test_a_burst_comes_whole() -> None:
    """Four hundred in one breath, a few bytes at a time: all, once, in order; the meter says what they cost."""
    async with streamed(budget={"month": "100"}) as x:
        x.server.streams.manner.piece = 4_000
        async with x.reader.reading():
            ids = [x.say(f"acme is down {number}") for number in range(400)]
            await until(lambda: len(x.reader.ids) == len(ids), within=60)
        assert ids == x.reader.ids
        assert x.stood.bills[-1].sources["x"].month == x.server.bought["stream"] == 400
