"""Whatever order events come in and wherever the connection is cut: each wanted post once, none lost."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.model import Batch, Cursor
from bot.testing.clock import ManualClock
from bot.testing.source_contract import WatchAll
from connectors.bluesky.frames import at, parse
from connectors.bluesky.jetstream import Position, Reading, key_of

BASE = 1_767_600_000_000_000


class WatchWord:
    """Wants the posts that hold a word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def wants(self, text: str, author_id: str, refs: Iterable[str]) -> bool:
        del author_id, refs
        return self.word in text


def frame(number: int, time_us: int) -> bytes:
    return (
        f'{{"did":"did:plc:p","time_us":{time_us},"kind":"commit","commit":{{"rev":"3r{number}",'
        f'"operation":"create","collection":"app.bsky.feed.post","rkey":"3k{number}",'
        f'"record":{{"text":"hello"}},"cid":"bafy"}}}}'
    ).encode()


def replay(events: list[tuple[int, int]], start: Position | None, upto: int) -> list[bytes]:
    """What a server sends: from its archive in the order of time, inclusively, what had come in by then."""
    since = start.window_us if start else 0
    known = sorted((time_us, number) for number, time_us in events[:upto])
    return [frame(number, time_us) for time_us, number in known if time_us >= since]


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(st.integers(0, 1_500_000), min_size=1, max_size=40),
    late=st.lists(st.integers(0, 900_000), min_size=40, max_size=40),
    cuts=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 7)), max_size=5),
)
def test_resuming_loses_nothing_and_repeats_nothing(
    steps: list[int], late: list[int], cuts: list[tuple[int, int]]
) -> None:
    """Events up to a second late, equal times, cuts anywhere: the batches hold each post exactly once."""
    events, time_us = [], BASE
    for number, step in enumerate(steps):
        time_us += step
        events.append((number, time_us - late[number]))
    got: list[str] = []
    cursor: Cursor | None = Position(time_us=BASE - 5_000_000).text
    came = 0
    for cut, size in [*sorted(cuts), (len(events), 7)]:
        start = Position.of(cursor) if cursor else None
        reading = Reading(start, WatchAll(), ManualClock())
        upto = max(came, min(cut, len(events)))
        live = [frame(number, at) for number, at in events[came:upto]]
        heaps = replay(events, start, came) + live
        for first in range(0, len(heaps), size):
            reading.add(heaps[first : first + size])
            batch: Batch = reading.batch()
            got += [post.id for post in batch.posts]
            cursor = batch.cursor or cursor
        came = upto
    assert sorted(got) == sorted(f"at://did:plc:p/app.bsky.feed.post/3k{number}" for number, _ in events)


def test_the_cursor_survives_as_text() -> None:
    """A position is the same after it was stored, with and without what was found."""
    for position in (Position(time_us=BASE), Position(time_us=BASE, found=("a1-_b2cd", "xx"))):
        assert position == Position.of(position.text)


@pytest.mark.parametrize(
    "text", ["", "v1", "v1:", "v1:12", "v2:1767603600000000", "v1:-767603600000000", "x"]
)
def test_text_that_is_no_cursor(text: str) -> None:
    """Nothing else is taken for a position."""
    with pytest.raises(ValueError, match="not a Jetstream cursor"):
        Position.of(Cursor(text))


def test_what_was_found_is_named_for_two_seconds_only() -> None:
    """The cursor stays short: it names what the next replay will show again, no more."""
    reading = Reading(None, WatchAll(), SystemClock())
    for seconds in range(10):
        reading.add([_post(BASE + seconds * 1_000_000, f"3k{seconds}")])
    cursor = reading.batch().cursor
    assert cursor is not None
    assert len(Position.of(cursor).found) == 3


def test_a_busy_window_keeps_the_cursor_short() -> None:
    """However much is found in two seconds, the cursor names the newest five hundred."""
    reading = Reading(None, WatchAll(), SystemClock())
    reading.add([_post(BASE + number, f"3k{number}") for number in range(900)])
    cursor = reading.batch().cursor
    assert cursor is not None
    assert key_of(parse(_post(BASE + 899, "3k899"))) in cursor
    assert len(Position.of(cursor).found) == 500


async def test_a_position_is_due_after_five_seconds() -> None:
    """Unwanted events make a batch only after a while; a wanted one at once."""
    clock = ManualClock()
    reading = Reading(None, WatchWord("lift"), clock)
    due = []
    for seconds, rkey, text in ((0, "3ka", "hello"), (4.9, "3kb", "hello"), (0.1, "3kc", "hello")):
        await clock.advance(seconds)
        reading.add([_post(BASE, rkey, text)])
        due.append(reading.is_due)
    reading.batch()
    reading.add([_post(BASE + 1, "3kd", "lift")])
    assert [*due, reading.is_due] == [False, False, True, True]


def _post(time_us: int, rkey: str, text: str = "hello") -> bytes:
    return (
        f'{{"did":"did:plc:ann","time_us":{time_us},"kind":"commit","commit":{{"rev":"3r","operation":"create",'
        f'"collection":"app.bsky.feed.post","rkey":"{rkey}","record":{{"text":"{text}"}},"cid":"bafy"}}}}'
    ).encode()


@pytest.mark.parametrize("word", ["hello", "lift"])
def test_what_is_replayed_is_counted_once(word: str) -> None:
    """Events that come again, wanted or not, are not counted again."""
    first = Reading(None, WatchWord(word), SystemClock())
    first.add([_post(BASE, "3ka"), _post(BASE + 1, "3kb")])
    again = Reading(Position.of(first.batch().cursor or Cursor("")), WatchWord(word), SystemClock())
    again.add([_post(BASE, "3ka"), _post(BASE + 1, "3kb"), _post(BASE + 2, "3kc")])
    batch = again.batch()
    assert (batch.seen, batch.posts_seen) == (1, 1)


def test_a_batch_tells_how_far_it_has_observed() -> None:
    """By the time of the newest event, wanted or not, never ahead of our clock; before the first: its start."""
    clock = ManualClock(at(BASE + 10_000_000))
    reading = Reading(Position(time_us=BASE), WatchWord("nobody says this"), clock)
    assert reading.batch().observed_to == at(BASE)
    reading.add([frame(1, BASE + 7), frame(2, BASE + 3)])
    assert (reading.batch().observed_to, reading.batch().cursor) == (at(BASE + 7), None)
    reading.add([frame(3, BASE + 99_000_000)])
    assert reading.batch().observed_to == clock.now()
    assert Reading(None, WatchAll(), clock).batch().observed_to is None
