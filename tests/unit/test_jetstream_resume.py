"""Whatever order events come in and wherever the connection is cut: each wanted post once, none lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Batch, Cursor
from bot.testing.clock import ManualClock
from bot.testing.source_contract import WatchAll
from connectors.bluesky.jetstream import Position, Reading

BASE = 1_767_600_000_000_000


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
