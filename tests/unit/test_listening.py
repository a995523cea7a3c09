"""A bounded listen: it ends, it says how much it read, and it moves on when a host fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import pytest

from bot.clock import SystemClock
from bot.errors import BotError, CursorLost, Rejected, Unavailable
from bot.matcher.plain import PlainMatcher
from bot.model import Batch, Cursor, Gap
from bot.ports import Watch
from bot.starting import listening
from bot.starting.listening import Counting, Listen

NOW = SystemClock().now()
BEGIN = NOW - timedelta(hours=1)
Script = Callable[[Cursor | None], AsyncIterator[Batch]]


class Still(SystemClock):
    """The wall's clock stands, waiting takes its time."""

    def now(self) -> datetime:
        return NOW


class Scripted:
    """`bot.ports.Source` that reads what the test wrote, one script a connection."""

    name = platform = "sample"

    def __init__(self, *scripts: Script, is_stream: bool = True) -> None:
        self.is_stream = is_stream
        self.scripts = list(scripts)
        self.asked: list[Cursor | None] = []

    async def read(self, after: Cursor | None, watch: Watch) -> AsyncIterator[Batch]:
        self.asked.append(after)
        async for batch in self.scripts.pop(0)(after):
            yield batch


def batch(minutes: int, posts: int = 10, cursor: str | None = None) -> Batch:
    at = BEGIN + timedelta(minutes=minutes)
    return Batch(posts_seen=posts, observed_to=at, cursor=Cursor(cursor) if cursor else None)


def says(*steps: Batch | BotError | float) -> Script:
    """Batches, an error, or seconds of silence."""

    async def script(_: Cursor | None) -> AsyncIterator[Batch]:
        for step in steps:
            if isinstance(step, BotError):
                raise step
            if isinstance(step, Batch):
                yield step
            else:
                await asyncio.sleep(step)

    return script


async def listened(source: Scripted, *, seconds: float = 5.0, begin: datetime = BEGIN) -> Listen:
    listen = Listen(source=source, clock=Still(), begin=begin, cursor=Cursor("start"), seconds=seconds)
    counting = Counting.of(["acme"], PlainMatcher)
    async for _ in listen.read(counting):
        pass
    return listen


async def test_it_ends_when_it_has_caught_up() -> None:
    """At the present, however long the stream would go on."""
    listen = await listened(Scripted(says(batch(30), batch(60), 60.0)))
    assert (20, timedelta(hours=1), False) == (listen.posts, listen.span, listen.is_cut_short)


async def test_it_ends_when_the_time_is_over() -> None:
    """With what was read by then, and it says so."""
    listen = await listened(Scripted(says(batch(30), 60.0)), seconds=0.1)
    assert (10, timedelta(minutes=30), True) == (listen.posts, listen.span, listen.is_cut_short)


async def test_a_small_network_has_no_more_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence after something came is the present."""
    monkeypatch.setattr(listening, "QUIET", 0.05)
    listen = await listened(Scripted(says(batch(30), 60.0)))
    assert (10, False, timedelta(hours=1)) == (listen.posts, listen.is_cut_short, listen.span)


async def test_the_next_host_goes_on_where_the_last_one_stopped() -> None:
    """Its cursor is kept, and the trouble is over."""
    source = Scripted(says(batch(10, cursor="ten"), Unavailable("gone")), says(batch(60)))
    listen = await listened(source)
    assert ["start", "ten"] == source.asked
    assert (20, None) == (listen.posts, listen.trouble)


async def test_nobody_is_asked_for_ever() -> None:
    """A few tries; the trouble is kept for whoever tells it."""
    source = Scripted(*[says(Unavailable("gone"))] * 9)
    listen = await listened(source)
    assert (listening.TRIES, "gone", timedelta()) == (len(source.asked), str(listen.trouble), listen.span)


async def test_a_refusal_is_not_asked_again() -> None:
    """It would be the same."""
    source = Scripted(says(Rejected("no")), says(batch(60)))
    listen = await listened(source)
    assert (1, "no") == (len(source.asked), str(listen.trouble))


async def test_what_is_not_kept_so_long_shortens_the_sample() -> None:
    """A clamped cursor, or one that is refused: the time begins later."""
    half = BEGIN + timedelta(minutes=30)
    gap = Gap(source="sample", started_at=BEGIN, ended_at=half, reason="cursor_lost")
    clamped = Batch(posts_seen=1, observed_to=NOW, gap=gap)
    assert timedelta(minutes=30) == (await listened(Scripted(says(clamped)))).span
    lost = Scripted(says(CursorLost("old", gap)), says(batch(60)))
    assert timedelta(minutes=30) == (await listened(lost)).span
    assert ["start", None] == lost.asked


async def test_a_poll_that_ends_has_read_everything() -> None:
    """Also where nothing was new."""
    listen = await listened(Scripted(says(), is_stream=False))
    assert (False, True) == (listen.is_cut_short, listen.span >= timedelta(hours=1))


def test_words_are_counted_by_post() -> None:
    """Each word once a post; nothing is wanted of it."""
    counting = Counting.of(["acme", "acme support", "acme"], PlainMatcher)
    texts = ["Acme! acme support is slow, acme", "nothing", "ACME"]
    assert [False] * 3 == [counting.wants(text, "did:ann", ()) for text in texts]
    assert (3, {"acme": 2, "acme support": 1}) == (counting.posts, counting.seen)
